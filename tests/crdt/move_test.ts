import { assert, assertEquals, assertThrows } from "@std/assert";
import { DistflowError } from "../../src/base/errors.ts";
import type { JsonValue } from "../../src/base/json.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { JsonCrdt } from "../../src/crdt/mod.ts";
import type { OperationJson } from "../../src/crdt/operation_json.ts";
import type { HierarchyStrategy } from "../../src/crdt/strategies.ts";
import { Model } from "./model.ts";
import { exchange, makeReplicas } from "./replicas.ts";

type Edit = (doc: JsonCrdt) => void;

/** What replicas show that begin with `initial` and edit it at once. */
function showAll(
  initial: { readonly [key: string]: JsonValue },
  ...edits: readonly Edit[]
): JsonValue {
  const names = ["ann", "bob", "eve"].slice(0, edits.length);
  const replicas = makeReplicas(names, { initial });
  for (const [index, edit] of edits.entries()) {
    edit(replicas[index]?.doc as JsonCrdt);
  }
  return exchange(replicas);
}

Deno.test("a move takes all that is in it along, and edits of others", () => {
  const shown = showAll(
    { a: { x: 1, list: ["p"], text: "t" }, b: {} },
    (doc) => doc.move(["a"], ["b", "c"]),
    (doc) => {
      doc.set(["a", "y"], 2);
      doc.push(["a", "list"], "q");
      doc.insertText(["a", "text"], 1, "u");
      doc.increment(["a", "x"]);
    },
  );
  assertEquals(shown, {
    b: { c: { x: 2, y: 2, list: ["p", "q"], text: "tu" } },
  });
});

Deno.test("what is set where something moved away stays there", () => {
  const doc = new JsonCrdt("ann", { initial: { a: { x: 1 }, b: 2 } });
  doc.move(["a", "x"], ["y"]);
  doc.set(["a"], { x: "new" });
  assertEquals(doc.toJSON(), { a: { x: "new" }, b: 2, y: 1 });
  doc.move(["b"], ["z"]);
  doc.set([], { b: { c: 3 }, z: 4 });
  assertEquals(doc.toJSON(), { b: { c: 3 }, z: 4 });
});

Deno.test("what is set below nothing does not go to what moved away from there", () => {
  const doc = new JsonCrdt("ann", { initial: { a: { x: 1 } } });
  doc.move(["a", "x"], ["y"]);
  doc.delete(["a"]);
  doc.set(["a", "x"], "new");
  assertEquals(doc.toJSON(), { a: { x: "new" }, y: 1 });
});

Deno.test("of two moves of one thing the later one counts", () => {
  const shown = showAll(
    { a: { x: 1 } },
    (doc) => doc.move(["a"], ["b"]),
    (doc) => doc.move(["a"], ["c"]),
  );
  assertEquals(shown, { c: { x: 1 } });
});

Deno.test("of what moves to a key and what is added there the newer one shows", () => {
  const initial = { x: "moved" };
  const move: Edit = (doc) => doc.move(["x"], ["c"]);
  const add: Edit = (doc) => doc.increment(["c"]);
  assertEquals(showAll(initial, move, add), { c: 1 });
  assertEquals(showAll(initial, add, move), { c: "moved" });
});

Deno.test("what two do at once with a thing that moves ends as the README says", () => {
  const rows: [edit: Edit, shown: JsonValue][] = [
    [(doc) => doc.set(["a", "y"], 2), { b: { c: { x: 1, y: 2 } } }],
    [(doc) => doc.move(["a"], ["d"]), { b: {}, d: { x: 1 } }],
    [(doc) => doc.move(["b"], ["a", "b"]), { b: { c: { x: 1 } } }],
    [(doc) => doc.delete(["a"]), { b: {} }],
    [(doc) => doc.delete(["b"]), { b: { c: { x: 1 } } }],
    [(doc) => doc.set(["a"], 5), { b: { c: 5 } }],
  ];
  for (const [edit, shown] of rows) {
    const move: Edit = (doc) => doc.move(["a"], ["b", "c"]);
    assertEquals(showAll({ a: { x: 1 }, b: {} }, move, edit), shown);
  }
});

Deno.test("two things that move into each other make no circle", () => {
  const shown = showAll(
    { a: { x: 1 }, b: { y: 2 } },
    (doc) => doc.move(["a"], ["b", "a"]),
    (doc) => doc.move(["b"], ["a", "b"]),
  );
  // The later one does nothing.
  assertEquals(shown, { b: { y: 2, a: { x: 1 } } });
});

Deno.test("a move that made a circle counts once that is undone", () => {
  const replicas = makeReplicas(["ann", "bob", "eve"], {
    initial: { a: {}, b: {}, c: {} },
  });
  const [ann, bob, eve] = replicas.map(({ doc }) => doc) as [
    JsonCrdt,
    JsonCrdt,
    JsonCrdt,
  ];
  // Eve's clock is ahead of Bob's, and his of Ann's.
  bob.move(["b"], ["a", "b"]);
  eve.move(["a"], ["b", "a"]);
  const messages = (index: number) => replicas[index]?.sent ?? [];
  for (const message of [...messages(1), ...messages(2)]) {
    ann.receiveMessage(message);
  }
  assertEquals(ann.toJSON(), { a: { b: {} }, c: {} });
  const late = new JsonCrdt("zoe", { initial: { a: {}, b: {}, c: {} } });
  for (const message of messages(2)) late.receiveMessage(message);
  assertEquals(late.toJSON(), { b: { a: {} }, c: {} });
  for (const message of messages(1)) late.receiveMessage(message);
  assertEquals(late.toJSON(), ann.toJSON());
  // An older move takes b out of a's way: now Eve's is none of a circle.
  const other = makeReplicas(["old"], { initial: { a: {}, b: {}, c: {} } });
  other[0]?.doc.move(["b"], ["c", "b"]);
  for (const message of other[0]?.sent ?? []) {
    late.receiveMessage(message);
    ann.receiveMessage(message);
  }
  assertEquals(late.inspect(), ann.inspect());
});

Deno.test("elements move within a list and between lists", () => {
  const initial = { todo: ["a", { t: "b" }, "c"], done: ["z"] };
  const doc = new JsonCrdt("ann", { initial });
  doc.move(["todo", 0], ["todo", 2]);
  assertEquals(doc.get(["todo"]), [{ t: "b" }, "c", "a"]);
  doc.move(["todo", 2], ["todo", 0]);
  assertEquals(doc.get(["todo"]), ["a", { t: "b" }, "c"]);
  doc.move(["todo", 1], ["done", 1]);
  doc.move(["todo", 0], ["done", 0]);
  assertEquals(doc.toJSON(), { todo: ["c"], done: ["a", "z", { t: "b" }] });
  doc.set(["done", 2, "t"], "B");
  doc.set(["done", 0], "A");
  doc.move(["done", 2], ["first"]);
  doc.move(["first", "t"], ["todo", 1]);
  assertEquals(doc.toJSON(), { first: {}, todo: ["c", "B"], done: ["A", "z"] });
});

Deno.test("an element that two move at once is there once", () => {
  const shown = showAll(
    { list: ["a", "b", "c", "d"] },
    (doc) => doc.move(["list", 0], ["list", 3]),
    (doc) => {
      doc.move(["list", 0], ["list", 1]);
      doc.insertAt(["list"], 2, "x");
    },
  );
  assertEquals(shown, { list: ["b", "a", "x", "c", "d"] });
});

Deno.test("what was left behind is a place of its own", () => {
  const replicas = makeReplicas(["ann", "bob"], { initial: { a: { x: 1 } } });
  const [ann, bob] = replicas.map(({ doc }) => doc) as [JsonCrdt, JsonCrdt];
  ann.move(["a"], ["b"]);
  ann.set(["a"], { fresh: true });
  bob.set(["a", "y"], 2);
  assertEquals(exchange(replicas), { a: { fresh: true }, b: { x: 1, y: 2 } });
  bob.move(["a"], ["c"]);
  bob.set(["a"], 5);
  ann.set(["a", "more"], 1);
  assertEquals(exchange(replicas), {
    a: 5,
    b: { x: 1, y: 2 },
    c: { fresh: true, more: 1 },
  });
  ann.move(["b"], ["a"]);
  assertEquals(exchange(replicas), {
    a: { x: 1, y: 2 },
    c: { fresh: true, more: 1 },
  });
});

Deno.test("a move to a key replaces what stands there, also what is around", () => {
  const doc = new JsonCrdt("ann", { initial: { a: { b: { c: 1 } }, d: 2 } });
  doc.move(["a", "b"], ["d"]);
  assertEquals(doc.toJSON(), { a: {}, d: { c: 1 } });
  doc.move(["d"], ["a", "b"]);
  doc.move(["a", "b"], ["a"]);
  assertEquals(doc.toJSON(), { a: { c: 1 } });
  doc.delete(["a"]);
  assertEquals(doc.toJSON(), {});
});

Deno.test("what is deleted while it moves is deleted, but for what is new", () => {
  const shown = showAll(
    { a: { x: 1 }, list: ["p", { q: 1 }] },
    (doc) => {
      doc.move(["a"], ["b"]);
      doc.set(["b", "new"], 2);
      doc.move(["list", 0], ["list", 1]);
      doc.move(["list", 0], ["c"]);
    },
    (doc) => {
      doc.delete(["a"]);
      doc.removeAt(["list"], 0, 2);
    },
  );
  assertEquals(shown, { b: { new: 2 }, list: [] });
});

for (const hierarchy of ["merge", "delete-wins"] as HierarchyStrategy[]) {
  Deno.test(`${hierarchy}: a delete takes what was moved into it, as seen`, () => {
    const replicas = makeReplicas(["ann", "bob"]);
    const [ann, bob] = replicas.map(({ doc }) => doc) as [JsonCrdt, JsonCrdt];
    ann.setStrategy("**", { hierarchy });
    ann.set([], { p: { own: 1 }, q: { x: 1 }, r: { y: 1 } });
    ann.move(["q"], ["p", "q"]);
    exchange(replicas);
    ann.delete(["p"]);
    bob.move(["r"], ["p", "r"]);
    assertEquals(exchange(replicas), { p: { r: { y: 1 } } });
  });

  Deno.test(`${hierarchy}: a delete spares what it knows has moved out`, () => {
    const replicas = makeReplicas(["ann", "bob"]);
    const [ann, bob] = replicas.map(({ doc }) => doc) as [JsonCrdt, JsonCrdt];
    ann.setStrategy("**", { hierarchy });
    ann.set([], { p: { q: { x: 1 } }, list: [{ y: 1 }, "z"] });
    ann.move(["p", "q"], ["q"]);
    ann.move(["list", 0], ["e"]);
    ann.move(["list", 0], ["z"]);
    exchange(replicas);
    bob.delete(["p"]);
    bob.set(["list"], []);
    ann.set(["q", "n"], 2);
    assertEquals(exchange(replicas), {
      q: { x: 1, n: 2 },
      e: { y: 1 },
      z: "z",
      list: [],
    });
  });
}

Deno.test("a move that throws, or is rolled back, leaves no trace", () => {
  const initial = { a: { b: {} }, list: [1, { c: 2 }], text: "t" };
  const doc = new JsonCrdt("ann", { initial });
  doc.set(["list", 0], { now: "a map" });
  const before = [doc.inspect(), doc.clock()];
  const acts: [() => void, string][] = [
    [() => doc.move(["a"], ["a", "b", "c"]), "inside itself"],
    [() => doc.move(["none"], ["x"]), "there is nothing"],
    [() => doc.move([], ["x"]), "the root stays"],
    [() => doc.move(["a"], []), "the root stays"],
    [() => doc.move(["a"], ["list", 3]), "from 0 to 2: current value is 3"],
    [() => doc.move(["list", 0], ["list", 2]), "from 0 to 1"],
    [() => doc.move(["a"], ["text", 0]), "there is no list"],
    [() => doc.move(["a"], ["list", "x"]), "there is a list"],
    [() => doc.move(["list", 0, "now"], ["x"]), "born a value"],
    [() => doc.move(["a"], ["list", 0, "x"]), "born a value"],
  ];
  for (const [act, words] of acts) {
    const error = assertThrows(act, DistflowError);
    assertEquals(error.code, "INVALID_PATH");
    assert(error.message.includes(words), error.message);
  }
  assertEquals([doc.inspect(), doc.clock()], before);
  assertThrows(() =>
    doc.transact(() => {
      doc.move(["a", "b"], ["list", 1]);
      doc.set(["list", 1, "x"], 1);
      doc.move(["list", 0], ["a"]);
      doc.move(["list", 1, "c"], ["text"]);
      doc.delete(["list"]);
      throw new Error("on purpose");
    })
  );
  assertEquals([doc.inspect(), doc.clock()], before);
  doc.move(["a"], ["list", 0]);
  assertEquals(doc.get(["list", 0]), { b: {} });
});

Deno.test("a removal of what only stands for a moved element does nothing", () => {
  const doc = new JsonCrdt("ann", { initial: { list: ["a", {}], other: [] } });
  doc.move(["list", 0], ["other", 0]);
  doc.move(["list", 0], ["other", 1]);
  const counter = doc.clock().ann ?? 0;
  doc.receive({
    dot: ["eve", 1],
    stamp: [Date.UTC(2026, 0, 1), 0],
    kind: "remove",
    path: ["other"],
    ranges: [["ann", counter - 1, 2]],
  });
  assertEquals(doc.clock().eve, 1);
  assertEquals(doc.get(["other"]), ["a", {}]);
  doc.move(["other", 0], ["list", 0]);
  doc.move(["other", 0], ["list", 1]);
  assertEquals(doc.toJSON(), { list: ["a", {}], other: [] });
});

Deno.test("a key that only heirs have is that of an operation", () => {
  const doc = new JsonCrdt("ann");
  doc.receive({
    dot: ["eve", 1],
    stamp: [Date.UTC(2026, 0, 1), 0],
    kind: "set",
    path: ["a\u{10ffff}999999999"],
    value: 1,
  });
  // The move that it came after is not there, and may never be.
  assertEquals(doc.toJSON(), { a: 1 });
  doc.move(["a"], ["b"]);
  doc.set(["a"], 2);
  assertEquals(doc.toJSON(), { a: 2, b: 1 });
  assertThrows(() => doc.set(["a\u{10ffff}1"], 2), DistflowError);
});

Deno.test("what is told of moves is true, one change after the other", () => {
  const replicas = makeReplicas(["ann", "bob"], {
    initial: { a: { x: 1 }, list: ["p", "q"] },
  });
  const [ann, bob] = replicas.map(({ doc }) => doc) as [JsonCrdt, JsonCrdt];
  const told: unknown[][] = [[], []];
  for (const [index, { doc }] of replicas.entries()) {
    doc.on("change", ({ changes }) => told[index]?.push(...changes));
  }
  ann.move(["a"], ["list", 1]);
  ann.move(["list", 0], ["b"]);
  ann.move(["list", 0], ["list", 1]);
  exchange(replicas);
  assertEquals(told[0], [
    { kind: "delete", path: ["a"] },
    { kind: "insert", path: ["list"], index: 1, count: 1 },
    { kind: "remove", path: ["list"], index: 0, count: 1 },
    { kind: "set", path: ["b"] },
    { kind: "remove", path: ["list"], index: 0, count: 1 },
    { kind: "insert", path: ["list"], index: 1, count: 1 },
  ]);
  assertEquals(told[1], told[0]);
  assertEquals(bob.toJSON(), { b: "p", list: ["q", { x: 1 }] });
});

Deno.test("no move at random loses or doubles anything", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = new SeededRandom(seed);
    const ids = [..."abcdefg"];
    const initial: Record<string, JsonValue> = { list: [{ id: "l" }] };
    for (const id of ids) initial[id] = { id, in: [] };
    const replicas = makeReplicas(["ann", "bob", "eve"]);
    const operations: OperationJson[] = [];
    for (const { doc } of replicas) {
      doc.on("change", (event) => {
        if (event.origin === "local") operations.push(...event.operations());
      });
    }
    replicas[0]?.doc.set([], initial);
    exchange(replicas);
    for (let step = 0; step < 30; step++) {
      const { doc } = random.pick(replicas);
      const places = findPlaces(doc.toJSON(), []);
      const [id, from] = random.pick(places.filter(([id]) => id !== ""));
      const [, to] = random.pick(places);
      const isList = random.chance(50) && to.length > 0;
      // A key of its own, so that nothing meets anything there.
      const path = isList
        ? doc.get([...to, "in"]) === undefined ? [...to, id] : [...to, "in", 0]
        : [...to, id];
      try {
        doc.move(from, path);
      } catch (error) {
        assert(String(error).includes("inside itself"), String(error));
      }
      if (random.chance(10)) exchange(replicas);
    }
    const shown = exchange(replicas);
    const found = findPlaces(shown, []).map(([id]) => id).sort();
    assertEquals(found, ["", ...ids, "l"], `Seed ${seed}`);
    assertEquals(shown, new Model(operations).toJSON(), `Seed ${seed}`);
  }
});

/** All maps with an `id`, and the root, which has none. */
function findPlaces(
  value: JsonValue,
  path: (string | number)[],
): [id: string, path: (string | number)[]][] {
  if (typeof value !== "object" || value === null) return [];
  const entries: [string | number, JsonValue][] = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(value as { [key: string]: JsonValue });
  const below = entries.flatMap(([key, entry]) =>
    findPlaces(entry, [...path, key])
  );
  const { id } = value as { id?: string };
  if (path.length > 0 && id === undefined) return below;
  return [[id ?? "", path], ...below];
}

Deno.test("two who reorder a list apart, thousands of times, agree soon", () => {
  const items = Array.from({ length: 100 }, (_, id) => ({ id }));
  let wallMs = Date.UTC(2026, 0, 1);
  const options = { initial: { items }, clock: { wallMs: () => wallMs++ } };
  const [ann, bob] = [
    new JsonCrdt("ann", options),
    new JsonCrdt("bob", options),
  ];
  for (let count = 0; count < 3000; count++) {
    ann.move(["items", count * 7 % 100], ["items", count * 13 % 100]);
    bob.move(["items", count * 11 % 100], ["items", count * 17 % 100]);
  }
  const diff = ann.encodeDiff(bob.clock());
  ann.applyDiff(bob.encodeDiff(ann.clock()));
  bob.applyDiff(diff);
  assertEquals(ann.inspect(), bob.inspect());
  assertEquals(ann.length(["items"]), 100);
});

Deno.test("what a move replaces is found, though the move shifts its index", () => {
  const doc = new JsonCrdt("ann");
  doc.set([], { p: 7, list: [{ a: 1 }, { x: 1 }, {}] });
  doc.move(["p"], ["list", 2, "x"]);
  doc.move(["list", 0], ["list", 1, "x"]);
  assertEquals(doc.get(["list"]), [{ x: { a: 1 } }, { x: 7 }]);
  doc.move(["list", 0, "x"], ["away"]);
  assertEquals(doc.toJSON(), { list: [{}, { x: 7 }], away: { a: 1 } });
});

Deno.test("what moves out of a list that moves, too, is back in it if undone", () => {
  const doc = new JsonCrdt("ann");
  doc.push(["a"], -1, { c: true });
  doc.move(["a"], ["1"]);
  doc.insertAt(["d"], 0, [false]);
  doc.move(["1"], ["c"]);
  doc.move(["d"], ["1"]);
  doc.move(["1", 0], ["b"]);
  doc.move(["b"], ["d"]);
  doc.move(["1"], ["d", 0]);
  doc.move(["c"], ["b"]);
  const before = [doc.inspect(), doc.clock()];
  assertThrows(() =>
    doc.transact(() => {
      doc.move(["d", 0], ["b", 2]);
      doc.move(["d"], ["c", "1", "d", "1"]);
      throw new Error("no");
    })
  );
  assertEquals([doc.inspect(), doc.clock()], before);
});
