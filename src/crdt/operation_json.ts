import { isRecord, type JsonValue } from "../base/json.ts";
import { show } from "../base/options.ts";
import {
  type AddressJson,
  editToJson,
  type OriginJson,
  type RangeJson,
  readEdit,
  readId,
} from "./edit_json.ts";
import type { Dot } from "./events.ts";
import { stampMs, stampTick } from "./hybrid_clock.ts";
import {
  readCounter,
  readDot,
  readJson,
  readPath,
  readStamp,
  readVector,
  refuse,
} from "./json_fields.ts";
import { readOldForm } from "./old_form.ts";
import {
  DELETE,
  INCREMENT,
  INSERT,
  type Kind,
  LIST,
  MAP,
  type Mode,
  MOVE,
  NOTHING,
  Operation,
  REMOVE,
  SCALAR,
  SET,
  SETTINGS,
  type Shape,
  SKIP,
  TEXT_INSERT,
  TEXT_REMOVE,
  TREE,
  WHOLE,
} from "./operation.ts";
import { isEdit, isSensible } from "./operation_bytes.ts";
import type { ReplicaTable } from "./replica_table.ts";
import type { ClockRecord } from "./version_vector.ts";

const KINDS: readonly [string, Kind][] = [
  ["set", SET],
  ["delete", DELETE],
  ["increment", INCREMENT],
  ["insert", INSERT],
  ["remove", REMOVE],
  ["text-insert", TEXT_INSERT],
  ["text-remove", TEXT_REMOVE],
  ["move", MOVE],
  ["skip", SKIP],
];

const SHAPES: readonly [string, Shape][] = [
  ["whole", WHOLE],
  ["map", MAP],
  ["list", LIST],
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
  /** The element that the path begins at; the root if it is left out. */
  readonly anchor?: Dot;
  /** Keys. */
  readonly path: readonly string[];
  /** `whole`, `map`, `list` or `tree`; a scalar if it is left out. */
  readonly type?: string;
  /**
   * What is assigned; the total of a counter; how many counters are skipped; the
   * elements that are inserted, empty ones for maps and lists; units of a text.
   */
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
  /** The dot of the string whose text is edited. */
  readonly text?: Dot;
  /** Where an insertion goes: before an item or behind it, or at the start. */
  readonly origin?: OriginJson;
  /** What a removal takes out: counters of a replica from one on. */
  readonly ranges?: readonly RangeJson[];
  /** Where a move goes: an entry of a map or, with an origin, a list. */
  readonly to?: AddressJson;
  /** Whether it changes the settings and not the document. */
  readonly settings?: boolean;
}

/** The JSON form of an operation. */
export function operationToJson(
  operation: Operation,
  replicas: ReplicaTable,
): OperationJson {
  const { kind, shape, anchor, after, covers, stamp, mode } = operation;
  const value = jsonValueOf(operation);
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
    ...anchor === null ? {} : { anchor: dot(anchor.replica, anchor.counter) },
    path: operation.path,
    ...type === undefined ? {} : { type },
    ...value === undefined ? {} : { value },
    ...operation.isSibling ? { sibling: true } : {},
    ...mode === 0 ? {} : { hierarchy: MODES[mode] as string },
    ...operation.isBarrier ? { barrier: true } : {},
    ...dots.length === 0 ? {} : { after: dots },
    ...covers === null ? {} : { covers: covers.toRecord(replicas) },
    ...operation.edit === null ? {} : editToJson(operation.edit, dot),
    ...operation.space === SETTINGS ? { settings: true } : {},
  };
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
    refuse(`its kind is ${show(name)}`);
  const [replica, counter] = readDot(json.dot, replicas);
  if (!Array.isArray(stamp) || stamp.length !== 2) refuse("it has no stamp");
  const shape = readShape(json.type, kind);
  const operation = new Operation(
    replica,
    counter,
    readStamp(stamp[0], stamp[1]),
    kind,
    json.anchor === undefined ? null : readId(json.anchor, replicas),
    readPath(json.path),
    shape,
    readValue(json.value, kind, shape),
  );
  if (isEdit(kind)) {
    operation.edit = readEdit(json, kind, replicas);
  }
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
    // `flatMap` would pass over holes.
    operation.after = Array.from(json.after, (dot) => readDot(dot, replicas))
      .flat();
  }
  if (json.covers !== undefined) {
    operation.covers = readVector(json.covers, replicas);
    // Everyone has seen what they made themselves, whatever they say.
    operation.covers.raise(operation.replica, operation.counter - 1);
  }
  if (!isSensible(operation)) return refuse("it makes no sense there");
  return checkCounter(operation);
}

function checkCounter(operation: Operation): Operation {
  readCounter(operation.counter + operation.length - 1);
  return operation;
}

function readShape(type: unknown, kind: Kind): Shape {
  if (kind !== SET && kind !== INSERT) return NOTHING;
  if (type === undefined) return SCALAR;
  return SHAPES.find(([text]) => text === type)?.[1] ??
    refuse(`its type is ${show(type)}`);
}

function readValue(
  value: unknown,
  kind: Kind,
  shape: Shape,
): JsonValue | undefined {
  if (kind === SKIP) return readCounter(value);
  if (kind === INSERT) return readItems(value, shape);
  if (kind === TEXT_INSERT) {
    const units = readJson(value);
    return typeof units === "string" && units.length > 0
      ? units
      : refuse("its text is none");
  }
  if (kind === REMOVE || kind === TEXT_REMOVE || kind === MOVE) {
    return undefined;
  }
  if (kind !== SET) {
    if (kind === DELETE && value === undefined) return undefined;
    return Number.isSafeInteger(value)
      ? value as number
      : refuse("its total is no integer");
  }
  if (shape === MAP || shape === LIST) return undefined;
  const checked = readJson(value);
  const isScalar = typeof checked !== "object" || checked === null;
  if (shape === SCALAR && !isScalar) return refuse("its value is no scalar");
  if (shape === TREE && !isRecord(checked)) return refuse("it is no object");
  return checked;
}

/** The elements that are inserted, or how many containers are. */
function readItems(value: unknown, shape: Shape): JsonValue {
  const items = readJson(value);
  if (!Array.isArray(items) || items.length === 0) {
    return refuse("it inserts no array of elements");
  }
  if (shape !== MAP && shape !== LIST) {
    return shape === SCALAR ? items : refuse("its type is of no element");
  }
  const isEmpty = (item: unknown) =>
    typeof item === "object" && item !== null &&
    Array.isArray(item) === (shape === LIST) && Object.keys(item).length === 0;
  return items.every(isEmpty)
    ? items.length
    : refuse("its elements are not empty");
}

/** The value as it is written: containers as empty ones. */
function jsonValueOf({ kind, shape, value }: Operation): JsonValue | undefined {
  if (kind !== INSERT || typeof value !== "number") return value;
  return Array.from({ length: value }, () => (shape === LIST ? [] : {}));
}
