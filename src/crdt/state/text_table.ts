import type { ByteReader, ByteWriter } from "../bytes.ts";
import { readRuns, writeRuns } from "./integers.ts";

/** Bytes that a text may share with the one before: bounds what reading makes. */
const SHARED_MAX = 64;
/** Longer texts are not looked up among those before. */
const LOOKUP_LENGTH_MAX = 64;
/** Bytes that are decoded at once; texts that were cut from one share memory. */
const CHUNK_LENGTH = 32 * 1024;

/** A text that was not there before. */
const NEW = 0;
/** The text that followed the last time that the one before was there. */
const FOLLOWER = 1;
/** From here on: the text of that number. */
const KNOWN = 2;

const encoder: TextEncoder = new TextEncoder();
const decoder: TextDecoder = new TextDecoder("utf-8", {
  fatal: true,
  ignoreBOM: true,
});

/**
 * Collects texts: each distinct one is written once, without the start that it
 * shares with the one before, and known ones as numbers.
 */
export class TextTableWriter {
  readonly #indexes: Map<string, number> = new Map();
  readonly #texts: string[] = [];
  readonly #references: number[] = [];
  readonly #followers: number[] = [];
  #last = -1;

  /** Adds a text, which has no lone surrogates. */
  add(text: string): void {
    const isShort = text.length <= LOOKUP_LENGTH_MAX;
    let index = isShort ? this.#indexes.get(text) : undefined;
    if (index === undefined) {
      index = this.#texts.length;
      this.#texts.push(text);
      this.#followers.push(-1);
      if (isShort) this.#indexes.set(text, index);
      this.#references.push(NEW);
    } else {
      this.#references.push(
        this.#followers[this.#last] === index ? FOLLOWER : index + KNOWN,
      );
    }
    if (this.#last >= 0) this.#followers[this.#last] = index;
    this.#last = index;
  }

  /** Writes all, but not how many were added. */
  write(writer: ByteWriter): void {
    writeRuns(writer, this.#references);
    const count = this.#texts.length;
    const shared = new Float64Array(count);
    const lengths = new Float64Array(count);
    let blob = new Uint8Array(1024);
    let length = 0;
    let before = new Uint8Array(0);
    let bytes = new Uint8Array(LOOKUP_LENGTH_MAX);
    let spare = new Uint8Array(LOOKUP_LENGTH_MAX);
    for (let at = 0; at < count; at++) {
      const text = this.#texts[at] as string;
      if (bytes.length < text.length * 3) {
        bytes = new Uint8Array(text.length * 3);
      }
      const size = encode(text, bytes);
      const start = sharedLength(before, bytes, size);
      shared[at] = start;
      lengths[at] = size - start;
      if (length + size > blob.length) {
        const more = new Uint8Array(Math.max(length + size, blob.length * 2));
        more.set(blob.subarray(0, length));
        blob = more;
      }
      for (let index = start; index < size; index++) {
        blob[length++] = bytes[index] as number;
      }
      before = bytes.subarray(0, size);
      [bytes, spare] = [spare, bytes];
    }
    writer.varint(count);
    writeRuns(writer, shared);
    writeRuns(writer, lengths);
    writer.varint(length);
    writer.raw(blob.subarray(0, length));
  }
}

function encode(text: string, bytes: Uint8Array): number {
  const { length } = text;
  for (let index = 0; index < length; index++) {
    const unit = text.charCodeAt(index);
    if (unit > 127) return encoder.encodeInto(text, bytes).written;
    bytes[index] = unit;
  }
  return length;
}

/** How much two texts share, in whole characters, and never the last byte. */
function sharedLength(
  before: Uint8Array,
  bytes: Uint8Array,
  size: number,
): number {
  const most = Math.min(before.length, size - 1, SHARED_MAX);
  let shared = 0;
  while (shared < most && before[shared] === bytes[shared]) shared++;
  while (shared > 0 && ((bytes[shared] as number) & 0xc0) === 0x80) shared--;
  return Math.max(shared, 0);
}

/**
 * Reads `count` texts that a {@linkcode TextTableWriter} wrote.
 *
 * @param lengthMax UTF-16 units that a text may have.
 */
export function readTextTable(
  reader: ByteReader,
  count: number,
  lengthMax: number,
): readonly string[] {
  const references = readRuns(reader, count);
  const texts = readTexts(reader, lengthMax);
  if (texts.length === count && !references.some((each) => each !== NEW)) {
    return texts;
  }
  const followers = new Int32Array(texts.length).fill(-1);
  const all: string[] = [];
  let newCount = 0;
  let last = -1;
  for (let at = 0; at < count; at++) {
    const reference = references[at] as number;
    const index = reference === NEW
      ? newCount++
      : reference === FOLLOWER
      ? (followers[last] ?? -1)
      : reference - KNOWN;
    if (index < 0 || index >= newCount || newCount > texts.length) {
      reader.fail("a text of the table");
    }
    if (last >= 0) followers[last] = index;
    last = index;
    all.push(texts[index] as string);
  }
  if (newCount !== texts.length) reader.fail("a table of texts in use");
  return all;
}

function readTexts(reader: ByteReader, lengthMax: number): string[] {
  const count = reader.varint();
  // Each text but an empty one has a byte of its own.
  if (count > reader.remaining + 1) reader.fail(`${count} texts`);
  const shared = readRuns(reader, count, SHARED_MAX);
  const lengths = readRuns(reader, count, reader.remaining);
  const blob = reader.raw(reader.varint(reader.remaining));
  const texts: string[] = [];
  let total = 0;
  for (let at = 0; at < count; at++) {
    total += (shared[at] as number) + (lengths[at] as number);
  }
  const bytes = new Uint8Array(total);
  const chunk = new Chunk(reader, bytes, texts);
  let from = 0;
  let source = 0;
  let beforeAt = 0;
  let beforeLength = 0;
  for (let at = 0; at < count; at++) {
    const start = shared[at] as number;
    const length = lengths[at] as number;
    if (start > beforeLength || length > blob.length - source) {
      reader.fail("a text that shares its start");
    }
    if (length === 0 && (start > 0 || at > 0 && beforeLength === 0)) {
      reader.fail("a text of its own");
    }
    let to = from;
    let units = 0;
    for (let index = 0; index < start; index++) {
      const byte = bytes[beforeAt + index] as number;
      bytes[to++] = byte;
      if ((byte & 0xc0) !== 0x80) units += byte < 0xf0 ? 1 : 2;
    }
    for (let index = 0; index < length; index++) {
      const byte = blob[source++] as number;
      bytes[to++] = byte;
      if ((byte & 0xc0) !== 0x80) units += byte < 0xf0 ? 1 : 2;
    }
    if (units > lengthMax) reader.fail(`a text of at most ${lengthMax} units`);
    chunk.add(from, to, units);
    beforeAt = from;
    beforeLength = to - from;
    from = to;
  }
  if (source !== blob.length) reader.fail("the end of the texts");
  chunk.cut();
  return texts;
}

/** Decodes many short texts at once, and cuts them out of the result. */
class Chunk {
  readonly #reader: ByteReader;
  readonly #bytes: Uint8Array;
  readonly #texts: string[];
  readonly #units: number[] = [];
  #from = 0;
  #to = 0;

  constructor(reader: ByteReader, bytes: Uint8Array, texts: string[]) {
    this.#reader = reader;
    this.#bytes = bytes;
    this.#texts = texts;
  }

  add(from: number, to: number, units: number): void {
    if (to - this.#from > CHUNK_LENGTH) {
      this.cut();
      this.#from = from;
    }
    this.#to = to;
    this.#units.push(units);
  }

  cut(): void {
    const text = this.#decode();
    let at = 0;
    for (const units of this.#units) {
      this.#texts.push(text.slice(at, at + units));
      at += units;
    }
    if (at !== text.length) this.#reader.fail("UTF-8");
    this.#units.length = 0;
    this.#from = this.#to;
  }

  #decode(): string {
    try {
      return decoder.decode(this.#bytes.subarray(this.#from, this.#to));
    } catch {
      return this.#reader.fail("UTF-8");
    }
  }
}
