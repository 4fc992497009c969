import { Core } from "./core.ts";
import { HybridClock } from "./hybrid_clock.ts";
import { checkOptions, type JsonCrdtOptions } from "./options.ts";

/**
 * The parts of a new document.
 *
 * @throws {TypeError} If an option is not what it must be.
 * @throws {RangeError} If one is out of its range.
 */
export function makeCore(name: string, options: JsonCrdtOptions): Core {
  checkOptions(options);
  const { clock, maxClockDriftMs } = options;
  return new Core(
    name,
    new HybridClock(clock, maxClockDriftMs),
    new Map(Object.entries(options.merges ?? {})),
  );
}
