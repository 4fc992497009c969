import { isRecord, type JsonValue } from "../base/json.ts";
import { Branch, type Child, type ClaimShape } from "./branch.ts";
import { Columns, makeFlags } from "./columns.ts";
import {
  DELETE,
  INCREMENT,
  MAP,
  MERGE,
  NOTHING,
  Operation,
  SCALAR,
  SET,
  type Shape,
  TREE,
  WHOLE,
} from "./operation.ts";
import type { CounterCell, Sibling, Undo } from "./register_parts.ts";
import type { ReplicaTable } from "./replica_table.ts";
import { VersionVector } from "./version_vector.ts";

/**
 * The state of a document: what the README says is kept, and the rules by which
 * an operation joins it. Every outcome is a function of the set of operations.
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
  /** Where mutations are written down while a transaction may be undone. */
  journal: Undo[] | null = null;
  readonly #replicas: ReplicaTable;

  /** Where the last walk ended, and whether what it did is hidden there. */
  #parent: Branch;
  #key: string | null = null;
  #isHidden = false;

  /** Makes an empty state. */
  constructor(replicas: ReplicaTable) {
    this.#replicas = replicas;
    this.columns = new Columns(replicas);
    this.roots = [
      new Branch(this.columns.add(), null, null),
      new Branch(this.columns.add(), null, null),
    ];
    this.#parent = this.roots[0];
  }

  /**
   * Joins a set, delete or increment.
   *
   * @returns Whether anything may show otherwise now.
   */
  apply(operation: Operation): boolean {
    this.#walk(operation);
    switch (operation.kind) {
      case SET:
        return operation.shape === TREE
          ? this.#plant(operation)
          : this.#assign(operation);
      case DELETE:
        return this.#assign(operation);
      case INCREMENT:
        return this.#increment(operation);
      default:
        return false;
    }
  }

  /** Whether a register holds anything, seen from itself. */
  isLive(slot: number): boolean {
    const { columns } = this;
    if (columns.shapeOf(slot) !== NOTHING) return true;
    if (this.siblings.size > 0 && columns.isSibling(slot)) {
      if (this.siblings.has(slot)) return true;
    }
    if (this.counters.size === 0) return false;
    return this.counters.get(slot)?.some((cell) =>
      !cell.isDead &&
      columns.isNewer(slot, cell.stamp, cell.replica, cell.counter)
    ) ?? false;
  }

  /** What a place shows: a container, a leaf's shape, or nothing. */
  shown(child: Child): Shape {
    const { columns } = this;
    if (typeof child === "number") {
      return this.isLive(child) ? (columns.shapeOf(child) || SCALAR) : NOTHING;
    }
    if (child.parent === null) return MAP;
    const { slot, claimShape } = child;
    if (
      claimShape !== NOTHING &&
      columns.isNewer(
        slot,
        child.claimStamp,
        child.claimReplica,
        child.claimCounter,
      )
    ) return claimShape;
    const shape = this.isLive(slot)
      ? (columns.shapeOf(slot) || SCALAR)
      : NOTHING;
    if (shape === MAP || child.liveCount === 0) return shape;
    if (shape !== NOTHING && columns.modeOf(slot) === MERGE) return shape;
    return MAP;
  }

  /** The place that `parent` has at `key`, as a branch; made if need be. */
  branchAt(parent: Branch, key: string): Branch {
    const child = parent.children.get(key);
    if (typeof child === "object") return child;
    const slot = child ?? this.columns.add();
    const branch = new Branch(slot, parent, key);
    parent.children.set(key, branch);
    this.journal?.push(() => this.#restore(parent, key, child, slot));
    return branch;
  }

  #restore(
    parent: Branch,
    key: string,
    child: Child | undefined,
    slot: number,
  ): void {
    if (child !== undefined) parent.children.set(key, child);
    else {
      parent.children.delete(key);
      this.columns.release(slot);
    }
  }

  /**
   * Goes down to the parent of the operation's place, makes what is missing,
   * claims what it passes, and notes whether the operation is hidden there.
   */
  #walk(operation: Operation): void {
    const { path, kind, stamp } = operation;
    const isClaim = kind === SET || kind === INCREMENT;
    const steps = path.length - 1;
    let branch = this.roots[operation.space];
    // What hides things below a place does not hide the place itself.
    let isHidden = steps >= 0 && this.#hides(branch, operation);
    for (let index = 0; index < steps; index++) {
      branch = this.branchAt(branch, path[index] as string);
      isHidden = isHidden || this.#hides(branch, operation);
      if (isClaim && stamp >= branch.claimStamp) {
        this.claim(branch, operation, isHidden ? NOTHING : MAP);
      }
    }
    this.#parent = branch;
    this.#key = steps < 0 ? null : path[steps] as string;
    this.#isHidden = isHidden;
  }

  /** Whether a cover or barrier of `branch` hides the operation below it. */
  #hides(branch: Branch, operation: Operation): boolean {
    const { cover, barrier } = branch;
    if (cover !== null && cover.has(operation.replica, operation.counter)) {
      return true;
    }
    return barrier !== null && this.#isBarred(barrier, operation);
  }

  #isBarred(barrier: VersionVector, operation: Operation): boolean {
    let isBarred = false;
    barrier.forEach((replica, counter) => {
      if (!operation.hasSeen(replica, counter)) isBarred = true;
    });
    return isBarred;
  }

  /** Joins a claim; the greatest is kept, even if it is hidden. */
  claim(
    branch: Branch,
    { stamp, replica, counter }: Operation,
    shape: ClaimShape,
  ): void {
    const { claimStamp, claimReplica, claimCounter, claimShape } = branch;
    if (stamp === claimStamp) {
      const order = this.#replicas.compare(replica, claimReplica);
      if (order < 0 || (order === 0 && counter <= claimCounter)) return;
    }
    this.journal?.push(() => {
      branch.claimStamp = claimStamp;
      branch.claimReplica = claimReplica;
      branch.claimCounter = claimCounter;
      branch.claimShape = claimShape;
    });
    branch.claimStamp = stamp;
    branch.claimReplica = replica;
    branch.claimCounter = counter;
    branch.claimShape = shape;
  }

  /** The slot at the end of the last walk; made if need be. */
  #slot(): number {
    const parent = this.#parent;
    const key = this.#key;
    if (key === null) return parent.slot;
    const child = parent.children.get(key);
    if (child !== undefined) {
      return typeof child === "number" ? child : child.slot;
    }
    const slot = this.columns.add();
    parent.children.set(key, slot);
    this.journal?.push(() => this.#restore(parent, key, undefined, slot));
    return slot;
  }

  /** Assigns a map and each entry below it, all under one dot. */
  #plant(operation: Operation): boolean {
    const { replica, counter, stamp, path, value } = operation;
    let isChanged = false;
    const plant = (
      shape: Shape,
      value: JsonValue | undefined,
      path: string[],
    ) => {
      const part = new Operation(
        replica,
        counter,
        stamp,
        SET,
        path,
        shape,
        value,
      );
      part.after = operation.after;
      if (path.length === operation.path.length) part.covers = operation.covers;
      this.#walk(part);
      if (this.#assign(part)) isChanged = true;
      if (shape !== MAP) return;
      for (const [key, entry] of Object.entries(value ?? {})) {
        plant(isRecord(entry) ? MAP : WHOLE, entry, [...path, key]);
      }
    };
    plant(MAP, value, [...path]);
    return isChanged;
  }

  #assign(operation: Operation): boolean {
    const parent = this.#parent;
    const key = this.#key;
    const isHidden = this.#isHidden;
    let isChanged = false;
    if (operation.covers !== null || operation.isBarrier) {
      isChanged = this.#cover(
        key === null ? parent : this.branchAt(parent, key),
        operation,
      );
    }
    const slot = this.#slot();
    const wasLive = this.isLive(slot);
    if (this.#join(slot, operation, isHidden)) isChanged = true;
    const isLive = this.isLive(slot);
    if (wasLive !== isLive) {
      this.addLive(key === null ? parent.parent : parent, isLive ? 1 : -1);
    }
    return isChanged && (wasLive || isLive);
  }

  /** Joins an assignment with what a register and its siblings hold. */
  #join(slot: number, operation: Operation, isHidden: boolean): boolean {
    const { columns } = this;
    const { stamp, replica, counter, isSibling } = operation;
    const hadSiblings = this.siblings.size > 0
      ? this.siblings.get(slot)
      : undefined;
    let siblings = hadSiblings?.filter((sibling) =>
      !operation.hasSeen(sibling.replica, sibling.counter)
    );
    const shape = isHidden ? NOTHING : operation.shape;
    const isNewer = columns.isNewer(slot, stamp, replica, counter);
    if (isNewer) {
      const loser = this.#siblingIn(slot);
      if (loser !== null && !operation.hasSeen(loser.replica, loser.counter)) {
        siblings = [...siblings ?? [], loser];
      }
      this.#write(
        slot,
        stamp,
        replica,
        counter,
        makeFlags(shape, isSibling, operation.mode),
        isHidden || shape === MAP ? undefined : operation.value,
      );
    } else if (isSibling && shape !== NOTHING) {
      const { value } = operation;
      siblings = [...siblings ?? [], { replica, counter, stamp, shape, value }];
    }
    if (siblings !== hadSiblings) this.setSiblings(slot, siblings ?? []);
    return isNewer || siblings !== hadSiblings;
  }

  /** What a register holds, if it is to stay beside others. */
  #siblingIn(slot: number): Sibling | null {
    const { columns } = this;
    if (!columns.isSibling(slot)) return null;
    const shape = columns.shapeOf(slot);
    if (shape === NOTHING) return null;
    return {
      replica: columns.replicas[slot] as number,
      counter: columns.counters[slot] as number,
      stamp: columns.stamps[slot] as number,
      shape,
      value: columns.values[slot] as JsonValue,
    };
  }

  #write(
    slot: number,
    stamp: number,
    replica: number,
    counter: number,
    flags: number,
    value: unknown,
  ): void {
    const { columns, journal } = this;
    if (journal !== null) {
      const oldStamp = columns.stamps[slot] as number;
      const oldReplica = columns.replicas[slot] as number;
      const oldCounter = columns.counters[slot] as number;
      const oldFlags = columns.flags[slot] as number;
      const old = columns.values[slot];
      journal.push(() =>
        columns.assign(slot, oldStamp, oldReplica, oldCounter, oldFlags, old)
      );
    }
    columns.assign(slot, stamp, replica, counter, flags, value);
  }

  /** Replaces the siblings of a register. */
  setSiblings(slot: number, siblings: readonly Sibling[]): void {
    const old = this.siblings.get(slot);
    this.journal?.push(() => replace(this.siblings, slot, old));
    replace(this.siblings, slot, siblings.length > 0 ? siblings : undefined);
  }

  #increment(operation: Operation): boolean {
    const { replica, counter, stamp } = operation;
    const parent = this.#parent;
    const isDead = this.#isHidden;
    const total = isDead ? 0 : operation.value as number;
    const slot = this.#slot();
    const cells = this.counters.get(slot) ?? [];
    const own = cells.find((cell) => cell.replica === replica);
    if (own !== undefined && own.counter >= counter) return false;
    const wasLive = this.isLive(slot);
    const others = cells.filter((cell) => cell !== own);
    const cell = { replica, counter, stamp, total, isDead };
    this.setCounter(slot, [...others, cell]);
    const isLive = this.isLive(slot);
    if (wasLive !== isLive) {
      this.addLive(
        this.#key === null ? parent.parent : parent,
        isLive ? 1 : -1,
      );
    }
    return isLive;
  }

  /** Replaces the cells of a counter. */
  setCounter(slot: number, cells: readonly CounterCell[] | undefined): void {
    const old = this.counters.get(slot);
    this.journal?.push(() => replace(this.counters, slot, old));
    replace(this.counters, slot, cells);
  }

  /** Adds to the count of what lives below `branch` and each place above. */
  addLive(branch: Branch | null, count: number): void {
    this.journal?.push(() => addLive(branch, -count));
    addLive(branch, count);
  }

  #cover(branch: Branch, operation: Operation): boolean {
    const { cover, barrier } = branch;
    this.journal?.push(() => {
      branch.cover = cover;
      branch.barrier = barrier;
    });
    if (operation.covers !== null) {
      const joined = cover?.clone() ?? operation.covers.clone();
      joined.join(operation.covers);
      branch.cover = joined;
    }
    const { replica, counter } = operation;
    const isRaised = operation.isBarrier &&
      !(barrier?.has(replica, counter) ?? false);
    if (isRaised) {
      branch.barrier = barrier?.clone() ?? new VersionVector();
      branch.barrier.raise(replica, counter);
    }
    const count = this.#sweep(branch, branch.cover, isRaised);
    if (count > 0) this.addLive(branch.parent, -count);
    return count > 0;
  }

  /**
   * Clears what is hidden below `branch`. A barrier that was just raised hides
   * all: whatever had seen it would have waited for it.
   *
   * @returns How many registers ceased to live.
   */
  #sweep(
    branch: Branch,
    cover: VersionVector | null,
    isAll: boolean,
  ): number {
    const { claimShape } = branch;
    if (
      claimShape !== NOTHING && (isAll ||
        cover?.has(branch.claimReplica, branch.claimCounter))
    ) {
      this.journal?.push(() => branch.claimShape = claimShape);
      branch.claimShape = NOTHING;
    }
    let count = 0;
    for (const child of branch.children.values()) {
      const slot = typeof child === "number" ? child : child.slot;
      if (this.#clear(slot, cover, isAll)) count++;
      if (typeof child === "object") count += this.#sweep(child, cover, isAll);
    }
    branch.liveCount -= count;
    if (count > 0) this.journal?.push(() => branch.liveCount += count);
    return count;
  }

  /** Clears what is hidden of a register; returns whether it ceased to live. */
  #clear(slot: number, cover: VersionVector | null, isAll: boolean): boolean {
    const { columns } = this;
    const wasLive = this.isLive(slot);
    // Siblings and totals are kept, and so covered, also where they do not show.
    const isAlone = !this.siblings.has(slot) && !this.counters.has(slot);
    if (!wasLive && isAlone) return false;
    const isGone = (replica: number, counter: number) =>
      isAll || (cover?.has(replica, counter) ?? false);
    const replica = columns.replicas[slot] as number;
    const counter = columns.counters[slot] as number;
    const stamp = columns.stamps[slot] as number;
    if (stamp >= 0 && isGone(replica, counter)) {
      const flags = makeFlags(
        NOTHING,
        columns.isSibling(slot),
        columns.modeOf(slot),
      );
      this.#write(slot, stamp, replica, counter, flags, undefined);
    }
    const siblings = this.siblings.get(slot);
    if (siblings !== undefined) {
      this.setSiblings(
        slot,
        siblings.filter((item) => !isGone(item.replica, item.counter)),
      );
    }
    const cells = this.counters.get(slot);
    if (cells !== undefined) {
      this.setCounter(
        slot,
        cells.map((cell) =>
          isGone(cell.replica, cell.counter)
            ? { ...cell, total: 0, isDead: true }
            : cell
        ),
      );
    }
    return wasLive && !this.isLive(slot);
  }
}

function addLive(from: Branch | null, count: number): void {
  for (let branch = from; branch !== null; branch = branch.parent) {
    branch.liveCount += count;
  }
}

function replace<Value>(
  map: Map<number, Value>,
  slot: number,
  value: Value | undefined,
): void {
  if (value === undefined) map.delete(slot);
  else map.set(slot, value);
}
