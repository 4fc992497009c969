import { assert, assertEquals, assertThrows } from "@std/assert";
import { DistflowError, hasCode } from "../../src/base/errors.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { JsonCrdt, type JsonCrdtOptions } from "../../src/crdt/mod.ts";
import type { OperationJson } from "../../src/crdt/operation_json.ts";

const START_MS = Date.UTC(2026, 0, 1);

/** Messages of one replica that sets `count` keys. */
function makeMessages(count: number): Uint8Array[] {
  const doc = new JsonCrdt("ann");
  const messages: Uint8Array[] = [];
  doc.on("change", (event) => {
    messages.push(event.message());
  });
  for (let index = 0; index < count; index++) doc.set([`k${index}`], index);
  return messages;
}

function shuffle<Item>(items: Item[], seed: number): Item[] {
  const random = new SeededRandom(seed);
  for (let index = items.length - 1; index > 0; index--) {
    const other = random.below(index + 1);
    [items[index], items[other]] = [items[other] as Item, items[index] as Item];
  }
  return items;
}

/** A document, and what it tells of refusals and of what waits. */
function makeListener(options: JsonCrdtOptions = {}) {
  const doc = new JsonCrdt("bob", options);
  const told: unknown[] = [];
  doc.on("reject", ({ code, dot }) => told.push([code, dot]));
  doc.on("sync", ({ kind, dot, missing }) => told.push([kind, dot, missing]));
  return { doc, told };
}

const SET = {
  dot: ["ann", 1],
  stamp: [START_MS, 0],
  kind: "set",
  path: ["a"],
  value: 1,
} as const satisfies OperationJson;

const INSERT = {
  ...SET,
  kind: "insert",
  origin: [],
  value: [1],
} as const satisfies OperationJson;

Deno.test("messages in any order, each twice, end in the same state", () => {
  const messages = makeMessages(5000);
  const inOrder = new JsonCrdt("bob");
  for (const message of messages) inOrder.receiveMessage(message);
  const shuffled = new JsonCrdt("bob");
  for (const message of shuffle([...messages, ...messages], 7)) {
    shuffled.receiveMessage(message);
  }
  assertEquals(shuffled.missing(), []);
  assertEquals(shuffled.inspect(), inOrder.inspect());
});

Deno.test("what comes too early waits and tells what is missing", () => {
  const { doc, told } = makeListener();
  assertEquals(doc.receive({ ...SET, dot: ["ann", 3] }), "buffered");
  assertEquals(doc.receive({ ...SET, dot: ["ann", 3] }), "buffered");
  assertEquals(told, [["gap", ["ann", 3], ["ann", 2]]]);
  assertEquals(doc.receive({ ...SET, dot: ["ann", 2] }), "buffered");
  assertEquals(doc.missing(), [["ann", 1]]);
  assertEquals(doc.receive(SET), "applied");
  assertEquals(doc.receive(SET), "duplicate");
  assertEquals([doc.clock(), doc.missing()], [{ ann: 3 }, []]);
});

Deno.test("an operation waits for those of others that it names", () => {
  const { doc } = makeListener();
  const later = {
    ...SET,
    dot: ["eve", 1],
    after: [["ann", 1]],
    value: 2,
  } as const;
  assertEquals(doc.receive(later), "buffered");
  assertEquals([doc.missing(), doc.has(["a"])], [[["ann", 1]], false]);
  doc.receive(SET);
  assertEquals(doc.get(["a"]), 2);
});

Deno.test("what waits is bounded in count, in bytes and in time", () => {
  let wallMs = START_MS;
  const { doc, told } = makeListener({
    clock: { wallMs: () => wallMs },
    pending: { countMax: 2, bytesMax: 2000, ageMsMax: 1000 },
  });
  const early = (counter: number, value: string | number = 1) =>
    doc.receive({ ...SET, dot: ["ann", counter], value });
  assertEquals(early(20, "x".repeat(2000)), "rejected");
  assertEquals(told, [["dropped", ["ann", 20], ["ann", 20]]]);
  assertEquals([early(5), early(7), early(9)], [
    "buffered",
    "buffered",
    "rejected",
  ]);
  told.length = 0;
  wallMs += 1000;
  doc.poll();
  assertEquals(told, [
    ["dropped", ["ann", 5], ["ann", 5]],
    ["dropped", ["ann", 7], ["ann", 7]],
  ]);
  assertEquals(doc.missing(), []);
});

Deno.test("a stamp from too far ahead waits for the wall clock", () => {
  let wallMs = START_MS;
  const { doc, told } = makeListener({ clock: { wallMs: () => wallMs } });
  const ahead = { ...SET, stamp: [START_MS + 60_001, 0] } as const;
  assertEquals(doc.receive(ahead), "buffered");
  assertEquals(told, [["quarantine", ["ann", 1], ["ann", 1]]]);
  doc.poll();
  assertEquals(doc.has(["a"]), false);
  wallMs += 1;
  doc.poll();
  assertEquals(doc.has(["a"]), true);
});

Deno.test("a delete has seen what its author made, even if it does not say so", () => {
  const doc = new JsonCrdt("bob");
  doc.receive({ ...SET, path: ["map", "key"] });
  const del = { dot: ["ann", 2], stamp: [START_MS, 1] } as const;
  doc.receive({ ...del, kind: "delete", path: ["map"], covers: {} });
  assertEquals(doc.toJSON(), {});
  assertEquals(JsonCrdt.restore("carl", doc.snapshot()).toJSON(), {});
});

Deno.test("an operation that names itself as past is rejected", () => {
  const { doc, told } = makeListener();
  assertEquals(doc.receive({ ...SET, after: [["ann", 1]] }), "rejected");
  assertEquals(doc.receive({ ...SET, covers: { ann: 9 } }), "rejected");
  assertEquals(told, [
    ["INVALID_OPERATION", ["ann", 1]],
    ["INVALID_OPERATION", ["ann", 1]],
  ]);
  assertEquals(doc.clock(), {});
});

Deno.test("a dot with other content is detected, applied or waiting", () => {
  const { doc, told } = makeListener();
  doc.receive(SET);
  assertEquals(doc.receive({ ...SET, value: 2 }), "rejected");
  doc.receive({ ...SET, dot: ["ann", 3] });
  assertEquals(doc.receive({ ...SET, dot: ["ann", 3], value: 2 }), "rejected");
  const codes = told.map((each) => (each as string[])[0]);
  assertEquals(codes, ["DUPLICATE_DOT", "gap", "DUPLICATE_DOT"]);
  assertEquals(doc.get(["a"]), 1);
});

Deno.test("a dot that is used again is detected, whatever it was used for", () => {
  const doc = new JsonCrdt("bob");
  const codes: unknown[] = [];
  doc.on("reject", ({ code, dot }) => codes.push([code, ...dot]));
  const start = new JsonCrdt("ann");
  start.set([], { list: [{}, 1], text: "abc", map: {} });
  doc.merge(start.snapshot());
  const [one, other] = [1, 2].map(() =>
    JsonCrdt.restore("ann", start.snapshot(), { resume: true })
  ) as [JsonCrdt, JsonCrdt];
  const acts: ((doc: JsonCrdt, step: number) => void)[] = [
    (doc, step) => doc.set(["map", `key${step}`], 1),
    (doc, step) => doc.delete([step === 1 ? "map" : "text"]),
    (doc, step) => doc.push(["list"], step),
    (doc, step) => doc.removeAt(["list"], step),
    (doc, step) => doc.set(["list", 0], step === 1 ? {} : []),
    (doc, step) => doc.increment(["count"], step),
    (doc, step) => doc.set(["other"], step === 1 ? "one" : "two"),
    (doc, step) => doc.move(["list", 0], [`moved${step}`]),
    (doc, step) => doc.setStrategy(`a${step}`, { value: "max" }),
  ];
  for (const act of acts) {
    const messages = [one, other].map((doc, index) => {
      const clock = doc.clock();
      act(doc, index + 1);
      return doc.encodeDiff(clock);
    });
    const counter = (doc.clock().ann ?? 0) + 1;
    assertEquals(doc.applyDiff(messages[0] as Uint8Array).applied, 1);
    assertEquals(doc.applyDiff(messages[0] as Uint8Array).duplicate, 1);
    assertEquals(doc.applyDiff(messages[1] as Uint8Array).rejected, 1);
    assertEquals(codes.splice(0), [["DUPLICATE_DOT", "ann", counter]]);
  }
});

Deno.test("another document under the same name is detected", () => {
  const { doc, told } = makeListener();
  assertEquals(doc.receive({ ...SET, dot: ["bob", 1] }), "rejected");
  assertEquals(told, [["DUPLICATE_REPLICA", ["bob", 1]]]);
});

Deno.test("the older form of operations is read", () => {
  const { doc } = makeListener();
  const old = {
    id: "ann:1",
    kind: "set",
    path: ["p"],
    value: { a: { b: 1 }, c: "text" },
    hlc: { t: START_MS, c: 0, r: "ann" },
    deps: { ann: 1 },
    src: "ann",
  };
  assertEquals(doc.receive(old), "applied");
  const gone = {
    id: "eve:1",
    kind: "del",
    path: ["p"],
    hlc: { t: START_MS, c: 1, r: "eve" },
    deps: { ann: 1, eve: 1 },
    src: "eve",
  };
  assertEquals(doc.toJSON(), { p: { a: { b: 1 }, c: "text" } });
  assertEquals(doc.receive(gone), "applied");
  assertEquals([doc.toJSON(), doc.clock()], [{}, { ann: 1, eve: 1 }]);
});

Deno.test("what is no operation has a code and changes nothing", () => {
  const { doc } = makeListener();
  const bad: unknown[] = [
    null,
    [],
    { ...SET, dot: ["ann", 0] },
    { ...SET, dot: ["", 1] },
    { ...SET, dot: ["ann", 2 ** 31] },
    { ...SET, stamp: [START_MS] },
    { ...SET, stamp: [0.5, 0] },
    { ...SET, kind: "bark" },
    { ...SET, path: [1] },
    { ...SET, path: Array.from({ length: 129 }, () => "a") },
    { ...SET, value: NaN },
    { ...SET, value: [] },
    { ...SET, type: "leaf" },
    { ...SET, anchor: ["ann"] },
    { ...INSERT, path: [] },
    { ...INSERT, value: [] },
    { ...INSERT, value: 1 },
    { ...INSERT, type: "map" },
    { ...INSERT, type: "map", value: [{ a: 1 }] },
    { ...INSERT, type: "tree", value: [{}] },
    { ...INSERT, origin: ["above", "ann", 1] },
    { ...INSERT, settings: true },
    { ...INSERT, covers: { bob: 1 } },
    { ...INSERT, kind: "remove", ranges: [["ann", 1]] },
    { ...INSERT, kind: "remove", ranges: [["ann", 2 ** 31 - 1, 2]] },
    { ...INSERT, kind: "text-insert", text: ["ann", 1], value: "" },
    { ...INSERT, kind: "text-insert", text: ["ann", 1], value: "\ud800" },
    { ...INSERT, kind: "text-insert", value: "a" },
    { ...SET, hierarchy: "none" },
    { ...SET, after: [["ann"]] },
    { ...SET, covers: { ann: -1 } },
    { ...SET, kind: "increment", value: 0.5 },
    { hlc: {}, src: "ann" },
    // No JSON text has these, but an array that was made by hand may.
    { ...SET, path: new Array(1) },
    { ...SET, after: new Array(1) },
    { ...SET, kind: 10n },
    { ...SET, type: 10n },
    { ...SET, value: 10n },
    { ...INSERT, value: new Array(1) },
    { ...INSERT, origin: new Array(2 ** 32 - 1) },
    { ...INSERT, kind: "remove", ranges: new Array(1) },
    { kind: 10n, hlc: { r: "ann" }, src: "ann", deps: { ann: 1 } },
  ];
  for (const [index, json] of bad.entries()) {
    const error = assertThrows(
      () => doc.receive(json as OperationJson),
      DistflowError,
    );
    assertEquals(error.code, "INVALID_OPERATION", `bad[${index}]`);
  }
  assertEquals([doc.clock(), doc.toJSON()], [{}, {}]);
});

Deno.test("a message that was cut or altered never half applies", () => {
  const ann = new JsonCrdt("ann");
  const messages: Uint8Array[] = [];
  ann.on("change", (event) => {
    messages.push(event.message());
  });
  ann.setStrategy("**", { hierarchy: "set-wins", value: "multi-value" });
  ann.transact(() => {
    ann.set(["p"], { a: [1, -2, 0.5, null], b: "é€😀" });
    ann.increment(["n"], -7);
    ann.set(["p"], true);
  });
  const [settings, message] = messages;
  assert(settings !== undefined && message !== undefined);
  const random = new SeededRandom(3);
  for (let round = 0; round < 2000; round++) {
    const doc = new JsonCrdt("bob");
    doc.receiveMessage(settings);
    const before = [doc.inspect(), doc.clock()];
    const bytes = round < message.length
      ? message.slice(0, round)
      : message.slice();
    if (round >= message.length) {
      bytes[random.below(bytes.length)] = random.below(256);
    }
    try {
      doc.receiveMessage(bytes);
    } catch (error) {
      assert(hasCode(error, "CORRUPT_DATA"), String(error));
      assertEquals([doc.inspect(), doc.clock()], before);
    }
    // Whatever it became, the document still works.
    doc.set(["after"], 1);
    assertEquals(doc.get(["after"]), 1);
    if (round < message.length) assertEquals(doc.has(["p"]), false);
  }
});

Deno.test("names in bad messages take no room", () => {
  const { doc } = makeListener();
  for (let index = 0; index < 70_000; index++) {
    assertThrows(() =>
      doc.receive({ ...SET, dot: [`r${index}`, 1], path: null as never })
    );
  }
  assertEquals(doc.receive(SET), "applied");
});

Deno.test("a message is whole, though the buffer of one before was given away", () => {
  const [ann, bob] = [new JsonCrdt("ann"), new JsonCrdt("bob")];
  ann.on("change", (event) => {
    const message = event.message();
    bob.receiveMessage(message.slice());
    const buffer = message.buffer as ArrayBuffer;
    structuredClone(buffer, { transfer: [buffer] });
  });
  for (let index = 0; index < 100; index++) ann.set([`k${index}`], index);
  assertEquals(bob.toJSON(), ann.toJSON());
});

Deno.test("messages that are kept stay as they are, short and long", () => {
  const ann = new JsonCrdt("ann");
  const messages: Uint8Array[] = [];
  const copies: Uint8Array[] = [];
  ann.on("change", (event) => {
    messages.push(event.message());
    copies.push(event.message().slice());
  });
  for (let index = 0; index < 2000; index++) {
    ann.set([`k${index}`], "x".repeat(index % 400));
  }
  assertEquals(messages, copies);
  const bob = new JsonCrdt("bob");
  for (const message of messages) bob.receiveMessage(message);
  assertEquals(bob.toJSON(), ann.toJSON());
});
