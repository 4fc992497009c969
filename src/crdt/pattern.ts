import { DistflowError } from "../base/errors.ts";
import { show } from "../base/options.ts";
import { DEPTH_MAX, isKey } from "./values.ts";

/** A step of a path: a key of a map, or an index of a list. */
export type Step = string | number;

/** Where something stands in a document. */
export type Path = readonly Step[];

/**
 * Which paths: as text `users.*.name`, or as steps. `*` is any one step, `**`
 * any number of steps, none included. Keys with dots need the form of steps.
 */
export type PathPattern = string | Path;

/**
 * The steps of a pattern.
 *
 * @throws {DistflowError} `INVALID_PATH` if it has too many, or a bad one.
 * @throws {TypeError} If it is neither text nor an array.
 */
export function parsePattern(pattern: PathPattern): readonly string[] {
  const steps = typeof pattern === "string"
    ? (pattern === "" ? [] : pattern.split("."))
    : readSteps(pattern);
  if (steps.length > DEPTH_MAX || !steps.every(isKey)) {
    throw new DistflowError(
      "INVALID_PATH",
      `Cannot use a pattern of ${steps.length} steps: at most ${DEPTH_MAX}, each a key`,
    );
  }
  return steps;
}

function readSteps(pattern: Path): string[] {
  if (!Array.isArray(pattern)) {
    throw new TypeError(
      `Cannot use a pattern as it must be text or an array of steps: current value is ${
        show(pattern)
      }`,
    );
  }
  return Array.from(
    pattern,
    (step) => typeof step === "number" ? String(step) : step,
  );
}

/** Whether `path` from step `at` on matches `pattern` from step `from` on. */
export function matches(
  pattern: readonly string[],
  path: Path,
  from = 0,
  at = 0,
): boolean {
  for (let index = from; index < pattern.length; index++, at++) {
    const step = pattern[index] as string;
    if (step === "**") {
      for (let rest = at; rest <= path.length; rest++) {
        if (matches(pattern, path, index + 1, rest)) return true;
      }
      return false;
    }
    if (at >= path.length) return false;
    if (step !== "*" && step !== String(path[at])) return false;
  }
  return at === path.length;
}

/** Below 0 if `a` says less than `b` about the paths it matches. */
export function compareSpecificity(
  a: readonly string[],
  b: readonly string[],
): number {
  const literals = (steps: readonly string[]) =>
    steps.filter((step) => step !== "*" && step !== "**").length;
  const globs = (steps: readonly string[]) =>
    steps.filter((step) => step === "**").length;
  return literals(a) - literals(b) || globs(b) - globs(a) ||
    a.length - b.length || (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
}
