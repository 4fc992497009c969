import { checkChoice } from "../base/options.ts";

/** How much a record matters, from the least to the most. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** The least level that is let through; `"silent"` lets nothing through. */
export type LogThreshold = LogLevel | "silent";

/**
 * A threshold for all loggers, or one for each name.
 *
 * A name covers the names below it: `"distflow"` covers `distflow.node`. The
 * longest name that fits wins, and `"*"`, which is `"warn"` unless given,
 * covers the rest.
 */
export type LogLevels =
  | LogThreshold
  | { readonly [name: string]: LogThreshold };

/** What {@linkcode LogLevels} says when nothing is given. */
export const DEFAULT_THRESHOLD: LogThreshold = "warn";

/** Levels as numbers, so that a disabled level costs one comparison. */
export const LEVEL_RANKS: Readonly<Record<LogThreshold, number>> = Object
  .freeze({ debug: 10, info: 20, warn: 30, error: 40, silent: 50 });

const THRESHOLDS: readonly LogThreshold[] = [
  "debug",
  "info",
  "warn",
  "error",
  "silent",
];

/**
 * Returns `value` as a threshold.
 *
 * @throws {TypeError} If it is none.
 */
export function checkThreshold(
  act: string,
  option: string,
  value: unknown,
): LogThreshold {
  return checkChoice(act, option, value, THRESHOLDS);
}

/** Thresholds by name, checked once; see {@linkcode LogLevels}. */
export class LevelRules {
  readonly #ranks: ReadonlyMap<string, number>;
  readonly #rest: number;

  /**
   * Reads `levels`, which is copied.
   *
   * @throws {TypeError} If it, or one of its values, is not a threshold.
   */
  constructor(act: string, levels: LogLevels) {
    const ranks = new Map<string, number>();
    if (typeof levels === "object" && levels !== null) {
      for (const [name, value] of Object.entries(levels)) {
        const threshold = checkThreshold(act, `level["${name}"]`, value);
        ranks.set(name, LEVEL_RANKS[threshold]);
      }
    } else {
      ranks.set("*", LEVEL_RANKS[checkThreshold(act, "level", levels)]);
    }
    this.#rest = ranks.get("*") ?? LEVEL_RANKS[DEFAULT_THRESHOLD];
    ranks.delete("*");
    this.#ranks = ranks;
  }

  /** The least rank that the logger called `name` lets through. */
  rankOf(name: string): number {
    if (this.#ranks.size === 0) return this.#rest;
    let prefix = name;
    for (;;) {
      const rank = this.#ranks.get(prefix);
      if (rank !== undefined) return rank;
      const dot = prefix.lastIndexOf(".");
      if (dot < 0) return this.#rest;
      prefix = prefix.slice(0, dot);
    }
  }
}
