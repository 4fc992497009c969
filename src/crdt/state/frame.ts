import { crc32 } from "../../base/crc32.ts";
import { DistflowError } from "../../base/errors.ts";

/** The first byte of everything that is framed; no message begins with it. */
const MAGIC = 0xdf;
/** The version of the formats inside, all of them together. */
const VERSION = 1;
/** Bytes before the payload: magic, version, kind, length, their check. */
const HEAD_LENGTH = 8;
/** Bytes behind the payload: the checksum of all before. */
const TAIL_LENGTH = 4;

/** A whole state. */
export const STATE = 1;
/** What one replica lacks of another's state. */
export const DIFF = 2;
/** Fingerprints of ranges of places. */
export const DIGEST = 3;
/** What replicas are known to have applied. */
export const KNOWLEDGE = 4;
/** The state of some places only. */
export const PART = 5;

/** What a frame may hold. */
export type FrameKind =
  | typeof STATE
  | typeof DIFF
  | typeof DIGEST
  | typeof KNOWLEDGE
  | typeof PART;

/** Part of some bytes that is a frame. */
export interface Frame {
  /** What it holds. */
  readonly kind: FrameKind;
  /** The content, without head and checksum. */
  readonly payload: Uint8Array;
  /** Where the next one starts. */
  readonly end: number;
}

/** Throws that saved bytes are not what they should be. */
export function failToRead(what: string): never {
  throw new DistflowError("CORRUPT_DATA", `Cannot read saved data: ${what}`);
}

/** Puts a head and a checksum around `payload`. */
export function writeFrame(kind: FrameKind, payload: Uint8Array): Uint8Array {
  const { length } = payload;
  if (length > 0xffff_ffff) {
    throw new DistflowError("LIMIT_REACHED", `Cannot save ${length} bytes`);
  }
  const bytes = new Uint8Array(HEAD_LENGTH + length + TAIL_LENGTH);
  const view = new DataView(bytes.buffer);
  bytes[0] = MAGIC;
  bytes[1] = VERSION;
  bytes[2] = kind;
  view.setUint32(3, length);
  // So that a damaged length is not taken for a torn end.
  bytes[7] = crc32(bytes, 0, 7) & 255;
  bytes.set(payload, HEAD_LENGTH);
  const end = HEAD_LENGTH + length;
  view.setUint32(end, crc32(bytes, 0, end));
  return bytes;
}

/** Whether bytes are framed, or a message. */
export function isFramed(bytes: Uint8Array): boolean {
  return bytes[0] === MAGIC;
}

/**
 * Reads the frame at `from`; `null` if the bytes end before it does.
 *
 * @throws {DistflowError} `CORRUPT_DATA` if it is none, or was altered.
 */
export function readFrame(bytes: Uint8Array, from = 0): Frame | null {
  const left = bytes.length - from;
  const view = new DataView(bytes.buffer, bytes.byteOffset + from, left);
  if (left >= 1 && bytes[from] !== MAGIC) {
    failToRead("it does not begin as it must");
  }
  if (left >= 2 && bytes[from + 1] !== VERSION) {
    failToRead(`version ${bytes[from + 1]} is not known`);
  }
  if (left < HEAD_LENGTH) return null;
  if (bytes[from + 7] !== (crc32(bytes, from, from + 7) & 255)) {
    failToRead("its head was altered");
  }
  const start = from + HEAD_LENGTH;
  const length = view.getUint32(3);
  if (left < HEAD_LENGTH + length + TAIL_LENGTH) return null;
  if (
    view.getUint32(HEAD_LENGTH + length) !== crc32(bytes, from, start + length)
  ) {
    failToRead("its checksum differs");
  }
  return {
    kind: bytes[from + 2] as FrameKind,
    payload: bytes.subarray(start, start + length),
    end: start + length + TAIL_LENGTH,
  };
}

/**
 * Reads bytes that are one frame and no more.
 *
 * @throws {DistflowError} `CORRUPT_DATA` if they are not.
 */
export function readOnlyFrame(bytes: Uint8Array): Frame {
  const frame = readFrame(bytes);
  if (frame === null) return failToRead("it was cut off");
  if (frame.end !== bytes.length) {
    return failToRead("more follows than it says");
  }
  return frame;
}
