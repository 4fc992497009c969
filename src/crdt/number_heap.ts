/** A binary heap of numbers, the greatest first. */
export class NumberHeap {
  readonly #heap: number[];

  /** Makes a heap of `numbers`; costs as much as sorting them. */
  constructor(numbers: Iterable<number>) {
    // What is sorted is a heap.
    this.#heap = [...numbers].sort((a, b) => b - a);
  }

  /** How many there are. */
  get size(): number {
    return this.#heap.length;
  }

  /** The greatest; undefined if there is none. */
  get greatest(): number | undefined {
    return this.#heap[0];
  }

  /** Adds a number, in O(log n). */
  push(number: number): void {
    const heap = this.#heap;
    let index = heap.push(number) - 1;
    while (index > 0) {
      const above = (index - 1) >> 1;
      if ((heap[above] as number) >= number) break;
      heap[index] = heap[above] as number;
      index = above;
    }
    heap[index] = number;
  }

  /** Takes the greatest out, in O(log n). */
  pop(): void {
    const heap = this.#heap;
    const number = heap.pop();
    if (number === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let below = 2 * index + 1;
      if (below >= heap.length) break;
      const right = heap[below + 1] ?? -Infinity;
      if (right > (heap[below] as number)) below++;
      if ((heap[below] as number) <= number) break;
      heap[index] = heap[below] as number;
      index = below;
    }
    heap[index] = number;
  }
}
