/** Something that happens at a moment of virtual time. */
export interface SimEvent {
  /** When, in microseconds of virtual time. */
  readonly atUs: number;
  /** Events of one moment happen in the order of this number. */
  readonly order: number;
  /** What happens; undefined once it happened or was cancelled. */
  run: (() => void) | undefined;
}

/** Below this, cancelled events do not cost enough to be swept out. */
const SWEEP_SIZE_MIN = 256;

/**
 * What is going to happen, nearest first; what happens at the same moment
 * keeps the order in which it was added.
 *
 * A binary heap: adding and taking cost O(log n), cancelling O(1). Cancelled
 * events are swept out once they are more than half of the heap.
 */
export class EventQueue {
  #heap: SimEvent[] = [];
  #nextOrder = 0;
  #cancelledCount = 0;

  /** How many events are to come. */
  get size(): number {
    return this.#heap.length - this.#cancelledCount;
  }

  /** Adds an event at `atUs`. */
  add(atUs: number, run: () => void): SimEvent {
    const event: SimEvent = { atUs, order: this.#nextOrder++, run };
    this.#heap.push(event);
    this.#siftUp(this.#heap.length - 1);
    return event;
  }

  /** Prevents `event`; does nothing if it happened or was cancelled. */
  cancel(event: SimEvent): void {
    if (event.run === undefined) return;
    event.run = undefined;
    this.#cancelledCount++;
    const size = this.#heap.length;
    if (size >= SWEEP_SIZE_MIN && this.#cancelledCount * 2 > size) {
      this.#sweep();
    }
  }

  /** When the next event is; undefined if there is none. */
  get nextAtUs(): number | undefined {
    let first = this.#heap[0];
    while (first !== undefined && first.run === undefined) {
      this.#removeFirst();
      this.#cancelledCount--;
      first = this.#heap[0];
    }
    return first?.atUs;
  }

  /** Takes the next event's act; undefined if there is none. */
  take(): (() => void) | undefined {
    if (this.nextAtUs === undefined) return undefined;
    const event = this.#removeFirst();
    const run = event?.run;
    if (event !== undefined) event.run = undefined;
    return run;
  }

  #removeFirst(): SimEvent | undefined {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (last !== undefined && last !== first) {
      this.#heap[0] = last;
      this.#siftDown(0);
    }
    return first;
  }

  #siftUp(start: number): void {
    const heap = this.#heap;
    const event = heap[start] as SimEvent;
    let index = start;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex] as SimEvent;
      if (isBefore(parent, event)) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = event;
  }

  #siftDown(start: number): void {
    const heap = this.#heap;
    const event = heap[start] as SimEvent;
    let index = start;
    for (;;) {
      let childIndex = index * 2 + 1;
      let child = heap[childIndex];
      if (child === undefined) break;
      const right = heap[childIndex + 1];
      if (right !== undefined && isBefore(right, child)) {
        childIndex++;
        child = right;
      }
      if (isBefore(event, child)) break;
      heap[index] = child;
      index = childIndex;
    }
    heap[index] = event;
  }

  #sweep(): void {
    this.#heap = this.#heap.filter((event) => event.run !== undefined);
    this.#cancelledCount = 0;
    for (let index = (this.#heap.length >> 1) - 1; index >= 0; index--) {
      this.#siftDown(index);
    }
  }
}

function isBefore(a: SimEvent, b: SimEvent): boolean {
  return a.atUs < b.atUs || (a.atUs === b.atUs && a.order < b.order);
}
