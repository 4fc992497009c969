import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { SeededRandom } from "../../src/base/random.ts";
import { BufferPool, LARGE_BYTES } from "../../src/platform/buffers.ts";
import { WriteQueue } from "../../src/platform/write_queue.ts";

/** A pool that counts what it has lent. */
class CountingPool extends BufferPool {
  lentCount = 0;

  override take(): Uint8Array {
    this.lentCount++;
    return super.take();
  }

  override give(bytes: Uint8Array): void {
    this.lentCount--;
    super.give(bytes);
  }
}

function bytesOf(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value);
}

Deno.test("an empty queue has nothing to write", () => {
  const queue = new WriteQueue(new BufferPool());
  queue.push(new Uint8Array(0));
  assertEquals([queue.next(), queue.byteCount], [undefined, 0]);
});

Deno.test("bytes that wait alone are written as they are", () => {
  const queue = new WriteQueue(new BufferPool());
  const bytes = bytesOf(10, 1);
  queue.push(bytes);
  assertStrictEquals(queue.next(), bytes);
  assertEquals(queue.next(), undefined);
});

Deno.test("neighbours are written together, up to 64 KiB", () => {
  const queue = new WriteQueue(new BufferPool());
  for (const [value, length] of [1, 2, LARGE_BYTES - 3, 1].entries()) {
    queue.push(bytesOf(length, value));
  }
  const first = queue.next();
  assertEquals(first?.length, LARGE_BYTES);
  assertEquals([...first?.subarray(0, 4) ?? []], [0, 1, 1, 2]);
  assertEquals(queue.next(), bytesOf(1, 3));
});

Deno.test("what does not fit beside another is not copied", () => {
  const queue = new WriteQueue(new BufferPool());
  const chunks = [bytesOf(1, 1), bytesOf(LARGE_BYTES, 2), bytesOf(9, 3)];
  for (const chunk of chunks) queue.push(chunk);
  for (const chunk of chunks) assertStrictEquals(queue.next(), chunk);
});

Deno.test("memory is needed until it was copied, or written", () => {
  let writtenCount = 0;
  const queue = new WriteQueue(new BufferPool(), () => writtenCount++);
  const told: number[] = [];
  for (const length of [LARGE_BYTES, 1, 2, 3, LARGE_BYTES]) {
    queue.push(bytesOf(length, 1));
  }
  while (queue.next() !== undefined) told.push(writtenCount);
  assertEquals([...told, writtenCount], [0, 4, 4, 5]);
});

Deno.test("what was dropped is not told to be written", () => {
  const queue = new WriteQueue(new BufferPool(), () => {
    throw new Error("It was told");
  });
  queue.push(bytesOf(1, 1));
  queue.next();
  queue.clear();
  assertEquals(queue.next(), undefined);
});

Deno.test("bytes count until the system has taken them", () => {
  const queue = new WriteQueue(new BufferPool());
  queue.push(bytesOf(60, 1));
  queue.push(bytesOf(40, 2));
  queue.next();
  assertEquals(queue.byteCount, 100);
  queue.taken(70);
  assertEquals(queue.byteCount, 30);
  queue.taken(30);
  assertEquals(queue.byteCount, 0);
});

Deno.test("what was borrowed to write together goes back", () => {
  const pool = new CountingPool();
  const queue = new WriteQueue(pool);
  for (let round = 0; round < 3; round++) {
    queue.push(bytesOf(10, 1));
    queue.push(bytesOf(10, 2));
    queue.next();
    assertEquals(pool.lentCount, 1);
    assertEquals([queue.next(), pool.lentCount], [undefined, 0]);
  }
});

Deno.test("clear drops all, and leaves alone what is being written", () => {
  const pool = new CountingPool();
  const queue = new WriteQueue(pool);
  queue.push(bytesOf(10, 1));
  queue.push(bytesOf(10, 2));
  const written = queue.next();
  queue.push(bytesOf(10, 3));
  queue.clear();
  assertEquals([queue.byteCount, queue.next()], [0, undefined]);
  // The system may still read it: nobody else may get that memory.
  assert(pool.take().buffer !== written?.buffer);
});

Deno.test("a queue gives back what was pushed, in order, however it came", () => {
  const random = new SeededRandom(5);
  const pool = new CountingPool();
  const queue = new WriteQueue(pool);
  let [pushedCount, writtenCount] = [0, 0];
  for (let step = 0; step < 20_000; step++) {
    if (random.chance(55)) {
      const length = random.below(random.chance(2) ? 2 * LARGE_BYTES : 9);
      queue.push(Uint8Array.from({ length }, () => pushedCount++ % 251));
    } else {
      const bytes = queue.next();
      assertEquals(bytes === undefined, writtenCount === pushedCount);
      assert((bytes ?? []).every((byte) => byte === writtenCount++ % 251));
      queue.taken(bytes?.length ?? 0);
    }
    assertEquals(queue.byteCount, pushedCount - writtenCount);
    assert(pool.lentCount <= 1);
  }
  assert(writtenCount > 5_000_000);
});
