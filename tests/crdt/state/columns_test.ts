import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { ByteReader, ByteWriter } from "../../../src/crdt/bytes.ts";
import {
  readIntegers,
  readRuns,
  writeIntegers,
  writeRuns,
} from "../../../src/crdt/state/integers.ts";
import {
  dotNumber,
  readStamps,
  StampColumn,
} from "../../../src/crdt/state/stamp_column.ts";
import {
  readTextTable,
  TextTableWriter,
} from "../../../src/crdt/state/text_table.ts";
import {
  readValueColumns,
  ValueColumnsWriter,
} from "../../../src/crdt/state/value_columns.ts";

function written(write: (writer: ByteWriter) => void): ByteReader {
  const writer = new ByteWriter();
  write(writer);
  return new ByteReader(writer.finish());
}

/** Numbers of which some come several times in a row. */
function runsOf(number: fc.Arbitrary<number>): fc.Arbitrary<number[]> {
  return fc.array(fc.tuple(number, fc.integer({ min: 1, max: 9 })))
    .map((runs) => runs.flatMap(([value, count]) => Array(count).fill(value)));
}

Deno.test("runs of numbers are read as they were written", () => {
  const numbers = runsOf(fc.maxSafeNat());
  fc.assert(fc.property(numbers, (all) => {
    const reader = written((writer) => writeRuns(writer, all));
    assertEquals([...readRuns(reader, all.length)], all);
    assertEquals(reader.remaining, 0);
  }));
});

Deno.test("integers of either sign are read as they were written", () => {
  const max = 2 ** 52 - 1;
  const numbers = runsOf(fc.oneof(
    fc.maxSafeInteger().filter((value) => Math.abs(value) <= max),
    fc.integer(),
    fc.constantFrom(max, -max, 0),
  ));
  fc.assert(fc.property(numbers, (all) => {
    const reader = written((writer) => writeIntegers(writer, all));
    assertEquals([...readIntegers(reader, all.length)], all);
    assertEquals(reader.remaining, 0);
  }));
});

Deno.test("numbers that count up take a few bytes", () => {
  const numbers = Array.from({ length: 10_000 }, (_, index) => 5 + index * 3);
  const reader = written((writer) => writeIntegers(writer, numbers));
  assertEquals(reader.remaining < 12, true);
});

Deno.test("texts are read as they were written", () => {
  const text = fc.oneof(
    fc.constantFrom("", "a", "ab", "abc", "b", "é", "éa", "😀", "😁", "\ufeff"),
    fc.string({ unit: "grapheme", maxLength: 100 }),
    fc.nat(300).map((count) => "x".repeat(count) + "é"),
  ).filter((each) => each.isWellFormed());
  fc.assert(fc.property(fc.array(text), (all) => {
    const table = new TextTableWriter();
    for (const each of all) table.add(each);
    const reader = written((writer) => table.write(writer));
    assertEquals(readTextTable(reader, all.length, 10_000), all);
    assertEquals(reader.remaining, 0);
  }));
});

Deno.test("keys that come again and again take a byte", () => {
  const table = new TextTableWriter();
  for (let row = 0; row < 1000; row++) {
    for (const key of ["name", "email", "age"]) table.add(key);
  }
  const reader = written((writer) => table.write(writer));
  assertEquals(reader.remaining < 60, true);
});

Deno.test("stamps of dots in any order are read as they were written", () => {
  const dots = fc.array(fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 40 })));
  const base = fc.constantFrom(0, 1, 9e14, 2 ** 53 - 50_000);
  const jitter = fc.nat(400);
  fc.assert(fc.property(dots, base, jitter, (all, start, step) => {
    const stampOf = (replica: number, counter: number) =>
      start + replica * 7 + (counter % 5 === 0 ? 40 - counter : counter * step);
    const column = new StampColumn();
    for (const [replica, counter] of all) {
      column.add(replica, counter, stampOf(replica, counter));
    }
    const reader = written((writer) => column.write(writer));
    const numbers = all.map(([replica, counter]) =>
      dotNumber(replica, counter)
    );
    assertEquals(
      [...readStamps(reader, Float64Array.from(numbers))],
      all.map(([replica, counter]) => stampOf(replica, counter)),
    );
    assertEquals(reader.remaining, 0);
  }));
});

Deno.test("values of all types are read as they were written", () => {
  const value = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom(undefined, 2 ** 53, -(2 ** 52), 1e300, 0.5, ""),
  ).map((each) => each === undefined ? each : JSON.parse(JSON.stringify(each)))
    .filter((each) => JSON.stringify([each]).isWellFormed())
    .filter((each) => !/\\ud[89a-f]/i.test(JSON.stringify([each])));
  fc.assert(fc.property(fc.array(value), (all) => {
    const columns = new ValueColumnsWriter();
    for (const each of all) columns.add(each);
    const reader = written((writer) => columns.write(writer));
    assertEquals(readValueColumns(reader, all.length), all);
    assertEquals(reader.remaining, 0);
  }));
});
