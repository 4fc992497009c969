import type { Unit } from "../message.ts";
import type { Operation } from "../operation.ts";
import { lastCounter } from "../pending.ts";
import type { VersionVector } from "../version_vector.ts";

/** A transaction, and when it was applied here, among the others. */
interface Entry {
  readonly unit: Unit;
  readonly order: number;
}

/** The newest transactions of one replica, without a gap. */
interface Tail {
  entries: Entry[];
  /** How many of them, at the start, were let go. */
  gone: number;
}

/** How many dead entries a list may have before it is made anew. */
const GONE_MAX = 1024;

/**
 * The newest transactions, in the order in which they were applied.
 *
 * The state tells all that they did, so any of them may be let go; what is here
 * is what a replica that lacks only a little needs. Adding costs O(1); asking
 * costs a step for each transaction of the answer, and O(log length) for each
 * replica that wrote any.
 */
export class TransactionLog {
  /** Operations that are kept at most. */
  readonly lengthMax: number;
  /** How many operations there are. */
  length = 0;
  readonly #tails: Map<number, Tail> = new Map();
  #all: Entry[] = [];
  #allGone = 0;
  #order = 0;

  /** Makes an empty log. */
  constructor(lengthMax: number) {
    this.lengthMax = lengthMax;
  }

  /** Adds a transaction that was applied. */
  add(unit: Unit): void {
    if (this.lengthMax === 0) return;
    const { replica } = unit[0] as Operation;
    let tail = this.#tails.get(replica);
    if (tail === undefined) {
      tail = { entries: [], gone: 0 };
      this.#tails.set(replica, tail);
    }
    const entry = { unit, order: this.#order++ };
    tail.entries.push(entry);
    this.#all.push(entry);
    this.length += unit.length;
    if (this.length > this.lengthMax) this.cut(this.lengthMax);
  }

  /** Lets the oldest ones go until at most `count` operations are left. */
  cut(count: number): void {
    while (this.length > count) {
      const entry = this.#all[this.#allGone++] as Entry;
      const { replica } = entry.unit[0] as Operation;
      const tail = this.#tails.get(replica);
      if (tail === undefined) continue;
      tail.gone++;
      this.length -= entry.unit.length;
      if (tail.gone > GONE_MAX && tail.gone * 2 > tail.entries.length) {
        tail.entries = tail.entries.slice(tail.gone);
        tail.gone = 0;
      }
    }
    if (this.#allGone > GONE_MAX && this.#allGone * 2 > this.#all.length) {
      this.#all = this.#all.slice(this.#allGone);
      this.#allGone = 0;
    }
  }

  /** Forgets a replica's transactions: what follows on them did not come here. */
  forget(replica: number): void {
    const tail = this.#tails.get(replica);
    if (tail === undefined) return;
    for (let at = tail.gone; at < tail.entries.length; at++) {
      this.length -= (tail.entries[at] as Entry).unit.length;
    }
    this.#tails.delete(replica);
    this.#all = this.#entries();
    this.#allGone = 0;
  }

  /**
   * The transactions that a replica that has applied `seen` lacks of what has
   * been applied here, which is `applied`, in order; `null` if not all are here.
   */
  since(seen: VersionVector, applied: VersionVector): Unit[] | null {
    const entries: Entry[] = [];
    let isWhole = true;
    applied.forEach((replica, counter) => {
      const after = seen.get(replica);
      if (after >= counter) return;
      const tail = this.#tails.get(replica);
      const first = tail?.entries[tail.gone]?.unit[0];
      if (
        tail === undefined || first === undefined || first.counter > after + 1
      ) {
        isWhole = false;
        return;
      }
      for (let at = findAfter(tail, after); at < tail.entries.length; at++) {
        entries.push(tail.entries[at] as Entry);
      }
    });
    if (!isWhole) return null;
    return entries.sort((a, b) => a.order - b.order).map(({ unit }) => unit);
  }

  /** All transactions, in order. */
  units(): Unit[] {
    return this.#entries().map(({ unit }) => unit);
  }

  #entries(): Entry[] {
    const entries: Entry[] = [];
    for (const { entries: own, gone } of this.#tails.values()) {
      for (let at = gone; at < own.length; at++) entries.push(own[at] as Entry);
    }
    return entries.sort((a, b) => a.order - b.order);
  }
}

/** The first transaction with anything after `counter`. */
function findAfter({ entries, gone }: Tail, counter: number): number {
  let low = gone;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (lastCounter((entries[middle] as Entry).unit) <= counter) {
      low = middle + 1;
    } else high = middle;
  }
  return low;
}
