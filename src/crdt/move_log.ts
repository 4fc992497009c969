import type { Branch } from "./branch.ts";
import type { ReplicaTable } from "./replica_table.ts";
import type { ItemId } from "./sequence/ids.ts";
import type { VersionVector } from "./version_vector.ts";

/** What is kept of a place that was ever moved. */
export interface Moved {
  /** The covers that were above it, or came later without knowing of a move. */
  cover: VersionVector | null;
  /** The barriers, likewise. */
  barrier: VersionVector | null;
  /** Its moves, as they came. */
  readonly records: MoveRecord[];
}

/** Where a place lives. */
export interface Location {
  /** The place above. */
  readonly parent: Branch | null;
  /** The key there; `null` for an element. */
  readonly key: string | null;
  /** The item in the list there; `null` for an entry. */
  readonly id: ItemId | null;
  /** The move that brought it there; `null` for its home. */
  readonly move: MoveRecord | null;
}

/** A move that was applied, in effect or not. */
export class MoveRecord implements ItemId {
  /** When it was made. */
  readonly stamp: number;
  /** Its dot. */
  readonly replica: number;
  /** See {@linkcode MoveRecord.replica}. */
  readonly counter: number;
  /** What is moved; `null` if that is gone for good. */
  node: Branch | null;
  /** Where to; as an element if there is no key. */
  readonly parent: Branch;
  /** See {@linkcode MoveRecord.parent}. */
  readonly key: string | null;
  /** Where it was before, while the move is in effect. */
  before: Location | null = null;

  /** Makes a record that is not in effect yet. */
  constructor(
    dot: ItemId & { readonly stamp: number },
    node: Branch | null,
    parent: Branch,
    key: string | null,
  ) {
    this.stamp = dot.stamp;
    this.replica = dot.replica;
    this.counter = dot.counter;
    this.node = node;
    this.parent = parent;
    this.key = key;
  }
}

/** All moves, in the order of their stamps. */
export class MoveLog {
  /** In order. */
  readonly records: MoveRecord[] = [];
  /** The places that were ever moved, but for those that are gone. */
  readonly nodes: Set<Branch> = new Set();
  /** The places that moves lead to, in effect or not. */
  readonly destinations: Set<Branch> = new Set();
  /** The last move that was applied of each replica. */
  readonly last: Map<number, number> = new Map();
  /** How often a place came to live elsewhere, however that happened. */
  movedCount = 0;
  readonly #byDot: Map<number, MoveRecord> = new Map();
  readonly #replicas: ReplicaTable;

  /** Makes an empty log. */
  constructor(replicas: ReplicaTable) {
    this.#replicas = replicas;
  }

  /** The place that the move with a dot moves, or moved. */
  nodeOf({ replica, counter }: ItemId): Branch | null {
    return this.get(replica, counter)?.node ?? null;
  }

  /** The move with a dot. */
  get(replica: number, counter: number): MoveRecord | undefined {
    return this.#byDot.get(replica * 2 ** 31 + counter);
  }

  /** Puts a record in its place; returns its index. */
  add(record: MoveRecord): number {
    const { replica, counter } = record;
    const index = this.indexFor(record);
    this.records.splice(index, 0, record);
    this.#byDot.set(replica * 2 ** 31 + counter, record);
    this.destinations.add(record.parent);
    if (record.node !== null) {
      this.nodes.add(record.node);
      record.node.moved?.records.push(record);
    }
    const last = this.last.get(replica) ?? 0;
    this.last.set(replica, Math.max(last, counter));
    return index;
  }

  /** The place for a record among the others. */
  indexFor(record: MoveRecord): number {
    const { records } = this;
    let index = records.length;
    while (
      index > 0 && this.isAbove(records[index - 1] as MoveRecord, record)
    ) index--;
    return index;
  }

  /** Takes a record out, which was the last to be added. */
  remove(record: MoveRecord): void {
    const { records } = this;
    const { replica, counter, node, parent } = record;
    records.splice(records.indexOf(record), 1);
    if (!records.some((other) => other.parent === parent)) {
      this.destinations.delete(parent);
    }
    this.#byDot.delete(replica * 2 ** 31 + counter);
    node?.moved?.records.pop();
    if (node?.moved?.records.length === 0) this.nodes.delete(node);
  }

  /** Takes all out. */
  clear(): void {
    this.movedCount++;
    this.records.length = 0;
    this.nodes.clear();
    this.destinations.clear();
    this.last.clear();
    this.#byDot.clear();
  }

  /** Whether a move comes after another one. */
  isAbove(a: MoveRecord, b: MoveRecord): boolean {
    if (a.stamp !== b.stamp) return a.stamp > b.stamp;
    const order = this.#replicas.compare(a.replica, b.replica);
    return order === 0 ? a.counter > b.counter : order > 0;
  }
}
