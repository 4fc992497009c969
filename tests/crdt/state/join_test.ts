import { assert, assertEquals } from "@std/assert";
import { JsonCrdt } from "../../../src/crdt/mod.ts";

/** Two replicas of one document, which go on alone. */
function makePair(act: (doc: JsonCrdt) => void): [JsonCrdt, JsonCrdt] {
  const ann = new JsonCrdt("ann");
  act(ann);
  return [ann, JsonCrdt.restore("bob", ann.snapshot())];
}

/** Merges each way, and then by operations as well. */
function mergeBothWays(ann: JsonCrdt, bob: JsonCrdt): void {
  const [a, b] = [ann.snapshot(), bob.snapshot()];
  ann.merge(b);
  bob.merge(a);
  assertEquals(ann.inspect(), bob.inspect());
  assertEquals(ann.clock(), bob.clock());
}

Deno.test("lists of two states interleave nothing and lose nothing", () => {
  const [ann, bob] = makePair((doc) => doc.set(["l"], ["a", "z"]));
  ann.insertAt(["l"], 1, 1, 2, 3);
  bob.insertAt(["l"], 1, 7, 8, 9);
  bob.removeAt(["l"], 0, 1);
  mergeBothWays(ann, bob);
  assertEquals(ann.get(["l"]), [1, 2, 3, 7, 8, 9, "z"]);
});

Deno.test("an element that one removed and one edited ends the same", () => {
  for (const hierarchy of ["merge", "delete-wins"] as const) {
    const [ann, bob] = makePair((doc) => {
      doc.setStrategy("**", { hierarchy });
      doc.set(["l"], [{ a: 1 }, "x"]);
    });
    ann.removeAt(["l"], 0, 2);
    bob.set(["l", 0, "b"], 2);
    bob.set(["l", 1], "y");
    mergeBothWays(ann, bob);
    assertEquals(ann.get(["l"]), hierarchy === "merge" ? [{ b: 2 }] : []);
  }
});

Deno.test("moves of two states are done in the order of their stamps", () => {
  const initial = { a: { x: 1 }, b: { y: 1 }, l: ["v", { z: 1 }], m: [] };
  const [ann, bob] = makePair((doc) => doc.set([], initial));
  ann.move(["a"], ["b", "a"]);
  bob.move(["b"], ["a", "b"]);
  ann.move(["l", 0], ["v"]);
  bob.move(["l", 0], ["m", 0]);
  bob.set(["l", 0, "more"], 2);
  ann.move(["l", 0], ["z"]);
  mergeBothWays(ann, bob);
  const shown = ann.toJSON() as typeof initial & { v?: string };
  assertEquals(shown.l, []);
  assertEquals(ann.get(["z"]), { z: 1, more: 2 });
  assertEquals([...shown.m, ...shown.v === undefined ? [] : [shown.v]], ["v"]);
  const inside = ann.get(["b", "a"]) ?? ann.get(["a", "b"]);
  assert(inside !== undefined);
});

for (const hierarchy of ["merge", "delete-wins"] as const) {
  Deno.test(`${hierarchy}: what is deleted and moved is so in states, too`, () => {
    const [ann, bob] = makePair((doc) => {
      doc.setStrategy("**", { hierarchy });
      doc.set([], { p: { a: { x: 1 }, b: { y: 1 }, l: ["v", {}] }, q: [] });
      doc.move(["p", "b"], ["b"]);
    });
    bob.move(["p", "a"], ["a"]);
    bob.set(["a", "new"], 2);
    bob.move(["p", "l", 0], ["q", 0]);
    bob.set(["b", "new"], 3);
    ann.delete(["p"]);
    mergeBothWays(ann, bob);
    // The author of the delete knew of the move of b, and of no other.
    const kept = hierarchy === "merge" ? { a: { new: 2 } } : {};
    assertEquals(ann.toJSON(), { ...kept, b: { y: 1, new: 3 }, q: [] });
  });
}

Deno.test("what moved between two states is told where it was and is", () => {
  const [ann, bob] = makePair((doc) => doc.set([], { a: 1, b: [{ c: 1 }] }));
  bob.move(["a"], ["d"]);
  bob.move(["b", 0], ["e"]);
  const told: unknown[] = [];
  ann.on("change", ({ changes }) => told.push(...changes));
  ann.merge(bob.snapshot());
  assertEquals(told, [
    { kind: "delete", path: ["a"] },
    { kind: "set", path: ["d"] },
    { kind: "set", path: ["b"] },
    { kind: "set", path: ["e"] },
  ]);
});

Deno.test("texts of two states are one text with both edits", () => {
  const [ann, bob] = makePair((doc) => {
    doc.set(["t"], "one two");
    doc.set(["l"], ["in a list"]);
  });
  ann.insertText(["t"], 3, " and a half");
  bob.deleteText(["t"], 0, 4);
  bob.insertText(["l", 0], 9, "!");
  mergeBothWays(ann, bob);
  assertEquals(ann.get(["t"]), " and a halftwo");
  assertEquals(ann.get(["l"]), ["in a list!"]);
});

Deno.test("edits of concurrent texts are merged, too", () => {
  const [ann, bob] = makePair((doc) =>
    doc.setStrategy("t", { value: "multi-value" })
  );
  ann.set(["t"], "first");
  bob.set(["t"], "second");
  mergeBothWays(ann, bob);
  ann.insertText(["t"], 0, "the ");
  bob.insertText(["t"], 6, " one");
  const told: unknown[] = [];
  ann.on("change", ({ changes }) => told.push(...changes));
  mergeBothWays(ann, bob);
  assertEquals(ann.getAll(["t"]), ["first", "the second one"]);
  assertEquals(told, [{ kind: "set", path: ["t"] }]);
});

Deno.test("a text that was replaced is replaced in a merged state", () => {
  const [ann, bob] = makePair((doc) => {
    doc.set(["t"], "old");
    doc.insertText(["t"], 3, "er");
  });
  ann.insertText(["t"], 0, "even ");
  bob.set(["t"], "new");
  bob.insertText(["t"], 3, "er");
  mergeBothWays(ann, bob);
  assertEquals(ann.get(["t"]), "newer");
  ann.insertText(["t"], 5, "!");
  mergeBothWays(ann, bob);
  assertEquals(bob.get(["t"]), "newer!");
});

Deno.test("what changed in lists is told where it is shown now", () => {
  const [ann, bob] = makePair((doc) => doc.set(["l"], [{ a: 1 }, { a: 2 }]));
  const told: unknown[] = [];
  ann.on("change", ({ changes }) => told.push(...changes));
  bob.set(["l", 1, "a"], 3);
  bob.insertAt(["l"], 0, "new");
  ann.merge(bob.snapshot());
  assertEquals(ann.get(["l"]), ["new", { a: 1 }, { a: 3 }]);
  assertEquals(told, [
    { kind: "set", path: ["l"] },
    { kind: "set", path: ["l", 2, "a"] },
  ]);
});

Deno.test("an element that a merged state hides is told of at its list", () => {
  const [ann, bob] = [new JsonCrdt("ann"), new JsonCrdt("bob")];
  ann.set(["list"], [{ a: 1 }]);
  bob.merge(ann.snapshot());
  bob.removeAt(["list"], 0);
  const told: unknown[] = [];
  ann.on("change", ({ changes }) => told.push(...changes));
  ann.merge(bob.snapshot());
  assertEquals(ann.toJSON(), { list: [] });
  assert(JSON.stringify(told).includes('{"kind":"set","path":["list"]}'));
});

Deno.test("a state that waited and cannot be merged any more is told of", () => {
  const time = { wallMs: Date.UTC(2026, 0, 1) };
  const clock = { wallMs: () => time.wallMs };
  const later = { wallMs: () => time.wallMs + 3_600_000 };
  const doc = new JsonCrdt("ann", { clock });
  const [one, other] = [new JsonCrdt("x"), new JsonCrdt("x", { clock: later })];
  one.set(["text"], "hello");
  one.push(["list"], 1);
  one.set(["map", "a"], 1);
  one.insertText(["text"], 0, "ab");
  other.set(["map", "b"], 1);
  other.push(["list"], 2);
  other.set(["text"], "hello");
  other.set(["map", "a"], 2);
  other.push(["list"], 3);
  other.insertText(["text"], 0, "ab");
  const bytes = other.snapshot();
  assertEquals(doc.merge(bytes), "buffered");
  bytes.fill(0);
  doc.merge(one.snapshot());
  const told: unknown[] = [];
  doc.on("reject", ({ code, dot }) => told.push([code, dot]));
  time.wallMs += 3_600_000;
  doc.poll();
  assertEquals(told, [["DUPLICATE_DOT", ["x", 11]]]);
  assertEquals(doc.toJSON(), one.toJSON());
});
