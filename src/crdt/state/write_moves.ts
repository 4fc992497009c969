import type { Branch } from "../branch.ts";
import { ByteWriter } from "../bytes.ts";
import type { MoveLog } from "../move_log.ts";
import { writeIntegers, writeRuns } from "./integers.ts";
import { StampColumn } from "./stamp_column.ts";
import { TextTableWriter } from "./text_table.ts";
import { writeVector } from "./knowledge.ts";
import { HAS_BARRIER, HAS_COVER } from "./write_state.ts";

/**
 * Writes all moves in their order, and what hides things in the places that were
 * ever moved. Where these live follows from it.
 *
 * @param numbers Where each branch stands among all places.
 */
export function writeMoves(
  moves: MoveLog,
  numbers: ReadonlyMap<Branch, number>,
  writer: ByteWriter,
): void {
  const numberOf = (place: Branch) => numbers.get(place) as number;
  const { records } = moves;
  writer.varint(records.length);
  if (records.length === 0) return;
  const keys = new TextTableWriter();
  const stamps = new StampColumn();
  let counter = 0;
  const counters = records.map((record) => {
    stamps.add(record.replica, record.counter, record.stamp);
    if (record.key !== null) keys.add(record.key);
    const step = record.counter - counter;
    counter = record.counter;
    return step;
  });
  writeRuns(writer, records.map(({ replica }) => replica));
  writeIntegers(writer, counters);
  stamps.write(writer);
  // What is gone is 0.
  const nodes = records.map(({ node }) => node && numberOf(node) + 1);
  writeRuns(writer, nodes.map((number) => number ?? 0));
  writeRuns(writer, records.map(({ parent }) => numberOf(parent)));
  writeRuns(writer, records.map(({ key }) => key === null ? 0 : 1));
  keys.write(writer);
  const vectors = new ByteWriter();
  const parts = [...movedIn(records)].map(({ moved }) => {
    const cover = moved?.cover ?? null;
    const barrier = moved?.barrier ?? null;
    if (cover !== null) writeVector(vectors, cover);
    if (barrier !== null) writeVector(vectors, barrier);
    return (cover === null ? 0 : HAS_COVER) |
      (barrier === null ? 0 : HAS_BARRIER);
  });
  writeRuns(writer, parts);
  writer.raw(vectors.finish());
}

/** The places that moves move, in the order of the first move of each. */
export function movedIn(records: MoveLog["records"]): Set<Branch> {
  const nodes = new Set<Branch>();
  for (const { node } of records) if (node !== null) nodes.add(node);
  return nodes;
}
