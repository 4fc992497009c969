import { type ByteReader, ByteWriter } from "../bytes.ts";
import { STAMP_MAX } from "../hybrid_clock.ts";
import {
  isSmallInteger,
  readIntegers,
  readRuns,
  writeIntegers,
  writeRuns,
} from "./integers.ts";

/** A dot as one number, which orders the dots of a replica by counter. */
const REPLICA_FACTOR = 2 ** 31;

/** Stamps as they are. */
const PLAIN = 0;
/** How much each is after the stamp before. */
const STEP = 1;
/** The same, less the difference of counters. */
const COUNTED = 2;

/** The number of a dot. */
export function dotNumber(replica: number, counter: number): number {
  return replica * REPLICA_FACTOR + counter;
}

/** The replica in the number of a dot. */
export function replicaOf(dot: number): number {
  return Math.floor(dot / REPLICA_FACTOR);
}

/**
 * Collects the stamps of dots. Each dot's is written once, in the order of dots,
 * in which stamps hardly do anything but grow.
 */
export class StampColumn {
  readonly #dots: number[] = [];
  readonly #stamps: number[] = [];

  /** Adds a dot, in any order, and perhaps more than once. */
  add(replica: number, counter: number, stamp: number): void {
    this.#dots.push(dotNumber(replica, counter));
    this.#stamps.push(stamp);
  }

  /** Writes the stamps, but not the dots. */
  write(writer: ByteWriter): void {
    const dots = Float64Array.from(this.#dots);
    const sorted = distinct(dots);
    const all = new Float64Array(sorted.length);
    const find = makeFind(sorted);
    for (let at = 0; at < dots.length; at++) {
      all[find(dots[at] as number)] = this.#stamps[at] as number;
    }
    writeSorted(writer, sorted, all);
  }
}

function writeSorted(
  writer: ByteWriter,
  dots: Float64Array,
  stamps: Float64Array,
): void {
  const step = new Float64Array(stamps.length);
  const counted = new Float64Array(stamps.length);
  let before = 0;
  for (let at = 0; at < stamps.length; at++) {
    const stamp = stamps[at] as number;
    step[at] = stamp - before;
    counted[at] = stamp - before - countsSince(dots, at);
    before = stamp;
  }
  if (!step.every(isSmallInteger) || !counted.every(isSmallInteger)) {
    writer.byte(PLAIN);
    return writeRuns(writer, stamps);
  }
  const first = new ByteWriter();
  writeIntegers(first, step);
  const second = new ByteWriter();
  writeIntegers(second, counted);
  const isCounted = second.length < first.length;
  writer.byte(isCounted ? COUNTED : STEP);
  writer.raw((isCounted ? second : first).finish());
}

/** Reads the stamp of each of `dots`. */
export function readStamps(
  reader: ByteReader,
  dots: Float64Array,
): Float64Array {
  const sorted = distinct(dots);
  const all = readDistinct(reader, sorted);
  if (sorted === dots) return all;
  const find = makeFind(sorted);
  const stamps = new Float64Array(dots.length);
  for (let at = 0; at < dots.length; at++) {
    stamps[at] = all[find(dots[at] as number)] as number;
  }
  return stamps;
}

function readDistinct(reader: ByteReader, sorted: Float64Array): Float64Array {
  const mode = reader.byte();
  if (mode === PLAIN) return readRuns(reader, sorted.length, STAMP_MAX);
  if (mode !== STEP && mode !== COUNTED) reader.fail("a column of stamps");
  const stamps = readIntegers(reader, sorted.length);
  let stamp = 0;
  for (let at = 0; at < stamps.length; at++) {
    stamp += stamps[at] as number;
    if (mode === COUNTED) stamp += countsSince(sorted, at);
    if (!(stamp >= 0 && stamp <= STAMP_MAX)) reader.fail("a stamp");
    stamps[at] = stamp;
  }
  return stamps;
}

/** How many counters lie between a dot and the one before it. */
function countsSince(sorted: Float64Array, at: number): number {
  const dot = sorted[at] as number;
  const before = at > 0 ? sorted[at - 1] as number : -1;
  return replicaOf(before) === replicaOf(dot)
    ? dot - before
    : dot % REPLICA_FACTOR;
}

/** The distinct ones in order; `dots` itself if it is that already. */
function distinct(dots: Float64Array): Float64Array {
  let isSorted = true;
  for (let at = 1; at < dots.length && isSorted; at++) {
    isSorted = (dots[at] as number) > (dots[at - 1] as number);
  }
  if (isSorted) return dots;
  const sorted = dots.slice().sort();
  let count = 0;
  for (let at = 0; at < sorted.length; at++) {
    const dot = sorted[at] as number;
    if (count === 0 || sorted[count - 1] !== dot) sorted[count++] = dot;
  }
  return sorted.subarray(0, count);
}

/** Finds the place of a dot, next to the last one if it can. */
function makeFind(sorted: Float64Array): (dot: number) => number {
  let last = -1;
  return (dot) => {
    if (sorted[last + 1] === dot) return ++last;
    if (sorted[last] === dot) return last;
    let low = 0;
    let high = sorted.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[middle] as number) < dot) low = middle + 1;
      else high = middle;
    }
    last = low;
    return low;
  };
}
