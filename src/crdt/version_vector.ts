import type { ReplicaTable } from "./replica_table.ts";

/** A clock as programs exchange it: the last counter seen of each replica. */
export type ClockRecord = { readonly [replica: string]: number };

/**
 * For each replica, by index, the last of its counters that was seen.
 *
 * Operations of one replica are applied in order, so a vector has no holes:
 * it holds a dot exactly if the dot's counter is not above the entry.
 */
export class VersionVector {
  readonly #counters: number[];

  /** Makes a vector from counters by replica index; empty by default. */
  constructor(counters: number[] = []) {
    this.#counters = counters;
  }

  /** One more than the greatest index that may have an entry. */
  get size(): number {
    return this.#counters.length;
  }

  /** Whether nothing was seen. */
  get isEmpty(): boolean {
    return this.#counters.every((counter) => counter === 0);
  }

  /** The last counter seen of `replica`; 0 for none. */
  get(replica: number): number {
    return this.#counters[replica] ?? 0;
  }

  /** Whether the dot was seen. */
  has(replica: number, counter: number): boolean {
    return counter <= (this.#counters[replica] ?? 0);
  }

  /** Adds the dot and all before it. */
  raise(replica: number, counter: number): void {
    const counters = this.#counters;
    while (counters.length <= replica) counters.push(0);
    if (counter > (counters[replica] as number)) counters[replica] = counter;
  }

  /** Sets an entry back; only a transaction that is rolled back does so. */
  reset(replica: number, counter: number): void {
    this.#counters[replica] = counter;
  }

  /** Adds all that `other` holds. */
  join(other: VersionVector): void {
    for (let index = 0; index < other.size; index++) {
      const counter = other.get(index);
      if (counter > 0) this.raise(index, counter);
    }
  }

  /** Whether everything in `other` is in this one, too. */
  includes(other: VersionVector): boolean {
    for (let index = 0; index < other.size; index++) {
      if (other.get(index) > this.get(index)) return false;
    }
    return true;
  }

  /** A copy that changes on its own. */
  clone(): VersionVector {
    return new VersionVector(this.#counters.slice());
  }

  /** Calls `visit` for each replica of which something was seen. */
  forEach(visit: (replica: number, counter: number) => void): void {
    for (let index = 0; index < this.#counters.length; index++) {
      const counter = this.#counters[index] as number;
      if (counter > 0) visit(index, counter);
    }
  }

  /** The vector by names, which are sorted. */
  toRecord(replicas: ReplicaTable): ClockRecord {
    const entries: [string, number][] = [];
    this.forEach((replica, counter) =>
      entries.push([replicas.nameOf(replica), counter])
    );
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(entries);
  }
}
