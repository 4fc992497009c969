import { isRecord, type JsonValue } from "../base/json.ts";
import type { Path, Step } from "./pattern.ts";
import { defineEntry } from "./values.ts";

/** What shows at a place, for those who go on from it. */
export type Kind = "map" | "list" | "leaf" | "nothing";

/** What kind of thing a value is. */
export function kindOf(value: JsonValue | undefined): Kind {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "list";
  return isRecord(value) ? "map" : "leaf";
}

/** What a path leads to in a value. */
export function valueBelow(
  value: JsonValue,
  path: Path,
): JsonValue | undefined {
  let found: unknown = value;
  for (const step of path) {
    const isThere = typeof step === "number"
      ? Array.isArray(found)
      : isRecord(found) && Object.hasOwn(found, step);
    if (!isThere) return undefined;
    found = Reflect.get(found as object, step);
  }
  return found as JsonValue | undefined;
}

/**
 * A value with another one at `path`, as a set would make it.
 *
 * @param copies What was copied before, and may be changed; what is copied now
 * is added. So many patches copy each map or list once.
 */
export function patch(
  value: JsonValue | undefined,
  path: Path,
  put: JsonValue,
  copies: Set<unknown>,
): JsonValue | undefined {
  const [step, ...rest] = path as [Step, ...Step[]];
  if (step === undefined) return put;
  if (typeof step === "number") {
    if (!Array.isArray(value) || step >= value.length) return value;
    const items = copies.has(value) ? value as JsonValue[] : [...value];
    copies.add(items);
    items[step] = patch(items[step], rest, put, copies) as JsonValue;
    return items;
  }
  // A set would be refused.
  if (Array.isArray(value)) return value;
  const map = copies.has(value) ? value as JsonMap : copyMap(value);
  copies.add(map);
  const old = Object.hasOwn(map, step) ? map[step] : undefined;
  const entry = patch(old, rest, put, copies);
  if (entry !== undefined) defineEntry(map, step, entry);
  return map;
}

type JsonMap = Record<string, JsonValue>;

function copyMap(value: JsonValue | undefined): JsonMap {
  const copy: JsonMap = {};
  if (!isRecord(value)) return copy;
  for (const [key, entry] of Object.entries(value)) {
    defineEntry(copy, key, entry as JsonValue);
  }
  return copy;
}
