import type { Unit } from "./message.ts";
import { NumberHeap } from "./number_heap.ts";

/** Below this, what was taken out is not worth sorting anew. */
const STALE_SIZE_MIN = 256;

/** A transaction that waits. */
export interface Waiting {
  /** Its operations. */
  readonly unit: Unit;
  /** What it takes, as estimated. */
  readonly byteCount: number;
  /** Since when. */
  readonly arrivedAtMs: number;
}

/** What waits of one replica, by first counter. */
export class WaitingQueue {
  /** The replica, by index. */
  readonly replica: number;
  /** The transactions. */
  readonly units: Map<number, Waiting> = new Map();
  /** How many operations they are. */
  count = 0;
  /** What they take, as estimated. */
  byteCount = 0;
  /** Among which others it is kept; see `Pending`. */
  level = 0;
  /** Their counters, and some that are gone; none until it is asked. */
  #counters: NumberHeap | null = null;

  /** Makes an empty queue of `replica`. */
  constructor(replica: number) {
    this.replica = replica;
  }

  /** Adds a transaction; its first counter must be new. */
  add(counter: number, waiting: Waiting): void {
    this.units.set(counter, waiting);
    this.count += waiting.unit.length;
    this.byteCount += waiting.byteCount;
    this.#counters?.push(counter);
  }

  /** Takes out a transaction, which must be there. */
  remove(counter: number, waiting: Waiting): void {
    this.units.delete(counter);
    this.count -= waiting.unit.length;
    this.byteCount -= waiting.byteCount;
  }

  /**
   * The first counter of what is furthest from being applied; 0 if nothing is
   * there. Costs O(log n) after the first time, which sorts.
   */
  furthest(): number {
    const sizeMax = 2 * this.units.size + STALE_SIZE_MIN;
    if (this.#counters === null || this.#counters.size > sizeMax) {
      this.#counters = new NumberHeap(this.units.keys());
    }
    const counters = this.#counters;
    for (;;) {
      const { greatest } = counters;
      if (greatest === undefined) return 0;
      if (this.units.has(greatest)) return greatest;
      counters.pop();
    }
  }
}
