/** Stamps count from here, 2020-01-01 UTC, which leaves them until 2089. */
export const STAMP_EPOCH_MS: number = Date.UTC(2020, 0, 1);

/** Ticks within one millisecond; further ones carry into the time part. */
export const TICKS_PER_MS = 4096;

/** No stamp is greater: what is exact in a double. */
export const STAMP_MAX: number = Number.MAX_SAFE_INTEGER;

/** The stamp of tick `tick` at wall time `wallMs`; 0 before 2020. */
export function makeStamp(wallMs: number, tick: number): number {
  const ms = Math.max(0, Math.floor(wallMs) - STAMP_EPOCH_MS);
  return Math.min(STAMP_MAX, ms * TICKS_PER_MS + tick);
}

/** The wall time of `stamp` in milliseconds since 1970. */
export function stampMs(stamp: number): number {
  return Math.floor(stamp / TICKS_PER_MS) + STAMP_EPOCH_MS;
}

/** The tick of `stamp` within its millisecond. */
export function stampTick(stamp: number): number {
  return stamp % TICKS_PER_MS;
}

/** A wall clock. */
export interface WallClock {
  /** Milliseconds since 1970. */
  wallMs(): number;
}

/**
 * A hybrid logical clock: near the wall clock, and past all it has seen.
 *
 * @example Going back in time does not go back
 * ```ts
 * import { HybridClock } from "./hybrid_clock.ts";
 * import { assert } from "@std/assert";
 *
 * let wallMs = Date.UTC(2026, 0, 2);
 * const clock = new HybridClock({ wallMs: () => wallMs });
 * const first = clock.tick();
 * wallMs = Date.UTC(2026, 0, 1);
 * assert(clock.tick() > first);
 * ```
 *
 * @see Kulkarni et al., "Logical Physical Clocks", OPODIS 2014, figure 5. The
 * pair (l, c) is one number here, so that a carry from c to l needs no code.
 */
export class HybridClock {
  readonly #wall: WallClock | undefined;
  readonly #maxDriftMs: number;
  #last = 0;

  /**
   * Makes a clock that has seen nothing.
   *
   * @param wall Without it the clock is purely logical: it counts, and no stamp
   * is too far ahead.
   * @param maxDriftMs How far ahead of it a stamp may be to be received.
   */
  constructor(wall?: WallClock, maxDriftMs = 60_000) {
    this.#wall = wall;
    this.#maxDriftMs = maxDriftMs;
  }

  /** The greatest stamp that was given out or received; 0 for none. */
  get last(): number {
    return this.#last;
  }

  /** The wall time, or `undefined` where there is no wall clock. */
  get wallMs(): number | undefined {
    return this.#wall?.wallMs();
  }

  /** A new stamp, past every other and not behind the wall clock. */
  tick(): number {
    const wall = this.#wall === undefined
      ? 0
      : makeStamp(this.#wall.wallMs(), 0);
    const next = this.#last + 1;
    // Not the other way round: a clock that fails to tell a number is passed by.
    this.#last = wall > next ? wall : next;
    return this.#last;
  }

  /** Whether `stamp` is too far ahead to be received now. */
  isAhead(stamp: number): boolean {
    return this.#wall !== undefined && stamp > this.#last &&
      stampMs(stamp) > this.#wall.wallMs() + this.#maxDriftMs;
  }

  /** Takes note of a stamp from elsewhere: the next tick is past it. */
  receive(stamp: number): void {
    if (stamp > this.#last) this.#last = stamp;
  }

  /** Sets the clock back; only a transaction that is rolled back does so. */
  reset(last: number): void {
    this.#last = last;
  }
}
