import { crc32 } from "../base/crc32.ts";
import { DistflowError } from "../base/errors.ts";

/**
 * Before each record stand its length, its checksum, and the checksum of these
 * two, four bytes each.
 *
 * The third is there for the length: if it was altered, it would point behind
 * the end of the file, and all that follows would look like one torn record.
 */
const HEADER_SIZE = 12;
const SUM_AT = 4;
const HEADER_SUM_AT = 8;

/** Bytes that a record may have. */
export const RECORD_SIZE_MAX = 0x7fff_ffff;

/**
 * A record as it stands in a file.
 *
 * @throws {DistflowError} `LIMIT_REACHED` above {@linkcode RECORD_SIZE_MAX}.
 */
export function encodeRecord(bytes: Uint8Array): Uint8Array {
  if (bytes.length > RECORD_SIZE_MAX) {
    throw new DistflowError(
      "LIMIT_REACHED",
      `Cannot append ${bytes.length} bytes: the most is ${RECORD_SIZE_MAX}`,
    );
  }
  const record = new Uint8Array(HEADER_SIZE + bytes.length);
  const view = new DataView(record.buffer);
  view.setUint32(0, bytes.length);
  view.setUint32(SUM_AT, crc32(bytes));
  view.setUint32(HEADER_SUM_AT, crc32(record, 0, HEADER_SUM_AT));
  record.set(bytes, HEADER_SIZE);
  return record;
}

/**
 * The records of a file, without a torn end: the last one, if the file ends
 * before it does or with bytes that are not its own, as a process or a machine
 * that died while it wrote may leave it. Zeros at the end are nothing that was
 * written: the disk may have the size of a file before it has its bytes.
 *
 * No row of zeros is a record, not even one without bytes: the checksum of its
 * header is another number.
 *
 * @param path The file's, for the error.
 * @returns The records, and where the next one belongs.
 * @throws {DistflowError} `CORRUPT_DATA` if something follows a record that was
 * altered, or if its header was, so that nobody knows what follows.
 */
export function decodeRecords(
  file: Uint8Array,
  path: string,
): { records: Uint8Array[]; end: number } {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const records: Uint8Array[] = [];
  let end = 0;
  while (end + HEADER_SIZE <= file.length) {
    const headerSum = crc32(file, end, end + HEADER_SUM_AT);
    if (view.getUint32(end + HEADER_SUM_AT) !== headerSum) {
      // A header of which a part was written lacks its last byte.
      if (isZeroFrom(file, end + HEADER_SIZE - 1)) break;
      fail(path, end);
    }
    const start = end + HEADER_SIZE;
    const next = start + view.getUint32(end);
    if (next > file.length) break;
    if (crc32(file, start, next) !== view.getUint32(end + SUM_AT)) {
      if (isZeroFrom(file, next)) break;
      fail(path, end);
    }
    records.push(file.slice(start, next));
    end = next;
  }
  return { records, end };
}

/** Whether there is nothing, or nothing but zeros, from `index` on. */
function isZeroFrom(file: Uint8Array, index: number): boolean {
  return file.subarray(index).every((byte) => byte === 0);
}

function fail(path: string, offset: number): never {
  throw new DistflowError(
    "CORRUPT_DATA",
    `Cannot read "${path}": the message at byte ${offset} was altered. Restore the file from a copy, or cut it off there to go on without what follows`,
    { details: { path, offset } },
  );
}
