import { assertEquals, assertThrows } from "@std/assert";
import { JsonCrdt, type JsonCrdtOptions } from "../../src/crdt/mod.ts";
import { encodeMessage } from "../../src/crdt/message.ts";
import {
  operationFromJson,
  type OperationJson,
} from "../../src/crdt/operation_json.ts";
import { ReplicaTable } from "../../src/crdt/replica_table.ts";
import { collectUnhandled } from "../base/unhandled.ts";

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

/** The first insertion of `eve` into a list that `ann` has made; see below. */
function makeBadInsert() {
  const ann = new JsonCrdt("ann");
  ann.set(["l"], [0]);
  // The dot of the list itself is no item.
  const origin = ["right", "ann", 1] as const;
  const insert = {
    ...SET,
    dot: ["eve", 1],
    kind: "insert",
    path: ["l"],
    origin,
    value: [7],
  } as const satisfies OperationJson;
  return { insert, ann };
}

Deno.test("a senseless operation is told once its transaction is applied", () => {
  const { insert, ann } = makeBadInsert();
  const doc = JsonCrdt.restore("bob", ann.snapshot());
  const cy = JsonCrdt.restore("cy", doc.snapshot());
  cy.receive(insert);
  cy.set(["c"], 1);
  const told: unknown[] = [];
  doc.on("change", (event) => {
    told.push(["change", event.replica, event.changes.length]);
  });
  doc.on("reject", ({ code, dot }) => {
    told.push([code, dot, doc.clock()["eve"]]);
    // What one does who was told: try again, or take a healthy state.
    told.push(doc.receive(insert));
    told.push(doc.merge(cy.snapshot()));
  });
  // It takes its dot, or all that its author does later would wait for it.
  assertEquals(doc.receive(insert), "applied");
  assertEquals(told, [
    ["change", "eve", 0],
    ["INVALID_OPERATION", ["eve", 1], 1],
    "duplicate",
    ["change", "cy", 1],
    "applied",
  ]);
  assertEquals(doc.toJSON(), { l: [0], c: 1 });
  assertEquals(doc.getMetrics().remoteCount, 1);
});

Deno.test("what else a transaction does with a senseless operation is done", () => {
  const { insert, ann } = makeBadInsert();
  const doc = JsonCrdt.restore("bob", ann.snapshot());
  const told: unknown[] = [];
  doc.on("change", ({ changes }) => told.push(changes.map(({ kind }) => kind)));
  doc.on("reject", ({ dot }) => told.push(dot));
  const replicas = new ReplicaTable();
  const unit = [
    { ...SET, dot: ["eve", 1] },
    { ...insert, dot: ["eve", 2] },
    { ...SET, dot: ["eve", 3], path: ["b"] },
  ] as const satisfies OperationJson[];
  const operations = unit.map((each) => operationFromJson(each, replicas));
  const message = encodeMessage([operations], replicas);
  assertEquals(doc.receiveMessage(message).applied, 1);
  assertEquals(told, [["set", "set"], ["eve", 2]]);
  assertEquals(doc.toJSON(), { l: [0], a: 1, b: 1 });
});

Deno.test("nothing that waits for the wall clock is let go for its age", () => {
  let wallMs = START_MS;
  const { doc, told } = makeListener({ clock: { wallMs: () => wallMs } });
  const ahead = { ...SET, stamp: [START_MS + 3_600_000, 0] } as const;
  for (const counter of [1, 2, 3]) {
    doc.receive({ ...ahead, dot: ["ann", counter], path: [`k${counter}`] });
  }
  const after = [["ann", 3]] as const;
  doc.receive({ ...ahead, dot: ["eve", 1], after });
  doc.receive({ ...ahead, dot: ["eve", 2], path: ["e"] });
  assertEquals(told.splice(0), [
    ["quarantine", ["ann", 1]],
    ["gap", ["ann", 2]],
    ["gap", ["ann", 3]],
    ["gap", ["eve", 1]],
    ["gap", ["eve", 2]],
  ]);
  for (let minute = 1; minute < 59; minute++) {
    wallMs += 60_000;
    doc.poll();
  }
  assertEquals([told, doc.toJSON()], [[], {}]);
  wallMs += 60_000;
  doc.poll();
  assertEquals(doc.toJSON(), { a: 1, e: 1, k1: 1, k2: 1, k3: 1 });
  assertEquals(told, []);
});

Deno.test("what is missing behind one that waited for the wall clock gets too old", () => {
  let wallMs = START_MS;
  const { doc, told } = makeListener({
    clock: { wallMs: () => wallMs },
    pending: { ageMsMax: 1000 },
  });
  doc.receive({ ...SET, stamp: [START_MS + 70_000, 0] });
  doc.receive({ ...SET, dot: ["ann", 3] });
  doc.receive({ ...SET, dot: ["eve", 2] });
  told.length = 0;
  wallMs += 1000;
  doc.poll();
  assertEquals(told, [["dropped", ["eve", 2]]]);
  for (let count = 0; count < 10; count++) {
    wallMs += 1000;
    doc.poll();
  }
  assertEquals(told.slice(1), [["dropped", ["ann", 3]]]);
  assertEquals(doc.clock(), { ann: 1 });
});

Deno.test("one that waited for another keeps the time of its arrival", () => {
  let wallMs = START_MS;
  const { doc, told } = makeListener({
    clock: { wallMs: () => wallMs },
    pending: { ageMsMax: 1000 },
  });
  doc.receive({ ...SET, dot: ["cy", 1], after: [["ann", 1], ["eve", 1]] });
  wallMs += 600;
  doc.receive(SET);
  assertEquals(doc.missing(), [["eve", 1]]);
  told.length = 0;
  wallMs += 400;
  doc.poll();
  assertEquals(told, [["dropped", ["cy", 1]]]);
});

Deno.test("what throws leaves nothing that is ready waiting for ever", () => {
  let isBroken = false;
  const doc = new JsonCrdt("bob", {
    clock: {
      wallMs: () => START_MS,
      monotonicMs() {
        if (isBroken) throw new Error("no clock");
        return 0;
      },
    },
  });
  for (const counter of [2, 3, 4, 5]) {
    doc.receive({ ...SET, dot: ["ann", counter], path: [`k${counter}`] });
  }
  doc.on("change", ({ changes }) => {
    isBroken = ["a", "k3"].includes(String(changes[0]?.path[0]));
  });
  assertThrows(() => doc.receive(SET), Error, "no clock");
  assertEquals(doc.clock(), { ann: 1 });
  isBroken = false;
  assertThrows(() => doc.poll(), Error, "no clock");
  isBroken = false;
  doc.poll();
  assertEquals(doc.toJSON(), { a: 1, k2: 1, k3: 1, k4: 1, k5: 1 });
  assertEquals(doc.getMetrics().pendingCount, 0);
});

Deno.test("a handler of errors that throws stops nothing", async () => {
  const { doc } = makeListener({
    onListenerError(error) {
      throw error;
    },
  });
  const fail = () => {
    throw new Error("no");
  };
  doc.on("change", fail);
  doc.watch("**", fail);
  for (const counter of [2, 3]) doc.receive({ ...SET, dot: ["ann", counter] });
  await collectUnhandled(6, () => assertEquals(doc.receive(SET), "applied"));
  assertEquals([doc.clock(), doc.missing()], [{ ann: 3 }, []]);
});
