/** Counters have 31 bits; replicas have 16, so the sum is exact. */
const REPLICA_STEP = 2 ** 32;

/**
 * The dots of what is kept and, as a schema says, does not show. An object that
 * was set under one dot may be refused in several places.
 */
export class RefusedDots {
  readonly #counts: Map<number, number> = new Map();

  /** How many there are. */
  get size(): number {
    return this.#counts.size;
  }

  /** Whether the dot is refused anywhere. */
  has(replica: number, counter: number): boolean {
    return this.#counts.has(replica * REPLICA_STEP + counter);
  }

  /** Counts one more place, or one less. */
  add(replica: number, counter: number, count: 1 | -1): void {
    const key = replica * REPLICA_STEP + counter;
    const sum = (this.#counts.get(key) ?? 0) + count;
    if (sum === 0) this.#counts.delete(key);
    else this.#counts.set(key, sum);
  }
}
