import { crc32 } from "../base/crc32.ts";

/** Length and checksum before each record, four bytes each. */
const HEADER_SIZE = 8;

/** Bytes that a record may have. */
export const RECORD_SIZE_MAX = 0x7fff_ffff;

/** A record as it stands in a file. */
export function encodeRecord(bytes: Uint8Array): Uint8Array {
  const record = new Uint8Array(HEADER_SIZE + bytes.length);
  const view = new DataView(record.buffer);
  view.setUint32(0, bytes.length);
  view.setUint32(4, crc32(bytes));
  record.set(bytes, HEADER_SIZE);
  return record;
}

/**
 * The records of a file, as far as they are whole: a process that died may have
 * left a part of the last one.
 *
 * @returns The records, and where the next one belongs.
 */
export function decodeRecords(
  file: Uint8Array,
): { records: Uint8Array[]; end: number } {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const records: Uint8Array[] = [];
  let end = 0;
  while (end + HEADER_SIZE <= file.length) {
    const size = view.getUint32(end);
    const start = end + HEADER_SIZE;
    if (size > RECORD_SIZE_MAX || start + size > file.length) break;
    const bytes = file.slice(start, start + size);
    if (crc32(bytes) !== view.getUint32(end + 4)) break;
    records.push(bytes);
    end = start + size;
  }
  return { records, end };
}
