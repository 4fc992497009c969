import { CounterMap } from "./counter_map.ts";
import { NumberHeap } from "./number_heap.ts";

/** Below this, what was taken out is not worth sorting anew. */
const STALE_SIZE_MIN = 256;

/** What waits of one replica, by first counter. */
export class WaitingQueue {
  /** The replica, by index. */
  readonly replica: number;
  /** Where each transaction is, in the bytes of all that waits. */
  readonly places: CounterMap = new CounterMap();
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
  add(counter: number, place: number, length: number, byteCount: number): void {
    this.places.set(counter, place);
    this.count += length;
    this.byteCount += byteCount;
    this.#counters?.push(counter);
  }

  /** Takes out a transaction, which must be there. */
  remove(counter: number, length: number, byteCount: number): void {
    this.places.delete(counter);
    this.count -= length;
    this.byteCount -= byteCount;
  }

  /**
   * The first counter of what is furthest from being applied; 0 if nothing is
   * there. Costs O(log n) after the first time, which sorts.
   */
  furthest(): number {
    const sizeMax = 2 * this.places.size + STALE_SIZE_MIN;
    if (this.#counters === null || this.#counters.size > sizeMax) {
      this.#counters = new NumberHeap(keysOf(this.places));
    }
    const counters = this.#counters;
    for (;;) {
      const { greatest } = counters;
      if (greatest === undefined) return 0;
      if (this.places.get(greatest) >= 0) return greatest;
      counters.pop();
    }
  }
}

function* keysOf(entries: Iterable<[number, number]>): Generator<number> {
  for (const [key] of entries) yield key;
}
