import type { JsonValue } from "../base/json.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";
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
  type Shape,
  SKIP,
  type Space,
  TREE,
  WHOLE,
} from "./operation.ts";
import { isReplicaName, type ReplicaTable } from "./replica_table.ts";
import { DEPTH_MAX, isKey } from "./values.ts";
import { VersionVector } from "./version_vector.ts";

/** The first byte of a message of one operation of one replica. */
const ONE = 0xd1;
/** The first byte of a message of transactions. */
const MANY = 0xd2;

/** The greatest counter: sequences hold 31 bits. */
export const COUNTER_MAX = 0x7fff_ffff;

const HAS_PREFIX = 8;
const HAS_AFTER = 16;
const HAS_MORE = 32;
/** In what follows {@linkcode HAS_MORE}. */
const SIBLING = 8;
const MODE_SHIFT = 4;
const BARRIER = 64;
const COVERS = 128;
const SPACE = 256;
const BASE = 512;

/** Operations of one transaction, with consecutive counters. */
export type Unit = readonly Operation[];

/**
 * Transactions as bytes; the inverse is {@linkcode decodeMessage}.
 *
 * Names travel once, counters and the stamp once a transaction, and a path
 * without what it shares with the one before.
 */
export function encodeMessage(
  units: readonly Unit[],
  replicas: ReplicaTable,
): Uint8Array {
  const writer = new ByteWriter();
  const names = new Names(replicas);
  const body = new ByteWriter();
  const [unit] = units;
  const [only] = unit ?? [];
  if (
    units.length === 1 && unit?.length === 1 && only !== undefined &&
    only.after === null && only.covers === null
  ) {
    writer.byte(ONE);
    writer.text(replicas.nameOf(only.replica));
    writer.varint(only.counter);
    writer.fixed7(only.stamp);
    writeOperation(writer, only, null, names);
    return writer.finish();
  }
  let stamp = 0;
  for (const unit of units) {
    const first = unit[0];
    if (first === undefined) continue;
    body.varint(names.refer(first.replica));
    body.varint(first.counter);
    if (stamp === 0) body.fixed7(first.stamp);
    else body.signed(first.stamp - stamp);
    stamp = first.stamp;
    body.varint(unit.length);
    let previous: Operation | null = null;
    for (const operation of unit) {
      writeOperation(body, operation, previous, names);
      previous = operation;
    }
  }
  writer.byte(MANY);
  names.write(writer);
  writer.raw(body.finish());
  return writer.finish();
}

/** The names that a message mentions, in the order of mention. */
export class Names {
  readonly #replicas: ReplicaTable;
  readonly #order: number[] = [];
  readonly #positions: Map<number, number> = new Map();

  /** Makes a list without names. */
  constructor(replicas: ReplicaTable) {
    this.#replicas = replicas;
  }

  /** The number of a replica within the message. */
  refer(replica: number): number {
    const known = this.#positions.get(replica);
    if (known !== undefined) return known;
    this.#positions.set(replica, this.#order.length);
    this.#order.push(replica);
    return this.#order.length - 1;
  }

  /** Writes the names. */
  write(writer: ByteWriter): void {
    writer.varint(this.#order.length);
    for (const replica of this.#order) {
      writer.text(this.#replicas.nameOf(replica));
    }
  }
}

function defaultShape(kind: Kind): Shape {
  return kind === SET ? SCALAR : NOTHING;
}

/** Writes one operation behind `previous`, without its dot and stamp. */
export function writeOperation(
  writer: ByteWriter,
  operation: Operation,
  previous: Operation | null,
  names: Names,
): void {
  const { kind, path, after, shape, value, covers } = operation;
  const hasBase = kind === DELETE && value !== undefined;
  const more = (operation.isSibling ? SIBLING : 0) |
    (operation.mode << MODE_SHIFT) | (operation.isBarrier ? BARRIER : 0) |
    (covers === null ? 0 : COVERS) | (operation.space === 0 ? 0 : SPACE) |
    (hasBase ? BASE : 0);
  const hasMore = more !== 0 || shape !== defaultShape(kind);
  let shared = 0;
  if (previous !== null) {
    const most = Math.min(path.length, previous.path.length);
    while (shared < most && path[shared] === previous.path[shared]) shared++;
  }
  writer.byte(
    kind | (shared > 0 ? HAS_PREFIX : 0) | (after === null ? 0 : HAS_AFTER) |
      (hasMore ? HAS_MORE : 0),
  );
  if (hasMore) writer.varint(more | shape);
  if (after !== null) {
    writer.varint(after.length / 2);
    for (let index = 0; index < after.length; index += 2) {
      writer.varint(names.refer(after[index] as number));
      writer.varint(after[index + 1] as number);
    }
  }
  if (covers !== null) {
    const dots: number[] = [];
    covers.forEach((replica, counter) =>
      dots.push(names.refer(replica), counter)
    );
    writer.varint(dots.length / 2);
    dots.forEach((number) => writer.varint(number));
  }
  if (shared > 0) writer.varint(shared);
  writer.varint(path.length - shared);
  for (let index = shared; index < path.length; index++) {
    writer.text(path[index] as string);
  }
  if (kind === INCREMENT) writer.signed(value as number);
  else if (kind === SKIP) writer.varint(value as number);
  else if (hasBase) writer.signed(value as number);
  else if (kind === SET && shape !== MAP) {
    writer.value(value as JsonValue);
  }
}

/**
 * The transactions in a message; replicas that are new are added to the table.
 *
 * @throws {DistflowError} `CORRUPT_DATA` if the bytes are not a message.
 */
export function decodeMessage(
  bytes: Uint8Array,
  replicas: ReplicaTable,
): Unit[] {
  const reader = new ByteReader(bytes);
  const format = reader.byte();
  if (format === ONE) {
    const replica = readName(reader, replicas);
    const counter = reader.varint(COUNTER_MAX);
    const stamp = reader.fixed7();
    const operation = readOperation(reader, replica, counter, stamp, null, []);
    if (reader.remaining > 0) reader.fail("the end of a message");
    return [[operation]];
  }
  if (format !== MANY) reader.fail("a message of a version that is known");
  const names: number[] = [];
  for (let count = reader.count(2); count > 0; count--) {
    names.push(readName(reader, replicas));
  }
  const units: Unit[] = [];
  let stamp = 0;
  while (reader.remaining > 0) {
    const replica = readReplica(reader, names);
    let counter = reader.varint(COUNTER_MAX);
    stamp = stamp === 0 ? reader.fixed7() : stamp + reader.signed();
    if (!Number.isSafeInteger(stamp) || stamp < 0) reader.fail("a stamp");
    const unit: Operation[] = [];
    let previous: Operation | null = null;
    for (let count = reader.count(2); count > 0; count--) {
      previous = readOperation(
        reader,
        replica,
        counter,
        stamp,
        previous,
        names,
      );
      counter += previous.length;
      unit.push(previous);
    }
    if (unit.length === 0) reader.fail("an operation");
    units.push(unit);
  }
  return units;
}

/** Reads the name of a replica, which is added to the table. */
export function readName(reader: ByteReader, replicas: ReplicaTable): number {
  const name = reader.text();
  if (!isReplicaName(name)) reader.fail("a replica's name");
  return replicas.indexOf(name);
}

function readReplica(reader: ByteReader, names: readonly number[]): number {
  return names[reader.varint()] ?? reader.fail("a replica");
}

/** Reads what {@linkcode writeOperation} wrote. */
export function readOperation(
  reader: ByteReader,
  replica: number,
  counter: number,
  stamp: number,
  previous: Operation | null,
  names: readonly number[],
): Operation {
  const head = reader.byte();
  const kind = (head & 7) as Kind;
  const flags = (head & HAS_MORE) === 0
    ? defaultShape(kind)
    : reader.varint(2 * BASE - 1);
  const shape = (flags & 7) as Shape;
  const after = (head & HAS_AFTER) === 0 ? null : readDots(reader, names);
  const covers = (flags & COVERS) === 0 ? null : new VersionVector();
  if (covers !== null) {
    const dots = readDots(reader, names);
    for (let index = 0; index < dots.length; index += 2) {
      covers.raise(dots[index] as number, dots[index + 1] as number);
    }
  }
  const shared = (head & HAS_PREFIX) === 0 ? 0 : reader.varint(DEPTH_MAX);
  const path = previous?.path.slice(0, shared) ?? [];
  if (path.length !== shared) reader.fail("a shared path");
  for (let count = reader.count(); count > 0; count--) {
    const key = reader.text();
    if (!isKey(key)) reader.fail("a key");
    path.push(key);
  }
  if (path.length > DEPTH_MAX) reader.fail(`at most ${DEPTH_MAX} keys`);
  const value = readValue(reader, kind, shape, (flags & BASE) !== 0);
  const operation = new Operation(
    replica,
    counter,
    stamp,
    kind,
    path,
    shape,
    value,
  );
  operation.space = (flags & SPACE) === 0 ? 0 : 1 as Space;
  operation.isSibling = (flags & SIBLING) !== 0;
  const mode = (flags >> MODE_SHIFT) & 3;
  if (mode === 3) reader.fail("a strategy");
  operation.mode = mode as Mode;
  operation.isBarrier = (flags & BARRIER) !== 0;
  operation.after = after;
  operation.covers = covers;
  if (counter < 1 || counter + operation.length - 1 > COUNTER_MAX) {
    reader.fail("a counter");
  }
  return operation;
}

function readCounter(reader: ByteReader): number {
  const counter = reader.varint(COUNTER_MAX);
  return counter > 0 ? counter : reader.fail("a counter");
}

function readDots(reader: ByteReader, names: readonly number[]): number[] {
  const dots: number[] = [];
  for (let count = reader.count(2); count > 0; count--) {
    dots.push(readReplica(reader, names), readCounter(reader));
  }
  return dots;
}

function readValue(
  reader: ByteReader,
  kind: Kind,
  shape: Shape,
  hasBase: boolean,
): JsonValue | undefined {
  switch (kind) {
    case SET:
      break;
    case DELETE:
      if (shape !== NOTHING) reader.fail("a delete");
      return hasBase ? readTotal(reader) : undefined;
    case INCREMENT:
      return readTotal(reader);
    case SKIP:
      return readCounter(reader);
    default:
      return reader.fail("a kind of operation");
  }
  if (shape === MAP) return undefined;
  if (shape !== SCALAR && shape !== WHOLE && shape !== TREE) {
    reader.fail("a shape");
  }
  const value = reader.value();
  const isScalar = typeof value !== "object" || value === null;
  if (shape === SCALAR && !isScalar) reader.fail("a scalar");
  if (shape === TREE && (isScalar || Array.isArray(value))) {
    reader.fail("an object");
  }
  return value;
}

function readTotal(reader: ByteReader): number {
  const total = reader.signed();
  return Number.isSafeInteger(total) ? total : reader.fail("a total");
}
