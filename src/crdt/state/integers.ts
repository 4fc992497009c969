import { type ByteReader, ByteWriter } from "../bytes.ts";

/** Shorter repetitions are written out. */
const REPEAT_MIN = 4;

const PLAIN = 0;
const DELTA = 1;

/** Differences beyond are not exact once their sign has taken a bit. */
const SIGNED_MAX = 2 ** 52;

/**
 * Writes whole numbers from 0 on, one after the other; one that repeats takes
 * no more room than once.
 */
export function writeRuns(
  writer: ByteWriter,
  numbers: ArrayLike<number>,
): void {
  const count = numbers.length;
  let from = 0;
  let at = 0;
  while (at < count) {
    const value = numbers[at] as number;
    let end = at + 1;
    while (end < count && numbers[end] === value) end++;
    if (end - at >= REPEAT_MIN) {
      writeLiterals(writer, numbers, from, at);
      writer.varint((end - at) * 2 + 1);
      writer.varint(value);
      from = end;
    }
    at = end;
  }
  writeLiterals(writer, numbers, from, count);
}

function writeLiterals(
  writer: ByteWriter,
  numbers: ArrayLike<number>,
  from: number,
  to: number,
): void {
  if (from === to) return;
  writer.varint((to - from) * 2);
  for (let at = from; at < to; at++) writer.varint(numbers[at] as number);
}

/**
 * Reads `count` numbers, each at most `max`. The caller knows that there may be
 * so many: a few bytes can stand for any number of them.
 */
export function readRuns(
  reader: ByteReader,
  count: number,
  max: number = Number.MAX_SAFE_INTEGER,
): Float64Array {
  const numbers = new Float64Array(count);
  let at = 0;
  while (at < count) {
    const head = reader.varint();
    const length = Math.floor(head / 2);
    if (length === 0 || length > count - at) reader.fail("a run of numbers");
    const end = at + length;
    if (head % 2 === 1) {
      numbers.fill(reader.varint(max), at, end);
      at = end;
    } else while (at < end) numbers[at++] = reader.varint(max);
  }
  return numbers;
}

/**
 * Writes whole numbers of either sign below 2^52, or their differences, if that
 * is shorter.
 */
export function writeIntegers(
  writer: ByteWriter,
  numbers: ArrayLike<number>,
): void {
  const count = numbers.length;
  const plain = new Float64Array(count);
  const delta = new Float64Array(count);
  let before = 0;
  let canDelta = true;
  for (let at = 0; at < count; at++) {
    const value = numbers[at] as number;
    const difference = value - before;
    plain[at] = zigzag(value);
    delta[at] = zigzag(difference);
    if (Math.abs(difference) >= SIGNED_MAX) canDelta = false;
    before = value;
  }
  const first = new ByteWriter();
  writeRuns(first, plain);
  const second = new ByteWriter();
  if (canDelta) writeRuns(second, delta);
  const isDelta = canDelta && second.length < first.length;
  writer.byte(isDelta ? DELTA : PLAIN);
  writer.raw((isDelta ? second : first).finish());
}

/** Reads `count` numbers that {@linkcode writeIntegers} wrote. */
export function readIntegers(reader: ByteReader, count: number): Float64Array {
  const mode = reader.byte();
  if (mode !== PLAIN && mode !== DELTA) reader.fail("a column of numbers");
  const numbers = readRuns(reader, count);
  let before = 0;
  for (let at = 0; at < count; at++) {
    const value = numbers[at] as number;
    const number = value % 2 === 1 ? -(value + 1) / 2 : value / 2;
    before = mode === DELTA ? before + number : number;
    numbers[at] = before;
  }
  return numbers;
}

/** Whether {@linkcode writeIntegers} can write `value`. */
export function isSmallInteger(value: number): boolean {
  return Number.isInteger(value) && Math.abs(value) < SIGNED_MAX;
}

function zigzag(value: number): number {
  return value < 0 ? -value * 2 - 1 : value * 2;
}
