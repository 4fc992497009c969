import type { Clock, Timer } from "../base/clock.ts";
import type { Execution } from "./execution.ts";
import type { Scheduler } from "./scheduler.ts";

/** Wall time at the start of each simulated world. */
const WALL_START_MS = Date.UTC(2026, 0, 1);

/**
 * The clock of one simulated process.
 *
 * Its monotonic time starts at a number of its own, so that nobody can compare
 * those of two processes; its wall time is its host's.
 */
export class SimClock implements Clock {
  readonly #execution: Execution;
  readonly #scheduler: Scheduler;
  readonly #originMs: number;

  /** Makes a clock whose monotonic time started at `originMs`. */
  constructor(execution: Execution, scheduler: Scheduler, originMs: number) {
    this.#execution = execution;
    this.#scheduler = scheduler;
    this.#originMs = originMs;
  }

  wallMs(): number {
    const { wallSkewMs } = this.#execution.host;
    return WALL_START_MS + Math.floor(this.#scheduler.nowUs / 1000) +
      wallSkewMs;
  }

  monotonicMs(): number {
    return this.#originMs + this.#scheduler.nowUs / 1000;
  }

  schedule(delayMs: number, callback: () => void): Timer {
    return this.#execution.schedule(delayMs, callback);
  }

  defer(callback: () => void): void {
    this.#execution.post("deferred", callback);
  }
}
