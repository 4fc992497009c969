import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import {
  BufferPool,
  LARGE_BYTES,
  ReadBuffer,
} from "../../src/platform/buffers.ts";

const SMALL_BYTES = 2048;

/** A buffer after a read that filled its small memory. */
function busyBuffer(pool: BufferPool): ReadBuffer {
  const buffer = new ReadBuffer(pool);
  buffer.adapt(buffer.bytes.length);
  return buffer;
}

Deno.test("an idle connection has 2 KiB to read into", () => {
  const buffer = new ReadBuffer(new BufferPool());
  assertEquals(buffer.bytes.length, SMALL_BYTES);
  buffer.adapt(SMALL_BYTES - 1);
  assertEquals(buffer.bytes.length, SMALL_BYTES);
});

Deno.test("a read that fills small memory is followed by one of 64 KiB", () => {
  assertEquals(busyBuffer(new BufferPool()).bytes.length, LARGE_BYTES);
});

Deno.test("after 64 small reads in a row, large memory goes back", () => {
  const buffer = busyBuffer(new BufferPool());
  for (let count = 0; count < 63; count++) buffer.adapt(100);
  buffer.adapt(SMALL_BYTES + 1);
  for (let count = 0; count < 63; count++) buffer.adapt(100);
  assertEquals(buffer.bytes.length, LARGE_BYTES);
  buffer.adapt(100);
  assertEquals(buffer.bytes.length, SMALL_BYTES);
});

Deno.test("only 64 connections wait with large memory", () => {
  const pool = new BufferPool();
  const kept = Array.from({ length: 64 }, () => busyBuffer(pool));
  const other = busyBuffer(pool);
  // While there is more to read, it does not wait.
  other.adapt(LARGE_BYTES);
  assertEquals(other.bytes.length, LARGE_BYTES);
  other.adapt(LARGE_BYTES - 1);
  assertEquals(other.bytes.length, SMALL_BYTES);

  for (const buffer of kept) {
    buffer.adapt(5000);
    assertEquals(buffer.bytes.length, LARGE_BYTES);
  }
  kept[0]?.release();
  other.adapt(SMALL_BYTES);
  other.adapt(5000);
  assertEquals(other.bytes.length, LARGE_BYTES);
});

Deno.test("what a buffer releases serves the next, once", () => {
  const pool = new BufferPool();
  const first = busyBuffer(pool);
  const { bytes } = first;
  first.release();
  first.release();
  const [second, third] = [busyBuffer(pool), busyBuffer(pool)];
  assertStrictEquals(second.bytes, bytes);
  assert(third.bytes !== bytes);
});

Deno.test("releasing twice does not let more than 64 wait", () => {
  const pool = new BufferPool();
  const kept = Array.from({ length: 64 }, () => busyBuffer(pool));
  const other = busyBuffer(pool);
  other.release();
  other.release();
  const another = busyBuffer(pool);
  another.adapt(5000);
  assertEquals(another.bytes.length, SMALL_BYTES);
  assert(kept.every((buffer) => buffer.bytes.length === LARGE_BYTES));
});

Deno.test("a pool keeps at most 16 pieces that nobody uses", () => {
  const pool = new BufferPool();
  const pieces = Array.from({ length: 20 }, () => pool.take());
  assertEquals(new Set(pieces).size, 20);
  for (const piece of pieces) pool.give(piece);
  const again = Array.from({ length: 20 }, () => pool.take());
  assertEquals(again.filter((piece) => pieces.includes(piece)).length, 16);
});
