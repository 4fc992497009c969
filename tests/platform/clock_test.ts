import { assert, assertEquals, assertGreater } from "@std/assert";
import { systemClock } from "../../src/platform/clock.ts";

/** Timers may be early by what the runtime rounds off. */
const CLOCK_ERROR_MS = 2;

Deno.test("a callback comes once, when its delay is over", async () => {
  const startMs = systemClock.monotonicMs();
  let count = 0;
  await new Promise<void>((resolve) => {
    systemClock.schedule(20, () => void count++);
    systemClock.schedule(40, resolve);
  });
  assertEquals(count, 1);
  assertGreater(systemClock.monotonicMs() - startMs, 40 - CLOCK_ERROR_MS);
});

Deno.test("callbacks come in the order in which they are due", async () => {
  const order: string[] = [];
  await new Promise<void>((resolve) => {
    systemClock.schedule(30, () => {
      order.push("late");
      resolve();
    });
    systemClock.schedule(1, () => order.push("soon"));
  });
  assertEquals(order, ["soon", "late"]);
});

Deno.test("a cancelled callback never comes, and cancelling again is fine", async () => {
  let count = 0;
  const timer = systemClock.schedule(1, () => void count++);
  timer.cancel();
  timer.cancel();
  await new Promise<void>((resolve) => {
    const later = systemClock.schedule(10, () => {
      later.cancel();
      resolve();
    });
  });
  assertEquals(count, 0);
});

Deno.test("what is deferred comes after this turn, before time passes", async () => {
  const order: string[] = [];
  await new Promise<void>((resolve) => {
    const timer = systemClock.schedule(60_000, () => order.push("timer"));
    systemClock.defer(() => {
      order.push("deferred");
      timer.cancel();
      resolve();
    });
    Promise.resolve().then(() => order.push("microtask"));
    order.push("turn");
  });
  assertEquals(order, ["turn", "microtask", "deferred"]);
});

Deno.test("wall time is that of the machine, and monotonic time goes on", () => {
  assert(Math.abs(systemClock.wallMs() - Date.now()) < 1000);
  let lastMs = systemClock.monotonicMs();
  for (let count = 0; count < 1000; count++) {
    const nowMs = systemClock.monotonicMs();
    assert(nowMs >= lastMs);
    lastMs = nowMs;
  }
});
