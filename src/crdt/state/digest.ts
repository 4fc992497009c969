import { show } from "../../base/options.ts";
import type { Core } from "../core.ts";
import { PlaceHasher, type PlaceVisitor } from "./place_hash.ts";

/** Places whose positions begin with the same bits. */
export interface DigestRange {
  /** The first position of the range. */
  readonly from: number;
  /** How many leading bits they have in common; 0 for all places. */
  readonly bits: number;
}

/** All places. */
export const WHOLE_RANGE: DigestRange = { from: 0, bits: 0 };

/** Bits of a position. */
const POSITION_BITS = 32;

/** Bits in which a double is exact. */
const EXACT_BITS = 53;

/** A sum of hashes, exact to 64 bits. */
export interface Fingerprint {
  /** The first half. */
  readonly low: number;
  /** The second half. */
  readonly high: number;
}

/**
 * Hashes of all that a document keeps, in the order of the hashes of the paths:
 * a tree over the key space whose shape depends on nothing but the content. Any
 * range of it can be summed up at once.
 *
 * It is of the moment at which it was made. Making it costs O(n log n) for n
 * places, and 24 bytes for each.
 */
export class Digest {
  /** How many places there are. */
  readonly count: number;
  readonly #positions: Uint32Array;
  readonly #lows: Uint32Array;
  readonly #highs: Uint32Array;
  /** Sums of the hashes before each place. */
  readonly #lowSums: Uint32Array;
  readonly #highSums: Uint32Array;

  /** Makes the digest of what `core` keeps. */
  constructor(core: Core) {
    const positions: number[] = [];
    const lows: number[] = [];
    const highs: number[] = [];
    const visitor: PlaceVisitor = {
      visit: (_space, position, { low, high }) => {
        positions.push(position);
        lows.push(low);
        highs.push(high);
      },
    };
    new PlaceHasher(core).run(visitor);
    const order = orderOf(positions);
    const count = order.length;
    this.count = count;
    this.#positions = new Uint32Array(count);
    this.#lows = new Uint32Array(count);
    this.#highs = new Uint32Array(count);
    this.#lowSums = new Uint32Array(count + 1);
    this.#highSums = new Uint32Array(count + 1);
    order.forEach((from, at) => {
      const low = lows[from] as number;
      const high = highs[from] as number;
      this.#positions[at] = positions[from] as number;
      this.#lows[at] = low;
      this.#highs[at] = high;
      this.#lowSums[at + 1] = (this.#lowSums[at] as number) + low;
      this.#highSums[at + 1] = (this.#highSums[at] as number) + high;
    });
  }

  /** How many places of `range` there are. */
  countIn(range: DigestRange): number {
    return this.#find(endOf(range)) - this.#find(range.from);
  }

  /** The sum of all in `range`. */
  sum(range: DigestRange): Fingerprint {
    const from = this.#find(range.from);
    const to = this.#find(endOf(range));
    return {
      low: ((this.#lowSums[to] as number) - (this.#lowSums[from] as number)) >>>
        0,
      high:
        ((this.#highSums[to] as number) - (this.#highSums[from] as number)) >>>
        0,
    };
  }

  /** Calls `visit` with the position and the hash of each place in `range`. */
  forEach(
    range: DigestRange,
    visit: (position: number, hash: Fingerprint) => void,
  ): void {
    const to = this.#find(endOf(range));
    for (let at = this.#find(range.from); at < to; at++) {
      visit(this.#positions[at] as number, {
        low: this.#lows[at] as number,
        high: this.#highs[at] as number,
      });
    }
  }

  /** The first place at or after a position. */
  #find(position: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#positions[middle] as number) < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The parts of `range` that have `bits` more bits in common. */
export function splitRange(
  { from, bits: own }: DigestRange,
  bits: number,
): DigestRange[] {
  const width = 2 ** (POSITION_BITS - own - bits);
  return Array.from({ length: 2 ** bits }, (_, at) => ({
    from: from + at * width,
    bits: own + bits,
  }));
}

/** How many more bits the places of a range can have in common. */
export function bitsLeft({ bits }: DigestRange): number {
  return POSITION_BITS - bits;
}

/**
 * Where two digests differ: ranges that hold all differences, each as small as
 * it gets. Costs O(differences * log n).
 *
 * @throws {TypeError} If one of them is no digest.
 *
 * @example Two documents and their difference
 * ```ts
 * import { compareDigests, JsonCrdt } from "@distflow/core/crdt";
 * import { assertEquals } from "@std/assert";
 *
 * const ann = new JsonCrdt("ann");
 * for (let index = 0; index < 100; index++) ann.set([`key ${index}`], index);
 * const bob = JsonCrdt.restore("bob", ann.snapshot());
 * assertEquals(compareDigests(ann.digest(), bob.digest()), []);
 * bob.set(["key 7"], "new");
 * assertEquals(compareDigests(ann.digest(), bob.digest()).length, 1);
 * ```
 */
export function compareDigests(one: Digest, other: Digest): DigestRange[] {
  for (const [option, value] of Object.entries({ one, other })) {
    if (value instanceof Digest) continue;
    throw new TypeError(
      `Cannot compare digests as '${option}' must be what 'digest()' gave: current value is ${
        show(value)
      }`,
    );
  }
  const differing: DigestRange[] = [];
  const compare = (range: DigestRange) => {
    const first = one.sum(range);
    const second = other.sum(range);
    if (first.low === second.low && first.high === second.high) return;
    const most = Math.max(one.countIn(range), other.countIn(range));
    if (most === 1 || bitsLeft(range) === 0) differing.push(range);
    else for (const half of splitRange(range, 1)) compare(half);
  };
  compare(WHOLE_RANGE);
  return differing;
}

function endOf({ from, bits }: DigestRange): number {
  return from + 2 ** (POSITION_BITS - bits);
}

/** The indexes of positions in their order. */
function orderOf(positions: readonly number[]): number[] {
  const count = positions.length;
  const indexBits = Math.ceil(Math.log2(count + 1));
  if (indexBits + POSITION_BITS > EXACT_BITS) {
    return [...positions.keys()].sort((a, b) =>
      (positions[a] as number) - (positions[b] as number)
    );
  }
  // A typed array of numbers sorts ten times as fast as indexes do.
  const factor = 2 ** indexBits;
  const keys = new Float64Array(count);
  for (let at = 0; at < count; at++) {
    keys[at] = (positions[at] as number) * factor + at;
  }
  return Array.from(keys.sort(), (key) => key % factor);
}
