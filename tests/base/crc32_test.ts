import { assertEquals } from "@std/assert";
import { crc32 } from "../../src/base/crc32.ts";
import { SeededRandom } from "../../src/base/random.ts";

/** Bit by bit, as the definition has it. */
function modelOf(bytes: Uint8Array): number {
  let rest = 0xffff_ffff;
  for (const byte of bytes) {
    rest ^= byte;
    for (let bit = 0; bit < 8; bit++) {
      rest = (rest & 1) === 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
    }
  }
  return (rest ^ 0xffff_ffff) >>> 0;
}

Deno.test("the checksum is that of gzip, PNG and ZIP", () => {
  const bytes = new TextEncoder().encode("123456789");
  assertEquals(crc32(bytes), 0xcbf43926);
  assertEquals(crc32(new Uint8Array()), 0);
});

Deno.test("the checksum of a part is that of its bytes", () => {
  const random = new SeededRandom(1);
  const bytes = Uint8Array.from({ length: 40 }, () => random.below(256));
  for (let from = 0; from <= bytes.length; from++) {
    for (let to = from; to <= bytes.length; to++) {
      assertEquals(crc32(bytes, from, to), modelOf(bytes.subarray(from, to)));
    }
  }
});
