import { assertEquals, assertThrows } from "@std/assert";
import { DistflowError } from "../../../src/base/errors.ts";
import { causalGraph } from "../../../src/crdt/debug/causal_graph.ts";
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

Deno.test("a line of a log that is no operation is found by its index", () => {
  const { log } = makeLog();
  const bad: unknown[] = [
    null,
    "set",
    { ...log[1], dot: "ann" },
    { ...log[1], path: "a" },
    { ...log[1], stamp: undefined },
    { ...log[1], kind: "remove", ranges: {} },
  ];
  for (const line of bad) {
    const lines = log.toSpliced(1, 1, line as OperationJson);
    for (const read of [replay, causalGraph]) {
      const error = assertThrows(
        () => read(lines),
        DistflowError,
        "Cannot read operation 1 of a log: ",
      );
      assertEquals(error.code, "INVALID_OPERATION");
      assertEquals(error.details, { index: 1 });
    }
  }
  for (const none of [null, 5, { 0: log[0] }]) {
    assertThrows(() => replay(none as never), TypeError, "must be iterable");
  }
});

Deno.test("what a kind has no use for does not matter, nor does an older form", () => {
  const { log } = makeLog();
  const strange = { ...log[0], ranges: 5, text: null, at: "noon" };
  const graph = causalGraph([strange as never, ...log.slice(1)]);
  assertEquals(graph.toDot(), causalGraph(log).toDot());
  const old = {
    kind: "set",
    path: ["p"],
    value: 1,
    hlc: { t: Date.UTC(2026, 0, 1), c: 0, r: "eve" },
    deps: { ann: 1, eve: 1 },
    src: "eve",
  };
  const both = [...log, old as never];
  assertEquals(replay(both).get(["p"]), 1);
  assertEquals(causalGraph(both).edges.at(-1)?.isOwn, false);
});
