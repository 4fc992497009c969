/** Where all chance comes from: the system's in production, a seed in tests. */
export interface Random {
  /**
   * A whole number from 0 to `limit - 1`, each as likely as the others.
   *
   * @param limit From 1 to 2^32.
   */
  below(limit: number): number;
  /** `byteCount` random bytes, written as lowercase hexadecimal digits. */
  hex(byteCount: number): string;
}

/**
 * A reproducible {@linkcode Random} for simulations and tests; not for secrets.
 *
 * The generator is sfc32 (Chris Doty-Humphrey, PractRand), started from a
 * 32-bit seed and warmed up by 15 steps.
 *
 * @example The same seed gives the same numbers
 * ```ts
 * import { SeededRandom } from "@distflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const roll = (seed: number) => new SeededRandom(seed).below(1000);
 * assertEquals(roll(7), roll(7));
 * ```
 */
export class SeededRandom implements Random {
  #a = 0x9e3779b9;
  #b = 0x243f6a88;
  #c: number;
  #counter = 1;

  /** Makes a generator whose whole future is decided by `seed`. */
  constructor(seed: number) {
    this.#c = seed | 0;
    for (let step = 0; step < 15; step++) this.#next();
  }

  /** A whole number from 0 to `limit - 1`, without modulo bias. */
  below(limit: number): number {
    const fair = 2 ** 32 - (2 ** 32 % limit);
    let value = this.#next();
    while (value >= fair) value = this.#next();
    return value % limit;
  }

  /** `byteCount` pseudo-random bytes in hexadecimal. */
  hex(byteCount: number): string {
    let text = "";
    for (let index = 0; index < byteCount; index++) {
      text += this.below(256).toString(16).padStart(2, "0");
    }
    return text;
  }

  /** True with a probability of `percent` in a hundred. */
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  /** One of `items`, which must not be empty. */
  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)];
    return item as Item;
  }

  #next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum | 0;
    return sum >>> 0;
  }
}
