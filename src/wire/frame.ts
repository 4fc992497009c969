import { DistflowError, invariant } from "../base/errors.ts";
import { violation } from "./fields.ts";

/** Bytes of a frame's header: the length of its body, big-endian. */
export const FRAME_HEADER_BYTES = 4;

/** Told of each frame's text; returns false to hold back the frames behind it. */
export type FrameSink = (text: string, byteCount: number) => boolean;

const FIRST_BUFFER_BYTES = 4096;

/** What decoders kept cut frames in, for the next that does: up to 1 MiB. */
const spares: Uint8Array[] = [];
const SPARES_MAX = 4;
const SPARE_BYTES_MAX = 256 * 1024;

function takeSpare(byteCount: number): Uint8Array | undefined {
  const spare = spares.pop();
  return spare && spare.length >= byteCount ? spare : undefined;
}

function giveSpare(bytes: Uint8Array): void {
  const fits = spares.length < SPARES_MAX && bytes.length <= SPARE_BYTES_MAX;
  if (fits) spares.push(bytes);
}

/**
 * Cuts a stream of bytes into frames.
 *
 * A frame that lies whole within the bytes at hand is decoded in place; only a
 * cut one is copied, into a buffer that grows with what really arrived, never
 * with what a length field claims. Costs one pass over the bytes.
 */
export class FrameDecoder {
  readonly #sink: FrameSink;
  #bodyBytesMax: number;
  #kept: Uint8Array | undefined;
  #keptCount = 0;
  #held = false;

  /**
   * Makes a decoder that tells `sink` of each frame.
   *
   * @param bodyBytesMax The longest body that is accepted, in bytes.
   */
  constructor(bodyBytesMax: number, sink: FrameSink) {
    this.#bodyBytesMax = bodyBytesMax;
    this.#sink = sink;
  }

  /** Changes the longest body accepted, for the frames that follow. */
  set bodyBytesMax(value: number) {
    this.#bodyBytesMax = value;
  }

  /** Whether the sink returned false and `resume` was not called since. */
  get isHeld(): boolean {
    return this.#held;
  }

  /** Bytes kept because their frame is not complete, or is held back. */
  get keptBytes(): number {
    return this.#keptCount;
  }

  /**
   * Takes the next bytes; they are not needed after the call.
   *
   * @throws {DistflowError} `FRAME_TOO_LARGE`, or `PROTOCOL_VIOLATION` for an
   * empty frame or bytes that are not UTF-8. The stream cannot be read on.
   */
  push(bytes: Uint8Array): void {
    let start = 0;
    // Of a frame that was cut, what is missing is copied, and nothing else.
    while (this.#keptCount > 0 && !this.#held && start < bytes.length) {
      const end = Math.min(bytes.length, start + this.#missingBytes());
      this.#keep(bytes.subarray(start, end));
      start = end;
      this.#cutKept();
    }
    if (!this.#held) start += this.#cut(bytes.subarray(start));
    if (start < bytes.length) this.#keep(bytes.subarray(start));
  }

  /** What the header, or else the body, of the frame that is kept lacks. */
  #missingBytes(): number {
    if (this.#kept === undefined || this.#keptCount < FRAME_HEADER_BYTES) {
      return FRAME_HEADER_BYTES - this.#keptCount;
    }
    const bodyBytes = this.#bodyLength(this.#kept, 0);
    return FRAME_HEADER_BYTES + bodyBytes - this.#keptCount;
  }

  /** Goes on after `sink` returned false. Throws as `push` does. */
  resume(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#cutKept();
  }

  /** Hands all whole frames in `bytes` to the sink; returns the bytes used. */
  #cut(bytes: Uint8Array): number {
    let start = 0;
    while (bytes.length - start >= FRAME_HEADER_BYTES) {
      const bodyStart = start + FRAME_HEADER_BYTES;
      const bodyEnd = bodyStart + this.#bodyLength(bytes, start);
      if (bodyEnd > bytes.length) break;
      const text = decodeUtf8(bytes.subarray(bodyStart, bodyEnd));
      start = bodyEnd;
      if (!this.#sink(text, bodyEnd - bodyStart)) {
        this.#held = true;
        break;
      }
    }
    return start;
  }

  #cutKept(): void {
    if (this.#kept === undefined) return;
    const bytes = this.#kept.subarray(0, this.#keptCount);
    const used = this.#cut(bytes);
    if (used === 0) return;
    this.#keptCount -= used;
    if (this.#keptCount === 0) this.#dropKept();
    else this.#kept.copyWithin(0, used, used + this.#keptCount);
  }

  #bodyLength(bytes: Uint8Array, start: number): number {
    let length = 0;
    for (let index = start; index < start + FRAME_HEADER_BYTES; index++) {
      length = length * 256 + (bytes[index] ?? 0);
    }
    if (length === 0) {
      throw violation("an empty frame");
    }
    if (length > this.#bodyBytesMax) {
      throw new DistflowError(
        "FRAME_TOO_LARGE",
        `Cannot read a frame of ${length} bytes: the limit is ${this.#bodyBytesMax}`,
        { details: { byteCount: length, byteCountMax: this.#bodyBytesMax } },
      );
    }
    return length;
  }

  #keep(bytes: Uint8Array): void {
    const count = this.#keptCount + bytes.length;
    if (this.#kept === undefined || this.#kept.length < count) {
      const doubled = (this.#kept?.length ?? 0) * 2;
      const byteCount = Math.max(count, doubled, FIRST_BUFFER_BYTES);
      const grown = takeSpare(byteCount) ?? new Uint8Array(byteCount);
      if (this.#kept) grown.set(this.#kept.subarray(0, this.#keptCount));
      this.#dropKept();
      this.#kept = grown;
    }
    this.#kept.set(bytes, this.#keptCount);
    this.#keptCount = count;
  }

  #dropKept(): void {
    if (this.#kept !== undefined) giveSpare(this.#kept);
    this.#kept = undefined;
  }
}

const lenient = new TextDecoder("utf-8", { ignoreBOM: true });
const strict = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

/**
 * Deno's strict decoding takes 74 µs for 64 KiB, the lenient one 8 µs; and only
 * a text with a replacement character in it may have come from wrong bytes.
 */
function decodeUtf8(body: Uint8Array): string {
  const text = lenient.decode(body);
  if (!text.includes("\uFFFD")) return text;
  try {
    return strict.decode(body);
  } catch (error) {
    throw violation("a frame that is not UTF-8", error);
  }
}

const encoder = new TextEncoder();
const SLAB_BYTES = 256 * 1024;

/** So many slabs that nobody uses are kept: 6 MiB. */
const FREE_MAX = 24;

/** Memory for frames. */
interface Slab {
  readonly bytes: Uint8Array;
  /** Loans of it that were not given back. */
  lentCount: number;
}

/** Frames in memory that their writer wants back. */
export interface Loan {
  readonly bytes: Uint8Array;
  readonly slab: Slab;
}

const COMMA = 0x2c;
const BRACKET_OPEN = 0x5b;
const BRACKET_CLOSE = 0x5d;

/**
 * Writes frames one behind the other into memory that many connections share.
 *
 * What `take` returned belongs to the transport; the next frames go behind it
 * in the same slab, so a small write does not cost a buffer of its own.
 */
export class FrameWriter {
  readonly #slabBytes: number;
  #slab: Slab = makeSlab(0);
  readonly #free: Slab[] = [];
  #start = 0;
  #end = 0;

  /**
   * Makes a writer without memory.
   *
   * @param slabBytes How much it takes at a time: little for a connection that
   * sends little, as 256 KiB cost 30 µs (2026-11).
   */
  constructor(slabBytes: number = SLAB_BYTES) {
    this.#slabBytes = slabBytes;
  }

  /** Bytes written since the last `take`. */
  get byteCount(): number {
    return this.#end - this.#start;
  }

  /** Appends a frame with the JSON `text`; returns its body's bytes. */
  add(text: string): number {
    let start = this.#open(text.length);
    let end = this.#encode(text, start);
    if (end < 0) {
      // More bytes than units, and little room: rare, so found out by trying.
      start = this.#open(utf8Length(text));
      end = this.#encode(text, start);
    }
    invariant(end >= 0, "a frame's text fits what was reserved");
    return this.#close(end - start);
  }

  /**
   * Appends a frame with the array of the JSON texts that are joined with
   * commas in and between `parts`; returns its body's bytes.
   */
  addArray(parts: readonly string[]): number {
    // Joining the parts first would be a copy of them more.
    let units = 1 + parts.length;
    for (const part of parts) units += part.length;
    const start = this.#open(units);
    let end = start;
    let separator = BRACKET_OPEN;
    for (const part of parts) {
      this.#slab.bytes[end] = separator;
      separator = COMMA;
      end = this.#encode(part, end + 1);
      if (end < 0) return this.add(`[${parts.join(",")}]`);
    }
    this.#slab.bytes[end] = BRACKET_CLOSE;
    return this.#close(end + 1 - start);
  }

  /** Reserves a frame with so many bytes; returns where its body starts. */
  #open(bodyBytes: number): number {
    this.#reserve(FRAME_HEADER_BYTES + bodyBytes + 1);
    return this.#end + FRAME_HEADER_BYTES;
  }

  /**
   * Returns where the bytes of `text` end, with room for one more behind them;
   * -1 if they do not fit.
   */
  #encode(text: string, start: number): number {
    const rest = this.#slab.bytes.subarray(
      start,
      Math.max(start, this.#slab.bytes.length - 1),
    );
    const { read, written } = encoder.encodeInto(text, rest);
    return read === text.length ? start + written : -1;
  }

  /** Writes the header of a body that is there. */
  #close(bodyBytes: number): number {
    this.#slab.bytes[this.#end] = bodyBytes >>> 24;
    this.#slab.bytes[this.#end + 1] = bodyBytes >>> 16;
    this.#slab.bytes[this.#end + 2] = bodyBytes >>> 8;
    this.#slab.bytes[this.#end + 3] = bodyBytes;
    this.#end += FRAME_HEADER_BYTES + bodyBytes;
    return bodyBytes;
  }

  /** All bytes since the last call, for good. */
  take(): Uint8Array {
    return this.lend().bytes;
  }

  /** All bytes since the last call, until `giveBack`. */
  lend(): Loan {
    const slab = this.#slab;
    const bytes = slab.bytes.subarray(this.#start, this.#end);
    this.#start = this.#end;
    slab.lentCount++;
    return { bytes, slab };
  }

  /** A copy of all bytes since the last call, in memory of its own. */
  lendCopy(): Loan {
    const bytes = this.#slab.bytes.slice(this.#start, this.#end);
    this.#end = this.#start;
    return { bytes, slab: { bytes, lentCount: 1 } };
  }

  /**
   * Takes back what was lent, once: fresh memory costs four times what it takes
   * to fill it with a text of 16 KiB (2026-11).
   */
  giveBack({ slab }: Loan): void {
    if (--slab.lentCount > 0) return;
    if (slab !== this.#slab) return this.#keep(slab);
    if (this.byteCount > 0) return;
    this.#start = this.#end = 0;
    // What one long frame needed is more than the others do.
    if (slab.bytes.length > this.#slabBytes) this.#slab = makeSlab(0);
  }

  #reserve(byteCount: number): void {
    const full = this.#slab;
    if (full.bytes.length - this.#end >= byteCount) return;
    const pending = full.bytes.subarray(this.#start, this.#end);
    const slab = this.#nextSlab(pending.length + byteCount);
    slab.bytes.set(pending);
    this.#slab = slab;
    this.#start = 0;
    this.#end = pending.length;
    if (full.lentCount === 0) this.#keep(full);
  }

  #nextSlab(byteCount: number): Slab {
    const free = byteCount > this.#slabBytes ? undefined : this.#free.pop();
    if (free !== undefined) return free;
    return makeSlab(Math.max(this.#slabBytes, byteCount));
  }

  #keep(slab: Slab): void {
    if (slab.bytes.length !== this.#slabBytes) return;
    if (this.#free.length < FREE_MAX) this.#free.push(slab);
  }
}

function makeSlab(byteCount: number): Slab {
  return { bytes: new Uint8Array(byteCount), lentCount: 0 };
}

/** The UTF-8 length of `text` in bytes; a lone surrogate counts as three. */
export function utf8Length(text: string): number {
  return encoder.encode(text).length;
}
