import { DistflowError } from "../base/errors.ts";
import { isRecord, type JsonValue } from "../base/json.ts";
import { makeStamp, STAMP_MAX } from "./hybrid_clock.ts";
import { COUNTER_MAX } from "./operation_bytes.ts";
import { isReplicaName, type ReplicaTable } from "./replica_table.ts";
import { checkValue, DEPTH_MAX, isInnerKey } from "./values.ts";
import { VersionVector } from "./version_vector.ts";

/** Ends the reading. */
export function refuse(what: string): never {
  throw new DistflowError(
    "INVALID_OPERATION",
    `Cannot read an operation: ${what}`,
  );
}

/** Reads a dot; its replica is added if it is new. */
export function readDot(
  dot: unknown,
  replicas: ReplicaTable,
): [replica: number, counter: number] {
  if (!Array.isArray(dot) || dot.length !== 2) {
    return refuse("a dot is no pair");
  }
  const [name, counter] = dot as unknown[];
  if (!isReplicaName(name)) return refuse("a dot has no replica's name");
  return [replicas.indexOf(name), readCounter(counter)];
}

/** Reads a counter. */
export function readCounter(counter: unknown): number {
  if (
    typeof counter === "number" && Number.isInteger(counter) && counter >= 1 &&
    counter <= COUNTER_MAX
  ) return counter;
  return refuse(`a counter is not from 1 to ${COUNTER_MAX}`);
}

/** Reads a stamp. */
export function readStamp(ms: unknown, tick: unknown): number {
  if (!Number.isInteger(ms) || !Number.isInteger(tick)) {
    return refuse("its stamp is not of whole numbers");
  }
  const stamp = makeStamp(ms as number, tick as number);
  return stamp >= 0 && stamp < STAMP_MAX
    ? stamp
    : refuse("its stamp is out of range");
}

/** Reads keys. */
export function readPath(path: unknown): string[] {
  // `every` passes over the holes of an array; a copy of it has none.
  const keys: unknown[] = Array.isArray(path) && path.length <= DEPTH_MAX
    ? [...path]
    : [undefined];
  return keys.every(isInnerKey)
    ? keys
    : refuse(`its path is not of at most ${DEPTH_MAX} keys`);
}

/** Reads a value, frozen. */
export function readJson(value: unknown): JsonValue {
  try {
    return checkValue(value);
  } catch (cause) {
    throw new DistflowError(
      "INVALID_OPERATION",
      "Cannot read an operation: its value is not JSON",
      { cause },
    );
  }
}

/** Reads a version vector. */
export function readVector(
  json: unknown,
  replicas: ReplicaTable,
): VersionVector {
  if (!isRecord(json)) return refuse("a version vector is no object");
  const vector = new VersionVector();
  for (const [name, counter] of Object.entries(json)) {
    if (!isReplicaName(name)) return refuse("a vector has a bad name");
    if (counter !== 0) {
      vector.raise(replicas.indexOf(name), readCounter(counter));
    }
  }
  return vector;
}
