import { isRecord } from "../../base/json.ts";
import type { Unit } from "../message.ts";
import { INSERT, type Operation, TREE } from "../operation.ts";
import type { ReplicaTable } from "../replica_table.ts";
import { positionsTo } from "./place_hash.ts";

/**
 * The positions of all places that operations may have changed, but for what a
 * cover or barrier hides: whoever joins that hides it, too.
 */
export function touchedPositions(
  units: readonly Unit[],
  replicas: ReplicaTable,
): Set<number> {
  const positions = new Set<number>();
  const add = ({ space, anchor }: Operation, keys: readonly string[]) => {
    for (const position of positionsTo(replicas, space, anchor, keys)) {
      positions.add(position);
    }
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
      if (shape === TREE) addTree(operation, path, value);
      else add(operation, path);
      if (kind !== INSERT || typeof value !== "number") continue;
      for (let at = 0; at < value; at++) {
        const anchor = { replica, counter: counter + at };
        for (const position of positionsTo(replicas, space, anchor, [])) {
          positions.add(position);
        }
      }
    }
  }
  return positions;
}
