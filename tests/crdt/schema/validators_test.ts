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
