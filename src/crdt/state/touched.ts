import { isRecord } from "../../base/json.ts";
import type { Unit } from "../message.ts";
import {
  type Address,
  INSERT,
  type Operation,
  type Space,
  TREE,
} from "../operation.ts";
import type { ItemId } from "../sequence/ids.ts";
import type { Tree } from "../tree.ts";
import { positionsTo } from "./place_hash.ts";

/**
 * The positions of all places that operations may have changed, but for what a
 * cover or barrier hides: whoever joins that hides it, too.
 *
 * @returns `null` if that cannot be told: what a delete meant for places that
 * were moved is not seen where it was.
 */
export function touchedPositions(
  units: readonly Unit[],
  tree: Tree,
): Set<number> | null {
  const { moves, replicas } = tree;
  const hasMoves = moves.records.length > 0;
  const positions = new Set<number>();
  const addPlaces = (
    space: Space,
    anchor: ItemId | null,
    keys: readonly string[],
  ) => {
    for (const position of positionsTo(replicas, space, anchor, keys)) {
      positions.add(position);
    }
  };
  const add = (
    { space, anchor }: Address & { space: Space },
    keys: readonly string[],
  ) => {
    // A dot may be that of a move.
    const place = hasMoves && anchor !== null ? tree.placeOf(anchor) : null;
    if (place === null) return addPlaces(space, anchor, keys);
    const born = place.birthAddress();
    addPlaces(space, born.anchor.homeId, [...born.keys, ...keys]);
  };
  const addTree = (
    operation: Operation,
    keys: readonly string[],
    value: unknown,
  ) => {
    add(operation, keys);
    if (!isRecord(value)) return;
    for (const [key, entry] of Object.entries(value)) {
      addTree(operation, [...keys, key], entry);
    }
  };
  for (const unit of units) {
    for (const operation of unit) {
      const { kind, space, replica, counter, path, shape, value } = operation;
      if (hasMoves && (operation.covers !== null || operation.isBarrier)) {
        return null;
      }
      const to = operation.edit?.to ?? null;
      if (to !== null) {
        add({ space, ...to }, to.path);
        // There are told the moves of what is gone.
        addPlaces(space, null, []);
      }
      if (shape === TREE) addTree(operation, path, value);
      else add(operation, path);
      if (kind !== INSERT || typeof value !== "number") continue;
      for (let at = 0; at < value; at++) {
        addPlaces(space, { replica, counter: counter + at }, []);
      }
    }
  }
  return positions;
}
