import { isRecord, type JsonValue } from "../../base/json.ts";
import type { Unit } from "../message.ts";
import { TREE } from "../operation.ts";
import { positionsTo } from "./place_hash.ts";

/**
 * The positions of all places that operations may have changed, but for what a
 * cover or barrier hides: whoever joins that hides it, too.
 */
export function touchedPositions(units: readonly Unit[]): Set<number> {
  const positions = new Set<number>();
  const add = (space: number, keys: readonly string[]) => {
    for (const position of positionsTo(space, keys)) positions.add(position);
  };
  const addTree = (space: number, keys: readonly string[], value: unknown) => {
    add(space, keys);
    if (!isRecord(value)) return;
    for (const [key, entry] of Object.entries(value)) {
      addTree(space, [...keys, key], entry as JsonValue);
    }
  };
  for (const unit of units) {
    for (const { space, path, shape, value } of unit) {
      if (shape === TREE) addTree(space, path, value);
      else add(space, path);
    }
  }
  return positions;
}
