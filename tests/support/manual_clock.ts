import type { Clock, Timer } from "../../src/base/clock.ts";

/** A clock for small units: a test moves it, nothing else does. */
export class ManualClock implements Clock {
  #nowMs = 0;
  #timers: { atMs: number; callback: () => void }[] = [];
  #deferred: (() => void)[] = [];

  wallMs(): number {
    return 1_700_000_000_000 + this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  schedule(delayMs: number, callback: () => void): Timer {
    const timer = { atMs: this.#nowMs + delayMs, callback };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
    };
  }

  defer(callback: () => void): void {
    this.#deferred.push(callback);
  }

  get pendingCount(): number {
    return this.#timers.length + this.#deferred.length;
  }

  /** Runs what was deferred, and what that defers, one turn only. */
  turn(): void {
    for (const callback of this.#deferred.splice(0)) callback();
  }

  /** Moves time on; timers run when they are due, in order. */
  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs;
    for (;;) {
      const due = this.#timers
        .filter((timer) => timer.atMs <= untilMs)
        .sort((a, b) => a.atMs - b.atMs)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== due);
      this.#nowMs = due.atMs;
      due.callback();
    }
    this.#nowMs = untilMs;
  }
}
