import type { JsonValue } from "../base/json.ts";
import type { Candidate, ValueStrategy } from "./strategies.ts";
import { canonicalText } from "./values.ts";

/** Merges by the name in a strategy; `undefined` if that fails. */
export type NamedMerge = (
  name: string,
  values: readonly JsonValue[],
) => JsonValue | undefined;

/**
 * The value that concurrent ones show together; one alone shows as it is.
 *
 * @param candidates At least one, sorted by dot.
 */
export function foldValues(
  strategy: ValueStrategy,
  candidates: readonly Candidate[],
  mergeNamed: NamedMerge,
): JsonValue {
  const [first] = candidates;
  if (candidates.length === 1 && first !== undefined) return first.value;
  if (typeof strategy === "object") {
    return pickBiased(strategy.bias, candidates);
  }
  const values = candidates.map(({ value }) => value);
  switch (strategy) {
    case "lww":
    case "multi-value":
      return newest(candidates).value;
    case "max":
      return values.reduce((a, b) => (compareValues(a, b) >= 0 ? a : b));
    case "min":
      return values.reduce((a, b) => (compareValues(a, b) <= 0 ? a : b));
    case "set-union":
      return uniteValues(values);
    default: {
      const merged = mergeNamed(strategy.slice("merge:".length), values);
      return merged === undefined ? newest(candidates).value : merged;
    }
  }
}

/** Numbers by size, below all else; anything else by its JSON text. */
export function compareValues(a: JsonValue, b: JsonValue): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "number") return -1;
  if (typeof b === "number") return 1;
  const first = canonicalText(a);
  const second = canonicalText(b);
  return first === second ? 0 : first < second ? -1 : 1;
}

/** All items of all arrays, each once, in the order of their JSON texts. */
export function uniteValues(values: readonly JsonValue[]): JsonValue {
  const items = new Map<string, JsonValue>();
  for (const value of values) {
    for (const item of Array.isArray(value) ? value : [value]) {
      items.set(canonicalText(item), item);
    }
  }
  return Object.freeze(
    [...items].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item),
  );
}

function pickBiased(
  bias: readonly string[],
  candidates: readonly Candidate[],
): JsonValue {
  for (const name of bias) {
    const own = candidates.filter(({ replica }) => replica === name);
    if (own.length > 0) return newest(own).value;
  }
  return newest(candidates).value;
}

function newest(candidates: readonly Candidate[]): Candidate {
  return candidates.reduce((a, b) => (isBelow(a, b) ? b : a));
}

function isBelow(a: Candidate, b: Candidate): boolean {
  if (a.stamp !== b.stamp) return a.stamp < b.stamp;
  if (a.replica !== b.replica) return a.replica < b.replica;
  return a.counter < b.counter;
}
