import { messageOf } from "../base/errors.ts";
import type { JsonValue } from "../base/json.ts";
import type { MergeFunction } from "./strategies.ts";
import { checkValue, isSameValue } from "./values.ts";

/**
 * What a merge function must obey. `commutative`: the order of values does not
 * matter. `associative`: nor does what was merged before. `idempotent`: a value
 * counts once. `valid`: it returns JSON, does not throw, gives the same twice
 * and leaves its values alone. `known`: each replica has it.
 */
export type MergeLaw =
  | "commutative"
  | "associative"
  | "idempotent"
  | "valid"
  | "known";

/** A case in which a merge function breaks a law. */
export interface MergeViolation {
  /** The law. */
  readonly law: MergeLaw;
  /** The values that show it. */
  readonly values: readonly JsonValue[];
  /** What happened, for people. */
  readonly reason: string;
}

/** Thrown inside, and caught where a check began. */
class Broken extends Error {
  readonly violation: MergeViolation;

  constructor(violation: MergeViolation) {
    super(violation.reason);
    this.violation = violation;
  }
}

function call(
  merge: MergeFunction,
  values: readonly JsonValue[],
): JsonValue {
  let result: unknown;
  try {
    result = merge(values);
  } catch (error) {
    const reason = `It throws: ${messageOf(error)}`;
    throw new Broken({ law: "valid", values, reason });
  }
  try {
    return checkValue(result);
  } catch (error) {
    const reason = `It returns what is not JSON: ${messageOf(error)}`;
    throw new Broken({ law: "valid", values, reason });
  }
}

function expectSame(
  law: MergeLaw,
  values: readonly JsonValue[],
  one: JsonValue,
  other: JsonValue,
): void {
  if (isSameValue(one, other)) return;
  const reason = `It gives ${JSON.stringify(one)} and also ${
    JSON.stringify(other)
  }`;
  throw new Broken({ law, values, reason });
}

function checkPair(merge: MergeFunction, a: JsonValue, b: JsonValue): void {
  const ab = call(merge, [a, b]);
  expectSame("valid", [a, b], ab, call(merge, [a, b]));
  expectSame("commutative", [a, b], ab, call(merge, [b, a]));
  expectSame("idempotent", [a, b], ab, call(merge, [a, b, b]));
  expectSame("idempotent", [a, b], ab, call(merge, [ab, a]));
}

function checkTriple(
  merge: MergeFunction,
  a: JsonValue,
  b: JsonValue,
  c: JsonValue,
): void {
  const values = [a, b, c];
  const all = call(merge, values);
  expectSame("commutative", values, all, call(merge, [c, a, b]));
  const left = call(merge, [call(merge, [a, b]), c]);
  expectSame("associative", values, all, left);
  const right = call(merge, [a, call(merge, [b, c])]);
  expectSame("associative", values, all, right);
}

function violationOf(check: () => void): MergeViolation | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof Broken) return error.violation;
    throw error;
  }
}

/**
 * Tries a merge function on all pairs and triples of `samples`: run it in your
 * tests, with values as different as the document may hold.
 *
 * Replicas hold the same values in the end but may ask for them in other
 * orders and merged in other groups; a function that breaks a law here shows
 * different things at different replicas. Costs n³ calls for n samples.
 *
 * @returns The first case found of each law that is broken; none if all hold.
 *
 * @example The average is not associative, and the longest text may be a tie
 * ```ts
 * import { checkMerge } from "@distflow/core/crdt";
 * import { assertEquals } from "@std/assert";
 *
 * const laws = (merge: Parameters<typeof checkMerge>[0], samples: string[]) =>
 *   checkMerge(merge, samples).map(({ law }) => law);
 * const longest = (values: readonly unknown[]) =>
 *   values.map(String).reduce((a, b) => (b.length > a.length ? b : a));
 * assertEquals(laws(longest, ["a", "bb", "ccc"]), []);
 * assertEquals(laws(longest, ["aa", "bb"]), ["commutative"]);
 * ```
 */
export function checkMerge(
  merge: MergeFunction,
  samples: readonly JsonValue[],
): MergeViolation[] {
  const values = samples.map((sample) => checkValue(sample));
  const found = new Map<MergeLaw, MergeViolation>();
  const note = (check: () => void) => {
    const violation = violationOf(check);
    if (violation !== undefined && !found.has(violation.law)) {
      found.set(violation.law, violation);
    }
  };
  for (const a of values) {
    note(() => expectSame("idempotent", [a], a, call(merge, [a, a])));
    for (const b of values) {
      note(() => checkPair(merge, a, b));
      for (const c of values) note(() => checkTriple(merge, a, b, c));
    }
  }
  return [...found.values()];
}

/** Merges of each function that are checked while a document is in use. */
const CHECKED_COUNT_MAX = 1000;

interface Guarded {
  readonly merge: MergeFunction;
  readonly reported: Set<MergeLaw>;
  checkedCount: number;
}

/**
 * The merge functions of a document, watched: the first merges of each are
 * done in other orders, too. One that fails gives `undefined`.
 */
export class MergeGuard {
  /** Told of each law that a function breaks, once. */
  onViolation: (name: string, violation: MergeViolation) => void = () => {};
  readonly #guarded: Map<string, Guarded> = new Map();
  readonly #unknown: Set<string> = new Set();

  /** Guards functions by name. */
  constructor(merges: ReadonlyMap<string, MergeFunction>) {
    for (const [name, merge] of merges) {
      const reported = new Set<MergeLaw>();
      this.#guarded.set(name, { merge, reported, checkedCount: 0 });
    }
  }

  /** What the function `name` makes of `values`; `undefined` if it cannot. */
  merge(name: string, values: readonly JsonValue[]): JsonValue | undefined {
    const guarded = this.#guarded.get(name);
    if (guarded === undefined) {
      this.#reportUnknown(name, values);
      return undefined;
    }
    let result: JsonValue | undefined;
    const violation = violationOf(() => {
      result = call(guarded.merge, values);
      if (guarded.checkedCount >= CHECKED_COUNT_MAX) return;
      guarded.checkedCount++;
      const reversed = [...values].reverse();
      expectSame("commutative", values, result, call(guarded.merge, reversed));
      const again = call(guarded.merge, [result, ...values]);
      expectSame("idempotent", values, result, again);
    });
    if (violation !== undefined && !guarded.reported.has(violation.law)) {
      guarded.reported.add(violation.law);
      this.onViolation(name, violation);
    }
    return result;
  }

  #reportUnknown(name: string, values: readonly JsonValue[]): void {
    if (this.#unknown.has(name)) return;
    this.#unknown.add(name);
    const reason = "This replica has no such function, and shows the newest";
    this.onViolation(name, { law: "known", values, reason });
  }
}
