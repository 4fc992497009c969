import type { ByteReader } from "../bytes.ts";
import { ByteWriter } from "../bytes.ts";
import { STAMP_MAX } from "../hybrid_clock.ts";
import { lastCounter, readName, readUnit, type Unit } from "../message.ts";
import type { Operation } from "../operation.ts";
import { COUNTER_MAX, Names, writeOperation } from "../operation_bytes.ts";
import type { ReplicaTable } from "../replica_table.ts";

/**
 * Writes transactions: those of one replica in a row under one head, so that
 * each takes a byte or two beside its operations.
 */
export function writeUnits(
  writer: ByteWriter,
  units: readonly Unit[],
  replicas: ReplicaTable,
): void {
  const names = new Names(replicas);
  const body = new ByteWriter();
  let previous: Operation | null = null;
  for (let from = 0, to = 0; from < units.length; from = to) {
    const first = (units[from] as Unit)[0] as Operation;
    to = from + 1;
    while (
      to < units.length && isNext(units[to - 1] as Unit, units[to] as Unit)
    ) {
      to++;
    }
    body.varint(names.refer(first.replica));
    body.varint(first.counter);
    body.varint(first.stamp);
    body.varint(to - from);
    let { stamp } = first;
    for (let at = from; at < to; at++) {
      const unit = units[at] as Unit;
      const next = (unit[0] as Operation).stamp;
      // Stamps of one replica grow, but for those of a hostile one.
      body.varint(next >= stamp && unit.length === 1 ? next - stamp + 1 : 0);
      if (next < stamp || unit.length > 1) {
        body.varint(next);
        body.varint(unit.length);
      }
      stamp = next;
      for (const operation of unit) {
        writeOperation(body, operation, previous, names);
        previous = operation;
      }
    }
  }
  writer.varint(units.length);
  names.write(writer);
  writer.raw(body.finish());
}

/** Whether `unit` goes on where `before` ends. */
function isNext(before: Unit, unit: Unit): boolean {
  const [first] = unit;
  return before[0]?.replica === first?.replica &&
    lastCounter(before) + 1 === first?.counter;
}

/** Reads what {@linkcode writeUnits} wrote. */
export function readUnits(reader: ByteReader, replicas: ReplicaTable): Unit[] {
  const units: Unit[] = [];
  const total = reader.count(2);
  const names: number[] = [];
  for (let count = reader.count(2); count > 0; count--) {
    names.push(readName(reader, replicas));
  }
  let previous: Operation | null = null;
  while (units.length < total) {
    const replica = names[reader.varint()] ?? reader.fail("a replica");
    let counter = reader.varint(COUNTER_MAX);
    let stamp = reader.varint(STAMP_MAX);
    for (let left = reader.varint(total - units.length); left > 0; left--) {
      const step = reader.varint();
      stamp = step > 0 ? stamp + step - 1 : reader.varint(STAMP_MAX);
      if (stamp > STAMP_MAX) reader.fail("a stamp");
      const length = step > 0 ? 1 : reader.count(2);
      if (length === 0) reader.fail("an operation");
      const unit: Unit = readUnit(
        reader,
        replica,
        counter,
        stamp,
        length,
        names,
        previous,
      );
      counter = lastCounter(unit) + 1;
      previous = unit[length - 1] as Operation;
      units.push(unit);
    }
  }
  return units;
}
