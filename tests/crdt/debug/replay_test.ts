import { assertEquals } from "@std/assert";
import { replay } from "../../../src/crdt/debug/replay.ts";
import { JsonCrdt } from "../../../src/crdt/mod.ts";
import type { OperationJson } from "../../../src/crdt/operation_json.ts";

function makeLog(name = "ann") {
  const log: OperationJson[] = [];
  const doc = new JsonCrdt(name);
  doc.on("change", (event) => log.push(...event.operations()));
  doc.set(["a"], 1);
  doc.set(["a"], "two");
  doc.set(["b"], { c: 3 });
  doc.delete(["a"]);
  return { doc, log };
}

Deno.test("a whole log makes the document again", () => {
  const { doc, log } = makeLog();
  const again = replay(log);
  assertEquals(again.toJSON(), doc.toJSON());
  assertEquals(again.inspect(), doc.inspect());
});

Deno.test("a replay stops after a number, at a dot, or when told to", () => {
  const { log } = makeLog();
  assertEquals(replay(log, { until: 0 }).toJSON(), {});
  assertEquals(replay(log, { until: 2 }).toJSON(), { a: "two" });
  assertEquals(replay(log, { until: ["ann", 1] }).toJSON(), { a: 1 });
  let count = 0;
  replay(log, { onStep: () => ++count < 3 });
  assertEquals(count, 3);
});

Deno.test("each step shows the document as it was then", () => {
  const { log } = makeLog("replay");
  const steps: unknown[] = [];
  replay(log, {
    onStep: ({ index, operation, document, isApplied }) => {
      steps.push([index, operation.kind, isApplied, document.toJSON()]);
    },
  });
  assertEquals(steps, [
    [0, "set", true, { a: 1 }],
    [1, "set", true, { a: "two" }],
    [2, "set", true, { a: "two", b: {} }],
    [3, "set", true, { a: "two", b: { c: 3 } }],
    [4, "delete", true, { b: { c: 3 } }],
  ]);
});

Deno.test("an operation that came too early in the log waits", () => {
  const { doc, log } = makeLog();
  const steps: boolean[] = [];
  const again = replay([...log].reverse(), {
    onStep: ({ isApplied }) => steps.push(isApplied),
  });
  assertEquals(steps, [false, false, false, false, true]);
  assertEquals(again.toJSON(), doc.toJSON());
});
