import { assert, assertEquals, assertThrows } from "@std/assert";
import { DistflowError } from "../../src/base/errors.ts";
import type { JsonValue } from "../../src/base/json.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { asRegister, JsonCrdt } from "../../src/crdt/mod.ts";
import type { OperationJson } from "../../src/crdt/operation_json.ts";
import type { HierarchyStrategy } from "../../src/crdt/strategies.ts";
import { exchange, makeReplicas } from "./replicas.ts";

type Edit = (doc: JsonCrdt) => void;

/** What two replicas show that begin with a list and edit it at once. */
function showBoth(list: JsonValue, first: Edit, second: Edit): JsonValue {
  const replicas = makeReplicas(["ann", "bob"], { initial: { list } });
  first(replicas[0]?.doc as JsonCrdt);
  second(replicas[1]?.doc as JsonCrdt);
  return (exchange(replicas) as { list: JsonValue }).list;
}

function assertRefused(act: () => void, code: string, words: string): void {
  const error = assertThrows(act, DistflowError);
  assertEquals(error.code, code);
  assert(error.message.includes(words), error.message);
}

Deno.test("an edit keeps its element when others insert before it", () => {
  const shown = showBoth(
    ["a", "b", "c"],
    (doc) => doc.insertAt(["list"], 0, "x", "y"),
    (doc) => doc.set(["list", 1], "B"),
  );
  assertEquals(shown, ["x", "y", "a", "B", "c"]);
});

Deno.test("removals of two elements at once remove these two", () => {
  const shown = showBoth(
    ["a", "b", "c"],
    (doc) => doc.delete(["list", 0]),
    (doc) => doc.delete(["list", 1]),
  );
  assertEquals(shown, ["c"]);
});

Deno.test("an element that both remove is removed once", () => {
  const remove = (doc: JsonCrdt) => doc.removeAt(["list"], 1, 2);
  assertEquals(showBoth([1, 2, 3, 4], remove, remove), [1, 4]);
});

Deno.test("two lists that are made at one place are one", () => {
  const replicas = makeReplicas(["ann", "bob"]);
  for (const { doc } of replicas) doc.push(["p", "list"], doc.replicaId);
  assertEquals(exchange(replicas), { p: { list: ["ann", "bob"] } });
});

Deno.test("a value that was removed is gone, whoever sets it meanwhile", () => {
  const shown = showBoth(
    ["a", "b"],
    (doc) => doc.removeAt(["list"], 0),
    (doc) => doc.set(["list", 0], { deep: [1, { er: 2 }] }),
  );
  assertEquals(shown, ["b"]);
});

for (
  const [strategy, expected] of [
    ["merge", [{ n: 2 }, "z"]],
    ["set-wins", [{ n: 2 }, "z"]],
    ["delete-wins", ["z"]],
  ] as [HierarchyStrategy, JsonValue][]
) {
  Deno.test(`${strategy}: an element that is removed and edited`, () => {
    const [ann, bob] = makeReplicas(["ann", "bob"]) as [
      { doc: JsonCrdt; sent: Uint8Array[] },
      { doc: JsonCrdt; sent: Uint8Array[] },
    ];
    ann.doc.setStrategy("**", { hierarchy: strategy });
    ann.doc.set(["list"], [{ a: 1 }, "z"]);
    for (const message of ann.sent) bob.doc.receiveMessage(message);
    ann.doc.removeAt(["list"], 0);
    bob.doc.set(["list", 0, "n"], 2);
    assertEquals(exchange([ann, bob]), { list: expected });
  });

  Deno.test(`${strategy}: a list that is replaced and pushed to`, () => {
    const [ann, bob] = makeReplicas(["ann", "bob"]) as [
      { doc: JsonCrdt; sent: Uint8Array[] },
      { doc: JsonCrdt; sent: Uint8Array[] },
    ];
    ann.doc.setStrategy("**", { hierarchy: strategy });
    ann.doc.set(["list"], ["old", { a: 1 }]);
    for (const message of ann.sent) bob.doc.receiveMessage(message);
    ann.doc.set(["list"], ["new"]);
    bob.doc.push(["list"], "pushed");
    const shown = exchange([ann, bob]) as { list: string[] };
    assertEquals(
      [...shown.list].sort(),
      strategy === "delete-wins" ? ["new"] : ["new", "pushed"],
    );
  });
}

Deno.test("maps and lists in lists are edited in place by both", () => {
  const shown = showBoth(
    [{ todo: { title: "a", tags: [] } }, [[1], [2]]],
    (doc) => {
      doc.set(["list", 0, "todo", "title"], "A");
      doc.push(["list", 1, 0], 11);
    },
    (doc) => {
      doc.push(["list", 0, "todo", "tags"], "t");
      doc.increment(["list", 1, 1, 0], 5);
      doc.insertAt(["list", 1], 1, [{ new: true }]);
    },
  );
  assertEquals(shown, [
    { todo: { title: "A", tags: ["t"] } },
    [[1, 11], [{ new: true }], [7]],
  ]);
});

Deno.test("an index beyond a list is refused with its bounds", () => {
  const doc = new JsonCrdt("ann", { initial: { list: [1, 2], text: "ab" } });
  const before = [doc.inspect(), doc.clock()];
  const acts: [() => void, string][] = [
    [() => doc.insertAt(["list"], 3, 0), "from 0 to 2: current value is 3"],
    [() => doc.insertAt(["list"], -1, 0), "from 0 to 2: current value is -1"],
    [() => doc.insertAt(["list"], 0.5, 0), "from 0 to 2: current value is 0.5"],
    [() => doc.removeAt(["list"], 1, 2), "are 1 from index 1 on: current"],
    [() => doc.removeAt(["list"], 3), "from 0 to 2: current value is 3"],
    [
      () => doc.removeAt(["list"], 2),
      "are 0 from index 2 on: current count is 1",
    ],
    [() => doc.removeAt(["list"], 1, -1), "must be a whole number"],
    [() => doc.set(["list", 2], 0), "from 0 to 1: current value is 2"],
    [() => doc.set(["list", "0"], 0), "is a key, and there is a list"],
    [() => doc.set(["text", 0], "x"), "is an index, and there is no"],
    [() => doc.push(["text"], 1), "there is no list"],
    [() => doc.push([], 1), "there is no list"],
    [() => doc.insertText(["list"], 0, "a"), "there is no text"],
    [() => doc.insertText(["text"], 3, "a"), "from 0 to 2: current value is 3"],
    [() => doc.deleteText(["text"], 0, 3), "are 2 from index 0 on: current"],
  ];
  for (const [act, words] of acts) assertRefused(act, "INVALID_PATH", words);
  assertRefused(() => doc.set([], []), "INVALID_VALUE", "anything but");
  assertEquals([doc.inspect(), doc.clock()], before);
  assertEquals(doc.get(["list", 2]), undefined);
  assertEquals(doc.get(["list", "0"]), undefined);
  assertEquals(doc.delete(["list", 2]), false);
});

Deno.test("a transaction that throws leaves lists and texts as they were", () => {
  const doc = new JsonCrdt("ann");
  doc.set([], { list: ["ab", { a: [1] }, 3], text: "abc", p: { q: [1, 2] } });
  doc.insertText(["text"], 3, "d");
  doc.setStrategy("text", { value: "multi-value" });
  const before = [doc.inspect(), doc.clock()];
  assertThrows(() =>
    doc.transact(() => {
      doc.insertAt(["list"], 1, "x", { y: ["z"] });
      doc.insertText(["list", 0], 1, "-");
      doc.removeAt(["list"], 0, 3);
      doc.set(["list", 0, "a"], { b: [] });
      doc.push(["list", 0, "a", "b"], 1);
      doc.delete(["p"]);
      doc.deleteText(["text"], 1, 2);
      doc.set(["text"], "new");
      doc.insertText(["text"], 0, "very ");
      doc.push(["fresh"], ["deep"]);
      throw new Error("on purpose");
    })
  );
  assertEquals([doc.inspect(), doc.clock()], before);
  doc.removeAt(["list"], 0);
  doc.insertText(["text"], 0, "=");
  assertEquals(doc.get(["list"]), [{ a: [1] }, 3]);
  assertEquals(doc.get(["text"]), "=abcd");
});

Deno.test("a register in a list is replaced as a whole", () => {
  const doc = new JsonCrdt("ann");
  doc.push(["list"], asRegister([1, 2]), asRegister({ a: 1 }));
  assertEquals(doc.get(["list"]), [[1, 2], { a: 1 }]);
  assertEquals(doc.length(["list", 0]), 0);
  assertRefused(() => doc.push(["list", 0], 3), "INVALID_PATH", "no list");
});

Deno.test("where values are kept beside each other an array is one value", () => {
  const replicas = makeReplicas(["ann", "bob"]);
  const [ann, bob] = replicas.map(({ doc }) => doc) as [JsonCrdt, JsonCrdt];
  ann.setStrategy("tags", { value: "set-union" });
  exchange(replicas);
  ann.set(["tags"], ["a", "b"]);
  bob.set(["tags"], ["b", "c"]);
  assertEquals(exchange(replicas), { tags: ["a", "b", "c"] });
});

Deno.test("a message that pushes a value has at most 40 bytes", () => {
  const [ann] = makeReplicas(["replica-a"]);
  for (let index = 0; index < 1000; index++) {
    ann?.doc.push(["todos"], index);
  }
  const sizes = (ann?.sent ?? []).map((message) => message.length);
  assert(Math.max(...sizes) <= 40, String(Math.max(...sizes)));
});

Deno.test("an insertion behind nothing is told, and does nothing", () => {
  const doc = new JsonCrdt("bob");
  const told: unknown[] = [];
  doc.on("reject", ({ code, dot }) => told.push([code, dot]));
  const insert = {
    dot: ["ann", 1],
    stamp: [Date.UTC(2026, 0, 1), 0],
    kind: "insert",
    path: ["list"],
    origin: [],
    value: ["a"],
  } as const satisfies OperationJson;
  doc.receive(insert);
  doc.receive({
    ...insert,
    dot: ["ann", 2],
    path: ["other"],
    origin: ["right", "ann", 1],
  });
  assertEquals(told, [["INVALID_OPERATION", ["ann", 2]]]);
  assertEquals([doc.toJSON(), doc.clock()], [{ list: ["a"] }, { ann: 2 }]);
});

Deno.test("lists in lists beyond the limit of levels do nothing", () => {
  const doc = new JsonCrdt("bob");
  for (let counter = 1; counter <= 300; counter++) {
    doc.receive({
      dot: ["ann", counter],
      stamp: [Date.UTC(2026, 0, 1), 0],
      kind: "insert",
      path: counter === 1 ? ["list"] : [],
      ...counter === 1 ? {} : { anchor: ["ann", counter - 1] as const },
      origin: [],
      type: "list",
      value: [[]],
    });
  }
  assertEquals(doc.clock(), { ann: 300 });
  const levels = JSON.stringify(doc).split("[").length - 1;
  assertEquals(levels, 256);
});

Deno.test("what is told of a list is true, one change after the other", () => {
  for (let seed = 1; seed <= 100; seed++) {
    const random = new SeededRandom(seed);
    const replicas = makeReplicas(["ann", "bob", "eve"], {
      initial: { list: [] },
    });
    let next = 0;
    const mirrors = replicas.map(({ doc }) => {
      const mirror: (JsonValue | undefined)[] = [];
      doc.on("change", ({ changes }) => {
        for (const change of changes) {
          const { kind, path } = change;
          assertEquals(path[0], "list");
          if (kind === "insert") {
            const items = Array.from({ length: change.count }, () => undefined);
            mirror.splice(change.index, 0, ...items);
          } else if (kind === "remove") {
            mirror.splice(change.index, change.count);
          } else if (path.length > 1) mirror[path[1] as number] = undefined;
        }
        // What was not told of is where and what it was.
        const list = doc.get(["list"]) as JsonValue[];
        assertEquals(mirror.length, list.length, `Seed ${seed}`);
        for (const [index, item] of list.entries()) {
          if (mirror[index] !== undefined) {
            assertEquals(mirror[index], item, `Seed ${seed}`);
          }
          mirror[index] = item;
        }
      });
      return mirror;
    });
    for (let step = 0; step < 40; step++) {
      const { doc } = random.pick(replicas);
      const length = doc.length(["list"]);
      const index = random.below(length + 1);
      const choice = random.below(10);
      if (choice < 4 || index === length) {
        const items = [next++, { id: next++ }, `t${next++}`]
          .filter(() => random.chance(60));
        doc.insertAt(["list"], index, ...items);
      } else if (choice < 6) {
        doc.removeAt(["list"], index, 1 + random.below(length - index));
      } else if (choice < 8) {
        if (typeof doc.get(["list", index]) === "object") {
          doc.set(["list", index, "n"], next++);
        } else doc.set(["list", index], next++);
      } else if (choice < 9) exchange(replicas);
    }
    exchange(replicas);
    for (const mirror of mirrors) assertEquals(mirror, mirrors[0]);
  }
});
