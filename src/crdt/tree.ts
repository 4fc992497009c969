import type { JsonValue } from "../base/json.ts";
import type { Witness } from "./conflicts.ts";
import { Branch, type Child, type Item } from "./branch.ts";
import { Columns, makeFlags } from "./columns.ts";
import type { Journal } from "./journal.ts";
import { MoveLog } from "./move_log.ts";
import {
  LIST,
  MAP,
  MERGE,
  NOTHING,
  SCALAR,
  type Shape,
  type Space,
  WHOLE,
} from "./operation.ts";
import type { CounterCell, Sibling } from "./register_parts.ts";
import type { ReplicaTable } from "./replica_table.ts";
import type { Judge } from "./schema/judge.ts";
import { SequenceArena } from "./sequence/arena.ts";
import type { ItemId } from "./sequence/ids.ts";
import { ListSequence } from "./sequence/list_sequence.ts";
import { TextSequence } from "./sequence/text_sequence.ts";
import type { Telling } from "./telling.ts";
import { isHeirKey, shownKey } from "./values.ts";
import { VersionVector } from "./version_vector.ts";
import { Walk } from "./walk.ts";

/**
 * The state of a document: what the README says is kept. `applyOperation` says
 * how an operation joins it.
 */
export class Tree {
  /** The registers of all places. */
  readonly columns: Columns;
  /** The document and its settings. */
  readonly roots: readonly [Branch, Branch];
  /** Concurrent values, by slot, but for the greatest. */
  readonly siblings: Map<number, readonly Sibling[]> = new Map();
  /** Counters by slot. */
  readonly counters: Map<number, readonly CounterCell[]> = new Map();
  /** All lists; the id of an item is the dot of its element. */
  readonly lists: SequenceArena;
  /** All texts that were edited, apart: units are named by counters, too. */
  readonly texts: SequenceArena;
  /** All moves. */
  readonly moves: MoveLog;
  /** The replicas of the document. */
  readonly replicas: ReplicaTable;
  /** Where an operation leads. */
  readonly walk: Walk;
  /** What whoever makes an operation that was not applied yet has seen. */
  settled: VersionVector = new VersionVector();
  /** Where mutations are written down while a transaction may be undone. */
  journal: Journal | null = null;
  /** Who notes conflicts, while operations of others are joined. */
  witness: Witness | null = null;
  /** Who decides what shows, while operations of others are joined. */
  judge: Judge | null = null;
  /** Who tells of what shows otherwise, while anyone listens. */
  told: Telling | null = null;

  /** Makes an empty state. */
  constructor(replicas: ReplicaTable) {
    this.replicas = replicas;
    this.moves = new MoveLog(replicas);
    this.columns = new Columns(replicas);
    const compare = (a: number, b: number) => replicas.compare(a, b);
    this.lists = new SequenceArena(compare);
    this.texts = new SequenceArena(compare);
    this.roots = [
      new Branch(this.columns.add(), null, null),
      new Branch(this.columns.add(), null, null),
    ];
    this.walk = new Walk(this.roots[0]);
  }

  /** How many registers there are, but for those of the roots. */
  get registerCount(): number {
    return this.columns.count - this.roots.length;
  }

  /** Whether a register holds anything, seen from itself. */
  isLive(slot: number): boolean {
    const { columns } = this;
    if (columns.shownShapeOf(slot) !== NOTHING) return true;
    if (this.siblings.size > 0 && columns.isSibling(slot)) {
      const beside = this.siblings.get(slot);
      if (beside?.some((each) => each.isRefused !== true)) return true;
    }
    if (this.counters.size === 0) return false;
    return this.counters.get(slot)?.some((cell) =>
      !cell.isDead && cell.isRefused !== true &&
      columns.isNewer(slot, cell.stamp, cell.replica, cell.counter)
    ) ?? false;
  }

  /** What a place shows: a container, a leaf's shape, or nothing. */
  shown(child: Child): Shape {
    const { columns } = this;
    if (typeof child === "number") {
      return this.isLive(child)
        ? (columns.shownShapeOf(child) || SCALAR)
        : NOTHING;
    }
    if (child.parent === null) return MAP;
    const { slot, claimShape } = child;
    if (
      claimShape !== NOTHING && !this.#isClaimRefused(child) &&
      columns.isNewer(
        slot,
        child.claimStamp,
        child.claimReplica,
        child.claimCounter,
      )
    ) return claimShape;
    const own = columns.shownShapeOf(slot);
    const shape = this.isLive(slot) ? (own || SCALAR) : NOTHING;
    if (shape === MAP || shape === LIST || child.liveCount === 0) return shape;
    // How something was deleted, which may be forgotten, says nothing of this.
    const isMerging = own === NOTHING || columns.modeOf(slot) === MERGE;
    return shape !== NOTHING && isMerging ? shape : child.rest;
  }

  /** Whether a schema does not let the operation of a claim show. */
  #isClaimRefused({ claimReplica, claimCounter }: Branch): boolean {
    const { refused } = this.columns;
    return refused.size > 0 && refused.has(claimReplica, claimCounter);
  }

  /**
   * What is kept at the end of `keys` below an anchor, shown or not; or at the
   * end of the first `count` of them.
   */
  childAt(
    space: Space,
    anchor: ItemId | null,
    keys: readonly string[],
    count: number = keys.length,
  ): Child | undefined {
    let child: Child | undefined;
    if (anchor === null) child = this.roots[space];
    else child = this.placeOf(anchor) ?? undefined;
    for (let index = 0; index < count; index++) {
      if (typeof child !== "object") return undefined;
      child = child.children.get(keys[index] as string);
    }
    return child;
  }

  /** The register at the end of `keys` below an anchor, if there is one. */
  registerAt(
    space: Space,
    anchor: ItemId | null,
    keys: readonly string[],
  ): number | undefined {
    const child = this.childAt(space, anchor, keys);
    return typeof child === "object" ? child.slot : child;
  }

  /** The place that `parent` has at `key`, as a branch; made if need be. */
  branchAt(parent: Branch, key: string): Branch {
    const child = parent.children.get(key);
    if (typeof child === "object") return child;
    this.journal?.addChild(parent, key, child);
    const branch = new Branch(child ?? this.columns.add(), parent, key);
    this.putChild(parent, key, branch);
    return branch;
  }

  /** The register of the place that `parent` has at `key`; made if need be. */
  slotAt(parent: Branch, key: string): number {
    const child = parent.children.get(key);
    if (child !== undefined) {
      return typeof child === "number" ? child : child.slot;
    }
    this.journal?.addChild(parent, key, undefined);
    const slot = this.columns.add();
    this.putChild(parent, key, slot);
    return slot;
  }

  /** Puts a place below `parent`; an heir shows under the key of another one. */
  putChild(parent: Branch, key: string, child: Child): void {
    parent.children.set(key, child);
    if (!isHeirKey(key)) return;
    parent.guests ??= new Map();
    addHeir(parent, key);
  }

  /** Takes away a place below `parent` that nobody needs any more. */
  forgetChild(parent: Branch, key: string, slot: number): void {
    parent.children.delete(key);
    this.columns.release(slot);
    if (isHeirKey(key)) removeHeir(parent, key);
  }

  /**
   * The element `id`, or the place that the move `id` moves, as a branch; `null`
   * if it was removed, or never was.
   */
  elementAt(id: ItemId): Branch | null {
    const found = this.lists.find(id.replica, id.counter);
    if (found === null) return this.moves.nodeOf(id);
    if (found.value === undefined) return null;
    const { owner, value } = found;
    return value instanceof Branch
      ? value
      : this.#promote(owner as Branch, id, value as JsonValue);
  }

  /** The same, but `null` for a value in which nothing has happened. */
  placeOf(id: ItemId): Branch | null {
    const found = this.lists.find(id.replica, id.counter);
    if (found === null) return this.moves.nodeOf(id);
    return found.value instanceof Branch ? found.value : null;
  }

  /** Makes a value in a list a place; it was assigned before all else. */
  #promote(parent: Branch, id: ItemId, value: JsonValue): Branch {
    const { columns, journal } = this;
    const sequence = parent.list as ListSequence<Item>;
    const slot = columns.add();
    const isScalar = typeof value !== "object" || value === null;
    const flags = makeFlags(isScalar ? SCALAR : WHOLE, false, MERGE);
    columns.assign(slot, 0, id.replica, id.counter, flags, value);
    const branch = new Branch(slot, parent, null, id, true);
    sequence.replace(id, branch);
    parent.elementCount++;
    journal?.add(() => {
      parent.elementCount--;
      sequence.replace(id, value);
      columns.release(slot);
    });
    return branch;
  }

  /** The elements of a place, where there are none yet, too. */
  listOf(branch: Branch): ListSequence<Item> {
    if (branch.list !== null) return branch.list;
    const sequence = new ListSequence<Item>(this.lists);
    sequence.owner = branch;
    branch.list = sequence;
    this.journal?.add(() => {
      branch.list = null;
      sequence.dispose();
    });
    return sequence;
  }

  /** The scalar that was assigned as `id`, in the register or beside it. */
  valueAt(slot: number, id: ItemId): unknown {
    const { columns } = this;
    const isOwn = columns.replicas[slot] === id.replica &&
      columns.counters[slot] === id.counter;
    if (isOwn) {
      return columns.shapeOf(slot) === SCALAR
        ? columns.values[slot]
        : undefined;
    }
    return this.siblings.get(slot)?.find(({ replica, counter, shape }) =>
      replica === id.replica && counter === id.counter && shape === SCALAR
    )?.value;
  }

  /**
   * The text that a string became, or becomes: the one that has the dot `id`
   * and stands in the register or beside it. `null` if it is there no more.
   */
  textAt(slot: number, id: ItemId): TextSequence | null {
    const { columns } = this;
    if (
      columns.replicas[slot] === id.replica &&
      columns.counters[slot] === id.counter &&
      columns.shapeOf(slot) === SCALAR
    ) {
      const value = columns.values[slot];
      if (typeof value !== "string") {
        return value instanceof TextSequence ? value : null;
      }
      const text = this.#makeText(value, id);
      this.journal?.addAssign(this, slot);
      columns.values[slot] = text;
      return text;
    }
    const siblings = this.siblings.get(slot) ?? [];
    const sibling = siblings.find(({ replica, counter }) =>
      replica === id.replica && counter === id.counter
    );
    if (sibling === undefined || sibling.shape !== SCALAR) return null;
    const { value } = sibling;
    if (typeof value !== "string") {
      return value instanceof TextSequence ? value : null;
    }
    const text = this.#makeText(value, id);
    this.setSiblings(
      slot,
      siblings.map((item) =>
        item === sibling ? { ...item, value: text } : item
      ),
    );
    return text;
  }

  #makeText(value: string, { replica, counter }: ItemId): TextSequence {
    const text = new TextSequence(this.texts);
    const { length } = value;
    if (length > 0) {
      const origin = { side: "right", replica: -1, counter: 0 } as const;
      text.integrateInsert(replica, counter, length, value, origin);
    }
    this.journal?.add(() => text.dispose());
    return text;
  }

  /** Replaces the siblings of a register; texts that are gone are let go. */
  setSiblings(slot: number, siblings: readonly Sibling[]): void {
    const old = this.siblings.get(slot);
    for (const { value } of old ?? []) {
      const isGone = value instanceof TextSequence &&
        !siblings.some((sibling) => sibling.value === value);
      if (isGone) this.discard(value);
    }
    this.journal?.add(() => this.#replace(this.siblings, slot, old));
    const left = siblings.length > 0 ? siblings : undefined;
    this.#replace(this.siblings, slot, left);
  }

  /** Replaces the cells of a counter. */
  setCounter(slot: number, cells: readonly CounterCell[] | undefined): void {
    const old = this.counters.get(slot);
    this.journal?.add(() => this.#replace(this.counters, slot, old));
    this.#replace(this.counters, slot, cells);
  }

  /** Replaces what is kept beside a register. */
  #replace<Part extends Sibling | CounterCell>(
    map: Map<number, readonly Part[]>,
    slot: number,
    parts: readonly Part[] | undefined,
  ): void {
    this.#countRefused(map.get(slot), -1);
    this.#countRefused(parts, 1);
    if (parts === undefined) map.delete(slot);
    else map.set(slot, parts);
  }

  #countRefused(
    parts: readonly (Sibling | CounterCell)[] | undefined,
    count: 1 | -1,
  ): void {
    for (const { replica, counter, isRefused } of parts ?? []) {
      if (isRefused === true) this.columns.refused.add(replica, counter, count);
    }
  }

  /**
   * Adds to the count of what lives below `from`, as one of its elements or not,
   * and below each place above it.
   */
  addLive(from: Branch | null, isElement: boolean, count: number): void {
    const { told } = this;
    for (let branch = from; branch !== null; branch = branch.parent) {
      if (told !== null && isTurn(branch, count, isElement)) told.note(branch);
      branch.liveCount += count;
      if (isElement) branch.elementLiveCount += count;
      isElement = branch.id !== null;
    }
  }

  /** Takes note that nothing leads to a text or an element any more. */
  discard(item: TextSequence | Branch): void {
    if (this.journal === null) this.dispose(item);
    else this.journal.discard(item);
  }

  /** Gives back what a text takes, or an element with all that is below. */
  dispose(item: TextSequence | Branch): void {
    if (item instanceof TextSequence) return item.dispose();
    this.#release(item.slot);
    for (const child of item.children.values()) {
      if (typeof child === "number") this.#release(child);
      else this.dispose(child);
    }
    if (item.list === null) return;
    for (const { replica, counter, content } of item.list.keptRuns()) {
      for (const [index, value] of content.entries()) {
        // A place that was moved into the list goes with its home.
        if (
          value instanceof Branch && value.isBornAs(replica, counter + index)
        ) {
          this.dispose(value);
        }
      }
    }
    item.list.dispose();
  }

  /** Gives everything back, as if nothing had ever happened. */
  clear(): void {
    this.settled = new VersionVector();
    this.moves.clear();
    for (const root of this.roots) {
      this.dispose(root);
      root.children.clear();
      root.list = null;
      root.guests = root.heirs = null;
      root.elementCount = root.liveCount = root.elementLiveCount = 0;
      root.cover = root.barrier = null;
      root.claimStamp = -1;
      root.claimShape = NOTHING;
    }
    this.columns.clearAll();
    for (const { slot } of this.roots) this.columns.reserve(slot + 1);
  }

  #release(slot: number): void {
    const value = this.columns.values[slot];
    if (value instanceof TextSequence) value.dispose();
    for (const { value } of this.siblings.get(slot) ?? []) {
      if (value instanceof TextSequence) value.dispose();
    }
    this.#replace(this.siblings, slot, undefined);
    this.#replace(this.counters, slot, undefined);
    this.columns.release(slot);
  }
}

/** Whether a place may be another container by that, or none any more. */
function isTurn(
  { liveCount, elementLiveCount }: Branch,
  count: number,
  isElement: boolean,
): boolean {
  if (liveCount === 0 || liveCount + count === 0) return true;
  if (isElement) return false;
  const entryCount = liveCount - elementLiveCount;
  return entryCount === 0 || entryCount + count === 0;
}

function addHeir(parent: Branch, key: string): void {
  const shown = shownKey(key);
  parent.heirs ??= new Map();
  const heirs = parent.heirs.get(shown) ?? [];
  parent.heirs.set(shown, heirs);
  // They are ordered by their numbers, of which the longer is the greater.
  let at = heirs.length;
  while (at > 0 && isGreater(heirs[at - 1] as string, key)) at--;
  if (heirs[at - 1] !== key) heirs.splice(at, 0, key);
}

function removeHeir({ heirs }: Branch, key: string): void {
  const shown = shownKey(key);
  const left = heirs?.get(shown)?.filter((heir) => heir !== key) ?? [];
  if (left.length > 0) heirs?.set(shown, left);
  else heirs?.delete(shown);
}

function isGreater(a: string, b: string): boolean {
  return a.length === b.length ? a > b : a.length > b.length;
}
