import { assert, assertEquals, assertThrows } from "@std/assert";
import { hasCode } from "../../src/base/errors.ts";
import type { JsonValue } from "../../src/base/json.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { asRegister, JsonCrdt } from "../../src/crdt/mod.ts";
import type { OptimisticEdit } from "../../src/crdt/optimistic.ts";

const START_MS = Date.UTC(2026, 0, 1);

/** Two documents, of which `bob` tells `ann` what he does. */
function makePair() {
  const time = { wallMs: START_MS };
  const ann = new JsonCrdt("ann", { clock: { wallMs: () => time.wallMs } });
  const bob = new JsonCrdt("bob");
  bob.on("change", (event) => ann.receiveMessage(event.message()));
  return { ann, bob, time };
}

Deno.test("an optimistic edit shows everywhere, and is no operation", () => {
  const { ann } = makePair();
  ann.set(["user"], { name: "Ann" });
  const before = JSON.stringify([ann.inspect(), ann.clock()]);
  ann.setOptimistic(["user", "age"], 30);
  ann.setOptimistic(["user", "pet"], { kind: "cat" });
  const user = { name: "Ann", age: 30, pet: { kind: "cat" } };
  assertEquals(ann.toJSON(), { user });
  assertEquals(ann.get(["user"]), user);
  assertEquals(ann.get(["user", "pet", "kind"]), "cat");
  assertEquals(ann.get(["user", "pet", "name"]), undefined);
  assertEquals(ann.getAll(["user", "age"]), [30]);
  assertEquals(ann.getAll(["user", "pet", "name"]), []);
  assertEquals(ann.keys(["user"]), ["age", "name", "pet"]);
  assertEquals(ann.keys(["user", "pet"]), ["kind"]);
  assertEquals(ann.has(["user", "pet", "kind"]), true);
  assertEquals(ann.has(["user", "pet", "name"]), false);
  assertEquals(JSON.stringify([ann.inspect(), ann.clock()]), before);
});

Deno.test("what is above, at or below an edit is pending", () => {
  const { ann } = makePair();
  const edit = ann.setOptimistic(["a", "b"], { c: 1 });
  const pending = [[], ["a"], ["a", "b"], ["a", "b", "c"], ["a", "x"], ["b"]]
    .map((path) => ann.isPending(path));
  assertEquals(pending, [true, true, true, true, false, false]);
  ann.reject(edit);
  assertEquals(ann.isPending([]), false);
});

Deno.test("later edits lie over earlier ones, in whatever order they end", () => {
  const { ann } = makePair();
  ann.set(["x"], 0);
  const first = ann.setOptimistic(["x"], 1);
  const second = ann.setOptimistic(["x"], 2);
  assertEquals(ann.get(["x"]), 2);
  ann.confirm(first);
  assertEquals(ann.get(["x"]), 2);
  ann.reject(second);
  assertEquals(ann.get(["x"]), 1);
});

Deno.test("what others change underneath goes on, and shows afterwards", () => {
  const { ann, bob } = makePair();
  bob.set(["user"], { name: "Bo", age: 1 });
  const edit = ann.setOptimistic(["user", "name"], "Ann");
  bob.set(["user", "name"], "Bob");
  bob.set(["user", "age"], 2);
  assertEquals(ann.get(["user"]), { name: "Ann", age: 2 });
  ann.reject(edit);
  assertEquals(ann.get(["user"]), { name: "Bob", age: 2 });
  const other = ann.setOptimistic(["user", "age"], 3);
  bob.delete(["user"]);
  assertEquals(ann.toJSON(), { user: { age: 3 } });
  ann.reject(other);
  assertEquals(ann.toJSON(), {});
});

Deno.test("a confirmed edit is a set like others", () => {
  const { ann } = makePair();
  const other = new JsonCrdt("cy");
  ann.on("change", (event) => other.receiveMessage(event.message()));
  const edit = ann.setOptimistic(["p"], asRegister({ x: 1 }));
  assertEquals(other.toJSON(), {});
  assertEquals(ann.confirm(edit), true);
  assertEquals(ann.confirm(edit), false);
  assertEquals(ann.reject(edit), false);
  assertEquals(other.toJSON(), { p: { x: 1 } });
  assertEquals(other.keys(["p"]), []);
  assertEquals(ann.isPending(["p"]), false);
});

Deno.test("what a set would refuse is refused, and leaves no trace", () => {
  const ann = new JsonCrdt("ann", { registerCountMax: 3 });
  const refusals: [() => unknown, string][] = [
    [() => ann.setOptimistic([], 1), "INVALID_VALUE"],
    [() => ann.setOptimistic(["\ud800"], 1), "INVALID_PATH"],
    [() => ann.setOptimistic(["a"], NaN), "INVALID_VALUE"],
    [() => ann.setOptimistic(["a"], { b: 1, c: 2 }), "LIMIT_REACHED"],
  ];
  const before = JSON.stringify([ann.inspect(), ann.clock()]);
  for (const [act, code] of refusals) {
    const error = assertThrows(act);
    assert(hasCode(error, code as never), code);
  }
  assertThrows(() => ann.setOptimistic(["a"], 1, { timeoutMs: 5 }), TypeError);
  assertEquals(ann.isPending([]), false);
  assertEquals(JSON.stringify([ann.inspect(), ann.clock()]), before);
  ann.set(["a"], 1);
  assertEquals(ann.clock(), { ann: 1 });
});

Deno.test("an edit that waits too long lapses at the next poll", () => {
  const { ann, time } = makePair();
  const told: string[] = [];
  ann.on("optimistic", ({ kind, edit }) => told.push(`${kind} ${edit.value}`));
  ann.setOptimistic(["a"], 1, { timeoutMs: 1000 });
  ann.setOptimistic(["b"], 2);
  time.wallMs += 999;
  ann.poll();
  assertEquals(ann.toJSON(), { a: 1, b: 2 });
  time.wallMs += 1;
  ann.poll();
  assertEquals(ann.toJSON(), { b: 2 });
  assertEquals(told, ["shown 1", "shown 2", "lapsed 1"]);
});

Deno.test("watchers hear of what shows and of what is taken back", () => {
  const { ann } = makePair();
  const heard: string[] = [];
  ann.watch("a.*", (changes, { origin }) => {
    for (const { path } of changes) heard.push(`${origin} ${path.join(".")}`);
  });
  const first = ann.setOptimistic(["a", "x"], 1);
  ann.reject(first);
  const second = ann.setOptimistic(["a", "y"], 1);
  ann.setOptimistic(["b"], 1);
  ann.confirm(second);
  assertEquals(heard, [
    "optimistic a.x",
    "optimistic a.x",
    "optimistic a.y",
    "local a.y",
  ]);
});

Deno.test("a transaction that is rolled back takes confirmations back", () => {
  const { ann } = makePair();
  const first = ann.setOptimistic(["a"], 1);
  ann.setOptimistic(["a"], 2);
  assertThrows(() =>
    ann.transact(() => {
      ann.confirm(first);
      throw new Error("no");
    })
  );
  assertEquals([ann.get(["a"]), ann.clock()], [2, {}]);
  assertEquals(ann.confirm(first), true);
});

const KEYS = ["a", "b", "__proto__"];

function anyPath(random: SeededRandom): string[] {
  const path = [random.pick(KEYS)];
  while (random.chance(50)) path.push(random.pick(KEYS));
  return path;
}

function anyValue(random: SeededRandom): JsonValue {
  if (random.chance(60)) return random.below(10);
  return JSON.parse(`{"${random.pick(KEYS)}":{"b":${random.below(10)}}}`);
}

Deno.test("undone edits leave the document as if they had never been", () => {
  for (let seed = 0; seed < 300; seed++) {
    const random = new SeededRandom(seed);
    const { ann, bob, time } = makePair();
    const twin = new JsonCrdt("ann", { clock: { wallMs: () => time.wallMs } });
    bob.on("change", (event) => twin.receiveMessage(event.message()));
    const edits: OptimisticEdit[] = [];
    for (let step = 0; step < 30; step++) {
      const path = anyPath(random);
      const value = anyValue(random);
      const choice = random.below(10);
      if (choice < 3) edits.push(ann.setOptimistic(path, value));
      else if (choice < 4) ann.reject(random.pick([...edits, {} as never]));
      else if (choice < 6) bob.set(path, value);
      else if (choice < 7) bob.delete(path);
      else if (choice < 9) {
        for (const doc of [ann, twin]) doc.set(path, value);
      } else {
        for (const doc of [ann, twin]) doc.delete(path);
      }
    }
    for (const edit of edits) ann.reject(edit);
    assertEquals(ann.toJSON(), twin.toJSON(), `seed ${seed}`);
    assertEquals(ann.inspect(), twin.inspect(), `seed ${seed}`);
    assertEquals(ann.clock(), twin.clock());
  }
});

Deno.test("what shows is what confirming makes of it", () => {
  for (let seed = 0; seed < 300; seed++) {
    const random = new SeededRandom(seed);
    const { ann, bob } = makePair();
    const edits: OptimisticEdit[] = [];
    for (let step = 0; step < 12; step++) {
      if (random.chance(50)) bob.set(anyPath(random), anyValue(random));
      else {
        edits.push(ann.setOptimistic(anyPath(random), anyValue(random)));
      }
    }
    const shown = ann.toJSON();
    for (const path of [anyPath(random), anyPath(random)]) {
      const value = ann.get(path);
      let expected: unknown = shown;
      for (const key of path) {
        expected = typeof expected === "object" && expected !== null &&
            Object.hasOwn(expected, key)
          ? Reflect.get(expected, key)
          : undefined;
      }
      assertEquals(value, expected as JsonValue, `seed ${seed}`);
    }
    for (const edit of edits) ann.confirm(edit);
    assertEquals(ann.toJSON(), shown, `seed ${seed}`);
  }
});
