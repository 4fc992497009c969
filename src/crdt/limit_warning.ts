import type { LimitEvent } from "./events.ts";

/** How much of a limit may be used before it is told. */
const WARNING_SHARE = 0.9;

/** Tells once when a limit is near, and again if it is near again. */
export class LimitWarning {
  readonly #limit: LimitEvent["limit"];
  readonly #tell: (event: LimitEvent) => void;
  #isTold = false;

  /** Makes one that calls `tell` when `limit` is near. */
  constructor(
    limit: LimitEvent["limit"],
    tell: (event: LimitEvent) => void,
  ) {
    this.#limit = limit;
    this.#tell = tell;
  }

  /** Looks at how many there are now, of at most `max`. */
  check(count: number, max: number): void {
    const isNear = count >= max * WARNING_SHARE;
    if (isNear === this.#isTold) return;
    this.#isTold = isNear;
    if (isNear) this.#tell({ limit: this.#limit, count, max });
  }
}
