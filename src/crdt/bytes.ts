import { DistflowError } from "../base/errors.ts";
import type { JsonValue } from "../base/json.ts";
import { keepHiddenClass } from "./hidden_class.ts";
import { defineEntry, DEPTH_MAX } from "./values.ts";

const NULL = 0;
const FALSE = 1;
const TRUE = 2;
const POSITIVE = 3;
const NEGATIVE = 4;
const DOUBLE = 5;
const STRING = 6;
const ARRAY = 7;
const OBJECT = 8;
/** From here to {@linkcode SMALL_INTEGER}: a string of that many bytes. */
const SHORT_STRING = 0x10;
const SHORT_STRING_MAX = 0x2f;
/** From here on: a small integer. */
const SMALL_INTEGER = 0x40;
const SMALL_INTEGER_MAX = 0xff - SMALL_INTEGER;

/** Bytes that {@linkcode ByteWriter} starts with. */
const CAPACITY_MIN = 256;

/** A greater buffer is not kept for the next writer. */
const SPARE_SIZE_MAX = 64 * 1024;

/**
 * The buffer of a writer that has finished. Most write one short message, and
 * two new buffers for each took more time than all that was written to them.
 */
let spare: Uint8Array | null = null;

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** Where doubles become bytes. */
const doubles: DataView = new DataView(new ArrayBuffer(8));

/** Longer strings are left to the runtime's encoder and decoder. */
const LOOP_LENGTH_MAX = 24;

/** More bytes are left to the runtime to copy. */
const COPY_LOOP_SIZE_MAX = 256;

const encoder: TextEncoder = new TextEncoder();
const decoder: TextDecoder = new TextDecoder("utf-8", {
  fatal: true,
  // A text may begin with a byte order mark; it is one of its units.
  ignoreBOM: true,
});

/** Writes numbers, texts and JSON values one after the other. */
export class ByteWriter {
  #bytes: Uint8Array = NO_BYTES;
  #length = 0;

  /** How many bytes were written. */
  get length(): number {
    return this.#length;
  }

  /** Writes one byte. */
  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** Writes a whole number from 0 to 2^53 - 1, seven bits a byte. */
  varint(value: number): void {
    let rest = value;
    while (rest > 0x7fff_ffff) {
      this.byte((rest % 128) | 128);
      rest = Math.floor(rest / 128);
    }
    while (rest > 127) {
      this.byte((rest & 127) | 128);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  /** Writes a whole number of either sign, whose size is below 2^52. */
  signed(value: number): void {
    this.varint(value < 0 ? -value * 2 - 1 : value * 2);
  }

  /** Writes a whole number below 2^56 in seven bytes. */
  fixed7(value: number): void {
    this.#reserve(7);
    const bytes = this.#bytes;
    const at = this.#length;
    const high = Math.floor(value / 2 ** 24);
    const low = value % 2 ** 24;
    bytes[at] = high >>> 24;
    bytes[at + 1] = high >>> 16;
    bytes[at + 2] = high >>> 8;
    bytes[at + 3] = high;
    bytes[at + 4] = low >>> 16;
    bytes[at + 5] = low >>> 8;
    bytes[at + 6] = low;
    this.#length = at + 7;
  }

  /** Writes any number. */
  double(value: number): void {
    doubles.setFloat64(0, value);
    for (let index = 0; index < 8; index++) this.byte(doubles.getUint8(index));
  }

  /** Writes a text and its length. */
  text(value: string): void {
    if (this.#shortText(value, 0)) return;
    const length = byteLengthOf(value);
    this.varint(length);
    this.#textBytes(value, length);
  }

  /** Writes bytes as they are. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Writes those of `bytes` from `from` to before `to`. */
  copy(bytes: Uint8Array, from: number, to: number): void {
    const count = to - from;
    this.#reserve(count);
    const target = this.#bytes;
    const shift = this.#length - from;
    this.#length += count;
    if (count > COPY_LOOP_SIZE_MAX) {
      target.set(bytes.subarray(from, to), from + shift);
      return;
    }
    // Making the view takes longer than few bytes do.
    for (let at = from; at < to; at++) target[at + shift] = bytes[at] as number;
  }

  /** Writes a JSON value. */
  value(value: JsonValue): void {
    switch (typeof value) {
      case "number":
        return this.#number(value);
      case "string": {
        if (this.#shortText(value, SHORT_STRING)) return;
        const length = byteLengthOf(value);
        if (length <= SHORT_STRING_MAX - SHORT_STRING) {
          this.byte(SHORT_STRING + length);
          return this.#textBytes(value, length);
        }
        this.byte(STRING);
        this.varint(length);
        return this.#textBytes(value, length);
      }
      case "boolean":
        return this.byte(value ? TRUE : FALSE);
      default:
        if (value === null) return this.byte(NULL);
        return this.#container(value);
    }
  }

  #container(value: object): void {
    if (Array.isArray(value)) {
      this.byte(ARRAY);
      this.varint(value.length);
      for (const item of value) this.value(item);
      return;
    }
    const entries = Object.entries(value as { [key: string]: JsonValue });
    this.byte(OBJECT);
    this.varint(entries.length);
    for (const [key, entry] of entries) {
      this.text(key);
      this.value(entry);
    }
  }

  #number(value: number): void {
    if (!Number.isSafeInteger(value)) {
      this.byte(DOUBLE);
      this.double(value);
    } else if (value >= 0 && value <= SMALL_INTEGER_MAX) {
      this.byte(SMALL_INTEGER + value);
    } else {
      this.byte(value < 0 ? NEGATIVE : POSITIVE);
      this.varint(Math.abs(value));
    }
  }

  /** Writes a short text of units below 128 in one go; returns whether it is one. */
  #shortText(value: string, tag: number): boolean {
    const { length } = value;
    if (length > LOOP_LENGTH_MAX) return false;
    this.#reserve(length + 1);
    const bytes = this.#bytes;
    const at = this.#length + 1;
    for (let index = 0; index < length; index++) {
      const unit = value.charCodeAt(index);
      if (unit > 127) return false;
      bytes[at + index] = unit;
    }
    bytes[at - 1] = tag + length;
    this.#length = at + length;
    return true;
  }

  #textBytes(value: string, length: number): void {
    this.#reserve(length);
    encoder.encodeInto(value, this.#bytes.subarray(this.#length));
    this.#length += length;
  }

  /**
   * What was written, as it lies here, and what may come behind it: only until
   * more is written.
   */
  get buffer(): Uint8Array {
    return this.#bytes;
  }

  /** Forgets what was written. */
  clear(): void {
    this.#length = 0;
  }

  /** A copy of what was written; the writer is empty again. */
  finish(): Uint8Array {
    const bytes = this.#bytes;
    const written = bytes.slice(0, this.#length);
    if (bytes.length <= SPARE_SIZE_MAX && bytes !== NO_BYTES) spare = bytes;
    this.#bytes = NO_BYTES;
    this.#length = 0;
    return written;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed > this.#bytes.length) this.#grow(needed);
  }

  #grow(needed: number): void {
    const bytes = spare !== null && spare.length >= needed
      ? spare
      : new Uint8Array(Math.max(needed, this.#bytes.length * 2, CAPACITY_MIN));
    if (bytes === spare) spare = null;
    if (this.#length > 0) bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
  }
}

function byteLengthOf(value: string): number {
  let length = value.length;
  for (let index = 0; index < value.length; index++) {
    const unit = value.charCodeAt(index);
    if (unit < 0x80) continue;
    // A surrogate pair has four bytes: two for each half.
    length += unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 1 : 2;
  }
  return length;
}

/**
 * Reads what {@linkcode ByteWriter} wrote. Nothing is trusted: each length is
 * checked against what is there before anything is made of it.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at: number;

  /** Makes a reader at the first of `bytes`, or at another one. */
  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** Which byte is read next. */
  get position(): number {
    return this.#at;
  }

  /** How many bytes are left. */
  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  /** Ends the reading: the bytes are not what they should be. */
  fail(what: string): never {
    throw new DistflowError(
      "CORRUPT_DATA",
      `Cannot read ${what} at byte ${this.#at} of ${this.#bytes.length}`,
    );
  }

  /** Reads one byte. */
  byte(): number {
    const value = this.#bytes[this.#at];
    if (value === undefined) return this.fail("a byte");
    this.#at++;
    return value;
  }

  /** Reads a whole number of at most `max`. */
  varint(max: number = Number.MAX_SAFE_INTEGER): number {
    let value = this.byte();
    if (value < 128) return value <= max ? value : this.#failAbove(max);
    value -= 128;
    let scale = 128;
    for (let count = 1; count < 8; count++) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) {
        return value <= max ? value : this.#failAbove(max);
      }
      scale *= 128;
    }
    return this.fail("a number of at most eight bytes");
  }

  #failAbove(max: number): never {
    return this.fail(`a number of at most ${max}`);
  }

  /** Reads how many things follow, each of at least `bytesEach` bytes. */
  count(bytesEach = 1): number {
    const count = this.varint();
    if (count * bytesEach > this.remaining) this.fail(`${count} things`);
    return count;
  }

  /** Reads a whole number of either sign. */
  signed(): number {
    const value = this.varint();
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
  }

  /** Reads a whole number of seven bytes that is exact in a double. */
  fixed7(): number {
    this.#need(7);
    let value = 0;
    for (let count = 0; count < 7; count++) value = value * 256 + this.byte();
    return Number.isSafeInteger(value) ? value : this.fail("a stamp");
  }

  /** Reads a finite number. */
  double(): number {
    this.#need(8);
    for (let index = 0; index < 8; index++) {
      doubles.setUint8(index, this.byte());
    }
    const value = doubles.getFloat64(0);
    return Number.isFinite(value) && !Object.is(value, -0)
      ? value
      : this.fail("a finite number");
  }

  /** Reads a text. */
  text(): string {
    return this.#textBytes(this.varint());
  }

  /** Reads `length` bytes as they are. */
  raw(length: number): Uint8Array {
    this.#need(length);
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return bytes;
  }

  /** Reads a JSON value. */
  value(depth = 0): JsonValue {
    const tag = this.byte();
    if (tag >= SMALL_INTEGER) return tag - SMALL_INTEGER;
    if (tag >= SHORT_STRING && tag <= SHORT_STRING_MAX) {
      return this.#textBytes(tag - SHORT_STRING);
    }
    switch (tag) {
      case NULL:
        return null;
      case FALSE:
        return false;
      case TRUE:
        return true;
      case POSITIVE:
        return this.varint();
      case NEGATIVE:
        // Subtracted, as there is no negative zero.
        return 0 - this.varint();
      case DOUBLE:
        return this.double();
      case STRING:
        return this.text();
    }
    if (depth >= DEPTH_MAX) this.fail(`a value of at most ${DEPTH_MAX} levels`);
    return tag === ARRAY
      ? this.#array(depth)
      : tag === OBJECT
      ? this.#object(depth)
      : this.fail("a value");
  }

  #array(depth: number): JsonValue {
    const items: JsonValue[] = [];
    for (let count = this.count(); count > 0; count--) {
      items.push(this.value(depth + 1));
    }
    return Object.freeze(items);
  }

  #object(depth: number): JsonValue {
    const object: Record<string, JsonValue> = {};
    for (let count = this.count(2); count > 0; count--) {
      const key = this.text();
      defineEntry(object, key, this.value(depth + 1));
    }
    return Object.freeze(object);
  }

  #textBytes(length: number): string {
    this.#need(length);
    const from = this.#at;
    const to = from + length;
    this.#at = to;
    if (length <= LOOP_LENGTH_MAX) {
      const text = asciiText(this.#bytes, from, to);
      if (text !== undefined) return text;
    }
    try {
      return decoder.decode(this.#bytes.subarray(from, to));
    } catch {
      return this.fail("UTF-8");
    }
  }

  #need(count: number): void {
    if (count > this.remaining) this.fail(`${count} bytes`);
  }
}

/** A short text of units below 128; `undefined` if there are others. */
function asciiText(
  bytes: Uint8Array,
  from: number,
  to: number,
): string | undefined {
  let text = "";
  let at = from;
  // Many units a call: each call and each concatenation makes a string.
  for (; at + 8 <= to; at += 8) {
    const a = bytes[at] as number;
    const b = bytes[at + 1] as number;
    const c = bytes[at + 2] as number;
    const d = bytes[at + 3] as number;
    const e = bytes[at + 4] as number;
    const f = bytes[at + 5] as number;
    const g = bytes[at + 6] as number;
    const h = bytes[at + 7] as number;
    if ((a | b | c | d | e | f | g | h) > 127) return undefined;
    text += String.fromCharCode(a, b, c, d, e, f, g, h);
  }
  for (; at + 3 <= to; at += 3) {
    const a = bytes[at] as number;
    const b = bytes[at + 1] as number;
    const c = bytes[at + 2] as number;
    if ((a | b | c) > 127) return undefined;
    text += String.fromCharCode(a, b, c);
  }
  for (; at < to; at++) {
    const a = bytes[at] as number;
    if (a > 127) return undefined;
    text += String.fromCharCode(a);
  }
  return text;
}

keepHiddenClass(new ByteReader(NO_BYTES));
