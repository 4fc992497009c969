import { assert, assertEquals, assertThrows } from "@std/assert";
import { Ajv2020 } from "ajv/dist/2020.js";
import * as v from "valibot";
import { DistflowError, hasCode } from "../../../src/base/errors.ts";
import { fromJsonSchema, JsonCrdt } from "../../../src/crdt/mod.ts";
import type { StandardSchema } from "../../../src/crdt/mod.ts";

const user = v.object({
  name: v.pipe(v.string(), v.minLength(1)),
  age: v.optional(v.pipe(v.number(), v.minValue(0))),
});

/** Does `act`, which must be refused at `path` without a trace. */
function assertRefused(doc: JsonCrdt, path: string, act: () => void): void {
  const before = JSON.stringify([doc.inspect(), doc.clock()]);
  let count = 0;
  const off = doc.on("change", () => count++);
  const error = assertThrows(act, DistflowError);
  off();
  assert(hasCode(error, "SCHEMA_VIOLATION"), error.message);
  assertEquals(error.details.path, path);
  assertEquals(JSON.stringify([doc.inspect(), doc.clock()]), before);
  assertEquals(count, 0);
}

Deno.test("an edit that a validator refuses leaves no trace", () => {
  const doc = new JsonCrdt("ann", { validators: { "users.*": user } });
  doc.set(["users", "7"], { name: "Bo" });
  doc.set(["users", "7", "age"], 3);
  doc.set(["other"], "anything");
  const age = '["users","7","age"]';
  assertRefused(doc, age, () => doc.set(["users", "7", "age"], "old"));
  assertRefused(doc, age, () => doc.increment(["users", "7", "age"], -4));
  assertRefused(
    doc,
    '["users","8","name"]',
    () => doc.set(["users", "8"], { age: 3 }),
  );
  assertRefused(
    doc,
    '["users","7","name"]',
    () => doc.delete(["users", "7", "name"]),
  );
  assertRefused(
    doc,
    '["users","9","name"]',
    () => doc.set(["users"], { 9: { name: "" } }),
  );
  assertEquals(doc.delete(["users", "7"]), true);
});

Deno.test("a transaction is checked when it is over", () => {
  const doc = new JsonCrdt("ann", { validators: { "users.*": user } });
  doc.transact(() => {
    doc.set(["users", "7", "age"], 3);
    doc.set(["users", "7", "name"], "Bo");
  });
  assertRefused(doc, '["users","7","name"]', () =>
    doc.transact(() => {
      doc.set(["fine"], 1);
      doc.transact(() => doc.delete(["users", "7", "name"]));
    }));
});

Deno.test("a validator of the root sees the whole document", () => {
  const doc = new JsonCrdt("ann", {
    validators: { "": v.object({ a: v.number() }) },
  });
  assertRefused(doc, '["a"]', () => doc.set(["b"], 1));
  doc.set([], { a: 1 });
  doc.set(["b"], 1);
  assertRefused(doc, '["a"]', () => doc.delete(["a"]));
});

Deno.test("of a list only what an edit has put there is asked about", () => {
  const asked: unknown[] = [];
  const text = v.pipe(
    v.unknown(),
    v.check((value) => asked.push(value) > 0 && typeof value === "string"),
  );
  const ann = new JsonCrdt("ann", { validators: { "list.*": text } });
  const bob = new JsonCrdt("bob");
  bob.set(["list"], ["a", 5, "b"]);
  ann.merge(bob.snapshot());
  ann.push(["list"], "c", "d");
  ann.removeAt(["list"], 0, 1);
  ann.move(["list", 3], ["list", 0]);
  assertEquals(asked, ["c", "d", "d"]);
  assertEquals(ann.get(["list"]), ["d", 5, "b", "c"]);
  assertRefused(ann, '["list",1]', () => ann.insertAt(["list"], 1, 6));
});

Deno.test("what a transaction puts into a list is found where it ends up", () => {
  const text = { "list.*.name": v.string(), "list.*": v.object({}) };
  const doc = new JsonCrdt("ann", { validators: text });
  doc.set(["list"], ["a", "b", "c"].map((name) => ({ name })));
  assertRefused(doc, '["list",2,"name"]', () =>
    doc.transact(() => {
      doc.set(["list", 1, "name"], 7);
      doc.insertAt(["list"], 0, { name: "d" }, { name: "e" });
      doc.removeAt(["list"], 1);
    }));
  assertRefused(doc, '["list",3]', () =>
    doc.transact(() => {
      doc.insertAt(["list"], 1, "no object");
      doc.insertAt(["list"], 0, {}, {}, {}, {});
      doc.removeAt(["list"], 2, 2);
    }));
  doc.transact(() => {
    doc.insertAt(["list"], 1, {}, "no object", {});
    doc.set(["list", 0, "name"], 7);
    doc.removeAt(["list"], 2);
    doc.removeAt(["list"], 0);
  });
  assertEquals(doc.get(["list"]), [{}, {}, { name: "b" }, { name: "c" }]);
});

Deno.test("a validator or a getter that edits is told so, and nothing changes", () => {
  let act: () => unknown = () => null;
  const validators = {
    "age": v.pipe(v.unknown(), v.check((value) => (act(), value === 1))),
  };
  const doc = new JsonCrdt("ann", { validators });
  const other = new JsonCrdt("bob");
  other.set(["b"], 1);
  doc.set(["age"], 1);
  const before = JSON.stringify([doc.inspect(), doc.clock()]);
  const acts = [
    () => doc.increment(["refused"]),
    () => doc.transact(() => doc.set(["a"], 1)),
    () => doc.merge(other.snapshot()),
    () => doc.applyDiff(other.encodeDiff({})),
    () => doc.poll(),
  ];
  for (act of acts) {
    assertThrows(() => doc.set(["age"], 1), TypeError, "Cannot");
    assertThrows(
      () => doc.transact(() => doc.set(["age"], 1)),
      TypeError,
      "Cannot",
    );
    assertEquals(JSON.stringify([doc.inspect(), doc.clock()]), before);
  }
  act = () => doc.get(["age"]);
  doc.set(["age"], 1);
  const getting = {
    get a() {
      doc.set(["side"], 1);
      return 1;
    },
  };
  assertThrows(() => doc.set(["b"], getting), TypeError, "a getter");
  assertEquals(doc.toJSON(), { age: 1 });
});

Deno.test("stars in patterns reach below what was set", () => {
  const doc = new JsonCrdt("ann", {
    validators: { "**.size": v.number(), "list.*.id": v.string() },
  });
  doc.set(["a", "b"], { size: 1 });
  assertRefused(doc, '["a","size"]', () => doc.set(["a"], { size: "big" }));
  assertRefused(
    doc,
    '["list","x","id"]',
    () => doc.set(["list"], { x: { id: 1 } }),
  );
});

Deno.test("JSON Schema comes in through an adapter", () => {
  const validate = new Ajv2020().compile({
    type: "object",
    required: ["name"],
    properties: { name: { type: "string" }, "a/b": { type: "integer" } },
  });
  const doc = new JsonCrdt("ann", {
    validators: { "users.*": fromJsonSchema(validate) },
  });
  doc.set(["users", "7"], { name: "Bo" });
  assertRefused(
    doc,
    '["users","7","a/b"]',
    () => doc.set(["users", "7", "a/b"], "x"),
  );
  assertRefused(
    doc,
    '["users","7"]',
    () => doc.delete(["users", "7", "name"]),
  );
});

Deno.test("what others do is applied, whatever a validator says", () => {
  const ann = new JsonCrdt("ann", { validators: { a: v.number() } });
  const bob = new JsonCrdt("bob");
  bob.on("change", (event) => ann.receiveMessage(event.message()));
  bob.set(["a"], "text");
  assertEquals(ann.get(["a"]), "text");
});

Deno.test("an optimistic edit is asked about, too", () => {
  const doc = new JsonCrdt("ann", { validators: { a: v.number() } });
  assertRefused(doc, '["a"]', () => void doc.setOptimistic(["a"], "text"));
  assertEquals(doc.isPending(["a"]), false);
});

Deno.test("a validator that waits, or is none, is misuse", () => {
  const waiting = v.pipeAsync(
    v.string(),
    v.checkAsync(() => Promise.resolve(true)),
  );
  const doc = new JsonCrdt("ann", { validators: { a: waiting as never } });
  assertThrows(() => doc.set(["a"], "x"), TypeError, "promise");
  assertEquals(doc.toJSON(), {});
  assertThrows(
    () => new JsonCrdt("ann", { validators: { a: {} as StandardSchema } }),
    TypeError,
    "~standard",
  );
});
