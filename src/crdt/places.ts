// How many registers a value takes, for the limit of a document.
import { isRecord, type JsonValue } from "../base/json.ts";
import { Branch, type Child } from "./branch.ts";
import { entryAt } from "./entries.ts";
import type { Target } from "./maker.ts";
import { DOCUMENT } from "./operation.ts";
import type { Tree } from "./tree.ts";

/**
 * How many registers a value takes with its place, if nothing is there yet. What
 * is no container takes none in a list.
 */
export function countPlaces(value: JsonValue): number {
  if (typeof value !== "object" || value === null) return 1;
  let count = 1;
  for (const entry of Object.values(value)) {
    if (entry === undefined) continue;
    if (!Array.isArray(value) || isContainer(entry)) {
      count += countPlaces(entry);
    }
  }
  return count;
}

/** How many registers a value adds to those that are there where it is set. */
export function countNewPlaces(
  tree: Tree,
  { anchor, keys }: Pick<Target, "anchor" | "keys">,
  value: JsonValue,
): number {
  let count = 0;
  // An element that was born a value has no register before it is set.
  const lengthMin = anchor === null ? 1 : 0;
  for (let length = keys.length; length >= lengthMin; length--) {
    const above = keys.slice(0, length);
    if (tree.childAt(DOCUMENT, anchor, above) !== undefined) break;
    count++;
  }
  const place = tree.childAt(DOCUMENT, anchor, keys);
  return count + countNewBelow(tree, place, value);
}

function countNewBelow(
  tree: Tree,
  place: Child | undefined,
  value: JsonValue,
): number {
  if (!isRecord(value)) return countPlaces(value) - 1;
  let count = 0;
  for (const [key, entry] of Object.entries(value)) {
    const child = place instanceof Branch
      ? entryAt(tree, place, key).child
      : undefined;
    if (child === undefined) count++;
    count += countNewBelow(tree, child, entry as JsonValue);
  }
  return count;
}

function isContainer(value: JsonValue): boolean {
  return typeof value === "object" && value !== null;
}
