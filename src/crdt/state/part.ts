import { Branch, type Child, type Item } from "../branch.ts";
import { ByteReader, ByteWriter } from "../bytes.ts";
import { Core } from "../core.ts";
import { HybridClock } from "../hybrid_clock.ts";
import { type Moved, MoveRecord } from "../move_log.ts";
import { DOCUMENT, type Space } from "../operation.ts";
import type { ListSequence } from "../sequence/list_sequence.ts";
import { isMereValue, writtenItem } from "../untouched.ts";
import { PART } from "./frame.ts";
import { PlaceHasher } from "./place_hash.ts";
import { MOVED_MARK } from "./value_columns.ts";
import { encodeState } from "./write_state.ts";

/**
 * The state of the places at `positions` alone, or of all for `null`: to join it
 * brings all that `core` has to a replica that lacks nothing of other places.
 */
export function encodePart(
  core: Core,
  positions: ReadonlySet<number> | null,
): Uint8Array {
  if (positions === null) return encodeState(core, PART);
  const part = new Part(core);
  if (positions.size > 0) {
    new PlaceHasher(core).run({
      visit: (space, position, _content, anchor, keys) => {
        if (positions.has(position)) part.add(space as Space, anchor, keys);
      },
    });
  }
  return part.encode();
}

/** A few places of a document. */
class Part {
  readonly #from: Core;
  readonly #to: Core;
  /** Elements without their lists, by those that they are copies of. */
  readonly #anchored: Map<Branch, Branch> = new Map();

  constructor(core: Core) {
    this.#from = core;
    this.#to = new Core(core.name, new HybridClock(), new Map());
    // The same names have the same indexes, so that dots can be copied.
    for (const name of core.replicas.names) this.#to.replicas.indexOf(name);
    this.#to.vector.join(core.vector);
    this.#to.clock.receive(core.clock.last);
    // Who takes it must have seen what was forgotten here.
    this.#to.stability.take(core.stability.report());
    this.#to.tree.settled.join(core.tree.settled);
  }

  encode(): Uint8Array {
    return encodeState(this.#to, PART, [...this.#anchored.values()]);
  }

  add(space: Space, anchor: Branch | null, keys: readonly string[]): void {
    const { tree } = this.#to;
    let source: Child = anchor ?? this.#from.tree.roots[space];
    let branch = anchor === null ? tree.roots[space] : this.#anchor(anchor);
    let slot = branch.slot;
    for (const key of keys) {
      source = (source as Branch).children.get(key) as Child;
      if (typeof source === "number") slot = tree.slotAt(branch, key);
      else {
        branch = tree.branchAt(branch, key);
        slot = branch.slot;
      }
    }
    const own = typeof source === "number" ? source : source.slot;
    this.#copyRegister(own, slot);
    if (typeof source !== "object") return;
    this.#copyBranch(source, branch);
    const { moves, roots } = this.#from.tree;
    if (source === roots[DOCUMENT]) {
      for (const record of moves.records) {
        if (record.node === null) this.#copyMove(record, null);
      }
    } else if (source.moved !== null) this.#copyMoved(source.moved, branch);
  }

  #copyMoved({ cover, barrier, records }: Moved, branch: Branch): void {
    branch.moved = { cover, barrier, records: [] };
    for (const record of records) this.#copyMove(record, branch);
  }

  #copyMove(record: MoveRecord, node: Branch | null): void {
    const { parent, key } = record;
    const { anchor, keys } = parent.birthAddress();
    const { tree } = this.#to;
    let place = anchor === this.#from.tree.roots[DOCUMENT]
      ? tree.roots[DOCUMENT]
      : this.#anchor(anchor);
    for (const key of keys) place = tree.branchAt(place, key);
    tree.moves.add(new MoveRecord(record, node, place, key));
  }

  #anchor(element: Branch): Branch {
    const known = this.#anchored.get(element);
    if (known !== undefined) return known;
    const { homeId, isPlain } = element;
    const slot = this.#to.tree.columns.add();
    const copy = new Branch(slot, null, null, homeId, isPlain);
    this.#anchored.set(element, copy);
    return copy;
  }

  #copyRegister(own: number, slot: number): void {
    const from = this.#from.tree;
    const to = this.#to.tree;
    to.columns.copy(from.columns, own, slot);
    const siblings = from.siblings.get(own);
    if (siblings !== undefined) to.siblings.set(slot, siblings);
    const cells = from.counters.get(own);
    if (cells !== undefined) to.counters.set(slot, cells);
  }

  #copyBranch(source: Branch, branch: Branch): void {
    branch.claimStamp = source.claimStamp;
    branch.claimReplica = source.claimReplica;
    branch.claimCounter = source.claimCounter;
    branch.claimShape = source.claimShape;
    branch.cover = source.cover;
    branch.barrier = source.barrier;
    if (source.list !== null) this.#copyList(source.list, branch);
  }

  /** Copies a list; what happened in its elements is not part of it. */
  #copyList(source: ListSequence<Item>, branch: Branch): void {
    const { tree, replicas } = this.#to;
    const from = this.#from.tree;
    const writer = new ByteWriter();
    const items: Item[] = [];
    source.exportTo(writer, () => {});
    for (const { replica, counter, content } of source.keptRuns()) {
      content.forEach((each, at) => {
        const isGuest = each instanceof Branch &&
          !each.isBornAs(replica, counter + at);
        const item = isGuest ? MOVED_MARK : writtenItem(from, each);
        if (!(item instanceof Branch)) {
          items.push(item);
          return;
        }
        const slot = tree.columns.add();
        if (isMereValue(from, item)) this.#copyRegister(item.slot, slot);
        const { homeId, isPlain } = item;
        const copy = new Branch(slot, branch, null, homeId, isPlain);
        copy.isHidden = item.isHidden;
        items.push(copy);
      });
    }
    let next = 0;
    tree.listOf(branch).importFrom(
      new ByteReader(writer.finish()),
      [...replicas.names.keys()],
      () => items[next++],
    );
  }
}
