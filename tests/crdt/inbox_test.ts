import { assertEquals } from "@std/assert";
import { JsonCrdt, type JsonCrdtOptions } from "../../src/crdt/mod.ts";
import type { OperationJson } from "../../src/crdt/operation_json.ts";

const START_MS = Date.UTC(2026, 0, 1);

const SET = {
  dot: ["ann", 1],
  stamp: [START_MS, 0],
  kind: "set",
  path: ["a"],
  value: 1,
} as const satisfies OperationJson;

/** A document, and what it tells of refusals and of what waits. */
function makeListener(options: JsonCrdtOptions = {}) {
  const doc = new JsonCrdt("bob", options);
  const told: unknown[] = [];
  doc.on("reject", ({ code, dot }) => told.push([code, dot]));
  doc.on("sync", ({ kind, dot }) => told.push([kind, dot]));
  return { doc, told };
}

Deno.test("a dot that comes again with a longer operation is refused", () => {
  const { doc, told } = makeListener();
  doc.receive(SET);
  const longer = [
    { ...SET, path: ["b"], value: "long" },
    { ...SET, kind: "skip", path: [], value: 9 },
    { ...SET, kind: "insert", path: ["l"], origin: [], value: [1, 2] },
  ] as const satisfies OperationJson[];
  for (const each of longer) assertEquals(doc.receive(each), "rejected");
  assertEquals(told, longer.map(() => ["DUPLICATE_DOT", ["ann", 1]]));
  assertEquals([doc.toJSON(), doc.clock()], [{ a: 1 }, { ann: 1 }]);
  assertEquals(doc.receive({ ...SET, dot: ["ann", 2], value: 2 }), "applied");
});

Deno.test("a longer operation that waits is refused once a state has its dot", () => {
  const { doc, told } = makeListener();
  const ann = new JsonCrdt("ann");
  ann.set(["x"], 1);
  ann.set(["a"], 2);
  doc.receive({ ...SET, dot: ["ann", 2], path: ["b"], value: "long" });
  doc.receive({ ...SET, dot: ["eve", 1], after: [["ann", 2]], path: ["e"] });
  assertEquals(doc.merge(ann.snapshot()), "applied");
  assertEquals(told.at(-1), ["DUPLICATE_DOT", ["ann", 2]]);
  // Whoever waited for the dot goes on.
  assertEquals(doc.toJSON(), { x: 1, a: 2, e: 1 });
  assertEquals(doc.getMetrics().pendingCount, 0);
});
