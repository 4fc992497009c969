import { ByteReader, ByteWriter } from "./bytes.ts";
import type { Operation } from "./operation.ts";
import {
  COUNTER_MAX,
  Names,
  readOperation,
  readReplica,
  writeOperation,
} from "./operation_bytes.ts";
import { isReplicaName, type ReplicaTable } from "./replica_table.ts";

/** The first byte of a message of one operation that names its author alone. */
const ONE = 0xd1;
/** The first byte of a message of transactions. */
const MANY = 0xd2;

/** Bytes of a buffer that short messages share. */
const SLAB_SIZE = 8 * 1024;
/** A longer message has a buffer of its own. */
const SHORT_SIZE_MAX = 256;

/**
 * Where the next short messages go. A buffer for each took longer than all else
 * that is done for a message: 450 ns on Deno, and 400 on Node.js above 64 bytes.
 */
let slab: Uint8Array = new Uint8Array(0);
let slabUsed = 0;

/** Operations of one transaction, with consecutive counters. */
export type Unit = readonly Operation[];

/** The last counter that the operations of `unit` take. */
export function lastCounter(unit: Unit): number {
  const last = unit[unit.length - 1] as Operation;
  return last.counter + last.length - 1;
}

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
  const [only] = units;
  if (units.length === 1 && only?.length === 1) {
    const operation = only[0] as Operation;
    names.refer(operation.replica);
    writer.byte(ONE);
    writer.text(replicas.nameOf(operation.replica));
    writer.varint(operation.counter);
    writer.fixed7(operation.stamp);
    writeOperation(writer, operation, null, names);
    if (names.count === 1) return writer.finish();
    writer.clear();
  }
  const body = new ByteWriter();
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

/** How each message of one operation of replica `name` begins. */
export function headOfOne(name: string): Uint8Array {
  const writer = new ByteWriter();
  writer.byte(ONE);
  writer.text(name);
  return writer.finish();
}

/**
 * The message of one operation, from its head and what lies in `bytes`: the
 * counter, the stamp and the operation, which names its author alone.
 */
export function encodeOne(
  head: Uint8Array,
  bytes: Uint8Array,
  from: number,
  to: number,
): Uint8Array {
  const { length } = head;
  const size = length + to - from;
  if (size > SHORT_SIZE_MAX) {
    const message = new Uint8Array(size);
    message.set(head);
    message.set(bytes.subarray(from, to), length);
    return message;
  }
  const start = takeFromSlab(size);
  const target = slab;
  // All is short: a call of the runtime's would take longer.
  for (let at = 0; at < length; at++) target[start + at] = head[at] as number;
  const shift = start + length - from;
  for (let at = from; at < to; at++) target[at + shift] = bytes[at] as number;
  return new Uint8Array(target.buffer, start, size);
}

/** Where in the slab there is room for so many bytes. */
function takeFromSlab(size: number): number {
  // It has no length any more if somebody has transferred its buffer.
  if (slabUsed + size > slab.length) {
    slab = new Uint8Array(SLAB_SIZE);
    slabUsed = 0;
  }
  slabUsed += size;
  return slabUsed - size;
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
    const operation = readOperation(reader, replica, counter, stamp, null, [
      replica,
    ]);
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
    const counter = reader.varint(COUNTER_MAX);
    stamp = stamp === 0 ? reader.fixed7() : stamp + reader.signed();
    if (!Number.isSafeInteger(stamp) || stamp < 0) reader.fail("a stamp");
    const length = reader.count(2);
    if (length === 0) reader.fail("an operation");
    units.push(readUnit(reader, replica, counter, stamp, length, names));
  }
  return units;
}

/**
 * Reads a transaction of `length` operations.
 *
 * @param previous The operation written before, with which the first shares keys.
 */
export function readUnit(
  reader: ByteReader,
  replica: number,
  firstCounter: number,
  stamp: number,
  length: number,
  names: readonly number[],
  previous: Operation | null = null,
): Unit {
  const unit: Operation[] = [];
  let counter = firstCounter;
  let last = previous;
  while (unit.length < length) {
    last = readOperation(reader, replica, counter, stamp, last, names);
    counter += last.length;
    unit.push(last);
  }
  return unit;
}

/** Reads the name of a replica, which is added to the table. */
export function readName(reader: ByteReader, replicas: ReplicaTable): number {
  const name = reader.text();
  if (!isReplicaName(name)) reader.fail("a replica's name");
  return replicas.indexOf(name);
}
