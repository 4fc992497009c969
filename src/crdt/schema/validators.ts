import { DistflowError } from "../../base/errors.ts";
import { isRecord, type JsonValue } from "../../base/json.ts";
import type { Change } from "../events.ts";
import { matches, parsePattern, type Path, type Step } from "../pattern.ts";
import { type StandardSchema, stepsOf } from "./standard_schema.ts";
import { TouchedPaths } from "./touched_paths.ts";

/** What is valid at the paths of a pattern. */
interface Rule {
  readonly pattern: readonly string[];
  readonly schema: StandardSchema;
}

/** What shows at a path. */
type Read = (path: Path) => JsonValue | undefined;

/**
 * Validators of the user's, by pattern. They are functions, which cannot travel
 * to other replicas: what they refuse is refused to local edits alone.
 */
export class Validators {
  readonly #rules: readonly Rule[];

  /**
   * Takes validators by pattern.
   *
   * @throws {TypeError} If one does not speak Standard Schema.
   */
  constructor(validators: { readonly [pattern: string]: StandardSchema }) {
    this.#rules = Object.entries(validators).map(([pattern, schema]) => {
      // A library may make its schemas functions.
      const standard: unknown = schema?.["~standard"];
      if (!isRecord(standard) || typeof standard.validate !== "function") {
        throw new TypeError(
          `Cannot create a document as the validator of "${pattern}" has no "~standard" interface`,
        );
      }
      return { pattern: parsePattern(pattern), schema };
    });
  }

  /** Whether there are none. */
  get isEmpty(): boolean {
    return this.#rules.length === 0;
  }

  /**
   * Looks at what changes made of the document, above them and below.
   *
   * @throws {DistflowError} `SCHEMA_VIOLATION` for what is not valid.
   */
  check(changes: readonly Change[], read: Read): void {
    const checked = new Set<string>();
    for (const { path, isDeep } of new TouchedPaths(changes).places()) {
      for (const rule of this.#rules) {
        for (let length = 0; length <= path.length; length++) {
          const above = path.slice(0, length);
          if (!matches(rule.pattern, above)) continue;
          this.#checkOnce(rule, above, () => read(above), checked);
        }
        if (!isDeep || !mayMatchBelow(rule.pattern, path)) continue;
        this.#checkBelow(rule, [...path], read(path), checked);
      }
    }
  }

  #checkBelow(
    rule: Rule,
    path: Step[],
    value: JsonValue | undefined,
    checked: Set<string>,
  ): void {
    if (typeof value !== "object" || value === null) return;
    const entries = Array.isArray(value)
      ? value.entries()
      : Object.entries(value);
    for (const [step, entry] of entries) {
      path.push(step);
      if (matches(rule.pattern, path)) {
        this.#checkOnce(rule, path, () => entry, checked);
      }
      if (mayMatchBelow(rule.pattern, path)) {
        this.#checkBelow(rule, path, entry, checked);
      }
      path.pop();
    }
  }

  #checkOnce(
    { pattern, schema }: Rule,
    path: readonly Step[],
    read: () => JsonValue | undefined,
    checked: Set<string>,
  ): void {
    const key = JSON.stringify([pattern, path]);
    if (checked.has(key)) return;
    checked.add(key);
    const value = read();
    if (value === undefined) return;
    const result = schema["~standard"].validate(value);
    if (result instanceof Promise) {
      // Nobody else would hear of it.
      result.catch(() => {});
      throw new TypeError(
        `Cannot check ${
          JSON.stringify(path)
        } as its validator answers with a promise: it must answer at once`,
      );
    }
    const [issue] = result.issues ?? [];
    if (issue === undefined) return;
    throw schemaViolation([...path, ...stepsOf(issue)], issue.message);
  }
}

/** Whether the pattern can match a path that goes on from `path`. */
function mayMatchBelow(pattern: readonly string[], path: Path): boolean {
  const deep = pattern.indexOf("**");
  if (deep < 0 && pattern.length <= path.length) return false;
  const length = deep < 0 ? path.length : Math.min(deep, path.length);
  for (let index = 0; index < length; index++) {
    const step = pattern[index];
    if (step !== "*" && step !== String(path[index])) return false;
  }
  return true;
}

/** The error for a local edit that is not valid. */
export function schemaViolation(path: Path, reason: string): DistflowError {
  const text = JSON.stringify(path);
  return new DistflowError(
    "SCHEMA_VIOLATION",
    `Cannot change ${text}: ${reason}`,
    { details: { path: text } },
  );
}
