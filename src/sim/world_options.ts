import { checkChoice, checkInteger } from "../base/options.ts";
import { currentPlatform } from "../platform/mod.ts";
import {
  checkRange,
  type MsRange,
  type NetworkSettings,
  resolveNetworkOptions,
  type SimNetworkOptions,
  type UsRange,
} from "./network_options.ts";
import type { SimProgram } from "./process.ts";

/** Options for {@linkcode SimWorld}. */
export interface SimWorldOptions {
  /** Decides everything that is left to chance: 0 to 2^32 - 1. */
  seed: number;
  /**
   * What processes can spawn, by the last part of the module's address without
   * its extension: `pmd` for `https://jsr.io/@distflow/pmd/0.1.0/pmd.ts`.
   *
   * @default {{}}
   */
  programs?: Readonly<Record<string, SimProgram>>;
  /**
   * How the network behaves while nothing is broken.
   *
   * @default {{}}
   */
  network?: SimNetworkOptions;
  /**
   * How long a spawned process takes to start.
   *
   * @default {[20, 120]}
   */
  spawnDelayMs?: MsRange;
  /**
   * What happens when code of a process throws and nobody catches it. The
   * process always ends, as it would in reality. `"fail"` also fails the run;
   * `"record"` leaves it at `uncaught` of the process.
   *
   * @default {"fail"}
   */
  onUncaught?: "fail" | "record";
  /**
   * How many lines of the trace are kept; 0 or more.
   *
   * @default {1000}
   */
  traceLinesMax?: number;
  /**
   * Calls back in another turn of the real event loop, once all promises that
   * can go on have gone on.
   *
   * @default the current platform's `clock.defer`
   */
  nextTurn?: (callback: () => void) => void;
}

/** Options for {@linkcode SimWorld.until}. */
export interface UntilOptions {
  /**
   * How much virtual time it may take, in milliseconds.
   *
   * @default {60000}
   */
  withinMs?: number;
  /**
   * What is waited for, to be named when it does not come.
   *
   * @default {"what the test waits for"}
   */
  what?: string;
}

/** {@linkcode SimWorldOptions}, checked and with defaults. */
export interface WorldSettings {
  /** See {@linkcode SimWorldOptions.seed}. */
  readonly seed: number;
  /** See {@linkcode SimWorldOptions.programs}. */
  readonly programs: ReadonlyMap<string, SimProgram>;
  /** See {@linkcode SimWorldOptions.network}. */
  readonly network: NetworkSettings;
  /** See {@linkcode SimWorldOptions.spawnDelayMs}. */
  readonly spawnDelay: UsRange;
  /** See {@linkcode SimWorldOptions.onUncaught}. */
  readonly onUncaught: "fail" | "record";
  /** See {@linkcode SimWorldOptions.traceLinesMax}. */
  readonly traceLinesMax: number;
  /** See {@linkcode SimWorldOptions.nextTurn}. */
  readonly nextTurn: (callback: () => void) => void;
}

/**
 * Checks `options` and fills in the defaults.
 *
 * @throws {TypeError|RangeError} If an option is not what it must be.
 */
export function resolveWorldOptions(options: SimWorldOptions): WorldSettings {
  const act = "simulate a world";
  return {
    seed: checkInteger(act, "seed", options.seed, { min: 0, max: 2 ** 32 - 1 }),
    programs: new Map(Object.entries(options.programs ?? {})),
    network: resolveNetworkOptions(options.network ?? {}),
    spawnDelay: checkRange("spawnDelayMs", options.spawnDelayMs, [20, 120]),
    onUncaught: checkChoice(act, "onUncaught", options.onUncaught ?? "fail", [
      "fail",
      "record",
    ]),
    traceLinesMax: checkInteger(
      act,
      "traceLinesMax",
      options.traceLinesMax ?? 1000,
      { min: 0 },
    ),
    nextTurn: options.nextTurn ?? currentTurns(),
  };
}

function currentTurns(): (callback: () => void) => void {
  const { clock } = currentPlatform();
  return (callback) => clock.defer(callback);
}
