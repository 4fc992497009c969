import { assert, assertEquals, assertLess } from "@std/assert";
import fc from "fast-check";
import process from "node:process";
import { FrameWriter } from "../../src/wire/frame.ts";
import { BATCH_UNITS, JOIN_UNITS } from "../../src/wire/limits.ts";
import { OutboundQueue } from "../../src/wire/outbound.ts";

/** The next frame's text; undefined if there is none. */
function shift(queue: OutboundQueue): string | undefined {
  const control = queue.shiftControl();
  if (control !== undefined) return control;
  const parts = queue.shiftBatch();
  return parts.length === 0 ? undefined : `[${parts.join(",")}]`;
}

function drain(queue: OutboundQueue): string[] {
  const frames: string[] = [];
  for (let text = shift(queue); text !== undefined; text = shift(queue)) {
    frames.push(text);
  }
  return frames;
}

Deno.test("small messages share a frame, in order", () => {
  const queue = new OutboundQueue();
  for (const text of ["1", '{"a":2}', "[3]"]) queue.pushData(text);
  assertEquals(drain(queue), ['[1,{"a":2},[3]]']);
});

Deno.test("a long message is not joined with others before it is encoded", () => {
  const queue = new OutboundQueue();
  const long = JSON.stringify("x".repeat(JOIN_UNITS));
  for (const text of ["1", "2", long, "3", "4"]) queue.pushData(text);
  assertEquals(queue.shiftBatch(), ["1,2", long, "3,4"]);
  assert(queue.isEmpty);
});

Deno.test("control goes out before data that came earlier", () => {
  const queue = new OutboundQueue();
  queue.pushData("1");
  queue.pushControl('{"type":"ping"}');
  assertEquals(drain(queue), ['{"type":"ping"}', "[1]"]);
});

Deno.test("control overtakes batches that are half sent", () => {
  const queue = new OutboundQueue();
  const large = JSON.stringify("x".repeat(BATCH_UNITS));
  queue.pushData(large);
  queue.pushData(large);
  shift(queue);
  queue.pushControl("{}");
  assertEquals(shift(queue), "{}");
  assertEquals(shift(queue), `[${large}]`);
});

Deno.test("control overtakes data that was encoded ahead, and later data does not", () => {
  const queue = new OutboundQueue();
  queue.pushData("1");
  assertEquals(queue.shiftBatch(), ["1"]);
  const writer = new FrameWriter();
  writer.add("[1]");
  const frames = writer.lend();
  queue.pushEncoded(frames);
  queue.pushData("2");
  queue.pushControl("{}");
  assertEquals([queue.units, queue.dataUnits], [7 + 1 + 2, 1]);
  assertEquals(queue.shiftControl(), "{}");
  assertEquals(queue.shiftEncoded(), frames);
  assertEquals(queue.shiftEncoded(), undefined);
  assertEquals(queue.shiftBatch(), ["2"]);
  assert(queue.isEmpty);
});

Deno.test("whatever is pushed comes out once, in order, in bounded frames", () => {
  fc.assert(fc.property(
    fc.array(
      fc.oneof(
        fc.record({ size: fc.integer({ min: 0, max: 40_000 }) }),
        fc.constant("shift" as const),
      ),
      { maxLength: 40 },
    ),
    (steps) => {
      const queue = new OutboundQueue();
      const pushed: string[] = [];
      const frames: string[] = [];
      for (const step of steps) {
        if (step === "shift") {
          const text = shift(queue);
          if (text !== undefined) frames.push(text);
        } else {
          pushed.push(`${pushed.length}${"x".repeat(step.size)}`);
          queue.pushData(JSON.stringify(pushed.at(-1)));
        }
      }
      frames.push(...drain(queue));
      const texts = frames.flatMap((frame) => JSON.parse(frame) as string[]);
      assertEquals(texts, pushed);
      for (const [index, frame] of frames.entries()) {
        const { length } = JSON.parse(frame);
        const isBounded = frame.length <= BATCH_UNITS + 100 || length === 1;
        assert(isBounded, `frame ${index} has ${frame.length} units`);
      }
      assertEquals(queue.units, 0);
      assert(queue.isEmpty);
    },
  ));
});

Deno.test("a queue that never runs empty keeps only what waits", () => {
  const queue = new OutboundQueue();
  const text = JSON.stringify("x".repeat(BATCH_UNITS));
  queue.pushControl("{}");
  queue.pushData(text);
  const before = process.memoryUsage().heapUsed;
  for (let count = 0; count < 2_000_000; count++) {
    queue.pushControl("{}");
    queue.shiftControl();
    queue.pushData(text);
    queue.shiftBatch();
  }
  assertEquals(queue.units, "{}".length + text.length);
  // Eight bytes for each that was sent would be 32 MB.
  const kept = process.memoryUsage().heapUsed - before;
  assertLess(kept, 16_000_000);
});
