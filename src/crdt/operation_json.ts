import { DistflowError } from "../base/errors.ts";
import { isRecord, type JsonRecord, type JsonValue } from "../base/json.ts";
import type { Dot } from "./events.ts";
import { makeStamp, STAMP_MAX, stampMs, stampTick } from "./hybrid_clock.ts";
import { COUNTER_MAX } from "./message.ts";
import {
  DELETE,
  INCREMENT,
  type Kind,
  MAP,
  type Mode,
  NOTHING,
  Operation,
  SCALAR,
  SET,
  SETTINGS,
  type Shape,
  SKIP,
  TREE,
  WHOLE,
} from "./operation.ts";
import { isReplicaName, type ReplicaTable } from "./replica_table.ts";
import { checkValue, DEPTH_MAX, isKey } from "./values.ts";
import { type ClockRecord, VersionVector } from "./version_vector.ts";

const KINDS: readonly [string, Kind][] = [
  ["set", SET],
  ["delete", DELETE],
  ["increment", INCREMENT],
  ["skip", SKIP],
];

const SHAPES: readonly [string, Shape][] = [
  ["whole", WHOLE],
  ["map", MAP],
  ["tree", TREE],
];

const MODES = ["merge", "set-wins", "delete-wins"];

/** An operation as JSON, for tools and for logs that people read. */
export interface OperationJson {
  /** Who made it, and its counter there. */
  readonly dot: Dot;
  /** When: milliseconds since 1970, and a count within one. */
  readonly stamp: readonly [ms: number, tick: number];
  /** What it does. */
  readonly kind: string;
  /** Keys. */
  readonly path: readonly string[];
  /** `whole`, `map` or `tree`; a scalar if it is left out. */
  readonly type?: string;
  /** What is assigned; the total of a counter; how many counters are skipped. */
  readonly value?: JsonValue;
  /** Whether it stays beside concurrent ones until one has seen it. */
  readonly sibling?: boolean;
  /** How it treats what is below; `merge` if it is left out. */
  readonly hierarchy?: string;
  /** Whether it raises a barrier. */
  readonly barrier?: boolean;
  /** What must have been applied. */
  readonly after?: readonly Dot[];
  /** What it takes away below its place. */
  readonly covers?: ClockRecord;
  /** Whether it changes the settings and not the document. */
  readonly settings?: boolean;
}

/** The JSON form of an operation. */
export function operationToJson(
  operation: Operation,
  replicas: ReplicaTable,
): OperationJson {
  const { kind, shape, value, after, covers, stamp, mode } = operation;
  const dot = (replica: number, counter: number): Dot => [
    replicas.nameOf(replica),
    counter,
  ];
  const dots: Dot[] = [];
  for (let index = 0; index < (after?.length ?? 0); index += 2) {
    dots.push(dot(after?.[index] as number, after?.[index + 1] as number));
  }
  const type = SHAPES.find(([, number]) => number === shape)?.[0];
  return {
    dot: dot(operation.replica, operation.counter),
    stamp: [stampMs(stamp), stampTick(stamp)],
    kind: KINDS.find(([, number]) => number === kind)?.[0] ?? "skip",
    path: operation.path,
    ...type === undefined ? {} : { type },
    ...value === undefined ? {} : { value },
    ...operation.isSibling ? { sibling: true } : {},
    ...mode === 0 ? {} : { hierarchy: MODES[mode] as string },
    ...operation.isBarrier ? { barrier: true } : {},
    ...dots.length === 0 ? {} : { after: dots },
    ...covers === null ? {} : { covers: covers.toRecord(replicas) },
    ...operation.space === SETTINGS ? { settings: true } : {},
  };
}

function refuse(what: string): never {
  throw new DistflowError(
    "INVALID_OPERATION",
    `Cannot read an operation: ${what}`,
  );
}

/**
 * Reads the JSON form of an operation, or the older one with a whole vector
 * clock (`{ id, kind, path, value?, hlc: { t, c, r }, deps, src }`).
 *
 * @throws {DistflowError} `INVALID_OPERATION` if it is neither.
 */
export function operationFromJson(
  json: unknown,
  replicas: ReplicaTable,
): Operation {
  if (!isRecord(json)) return refuse("it is not an object");
  if (isRecord(json.hlc)) return readOldForm(json, json.hlc, replicas);
  const { kind: name, stamp } = json;
  const kind = KINDS.find(([text]) => text === name)?.[1] ??
    refuse(`its kind is ${JSON.stringify(name)}`);
  const [replica, counter] = readDot(json.dot, replicas);
  if (!Array.isArray(stamp) || stamp.length !== 2) refuse("it has no stamp");
  const path = readPath(json.path);
  const shape = readShape(json.type, kind);
  const operation = new Operation(
    replica,
    counter,
    readStamp(stamp[0], stamp[1]),
    kind,
    path,
    shape,
    readValue(json.value, kind, shape),
  );
  if (json.settings === true) operation.space = SETTINGS;
  operation.isSibling = json.sibling === true;
  operation.isBarrier = json.barrier === true;
  if (json.hierarchy !== undefined) {
    const mode = MODES.indexOf(json.hierarchy as string);
    operation.mode = mode < 0
      ? refuse("its strategy is unknown")
      : mode as Mode;
  }
  if (json.after !== undefined) {
    if (!Array.isArray(json.after)) return refuse("'after' is no array");
    operation.after = json.after.flatMap((dot) => readDot(dot, replicas));
  }
  if (json.covers !== undefined) {
    operation.covers = readVector(json.covers, replicas);
  }
  return checkCounter(operation);
}

function readDot(
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

function readCounter(counter: unknown): number {
  if (
    typeof counter === "number" && Number.isInteger(counter) && counter >= 1 &&
    counter <= COUNTER_MAX
  ) return counter;
  return refuse(`a counter is not from 1 to ${COUNTER_MAX}`);
}

function checkCounter(operation: Operation): Operation {
  readCounter(operation.counter + operation.length - 1);
  return operation;
}

function readStamp(ms: unknown, tick: unknown): number {
  if (!Number.isInteger(ms) || !Number.isInteger(tick)) {
    return refuse("its stamp is not of whole numbers");
  }
  const stamp = makeStamp(ms as number, tick as number);
  return stamp >= 0 && stamp < STAMP_MAX
    ? stamp
    : refuse("its stamp is out of range");
}

function readPath(path: unknown): string[] {
  if (!Array.isArray(path) || path.length > DEPTH_MAX || !path.every(isKey)) {
    return refuse(`its path is not of at most ${DEPTH_MAX} keys`);
  }
  return [...path];
}

function readShape(type: unknown, kind: Kind): Shape {
  if (kind !== SET) return NOTHING;
  if (type === undefined) return SCALAR;
  return SHAPES.find(([text]) => text === type)?.[1] ??
    refuse(`its type is ${JSON.stringify(type)}`);
}

function readValue(
  value: unknown,
  kind: Kind,
  shape: Shape,
): JsonValue | undefined {
  if (kind === SKIP) return readCounter(value);
  if (kind !== SET) {
    if (kind === DELETE && value === undefined) return undefined;
    return Number.isSafeInteger(value)
      ? value as number
      : refuse("its total is no integer");
  }
  if (shape === MAP) return undefined;
  const checked = readJson(value);
  const isScalar = typeof checked !== "object" || checked === null;
  if (shape === SCALAR && !isScalar) return refuse("its value is no scalar");
  if (shape === TREE && !isRecord(checked)) return refuse("it is no object");
  return checked;
}

function readJson(value: unknown): JsonValue {
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

function readVector(json: unknown, replicas: ReplicaTable): VersionVector {
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

/**
 * The older form had one counter for each operation, however large its value.
 * Strings become whole values, so that none is a text of several counters.
 */
function readOldForm(
  json: JsonRecord,
  hlc: JsonRecord,
  replicas: ReplicaTable,
): Operation {
  const { src, kind: name } = json;
  if (!isReplicaName(src)) return refuse("it has no source");
  if (hlc.r !== src) return refuse("its stamp is another replica's");
  const deps = readVector(json.deps ?? {}, replicas);
  const replica = replicas.indexOf(src);
  const counter = readCounter(deps.get(replica));
  const isSet = name === "set";
  if (!isSet && name !== "del" && name !== "tombstone") {
    return refuse(`its kind is ${JSON.stringify(name)}`);
  }
  const value = isSet ? readJson(json.value) : undefined;
  const shape = !isSet ? NOTHING : isRecord(value) ? TREE : WHOLE;
  const operation = new Operation(
    replica,
    counter,
    readStamp(hlc.t, hlc.c),
    isSet ? SET : DELETE,
    readPath(json.path),
    shape,
    value,
  );
  const after: number[] = [];
  const covers = new VersionVector();
  deps.forEach((other, seen) => {
    if (other !== replica) after.push(other, seen);
    const before = other === replica ? seen - 1 : seen;
    if (before > 0) covers.raise(other, before);
  });
  if (after.length > 0) operation.after = after;
  if (!covers.isEmpty) operation.covers = covers;
  return operation;
}
