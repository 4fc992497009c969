import type { Clock, Timer } from "../base/clock.ts";

/** The time of the machine, with the event loop of the runtime. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  schedule(delayMs, callback): Timer {
    const id = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(id) };
  },
  defer(callback) {
    setImmediate(callback);
  },
};
