import { isRecord, type JsonValue } from "../../base/json.ts";
import type { Path, Step } from "../pattern.ts";
import { isSameValue } from "../values.ts";

/** How two states of a document differ at one place. */
export type StateDifference =
  | {
    /** Only the second has it. */
    readonly kind: "added";
    /** Where, in the second. */
    readonly path: Path;
    /** What it has. */
    readonly after: JsonValue;
  }
  | {
    /** Only the first has it. */
    readonly kind: "removed";
    /** Where, in the first. */
    readonly path: Path;
    /** What it had. */
    readonly before: JsonValue;
  }
  | {
    /** They have different things. */
    readonly kind: "changed";
    /** Where, in the second. */
    readonly path: Path;
    /** What the first has. */
    readonly before: JsonValue;
    /** What the second has. */
    readonly after: JsonValue;
  };

/**
 * What is different between two states, as `toJSON` gives them: the deepest
 * places at which they differ, in the order of their keys.
 *
 * Of two lists, what is the same at the beginning and at the end is set aside;
 * the rest is compared element by element.
 *
 * @example Two of three keys
 * ```ts
 * import { diffStates } from "@distflow/core/crdt";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(diffStates({ a: 1, b: [1, 3], c: 5 }, { b: [1, 2, 3], c: 5 }), [
 *   { kind: "removed", path: ["a"], before: 1 },
 *   { kind: "added", path: ["b", 1], after: 2 },
 * ]);
 * ```
 */
export function diffStates(
  before: JsonValue,
  after: JsonValue,
): StateDifference[] {
  const found: StateDifference[] = [];
  compare(before, after, [], found);
  return found;
}

function compare(
  before: JsonValue | undefined,
  after: JsonValue | undefined,
  path: Step[],
  found: StateDifference[],
): void {
  if (isSameValue(before, after)) return;
  const at = [...path];
  if (before === undefined) {
    found.push({ kind: "added", path: at, after: after as JsonValue });
  } else if (after === undefined) {
    found.push({ kind: "removed", path: at, before });
  } else if (Array.isArray(before) && Array.isArray(after)) {
    compareLists(before, after, path, found);
  } else if (isRecord(before) && isRecord(after)) {
    compareMaps(before as JsonMap, after as JsonMap, path, found);
  } else found.push({ kind: "changed", path: at, before, after });
}

type JsonMap = { readonly [key: string]: JsonValue };

function compareMaps(
  before: JsonMap,
  after: JsonMap,
  path: Step[],
  found: StateDifference[],
): void {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  const valueAt = (map: JsonMap, key: string) =>
    Object.hasOwn(map, key) ? map[key] : undefined;
  for (const key of [...keys].sort((a, b) => (a < b ? -1 : 1))) {
    path.push(key);
    compare(valueAt(before, key), valueAt(after, key), path, found);
    path.pop();
  }
}

function compareLists(
  before: readonly JsonValue[],
  after: readonly JsonValue[],
  path: Step[],
  found: StateDifference[],
): void {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && isSameValue(before[start], after[start])) start++;
  let end = 0;
  while (
    end < shorter - start &&
    isSameValue(before.at(-end - 1), after.at(-end - 1))
  ) end++;
  const length = Math.max(before.length, after.length) - end;
  for (let index = start; index < length; index++) {
    path.push(index);
    compare(
      index < before.length - end ? before[index] : undefined,
      index < after.length - end ? after[index] : undefined,
      path,
      found,
    );
    path.pop();
  }
}
