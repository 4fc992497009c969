import process from "node:process";
import { Deferred } from "../../src/base/deferred.ts";

/**
 * Does `act`, and gives the first `count` rejections that nobody handles, which
 * would end a real process.
 */
export async function collectUnhandled(
  count: number,
  act: () => void,
): Promise<unknown[]> {
  const event = "unhandledRejection";
  const others = process.listeners(event);
  process.removeAllListeners(event);
  const reasons: unknown[] = [];
  const all = new Deferred<void>();
  const listener = (reason: unknown) => {
    if (reasons.push(reason) === count) all.resolve();
  };
  process.on(event, listener);
  try {
    act();
    await all.promise;
  } finally {
    process.off(event, listener);
    for (const other of others) process.on(event, other);
  }
  return reasons;
}
