import type { JsonValue } from "../base/json.ts";
import type { ByteReader, ByteWriter } from "./bytes.ts";
import {
  DELETE,
  Edit,
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
import type { ReplicaTable } from "./replica_table.ts";
import type { IdRange, ItemId, Origin } from "./sequence/ids.ts";
import { DEPTH_MAX, isInnerKey } from "./values.ts";
import { VersionVector } from "./version_vector.ts";

/** The greatest counter: sequences hold 31 bits. */
export const COUNTER_MAX = 0x7fff_ffff;

const KIND_BITS = 15;
const HAS_PREFIX = 16;
const HAS_AFTER = 32;
const HAS_MORE = 64;
const HAS_ANCHOR = 128;
/** In what follows {@linkcode HAS_MORE}. */
const SIBLING = 8;
const MODE_SHIFT = 4;
const BARRIER = 64;
const COVERS = 128;
const SPACE = 256;
const BASE = 512;

/** The names that a message mentions, in the order of mention. */
export class Names {
  readonly #replicas: ReplicaTable;
  readonly #order: number[] = [];
  #positions: Map<number, number> | null = null;

  /** Makes an empty list of replicas of a table. */
  constructor(replicas: ReplicaTable) {
    this.#replicas = replicas;
  }

  /** The number of a replica within the message. */
  refer(replica: number): number {
    const order = this.#order;
    if (order[0] === replica) return 0;
    // Most messages name one replica, and need no index of them.
    const known = this.#positions?.get(replica);
    if (known !== undefined) return known;
    if (order.length > 0) {
      this.#positions ??= new Map();
      this.#positions.set(replica, order.length);
    }
    return order.push(replica) - 1;
  }

  /** How many there are. */
  get count(): number {
    return this.#order.length;
  }

  /** Writes all, in order. */
  write(writer: ByteWriter): void {
    writer.varint(this.#order.length);
    for (const replica of this.#order) {
      writer.text(this.#replicas.nameOf(replica));
    }
  }
}

function defaultShape(kind: Kind): Shape {
  return kind === SET || kind === INSERT ? SCALAR : NOTHING;
}

/** Writes an operation, without what it shares with the one before. */
export function writeOperation(
  writer: ByteWriter,
  operation: Operation,
  previous: Operation | null,
  names: Names,
): void {
  const { kind, anchor, path, after, shape, value, covers } = operation;
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
      (hasMore ? HAS_MORE : 0) | (anchor === null ? 0 : HAS_ANCHOR),
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
  if (anchor !== null) writeDot(writer, names, operation, anchor);
  if (shared > 0) writer.varint(shared);
  writer.varint(path.length - shared);
  for (let index = shared; index < path.length; index++) {
    writer.text(path[index] as string);
  }
  if (operation.edit !== null) writeEdit(writer, names, operation);
  else if (kind === INCREMENT) writer.signed(value as number);
  else if (kind === SKIP) writer.varint(value as number);
  else if (hasBase) writer.signed(value as number);
  else if (kind === SET && shape !== MAP && shape !== LIST) {
    writer.value(value as JsonValue);
  }
}

function writeEdit(
  writer: ByteWriter,
  names: Names,
  operation: Operation,
): void {
  const { kind, value } = operation;
  const { origin, ranges, text, to } = operation.edit as Edit;
  if (to !== null) {
    writer.byte((to.anchor === null ? 0 : 1) | (origin === null ? 0 : 2));
    if (to.anchor !== null) writeDot(writer, names, operation, to.anchor);
    writer.varint(to.path.length);
    for (const key of to.path) writer.text(key);
  }
  if (text !== null) writeDot(writer, names, operation, text);
  if (ranges !== null) {
    writer.varint(ranges.length);
    for (const range of ranges) {
      writeDot(writer, names, operation, range);
      writer.varint(range.length);
    }
  }
  if (origin !== null) {
    if (origin.replica < 0) writer.varint(0);
    else {
      const side = origin.side === "left" ? 2 : 1;
      writer.varint(names.refer(origin.replica) * 2 + side);
      writeCounter(writer, operation, origin);
    }
  }
  if (kind === TEXT_INSERT) writer.text(value as string);
  if (kind !== INSERT) return;
  if (typeof value === "number") {
    writer.varint(value);
    // A byte each, so that few bytes never make many places.
    for (let index = 0; index < value; index++) writer.byte(0);
    return;
  }
  const values = value as readonly JsonValue[];
  writer.varint(values.length);
  for (const item of values) writer.value(item);
}

function writeDot(
  writer: ByteWriter,
  names: Names,
  operation: Operation,
  dot: ItemId,
): void {
  writer.varint(names.refer(dot.replica));
  writeCounter(writer, operation, dot);
}

/** An author names its own dots by how far they are back. */
function writeCounter(
  writer: ByteWriter,
  operation: Operation,
  { replica, counter }: ItemId,
): void {
  const isOwn = replica === operation.replica;
  writer.varint(isOwn ? operation.counter - counter : counter);
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
  const kind = (head & KIND_BITS) as Kind;
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
    // Everyone has seen what they made themselves, whatever they say.
    covers.raise(replica, counter - 1);
  }
  const author = { replica, counter };
  const anchor = (head & HAS_ANCHOR) === 0
    ? null
    : readDot(reader, names, author);
  const path = readPath(reader, (head & HAS_PREFIX) !== 0, previous);
  const edit = isEdit(kind) ? readEdit(reader, names, author, kind) : null;
  const value = readValue(reader, kind, shape, (flags & BASE) !== 0);
  const operation = new Operation(
    replica,
    counter,
    stamp,
    kind,
    anchor,
    path,
    shape,
    value,
  );
  operation.edit = edit;
  operation.isSibling = (flags & SIBLING) !== 0;
  const mode = (flags >> MODE_SHIFT) & 3;
  if (mode === 3) reader.fail("a strategy");
  operation.mode = mode as Mode;
  operation.isBarrier = (flags & BARRIER) !== 0;
  operation.after = after;
  operation.covers = covers;
  if ((flags & SPACE) !== 0) operation.space = SETTINGS;
  if (!isSensible(operation)) reader.fail("a sensible operation");
  if (counter < 1 || counter + operation.length - 1 > COUNTER_MAX) {
    reader.fail("a counter");
  }
  return operation;
}

/** Whether operations of a kind have an {@linkcode Edit}. */
export function isEdit(kind: Kind): boolean {
  return (kind >= INSERT && kind <= TEXT_REMOVE) || kind === MOVE;
}

/** Whether an operation has a place of its kind, and nothing beside it. */
export function isSensible(operation: Operation): boolean {
  const { kind, anchor, path, space, covers, isBarrier, edit } = operation;
  if (space === SETTINGS && (anchor !== null || kind > INCREMENT)) return false;
  const to = edit?.to ?? null;
  if (to !== null && to.path.length === 0) {
    // Only a list can stand at an anchor; an entry has a key.
    if (to.anchor === null || edit?.origin === null) return false;
  }
  if (kind > DELETE && (covers !== null || isBarrier)) return false;
  return kind < INCREMENT || kind === SKIP || anchor !== null ||
    path.length > 0;
}

function readPath(
  reader: ByteReader,
  hasPrefix: boolean,
  previous: Operation | null,
): string[] {
  const shared = hasPrefix ? reader.varint(DEPTH_MAX) : 0;
  const above = previous?.path ?? [];
  if (above.length < shared) reader.fail("a shared path");
  const length = shared + reader.count();
  if (length > DEPTH_MAX) reader.fail(`at most ${DEPTH_MAX} keys`);
  // Operations may wait in great numbers, and what grows takes more room.
  const path = new Array<string>(length);
  for (let at = 0; at < shared; at++) path[at] = above[at] as string;
  for (let at = shared; at < length; at++) {
    const key = reader.text();
    if (!isInnerKey(key)) reader.fail("a key");
    path[at] = key;
  }
  return path;
}

function readEdit(
  reader: ByteReader,
  names: readonly number[],
  author: ItemId,
  kind: Kind,
): Edit {
  if (kind === MOVE) {
    const flags = reader.byte();
    if (flags > 3) reader.fail("a move");
    const anchor = (flags & 1) === 0 ? null : readDot(reader, names, author);
    const path = readPath(reader, false, null);
    const origin = (flags & 2) === 0 ? null : readOrigin(reader, names, author);
    return new Edit(origin, null, null, { anchor, path });
  }
  const isText = kind === TEXT_INSERT || kind === TEXT_REMOVE;
  const text = isText ? readDot(reader, names, author) : null;
  if (kind === REMOVE || kind === TEXT_REMOVE) {
    const ranges: IdRange[] = [];
    for (let count = reader.count(3); count > 0; count--) {
      const { replica, counter } = readDot(reader, names, author);
      const length = readCounter(reader);
      if (counter + length - 1 > COUNTER_MAX) reader.fail("a range");
      ranges.push({ replica, counter, length });
    }
    return new Edit(null, ranges, text);
  }
  return new Edit(readOrigin(reader, names, author), null, text);
}

function readOrigin(
  reader: ByteReader,
  names: readonly number[],
  author: ItemId,
): Origin {
  const code = reader.varint();
  if (code === 0) return { side: "right", replica: -1, counter: 0 };
  const replica = names[(code - 1) >>> 1] ?? reader.fail("a replica");
  const counter = readOwnCounter(reader, replica, author);
  return { side: code % 2 === 0 ? "left" : "right", replica, counter };
}

/** A number for each replica in a message. */
export function readReplica(
  reader: ByteReader,
  names: readonly number[],
): number {
  return names[reader.varint()] ?? reader.fail("a replica");
}

function readDot(
  reader: ByteReader,
  names: readonly number[],
  author: ItemId,
): ItemId {
  const replica = readReplica(reader, names);
  return { replica, counter: readOwnCounter(reader, replica, author) };
}

function readOwnCounter(
  reader: ByteReader,
  replica: number,
  author: ItemId,
): number {
  const number = readCounter(reader);
  if (replica !== author.replica) return number;
  return number < author.counter
    ? author.counter - number
    : reader.fail("a counter");
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
    case INSERT:
      return readItems(reader, shape);
    case TEXT_INSERT: {
      const units = reader.text();
      return units.length > 0 ? units : reader.fail("a text");
    }
    case REMOVE:
    case TEXT_REMOVE:
    case MOVE:
      return undefined;
    default:
      return reader.fail("a kind of operation");
  }
  if (shape === MAP || shape === LIST) return undefined;
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

/** The values that are inserted, or how many containers are. */
function readItems(reader: ByteReader, shape: Shape): JsonValue {
  let count = reader.count();
  if (count === 0) reader.fail("an element");
  if (shape === MAP || shape === LIST) {
    reader.raw(count);
    return count;
  }
  if (shape !== SCALAR) reader.fail("a shape");
  const values: JsonValue[] = [];
  for (; count > 0; count--) values.push(reader.value());
  return values;
}
