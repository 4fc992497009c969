import { assert, assertEquals, assertThrows } from "@std/assert";
import { DistflowError, hasCode } from "../../src/base/errors.ts";
import type { JsonValue } from "../../src/base/json.ts";
import { asRegister, JsonCrdt } from "../../src/crdt/mod.ts";
import type { HierarchyStrategy } from "../../src/crdt/strategies.ts";

const START_MS = Date.UTC(2026, 0, 1);

/** A replica whose messages are kept, and whose wall clock stands at `atMs`. */
function makeReplica(name: string, atMs = START_MS) {
  const time = { wallMs: atMs };
  const doc = new JsonCrdt(name, { clock: { wallMs: () => time.wallMs } });
  const sent: Uint8Array[] = [];
  doc.on("change", (event) => {
    if (event.origin === "local") sent.push(event.message());
  });
  return { doc, sent, time };
}

/** What a third replica shows after the messages in each of two orders. */
function showBothWays(
  first: readonly Uint8Array[],
  second: readonly Uint8Array[],
): JsonValue {
  const [one, other] = [new JsonCrdt("x"), new JsonCrdt("y")];
  for (const message of [...first, ...second]) one.receiveMessage(message);
  for (const message of [...second, ...first]) other.receiveMessage(message);
  assertEquals(one.toJSON(), other.toJSON());
  assertEquals(one.inspect(), other.inspect());
  return one.toJSON();
}

/** The message of what `ann` and then, a second later, `bob` does alone. */
function showConflict(
  older: (doc: JsonCrdt) => void,
  newer: (doc: JsonCrdt) => void,
): JsonValue {
  const [ann, bob] = [makeReplica("ann"), makeReplica("bob", START_MS + 1000)];
  older(ann.doc);
  newer(bob.doc);
  return showBothWays(ann.sent, bob.sent);
}

Deno.test("a delete and a newer set show the set in either order", () => {
  const ann = makeReplica("ann");
  ann.doc.set(["x"], 0);
  const bob = makeReplica("bob", START_MS + 1000);
  for (const message of ann.sent) bob.doc.receiveMessage(message);
  ann.doc.delete(["x"]);
  bob.doc.set(["x"], 1);
  const [first, ...later] = ann.sent;
  assert(first !== undefined);
  assertEquals(showBothWays([first, ...later], bob.sent), { x: 1 });
});

Deno.test("a set of a child and a newer set of its parent merge", () => {
  const shown = showConflict(
    (doc) => doc.set(["p", "k"], 1),
    (doc) => doc.set(["p"], { z: 1 }),
  );
  assertEquals(shown, { p: { k: 1, z: 1 } });
});

Deno.test("a scalar and a newer child of it show the child", () => {
  const shown = showConflict(
    (doc) => doc.set(["p"], 1),
    (doc) => doc.set(["p", "k"], 2),
  );
  assertEquals(shown, { p: { k: 2 } });
});

Deno.test("a child and a newer scalar above it show the scalar", () => {
  const shown = showConflict(
    (doc) => doc.set(["p", "k"], 2),
    (doc) => doc.set(["p"], 1),
  );
  assertEquals(shown, { p: 1 });
});

Deno.test("an older set never resurrects what was deleted later", () => {
  const ann = makeReplica("ann");
  ann.doc.set(["x"], 0);
  const bob = makeReplica("bob", START_MS - 1000);
  bob.doc.set(["x"], 1);
  ann.doc.delete(["x"]);
  assertEquals(showBothWays(ann.sent, bob.sent), {});
});

for (
  const [strategy, deleted, overwritten] of [
    ["merge", { p: { c: 3 } }, { p: 5 }],
    ["set-wins", { p: { c: 3 } }, { p: { c: 3 } }],
    ["delete-wins", {}, { p: 5 }],
  ] as [HierarchyStrategy, JsonValue, JsonValue][]
) {
  for (const newer of ["parent", "child"]) {
    const prepare = () => {
      const ann = makeReplica("ann");
      ann.doc.setStrategy("**", { hierarchy: strategy });
      ann.doc.set(["p"], { a: 1, b: 2 });
      const [up, down] = newer === "parent" ? [2000, 1000] : [1000, 2000];
      const bob = makeReplica("bob", START_MS + down);
      for (const message of ann.sent) bob.doc.receiveMessage(message);
      ann.time.wallMs = START_MS + up;
      bob.doc.set(["p", "c"], 3);
      return { ann, bob };
    };

    Deno.test(`${strategy}: a delete against a set, ${newer} newer`, () => {
      const { ann, bob } = prepare();
      ann.doc.delete(["p"]);
      assertEquals(showBothWays(ann.sent, bob.sent), deleted);
    });

    Deno.test(`${strategy}: a scalar against a set, ${newer} newer`, () => {
      const { ann, bob } = prepare();
      ann.doc.set(["p"], 5);
      // Only merge decides by time.
      const expected = strategy === "merge" && newer === "child"
        ? { p: { c: 3 } }
        : overwritten;
      assertEquals(showBothWays(ann.sent, bob.sent), expected);
    });
  }
}

Deno.test("keys of prototypes are data and touch no prototype", () => {
  const { doc, sent } = makeReplica("ann");
  for (const key of ["__proto__", "constructor", "prototype"]) {
    doc.set([key, "polluted"], 1);
    doc.set(["deep"], JSON.parse(`{"${key}":{"polluted":1}}`));
  }
  const other = new JsonCrdt("bob");
  for (const message of sent) other.receiveMessage(message);
  assertEquals(Reflect.get({}, "polluted"), undefined);
  assertEquals(other.get(["__proto__", "polluted"]), 1);
  assertEquals(other.keys([]), [
    "__proto__",
    "constructor",
    "deep",
    "prototype",
  ]);
  doc.set([], JSON.parse('{"__proto__":{"__proto__":{"a":1}}}'));
  for (const message of sent) other.receiveMessage(message);
  assertEquals(JSON.stringify(other), '{"__proto__":{"__proto__":{"a":1}}}');
});

Deno.test("sets of the whole document hide each other's content alone", () => {
  const [ann, bob] = [makeReplica("ann"), makeReplica("bob", START_MS + 1000)];
  for (const [{ doc }, key] of [[ann, "a"], [bob, "b"]] as const) {
    doc.setStrategy("**", { hierarchy: "delete-wins" });
    doc.set([], { [key]: 1 });
  }
  assertEquals(showBothWays(ann.sent, bob.sent), {});
});

Deno.test("who has seen a barrier builds on it, whatever came after it", () => {
  const [ann, bob] = [makeReplica("ann"), makeReplica("bob", START_MS + 1000)];
  bob.doc.setStrategy("**", { hierarchy: "delete-wins" });
  bob.doc.set(["p", "a"], 1);
  bob.doc.delete(["p"]);
  // Eve knows neither of the strategy nor of the delete.
  const eve = makeReplica("eve", START_MS + 2000);
  eve.doc.set(["p"], 7);
  for (const message of [...bob.sent, ...eve.sent]) {
    ann.doc.receiveMessage(message);
  }
  assertEquals(ann.doc.toJSON(), { p: 7 });
  ann.doc.set(["p", "c"], 3);
  assertEquals(
    showBothWays(ann.sent, [...bob.sent, ...eve.sent]),
    { p: { c: 3 } },
  );
});

Deno.test("what is not JSON is refused and leaves no trace", () => {
  const { doc, sent } = makeReplica("ann");
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  // deno-lint-ignore no-sparse-arrays
  const values: unknown[] = [NaN, Infinity, undefined, cycle, [1, , 2]];
  values.push("\ud800", { "\ud800": 1 }, new Map(), () => 1, 1n, [undefined]);
  const before = doc.inspect();
  for (const value of values) {
    const error = assertThrows(
      () => doc.set(["a", "b"], { ok: 1, bad: value } as JsonValue),
      DistflowError,
    );
    assertEquals(error.code, "INVALID_VALUE");
  }
  assertEquals([doc.inspect(), doc.clock(), sent], [before, {}, []]);
});

Deno.test("a path and its value go no deeper together than others accept", () => {
  const { doc, sent } = makeReplica("ann");
  const path = Array.from({ length: 120 }, () => "k");
  const nest = (depth: number): JsonValue =>
    depth === 0 ? 1 : { k: nest(depth - 1) };
  doc.set(path, nest(8));
  const other = new JsonCrdt("bob");
  for (const message of sent) other.receiveMessage(message);
  assertEquals(other.inspect(), doc.inspect());
  assertThrows(() => doc.set(path, nest(9)), DistflowError);
  assertThrows(() => doc.set([...path, ...path], 1), DistflowError);
  const deep = [...path, ..."abcdefgh"];
  assertThrows(() => doc.push(deep, 1), DistflowError);
  assertThrows(() => doc.set(deep, [1]), DistflowError);
  doc.push(deep.slice(1), 1);
  assertEquals(doc.get(deep.slice(1)), [1]);
});

Deno.test("new keys are refused at the limit, but not those of others", () => {
  const doc = new JsonCrdt("ann", { registerCountMax: 5 });
  const error = assertThrows(
    () => doc.set([], { a: 1, b: 2, c: 3, d: 4, e: 5, f: 6 }),
    DistflowError,
  );
  assertEquals([error.code, doc.toJSON()], ["LIMIT_REACHED", {}]);
  const bob = makeReplica("bob");
  for (const key of "abcdefgh") bob.doc.set([key], key);
  for (const message of bob.sent) doc.receiveMessage(message);
  assertEquals(doc.toJSON(), bob.doc.toJSON());
  // What is there may be changed, though there are more than allowed.
  doc.set(["a"], "A");
  doc.set(["b"], asRegister([1]));
  doc.set([], { c: 3, d: 4 });
  doc.increment(["c"]);
  assertEquals(doc.toJSON(), { c: 4, d: 4 });
  for (const path of [["i"], ["a", "x"]]) {
    assert(hasCode(assertThrows(() => doc.set(path, 1)), "LIMIT_REACHED"));
  }
});

Deno.test("the limit counts entries and containers, not what lists hold", () => {
  const doc = new JsonCrdt("ann", { registerCountMax: 5 });
  const item = { x: 1 };
  doc.set([], { list: [1, 2, 3, 4, 5, 6, item], n: 1 });
  assertEquals(doc.getMetrics().registerCount, 4);
  doc.push(["list"], 7, 8, 9);
  doc.set(["list", 6, "y"], 1);
  assertEquals(doc.getMetrics().registerCount, 5);
  for (
    const edit of [
      () => doc.push(["list"], item),
      () => doc.set(["list"], [item]),
      () => doc.set(["more"], 1),
      () => doc.increment(["list", 6, "z"]),
      () => doc.set(["list", 0], "one"),
      () => doc.set(["list", 0], item),
    ]
  ) assert(hasCode(assertThrows(edit), "LIMIT_REACHED"));
  doc.set(["list", 6], { x: 2, y: 2 });
  assertEquals(doc.getMetrics().registerCount, 5);
});

Deno.test("the limit counts what pushes and moves make, and refuses it whole", () => {
  const doc = new JsonCrdt("ann", { registerCountMax: 4 });
  doc.set(["list"], [1, 2, 3]);
  doc.push(["a", "b"], 1);
  assertEquals(doc.getMetrics().registerCount, 3);
  const before = [doc.inspect(), doc.clock()];
  const acts = [
    () => doc.push(["c", "d"], 1),
    () => doc.insertAt(["c"], 0, {}),
    () => doc.move(["list", 0], ["c", "d"]),
  ];
  for (const act of acts) {
    const error = assertThrows(act, DistflowError);
    assertEquals(error.code, "LIMIT_REACHED", error.message);
  }
  assertEquals([doc.inspect(), doc.clock()], before);
  doc.push(["list"], 4);
  doc.move(["list", 0], ["c"]);
  assertEquals(doc.toJSON(), { a: { b: [1] }, list: [2, 3, 4], c: 1 });
  assertEquals(doc.getMetrics().registerCount, 4);
  doc.set(["c"], 2);
  assertThrows(() => doc.move(["list", 0], ["c"]), DistflowError);
});

Deno.test("what is put into a list as a whole takes no register till it is edited", () => {
  const doc = new JsonCrdt("ann", { registerCountMax: 1 });
  doc.set(["list"], ["text"]);
  doc.push(["list"], asRegister({ a: 1 }), asRegister([1]));
  assertEquals(doc.getMetrics().registerCount, 1);
  const before = [doc.inspect(), doc.clock()];
  for (
    const [act, code] of [
      [() => doc.insertText(["list", 0], 9, "x"), "INVALID_PATH"],
      [() => doc.insertText(["list", 0], 0, "x"), "LIMIT_REACHED"],
      [() => doc.deleteText(["list", 0], 0, 1), "LIMIT_REACHED"],
      [() => doc.insertText(["list", 1], 0, "x"), "INVALID_PATH"],
    ] as const
  ) {
    assertEquals(assertThrows(act, DistflowError).code, code);
    assertEquals([doc.inspect(), doc.clock()], before);
  }
  const roomy = JsonCrdt.restore("bob", doc.snapshot());
  roomy.insertText(["list", 0], 4, "!");
  assertEquals(roomy.get(["list", 0]), "text!");
  assertEquals(roomy.getMetrics().registerCount, 2);
});

Deno.test("a transaction that throws leaves nothing, the clock included", () => {
  const { doc, sent } = makeReplica("ann");
  doc.set(["p"], { a: 1 });
  const before = [doc.inspect(), doc.clock(), sent.length];
  assertThrows(() =>
    doc.transact(() => {
      doc.setStrategy("**", { hierarchy: "delete-wins", value: "max" });
      doc.set(["p"], 5);
      doc.set(["q", "r"], { s: 1 });
      doc.increment(["n"], 3);
      doc.delete([]);
      throw new Error("on purpose");
    })
  );
  assertEquals([doc.inspect(), doc.clock(), sent.length], before);
  doc.set(["p", "b"], 2);
  const other = new JsonCrdt("bob");
  for (const message of sent) other.receiveMessage(message);
  assertEquals(other.toJSON(), { p: { a: 1, b: 2 } });
});

Deno.test("an inner transaction that throws undoes itself alone", () => {
  const { doc, sent } = makeReplica("ann");
  doc.transact(() => {
    doc.set(["a"], 1);
    assertThrows(() =>
      doc.transact(() => {
        doc.set(["a"], 2);
        throw new Error("on purpose");
      })
    );
    doc.set(["b"], 3);
  });
  assertEquals([doc.toJSON(), sent.length], [{ a: 1, b: 3 }, 1]);
});

Deno.test("a transaction that returns a promise is misuse, and leaves nothing", async () => {
  const { doc, sent } = makeReplica("ann");
  doc.set(["a"], 1);
  const before = [doc.inspect(), doc.clock(), sent.length];
  const wait = async () => {
    doc.set(["a"], 2);
    await Promise.reject(new Error("of which nobody else would hear"));
  };
  const thenable = () => {
    doc.delete(["a"]);
    return { then: () => {} };
  };
  for (const act of [wait, thenable]) {
    assertThrows(() => doc.transact(act), TypeError, "are synchronous");
    assertThrows(
      () => doc.setSchema(false, { migrate: act }),
      TypeError,
      "are synchronous",
    );
  }
  assertEquals([doc.inspect(), doc.clock(), sent.length], before);
  doc.transact(() => {
    doc.set(["b"], 1);
    assertThrows(() => doc.transact(wait), TypeError);
  });
  await Promise.resolve();
  assertEquals(doc.toJSON(), { a: 1, b: 1 });
});

Deno.test("a transaction is one event here and there", () => {
  const { doc } = makeReplica("ann");
  const other = new JsonCrdt("bob");
  const told: [string, string, number][] = [];
  for (const replica of [doc, other]) {
    replica.on("change", ({ origin, replica, changes }) => {
      told.push([origin, replica, changes.length]);
    });
  }
  doc.on("change", (event) => other.receiveMessage(event.message()));
  doc.transact(() => {
    doc.set(["a"], 1);
    doc.set(["b"], 2);
    doc.delete(["a"]);
  });
  assertEquals(told[0], ["local", "ann", 3]);
  assertEquals(told.map(([origin]) => origin), ["local", "remote"]);
});

Deno.test("the same start counts once, however many replicas have it", () => {
  const initial = { list: [1], map: { a: 1 } };
  const ann = new JsonCrdt("ann", { initial });
  const bob = new JsonCrdt("bob", { initial: { map: { a: 1 }, list: [1] } });
  assertEquals(ann.inspect(), bob.inspect());
  ann.on("change", (event) => bob.receiveMessage(event.message()));
  ann.delete(["map", "a"]);
  assertEquals(bob.toJSON(), ann.toJSON());
});

Deno.test("a register is replaced as a whole", () => {
  const shown = showConflict(
    (doc) => doc.set(["p"], asRegister({ a: 1 })),
    (doc) => doc.set(["p"], asRegister({ b: 2 })),
  );
  assertEquals(shown, { p: { b: 2 } });
});

Deno.test("nobody changes a part of a register, nor makes the root one", () => {
  const doc = new JsonCrdt("ann", { initial: { list: [] } });
  doc.set(["whole"], asRegister({ x: 1, y: { z: 2 } }));
  doc.push(["list"], asRegister({ x: 1 }), asRegister([1]), "scalar");
  doc.setStrategy("many", { value: "multi-value" });
  doc.set(["many"], [1, 2]);
  const before = [doc.inspect(), doc.clock()];
  const acts: [() => unknown, string][] = [
    [() => doc.set(["whole", "x"], 3), "INVALID_PATH"],
    [() => doc.set(["whole", "y", "z"], 3), "INVALID_PATH"],
    [() => doc.increment(["whole", "x"]), "INVALID_PATH"],
    [() => doc.delete(["whole", "x"]), "INVALID_PATH"],
    [() => doc.push(["whole", "new"], 1), "INVALID_PATH"],
    [() => doc.move(["list", 2], ["whole", "x"]), "INVALID_PATH"],
    [() => doc.setOptimistic(["whole", "x"], 3), "INVALID_PATH"],
    [() => doc.set(["list", 0, "x"], 3), "INVALID_PATH"],
    [() => doc.set(["list", 1, 0], 3), "INVALID_PATH"],
    [() => doc.set(["many", "x"], 3), "INVALID_PATH"],
    [() => doc.set([], asRegister({ a: 1 })), "INVALID_VALUE"],
    [() => doc.setOptimistic([], asRegister({ a: 1 })), "INVALID_VALUE"],
  ];
  for (const [index, [act, code]] of acts.entries()) {
    const error = assertThrows(act, DistflowError, undefined, String(index));
    assertEquals(error.code, code, `${index}: ${error.message}`);
  }
  assertEquals([doc.inspect(), doc.clock()], before);
  doc.set(["list", 2, "x"], 3);
  doc.set(["whole"], {});
  doc.set(["whole", "x"], 4);
  assertEquals(doc.get(["list", 2]), { x: 3 });
  assertEquals(doc.get(["whole"]), { x: 4 });
});

Deno.test("options that are none are misuse", () => {
  const options: object[] = [
    { initial: [1] },
    { initial: 5 },
    { merges: { longest: "longest" } },
    { clock: Date.now },
    { clock: null },
  ];
  for (const each of options) {
    assertThrows(() => new JsonCrdt("ann", each), TypeError, "must be");
  }
});

Deno.test("what was read cannot be changed from outside", () => {
  const { doc } = makeReplica("ann");
  const value = [1, 2];
  doc.push(["list"], asRegister(value));
  doc.set(["value"], asRegister(value));
  value.push(3);
  assertEquals(doc.get(["value"]), [1, 2]);
  assertThrows(() => (doc.get(["value"]) as number[]).push(3), TypeError);
  (doc.get(["list"]) as number[]).push(3);
  assertEquals(doc.get(["list"]), [[1, 2]]);
});

Deno.test("nothing is received within a transaction", () => {
  const { doc } = makeReplica("ann");
  assertThrows(
    () => doc.transact(() => doc.receiveMessage(new Uint8Array())),
    TypeError,
  );
});

Deno.test("an increment of what is no number is refused", () => {
  const { doc } = makeReplica("ann");
  doc.set(["a"], "text");
  for (const [path, by] of [[["a"], 1], [["b"], 0.5], [[], 1]] as const) {
    try {
      doc.increment(path, by);
      assert(false, "It was not refused");
    } catch (error) {
      assert(hasCode(error, "INVALID_VALUE"));
    }
  }
});

Deno.test("a counter that was covered leaves concurrent values as they are", () => {
  const ann = makeReplica("ann");
  ann.doc.setStrategy("n", { value: "multi-value" });
  ann.doc.increment(["n"], 3);
  ann.doc.delete([]);
  const bob = makeReplica("bob", START_MS + 1000);
  for (const message of ann.sent) bob.doc.receiveMessage(message);
  ann.doc.set(["n"], 1);
  bob.doc.set(["n"], 2);
  for (const message of bob.sent) ann.doc.receiveMessage(message);
  assertEquals(ann.doc.getAll(["n"]), [1, 2]);
});

Deno.test("a byte order mark is a unit like others", () => {
  const ann = makeReplica("ann");
  ann.doc.set(["\ufeffkey"], "\ufefftext that is longer than a short one");
  const bob = makeReplica("bob");
  for (const message of ann.sent) bob.doc.receiveMessage(message);
  assertEquals(bob.doc.toJSON(), ann.doc.toJSON());
  assertEquals(bob.doc.clock(), ann.doc.clock());
});

Deno.test("what is kept below a value is in nobody's way", () => {
  const [ann, bob] = [makeReplica("ann"), makeReplica("bob", START_MS + 1000)];
  ann.doc.set(["a"], { list: [1] });
  bob.doc.set(["a"], 5);
  for (const message of bob.sent) ann.doc.receiveMessage(message);
  assertEquals(ann.doc.toJSON(), { a: 5 });
  ann.doc.set(["a", "list", "key"], 2);
  assertEquals(ann.doc.get(["a", "list"]), { key: 2 });
});

Deno.test("a map that nobody assigned is told when another deletes it", () => {
  const [ann, bob] = [new JsonCrdt("ann"), new JsonCrdt("bob")];
  const told: unknown[] = [];
  bob.on("change", (event) => {
    if (event.origin === "local") ann.receiveMessage(event.message());
  });
  ann.set(["a", "b"], 1);
  bob.merge(ann.snapshot());
  ann.on("change", ({ changes }) => told.push(...changes));
  bob.delete(["a"]);
  assertEquals(ann.toJSON(), {});
  assertEquals(told, [{ kind: "delete", path: ["a"] }]);
});

Deno.test("a counter shows the same sum wherever increments came from first", () => {
  const docs = Array.from("abcdefghi", (name) => new JsonCrdt(name));
  const [ann] = docs as [JsonCrdt];
  ann.set(["price"], 0.1);
  ann.set(["many"], 2 ** 53);
  const share = () => {
    for (const to of docs) {
      for (const from of docs) to.applyDiff(from.encodeDiff(to.clock()));
    }
  };
  share();
  for (const [index, doc] of docs.entries()) {
    doc.increment(["price"], 209 * (index + 1));
    doc.increment(["many"], 1);
    doc.increment(["huge"], 2 ** 50 - index);
  }
  share();
  const sums = { price: 9405.1, many: 2 ** 53 + 8, huge: 9 * 2 ** 50 - 36 };
  for (const doc of docs) assertEquals(doc.toJSON(), sums);
});

Deno.test("a replica whose counters are used up refuses edits, and is read", () => {
  // A string takes a counter for each unit of it.
  const page = "x".repeat(2 ** 24);
  const doc = new JsonCrdt("ann", { logLengthMax: 0 });
  for (let count = 0; count < 127; count++) doc.set(["page"], page);
  const { length } = page;
  const room = 2 ** 31 - 1 - (doc.clock()["ann"] ?? 0);
  doc.set(["page"], page.slice(0, length - 3));
  assertEquals(room, length - 1);
  const clock = doc.clock();
  for (
    const edit of [
      () => doc.set(["title"], "abc"),
      () => doc.set(["both"], { a: 1, b: "bc" }),
      () => doc.insertText(["page"], 0, "abc"),
      () => doc.transact(() => [1, 2, 3].map((n) => doc.set(["n"], n))),
    ]
  ) {
    assert(hasCode(assertThrows(edit), "LIMIT_REACHED"));
    assertEquals(doc.clock(), clock);
    assertEquals(Object.keys(doc.toJSON() as object), ["page"]);
  }
  doc.set(["page"], "");
  doc.set(["n"], 1);
  const other = JsonCrdt.restore("bob", doc.snapshot());
  other.set(["n"], 2);
  assertEquals(other.toJSON(), { page: "", n: 2 });
});

Deno.test("a clock that tells no number is passed by", () => {
  const clock = { wallMs: () => NaN };
  const doc = new JsonCrdt("ann", { clock });
  doc.set(["a"], 1);
  doc.set(["a"], 2);
  assertEquals(doc.toJSON(), { a: 2 });
  assertEquals(JsonCrdt.restore("bob", doc.snapshot()).toJSON(), { a: 2 });
});
