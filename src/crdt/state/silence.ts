import type { VersionVector } from "../version_vector.ts";

/** How much of the grace period is counted from one poll to the next, at most. */
const STEP_SHARE = 0.1;

/** When something of a replica last came, and what its last operation was. */
interface Sign {
  readonly counter: number;
  readonly atMs: number;
}

/**
 * How long other replicas have been silent, in time that was counted here.
 *
 * The wall clock alone does not tell: after a night in which this machine slept,
 * all others seem to have been silent, and are not. So what is counted is the
 * time from poll to poll, and of a longer gap the tenth of the grace period
 * alone. After a gap nobody is silent until as much has been counted again, in
 * which what was on its way can come.
 */
export class Silence {
  readonly #vector: VersionVector;
  readonly #signs: Map<number, Sign> = new Map();
  #polledAtMs = NaN;
  #countedMs = 0;
  #isAfterGap = false;
  /** Until so much is counted, nobody is told silent. */
  #untilMs = 0;

  /** Makes one that has heard nobody; `vector` is what was applied. */
  constructor(vector: VersionVector) {
    this.#vector = vector;
  }

  /** Takes note that something of a replica came. */
  hear(replica: number): void {
    const counter = this.#vector.get(replica);
    this.#signs.set(replica, { counter, atMs: this.#countedMs });
  }

  /** Counts the time since the last poll; `nowMs` is that of the wall clock. */
  poll(nowMs: number, graceMs: number): void {
    const stepMsMax = graceMs * STEP_SHARE;
    const passedMs = nowMs - this.#polledAtMs;
    this.#polledAtMs = nowMs;
    // Not at the first poll, nor if the clock went back or tells no number.
    if (!(passedMs > 0)) return;
    const isGap = passedMs > stepMsMax;
    this.#countedMs += isGap ? stepMsMax : passedMs;
    // Who always polls as rarely as that has gaps only, and they count.
    if (isGap && !this.#isAfterGap) this.#untilMs = this.#countedMs + stepMsMax;
    this.#isAfterGap = isGap;
  }

  /** Which of `replicas` nothing came of while more than `graceMs` were counted. */
  longerThan(graceMs: number, replicas: readonly number[]): number[] {
    return replicas.filter((replica) => {
      const sign = this.#signs.get(replica);
      if (sign === undefined || sign.counter < this.#vector.get(replica)) {
        this.hear(replica);
        return false;
      }
      const silentMs = this.#countedMs - sign.atMs;
      return silentMs > graceMs && this.#countedMs >= this.#untilMs;
    });
  }
}
