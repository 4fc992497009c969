/** How many counters in a row lie together, as a power of two. */
const CHUNK_BITS = 5;
const CHUNK_SIZE = 1 << CHUNK_BITS;

/** Counters in a row, and what each has. */
interface Chunk {
  /** How many there are. */
  count: number;
  /** What each has; -1 for those that are not there. */
  readonly values: number[];
}

/**
 * A map from counters to whole numbers from 0 on.
 *
 * Counters come in rows, more or less, and neighbours are looked for one after
 * the other. So they lie together, which a `Map` of a hundred thousand does not
 * do: most of its time is waiting for memory.
 */
export class CounterMap {
  /** How many counters there are. */
  size = 0;
  readonly #chunks: Map<number, Chunk> = new Map();
  /** The chunk that was used last. */
  #last: Chunk | undefined = undefined;
  #lastNumber = -1;

  /** What a counter has; -1 if it is not there. */
  get(counter: number): number {
    const chunk = this.#chunkOf(counter);
    return chunk === undefined
      ? -1
      : chunk.values[counter & (CHUNK_SIZE - 1)] as number;
  }

  /** Gives a counter a value, instead of what it had. */
  set(counter: number, value: number): void {
    const chunk = this.#chunkOf(counter) ?? this.#addChunk(counter);
    const at = counter & (CHUNK_SIZE - 1);
    if ((chunk.values[at] as number) < 0) {
      chunk.count++;
      this.size++;
    }
    chunk.values[at] = value;
  }

  /** Takes out a counter, which must be there. */
  delete(counter: number): void {
    const chunk = this.#chunkOf(counter) as Chunk;
    chunk.values[counter & (CHUNK_SIZE - 1)] = -1;
    this.size--;
    if (--chunk.count > 0) return;
    this.#chunks.delete(counter >>> CHUNK_BITS);
    this.#lastNumber = -1;
  }

  /** Each counter with what it has; they may be taken out and set meanwhile. */
  *[Symbol.iterator](): Generator<[counter: number, value: number]> {
    for (const [number, { values }] of this.#chunks) {
      for (let at = 0; at < CHUNK_SIZE; at++) {
        const value = values[at] as number;
        if (value >= 0) yield [number * CHUNK_SIZE + at, value];
      }
    }
  }

  #chunkOf(counter: number): Chunk | undefined {
    const number = counter >>> CHUNK_BITS;
    if (number === this.#lastNumber) return this.#last;
    const chunk = this.#chunks.get(number);
    if (chunk === undefined) return undefined;
    this.#lastNumber = number;
    return this.#last = chunk;
  }

  #addChunk(counter: number): Chunk {
    const chunk = {
      count: 0,
      values: new Array<number>(CHUNK_SIZE).fill(-1),
    };
    this.#chunks.set(counter >>> CHUNK_BITS, chunk);
    return chunk;
  }
}
