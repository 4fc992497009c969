import { ByteReader, ByteWriter } from "../bytes.ts";
import { COUNTER_MAX } from "../operation_bytes.ts";
import { isReplicaName, type ReplicaTable } from "../replica_table.ts";
import { VersionVector } from "../version_vector.ts";
import { type Frame, KNOWLEDGE, writeFrame } from "./frame.ts";

/** What one replica was last known to have done. */
export interface Knowledge {
  /** What it had applied. */
  readonly applied: VersionVector;
  /** Up to where it never names again what was removed. */
  readonly retired: VersionVector;
}

/** What one document knows of all, by the indexes of another's table. */
export interface Report {
  /** What was stable when something was last forgotten there. */
  readonly floor: VersionVector;
  /** What each replica has applied and retired, the writer first. */
  readonly rows: readonly (readonly [replica: number, Knowledge])[];
  /** Replicas that were retired. */
  readonly gone: readonly number[];
  /** What newcomers had seen. */
  readonly newcomers: readonly (readonly [replica: number, VersionVector])[];
}

/** Writes a report by the indexes of the writer's table. */
export function writeReport(
  writer: ByteWriter,
  { floor, rows, gone, newcomers }: Report,
): void {
  writeVector(writer, floor);
  writer.varint(rows.length);
  for (const [replica, { applied, retired }] of rows) {
    writer.varint(replica);
    writeVector(writer, applied);
    writeVector(writer, retired);
  }
  writer.varint(gone.length);
  for (const replica of gone) writer.varint(replica);
  writer.varint(newcomers.length);
  for (const [replica, seen] of newcomers) {
    writer.varint(replica);
    writeVector(writer, seen);
  }
}

/**
 * Reads a report.
 *
 * @param replicas What each replica of the writer is here.
 */
export function readReport(
  reader: ByteReader,
  replicas: readonly number[],
): Report {
  const indexOf = () => replicas[reader.varint()] ?? reader.fail("a replica");
  const floor = readVector(reader, replicas);
  const rows: [number, Knowledge][] = [];
  for (let count = reader.count(3); count > 0; count--) {
    const replica = indexOf();
    const applied = readVector(reader, replicas);
    rows.push([replica, { applied, retired: readVector(reader, replicas) }]);
  }
  if (rows.length === 0) reader.fail("what its writer knows");
  const gone: number[] = [];
  for (let count = reader.count(); count > 0; count--) gone.push(indexOf());
  const newcomers: [number, VersionVector][] = [];
  for (let count = reader.count(2); count > 0; count--) {
    newcomers.push([indexOf(), readVector(reader, replicas)]);
  }
  return { floor, rows, gone, newcomers };
}

/** An acknowledgement: a report, with the names of the replicas. */
export function encodeReport(
  report: Report,
  replicas: ReplicaTable,
): Uint8Array {
  const writer = new ByteWriter();
  writeNames(writer, replicas);
  writeReport(writer, report);
  return writeFrame(KNOWLEDGE, writer.finish());
}

/**
 * What an acknowledgement says.
 *
 * @throws {DistflowError} `CORRUPT_DATA` if the frame holds none.
 */
export function decodeReport(
  { kind, payload }: Frame,
  replicas: ReplicaTable,
): Report {
  const reader = new ByteReader(payload);
  if (kind !== KNOWLEDGE) reader.fail("an acknowledgement");
  const indexes = readNames(reader).map((name) => replicas.indexOf(name));
  const report = readReport(reader, indexes);
  if (reader.remaining > 0) reader.fail("the end of an acknowledgement");
  return report;
}

/** Writes a vector by the indexes of the writer's table. */
export function writeVector(writer: ByteWriter, vector: VersionVector): void {
  const dots: number[] = [];
  vector.forEach((replica, counter) => dots.push(replica, counter));
  writer.varint(dots.length / 2);
  for (const number of dots) writer.varint(number);
}

/** Reads a vector; `replicas` are what each of the writer's is here. */
export function readVector(
  reader: ByteReader,
  replicas: readonly number[],
): VersionVector {
  const vector = new VersionVector();
  for (let count = reader.count(2); count > 0; count--) {
    const replica = replicas[reader.varint()];
    const counter = reader.varint(COUNTER_MAX);
    if (counter === 0) reader.fail("a vector");
    vector.raise(replica ?? reader.fail("a replica"), counter);
  }
  return vector;
}

/** Writes the names of a table, in its order. */
export function writeNames(writer: ByteWriter, replicas: ReplicaTable): void {
  writer.varint(replicas.count);
  for (const name of replicas.names) writer.text(name);
}

/** Reads names, each of which comes once. */
export function readNames(reader: ByteReader): string[] {
  const names: string[] = [];
  for (let count = reader.count(2); count > 0; count--) {
    const name = reader.text();
    if (!isReplicaName(name)) reader.fail("a replica's name");
    names.push(name);
  }
  if (new Set(names).size !== names.length) reader.fail("names, each once");
  return names;
}
