import { DistflowError, invariant } from "../base/errors.ts";
import { violation } from "./fields.ts";

/** Bytes of a frame's header: the length of its body, big-endian. */
export const FRAME_HEADER_BYTES = 4;

/** Told of each frame's text; returns false to hold back the frames behind it. */
export type FrameSink = (text: string, byteCount: number) => boolean;

const FIRST_BUFFER_BYTES = 4096;

/**
 * Cuts a stream of bytes into frames.
 *
 * A frame that lies whole within the bytes at hand is decoded in place; only a
 * cut one is copied, into a buffer that grows with what really arrived, never
 * with what a length field claims. Costs one pass over the bytes.
 */
export class FrameDecoder {
  readonly #utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
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
    if (this.#keptCount === 0 && !this.#held) {
      const used = this.#cut(bytes);
      if (used < bytes.length) this.#keep(bytes.subarray(used));
      return;
    }
    this.#keep(bytes);
    if (!this.#held) this.#cutKept();
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
      const text = this.#decode(bytes.subarray(bodyStart, bodyEnd));
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
    if (this.#keptCount === 0) this.#kept = undefined;
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

  #decode(body: Uint8Array): string {
    try {
      return this.#utf8.decode(body);
    } catch (error) {
      throw violation("a frame that is not UTF-8", error);
    }
  }

  #keep(bytes: Uint8Array): void {
    const count = this.#keptCount + bytes.length;
    if (this.#kept === undefined || this.#kept.length < count) {
      const doubled = (this.#kept?.length ?? 0) * 2;
      const grown = new Uint8Array(
        Math.max(count, doubled, FIRST_BUFFER_BYTES),
      );
      if (this.#kept) grown.set(this.#kept.subarray(0, this.#keptCount));
      this.#kept = grown;
    }
    this.#kept.set(bytes, this.#keptCount);
    this.#keptCount = count;
  }
}

const encoder = new TextEncoder();
const SLAB_BYTES = 256 * 1024;
const ENCODE_IN_PLACE_UNITS = 72 * 1024;

/**
 * Writes frames one behind the other into memory that many connections share.
 *
 * What `take` returned belongs to the transport; the next frames go behind it
 * in the same slab, so a small write does not cost a buffer of its own.
 */
export class FrameWriter {
  #slab: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;

  /** Bytes written since the last `take`. */
  get byteCount(): number {
    return this.#end - this.#start;
  }

  /** Appends a frame with the JSON `text`; returns its body's bytes. */
  add(text: string): number {
    const written = text.length > ENCODE_IN_PLACE_UNITS
      ? this.#addLarge(text)
      : this.#addSmall(text);
    this.#slab[this.#end] = written >>> 24;
    this.#slab[this.#end + 1] = written >>> 16;
    this.#slab[this.#end + 2] = written >>> 8;
    this.#slab[this.#end + 3] = written;
    this.#end += FRAME_HEADER_BYTES + written;
    return written;
  }

  /** UTF-8 needs at most three bytes for each UTF-16 unit: reserves them. */
  #addSmall(text: string): number {
    this.#reserve(FRAME_HEADER_BYTES + text.length * 3);
    const body = this.#slab.subarray(this.#end + FRAME_HEADER_BYTES);
    const { read, written } = encoder.encodeInto(text, body);
    invariant(read === text.length, "a frame's text fits what was reserved");
    return written;
  }

  /** Reserving three times a large text would cost more than a copy of it. */
  #addLarge(text: string): number {
    const body = encoder.encode(text);
    this.#reserve(FRAME_HEADER_BYTES + body.length);
    this.#slab.set(body, this.#end + FRAME_HEADER_BYTES);
    return body.length;
  }

  /** All bytes since the last `take`, to be handed to a connection. */
  take(): Uint8Array {
    const bytes = this.#slab.subarray(this.#start, this.#end);
    this.#start = this.#end;
    return bytes;
  }

  #reserve(byteCount: number): void {
    if (this.#slab.length - this.#end >= byteCount) return;
    const pending = this.#slab.subarray(this.#start, this.#end);
    const slab = new Uint8Array(
      Math.max(SLAB_BYTES, pending.length + byteCount),
    );
    slab.set(pending);
    this.#slab = slab;
    this.#start = 0;
    this.#end = pending.length;
  }
}

/** The UTF-8 length of `text` in bytes; a lone surrogate counts as three. */
export function utf8Length(text: string): number {
  return encoder.encode(text).length;
}
