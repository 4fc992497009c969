import { assert, assertEquals, assertThrows } from "@std/assert";
import { DistflowError, hasCode } from "../../../src/base/errors.ts";
import type { JsonValue } from "../../../src/base/json.ts";
import type { RejectEvent } from "../../../src/crdt/events.ts";
import { asRegister, JsonCrdt } from "../../../src/crdt/mod.ts";

const USERS = {
  additionalProperties: false,
  properties: {
    users: {
      additionalProperties: {
        type: "object",
        required: ["name"],
        properties: {
          name: { type: "string", maxLength: 5 },
          age: { type: "integer", minimum: 0 },
          tags: { type: "array", items: { enum: ["a", "b"] } },
        },
        additionalProperties: false,
      },
    },
  },
};

/** Documents that send nothing until they are told to. */
function makeReplicas(...names: string[]) {
  return names.map((name) => {
    const doc = new JsonCrdt(name);
    const sent: Uint8Array[] = [];
    const rejects: RejectEvent[] = [];
    const told: string[] = [];
    doc.on("change", (event) => {
      if (event.origin === "local") sent.push(event.message());
      else {
        told.push(
          ...event.changes.map(({ kind, path }) => `${kind} ${path.join(".")}`),
        );
      }
    });
    doc.on("reject", (event) => rejects.push(event));
    return { doc, sent, rejects, told };
  });
}

type Replica = ReturnType<typeof makeReplicas>[number];

function deliver(from: Replica, to: Replica): void {
  for (const message of from.sent) to.doc.receiveMessage(message);
}

/** Ann's document with the schema, and Bob's, who does not know it. */
function makePair() {
  const [ann, bob] = makeReplicas("ann", "bob") as [Replica, Replica];
  ann.doc.setSchema(USERS);
  return { ann, bob };
}

function assertRefused(doc: JsonCrdt, act: () => void): void {
  const before = JSON.stringify([doc.inspect(), doc.clock()]);
  const error = assertThrows(act, DistflowError);
  assert(hasCode(error, "SCHEMA_VIOLATION"), error.message);
  assertEquals(JSON.stringify([doc.inspect(), doc.clock()]), before);
}

Deno.test("a local edit that the schema does not permit leaves no trace", () => {
  const { ann: { doc } } = makePair();
  doc.set(["users", "7"], { name: "Bo", age: 3, tags: ["a"] });
  for (
    const act of [
      () => doc.set(["other"], 1),
      () => doc.set(["users", "7", "age"], -1),
      () => doc.set(["users", "7", "age"], "old"),
      () => doc.set(["users", "8"], { name: "Cy", mail: "x" }),
      () => doc.set(["users", "8", "name"], asRegister({})),
      () => doc.set(["users", "8"], 7),
      () => doc.increment(["users", "7", "friends"]),
      () => doc.increment(["count"]),
      () => doc.push(["users", "7", "tags"], "a", "c"),
      () => doc.push(["users", "7", "tags"], { a: 1 }),
      () => doc.set(["users", "7", "tags", 0], "c"),
      () => doc.push(["users", "8", "name"], "a"),
      () =>
        doc.transact(() => {
          doc.set(["users", "9", "name"], "Di");
          doc.set(["users", "9", "age"], 0.5);
        }),
    ]
  ) assertRefused(doc, act);
  doc.transact(() => {
    assertThrows(() => doc.set(["users", "8"], { name: "Cy", mail: "x" }));
    assertThrows(() => doc.set(["users", "8", "age"], "old"));
    doc.increment(["users", "7", "age"], 2);
  });
  doc.push(["users", "7", "tags"], "b");
  // An element in which nothing has happened yet, now that there is a counter.
  assertRefused(doc, () => doc.set(["users", "7", "tags", 1], "c"));
  doc.insertText(["users", "7", "name"], 2, "b");
  const bob = { name: "Bob", age: 5, tags: ["a", "b"] };
  assertEquals(doc.toJSON(), { users: { 7: bob } });
});

Deno.test("what others do is kept, and does not show", () => {
  const { ann, bob } = makePair();
  bob.doc.set(["users", "7", "age"], "old");
  bob.doc.set(["other"], 1);
  bob.doc.set(["users", "8", "name"], "Cy");
  deliver(bob, ann);
  assertEquals(ann.doc.toJSON(), { users: { 8: { name: "Cy" } } });
  assertEquals(ann.doc.clock(), { ann: 1, bob: bob.doc.clock().bob as number });
  assertEquals(ann.rejects.map(({ code, dot }) => [code, ...dot]), [
    ["SCHEMA_VIOLATION", "bob", 1],
    ["SCHEMA_VIOLATION", "bob", 4],
  ]);
  assertEquals(ann.doc.rejected(), [
    { dot: ["bob", 1], path: ["users", "7", "age"], value: "old" },
    { dot: ["bob", 4], path: ["other"], value: 1 },
  ]);
  assertEquals(ann.told, ["set users.8.name"]);
});

Deno.test("who learns of the schema later sees the same", () => {
  const { ann, bob } = makePair();
  bob.doc.set(["users", "7"], { name: "Bob", age: "old", tags: ["a", "z"] });
  bob.doc.increment(["users", "7", "name"].slice(0, 1).concat("n"), 2);
  bob.doc.set(["users", "8"], { tags: [{ a: 1 }, ["b"], "b"] });
  bob.told.length = 0;
  deliver(bob, ann);
  deliver(ann, bob);
  const users = { 7: { name: "Bob", tags: ["a"] }, 8: { tags: ["b"] } };
  assertEquals(ann.doc.toJSON(), { users });
  assertEquals(bob.doc.toJSON(), { users });
  assertEquals(bob.doc.inspect(), ann.doc.inspect());
  assertEquals(bob.told.includes("delete users.7.age"), true);
  assertEquals(bob.doc.rejected(), ann.doc.rejected());
  const rejected = ann.doc.rejected().map(({ dot }) => dot.join()).sort();
  for (const { rejects } of [ann, bob]) {
    assertEquals(rejects.map(({ dot }) => dot.join()).sort(), rejected);
  }
});

Deno.test("what its author had seen stays, and is told as a violation", () => {
  const [ann] = makeReplicas("ann") as [Replica];
  ann.doc.set(["other"], 1);
  ann.doc.set(["users", "7"], { age: 3 });
  ann.doc.setSchema(USERS);
  assertEquals(ann.doc.get(["other"]), 1);
  assertRefused(ann.doc, () => ann.doc.set(["other"], 2));
  assertEquals(ann.doc.violations(), [
    { path: ["other"], keyword: "additionalProperties" },
    { path: ["users", "7", "name"], keyword: "required" },
  ]);
});

Deno.test("a later version may let show what was hidden", () => {
  const { ann, bob } = makePair();
  bob.doc.set(["other"], { deep: [1] });
  deliver(bob, ann);
  assertEquals(ann.doc.toJSON(), {});
  ann.doc.setSchema({ properties: { other: { type: "object" } } });
  deliver(ann, bob);
  assertEquals(ann.doc.toJSON(), { other: { deep: [1] } });
  assertEquals(bob.doc.toJSON(), ann.doc.toJSON());
  assertEquals(bob.doc.inspect(), ann.doc.inspect());
  assertEquals(ann.doc.rejected(), []);
  // With all that is in it.
  assertEquals(bob.told.at(-1), "set other");
});

Deno.test("a version judges what its author had not seen, an older one the rest", () => {
  const { ann, bob } = makePair();
  deliver(ann, bob);
  bob.doc.set(["users", "7"], { name: "Bo", age: 3 });
  deliver(bob, ann);
  bob.doc.set(["users", "8"], { name: "Cy", age: 4 });
  ann.doc.setSchema({
    properties: {
      users: { additionalProperties: { properties: { age: false } } },
    },
  });
  deliver(ann, bob);
  deliver(bob, ann);
  const users = { 7: { name: "Bo", age: 3 }, 8: { name: "Cy" } };
  assertEquals(ann.doc.toJSON(), { users });
  assertEquals(bob.doc.toJSON(), { users });
  assertEquals(ann.doc.schemas().map(({ version }) => version), [1, 2]);
});

Deno.test("a refused value hides the one before, as a delete would", () => {
  const { ann, bob } = makePair();
  ann.doc.set(["users", "7"], { name: "Bo", age: 3 });
  deliver(ann, bob);
  // Whoever writes an operation by hand is not asked by a schema.
  const forged = {
    dot: ["eve", 1] as const,
    stamp: [Date.UTC(2026, 0, 1), 0] as const,
    kind: "set",
    path: ["users", "7", "age"],
    value: "old",
  };
  for (const { doc } of [ann, bob]) {
    assertEquals(doc.receive(forged), "applied");
    assertEquals(doc.get(["users", "7"]), { name: "Bo" });
    assertEquals(doc.receive(forged), "duplicate");
    assertEquals(doc.rejected().length, 1);
  }
  ann.doc.set(["users", "7", "age"], 4);
  assertEquals(ann.doc.rejected(), []);
  assertEquals(ann.doc.get(["users", "7", "age"]), 4);
});

Deno.test("concurrent values and increments are judged one by one", () => {
  const [ann, bob, cy] = makeReplicas("ann", "bob", "cy") as [
    Replica,
    Replica,
    Replica,
  ];
  ann.doc.setStrategy("x", { value: "multi-value" });
  deliver(ann, bob);
  deliver(ann, cy);
  ann.doc.setSchema({
    properties: { x: { type: "integer" }, n: { type: "integer" } },
  });
  bob.doc.set(["x"], "text");
  bob.doc.increment(["n"], 5);
  cy.doc.set(["x"], 7);
  cy.doc.set(["s"], 1);
  deliver(bob, ann);
  deliver(cy, ann);
  assertEquals(ann.doc.getAll(["x"]), [7]);
  assertEquals(ann.doc.toJSON(), { x: 7, n: 5, s: 1 });
  ann.doc.setSchema({ properties: { x: { type: "string" } } });
  assertEquals(ann.doc.getAll(["x"]), ["text", 7]);
});

Deno.test("a text that was edited is judged by its type alone", () => {
  const { ann, bob } = makePair();
  bob.doc.set(["users", "7", "name"], "much too long");
  deliver(bob, ann);
  assertEquals(ann.doc.toJSON(), {});
  bob.doc.deleteText(["users", "7", "name"], 4, 9);
  deliver(bob, ann);
  assertEquals(ann.doc.toJSON(), { users: { 7: { name: "much" } } });
  deliver(ann, bob);
  assertEquals(bob.doc.inspect(), ann.doc.inspect());
});

Deno.test("a migration is one transaction with its version", () => {
  const { ann, bob } = makePair();
  ann.doc.set(["users", "7"], { name: "Bo" });
  ann.sent.length = 0;
  const names: JsonValue = {
    type: "object",
    patternProperties: { "": { type: "string" } },
  };
  const next = { properties: { names } };
  assertThrows(() =>
    ann.doc.setSchema(next, {
      migrate: () => ann.doc.set(["names"], { a: 7 }),
    })
  );
  assertEquals(ann.doc.schema?.version, 1);
  ann.doc.setSchema(next, {
    migrate() {
      ann.doc.set(["names"], { a: "Bo" });
      ann.doc.delete(["users"]);
    },
  });
  assertEquals(ann.sent.length, 1);
  const [one, two] = makeReplicas("one", "two") as [Replica, Replica];
  one.doc.merge(ann.doc.snapshot());
  assertEquals(one.doc.toJSON(), { names: { a: "Bo" } });
  assertEquals(one.doc.schemas(), ann.doc.schemas());
  assertRefused(one.doc, () => one.doc.set(["names"], "x"));
  two.doc.set(["names"], "x");
  deliver(two, one);
  assertEquals(one.doc.toJSON(), { names: { a: "Bo" } });
  assertEquals(bob.doc.schema, undefined);
});

Deno.test("a snapshot, a restored document and a merged one hide the same", () => {
  const { ann, bob } = makePair();
  bob.doc.set(["users", "7"], { name: "Bob", age: "old" });
  bob.doc.set(["other"], 1);
  deliver(bob, ann);
  const users = { 7: { name: "Bob" } };
  const restored = JsonCrdt.restore("cy", ann.doc.snapshot());
  assertEquals(restored.toJSON(), { users });
  assertEquals(restored.rejected(), ann.doc.rejected());
  bob.told.length = 0;
  bob.doc.merge(ann.doc.snapshot());
  assertEquals(bob.doc.toJSON(), { users });
  assertEquals(bob.told.sort(), ["delete other", "delete users.7.age"]);
  assertEquals(bob.rejects.length, 2);
  ann.doc.merge(bob.doc.snapshot());
  assertEquals(ann.doc.toJSON(), { users });
  const fresh = new JsonCrdt("di");
  fresh.merge(bob.doc.snapshot());
  assertEquals(fresh.toJSON(), { users });
  assertEquals(fresh.inspect(), ann.doc.inspect());
});

Deno.test("settings that are no schema are left out, and misuse is told", () => {
  const [ann, eve] = makeReplicas("ann", "eve") as [Replica, Replica];
  const write = (counter: number, key: string, value: JsonValue) =>
    ann.doc.receive({
      dot: ["eve", counter],
      stamp: [Date.UTC(2026, 0, 1), counter],
      kind: "set",
      path: ["schema", key],
      type: "whole",
      value,
      settings: true,
    });
  write(1, "01", { schema: false, seen: {} });
  write(2, "1", { schema: 7, seen: {} });
  write(3, "2", { schema: false });
  write(4, "3", { schema: false, seen: { ann: "x" } });
  write(5, "4", "text");
  assertEquals(ann.doc.schemas(), []);
  write(6, "7", {
    schema: { properties: { a: { type: "string" } } },
    seen: {},
  });
  assertEquals(ann.doc.schema?.version, 7);
  assertRefused(ann.doc, () => ann.doc.set(["a"], 1));
  assertThrows(() => eve.doc.setSchema(7 as never), TypeError);
  assertThrows(() => eve.doc.setSchema({}, { version: 0 }), RangeError);
  assertThrows(() => eve.doc.setSchema({ a: NaN }), DistflowError);
  assertEquals(eve.doc.clock(), {});
});

Deno.test("an optimistic edit obeys the schema, too", () => {
  const { ann: { doc } } = makePair();
  assertRefused(doc, () => void doc.setOptimistic(["other"], 1));
  assertEquals(doc.isPending([]), false);
});

/** A document that has heard of all that these sent, in this order. */
function makeListener(name: string, ...senders: Replica[]): JsonCrdt {
  const [listener] = makeReplicas(name) as [Replica];
  for (const sender of senders) deliver(sender, listener);
  return listener.doc;
}

Deno.test("equal documents tell what is hidden and what is wrong in one order", () => {
  const [ann, bob, cy] = makeReplicas("ann", "bob", "cy") as [
    Replica,
    Replica,
    Replica,
  ];
  ann.doc.setSchema(USERS);
  bob.doc.set(["z"], 1);
  bob.doc.set(["a"], 1);
  bob.doc.set(["users", "8"], {});
  cy.doc.set(["users", "7"], {});
  cy.doc.set(["m"], 1);
  const one = makeListener("dan", ann, bob, cy);
  const other = makeListener("eve", cy, bob, ann);
  assertEquals(one.rejected(), other.rejected());
  assertEquals(one.rejected().map(({ path }) => path[0]), ["z", "a", "m"]);
  assertEquals(one.violations(), other.violations());
  assertEquals(one.violations().map(({ path }) => path[1]), ["7", "8"]);
});

Deno.test("of too many violations equal documents tell the same ones", () => {
  const [bob, cy] = makeReplicas("bob", "cy") as [Replica, Replica];
  const write = ({ doc }: Replica, letter: string) =>
    doc.transact(() => {
      for (let index = 0; index < 600; index++) doc.set([letter + index], 1);
    });
  write(bob, "b");
  write(cy, "a");
  const one = makeListener("dan", bob, cy);
  const other = makeListener("eve", cy, bob);
  for (const doc of [one, other]) {
    doc.setSchema({ additionalProperties: { type: "string" } });
  }
  const paths = one.violations().map(({ path }) => path);
  assertEquals(paths, other.violations().map(({ path }) => path));
  assertEquals([paths.length, paths[0], paths.at(-1)], [
    1000,
    ["a0"],
    ["b458"],
  ]);
});
