/** Four tables of 256 remainders, for four bytes a step; made when needed. */
let tables: Int32Array | null = null;

function makeTables(): Int32Array {
  const table = new Int32Array(4 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let rest = byte;
    for (let bit = 0; bit < 8; bit++) {
      rest = (rest & 1) === 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
    }
    table[byte] = rest;
  }
  for (let index = 256; index < table.length; index++) {
    const before = table[index - 256] as number;
    table[index] = (before >>> 8) ^ (table[before & 255] as number);
  }
  return table;
}

/**
 * The CRC-32 of `bytes` from `from` to before `to`, as in gzip (RFC 1952).
 *
 * It differs whenever what was altered lies within 32 bits in a row, so any
 * single byte is sure to be noticed.
 */
export function crc32(
  bytes: Uint8Array,
  from = 0,
  to: number = bytes.length,
): number {
  const table = tables ??= makeTables();
  let rest = -1;
  let index = from;
  for (; index + 4 <= to; index += 4) {
    rest ^= (bytes[index] as number) | ((bytes[index + 1] as number) << 8) |
      ((bytes[index + 2] as number) << 16) |
      ((bytes[index + 3] as number) << 24);
    rest = (table[768 + (rest & 255)] as number) ^
      (table[512 + ((rest >>> 8) & 255)] as number) ^
      (table[256 + ((rest >>> 16) & 255)] as number) ^
      (table[rest >>> 24] as number);
  }
  for (; index < to; index++) {
    rest = (rest >>> 8) ^
      (table[(rest ^ (bytes[index] as number)) & 255] as number);
  }
  return (rest ^ -1) >>> 0;
}
