import { isRecord, type JsonRecord, type JsonValue } from "../base/json.ts";
import { DELETE_WINS, MERGE, type Mode, SET_WINS } from "./operation.ts";
import {
  compareSpecificity,
  matches,
  parsePattern,
  type Path,
} from "./pattern.ts";

/** What happens below a place that is deleted or overwritten; see the README. */
export type HierarchyStrategy = "merge" | "set-wins" | "delete-wins";

/** What happens to values that were set concurrently; see the README. */
export type ValueStrategy =
  | "lww"
  | "multi-value"
  | "max"
  | "min"
  | "set-union"
  | `merge:${string}`
  | {
    /** Values of these replicas win, the first one's before the second's. */
    readonly bias: readonly string[];
  };

/** What {@linkcode JsonCrdt.setStrategy} sets for the paths of a pattern. */
export interface StrategyOptions {
  /** For deletes and overwrites; unchanged if it is left out. */
  hierarchy?: HierarchyStrategy;
  /** For values; unchanged if it is left out. */
  value?: ValueStrategy;
}

const MODES: { readonly [Name in HierarchyStrategy]: Mode } = {
  "merge": MERGE,
  "set-wins": SET_WINS,
  "delete-wins": DELETE_WINS,
};

/** A concurrent value and who wrote it. */
export interface Candidate {
  /** The name of the replica. */
  readonly replica: string;
  /** The counter of the dot. */
  readonly counter: number;
  /** When it was set. */
  readonly stamp: number;
  /** The value. */
  readonly value: JsonValue;
}

/**
 * Joins concurrent values into one. It must be commutative, associative and
 * idempotent, and the same at all replicas.
 */
export type MergeFunction = (values: readonly JsonValue[]) => JsonValue;

interface Rule {
  readonly steps: readonly string[];
  readonly hierarchy: Mode | undefined;
  readonly value: ValueStrategy | undefined;
}

/** Which strategy holds at which path, as the document's settings say. */
export class Strategies {
  #rules: readonly Rule[] = [];

  /** Whether all paths have the defaults. */
  get isEmpty(): boolean {
    return this.#rules.length === 0;
  }

  /**
   * Takes over the settings: `hierarchy` and `value`, by pattern as JSON. What
   * is not understood is left out, at all replicas alike.
   *
   * @returns Whether other strategies hold now.
   */
  load(settings: JsonRecord): boolean {
    const rules: Rule[] = [];
    for (const [text, entry] of Object.entries(settings)) {
      const steps = readSteps(text);
      if (steps === undefined || !isRecord(entry)) continue;
      const { hierarchy, value } = entry;
      rules.push({
        steps,
        hierarchy: isHierarchyStrategy(hierarchy)
          ? MODES[hierarchy]
          : undefined,
        value: isValueStrategy(value) ? value : undefined,
      });
    }
    rules.sort((a, b) => compareSpecificity(b.steps, a.steps));
    const isOther = JSON.stringify(rules) !== JSON.stringify(this.#rules);
    this.#rules = rules;
    return isOther;
  }

  /** How a set or delete at `path` treats what is below. */
  hierarchyAt(path: Path): Mode {
    return this.#rules.find(({ hierarchy, steps }) =>
      hierarchy !== undefined && matches(steps, path)
    )?.hierarchy ?? MERGE;
  }

  /** What happens to concurrent values at `path`. */
  valueAt(path: Path): ValueStrategy {
    return this.#rules.find(({ value, steps }) =>
      value !== undefined && matches(steps, path)
    )?.value ?? "lww";
  }
}

function readSteps(text: string): readonly string[] | undefined {
  try {
    const steps: unknown = JSON.parse(text);
    return Array.isArray(steps) ? parsePattern(steps) : undefined;
  } catch {
    // A setting of a later version, or of a hostile replica.
    return undefined;
  }
}

/** Whether `value` names a hierarchical strategy. */
export function isHierarchyStrategy(
  value: unknown,
): value is HierarchyStrategy {
  return typeof value === "string" && Object.hasOwn(MODES, value);
}

/** Whether `value` names a value strategy. */
export function isValueStrategy(value: unknown): value is ValueStrategy {
  if (typeof value === "string") {
    return ["lww", "multi-value", "max", "min", "set-union"].includes(value) ||
      /^merge:./.test(value);
  }
  return typeof value === "object" && value !== null && "bias" in value &&
    Array.isArray(value.bias) &&
    value.bias.every((name) => typeof name === "string");
}
