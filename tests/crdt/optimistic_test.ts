import { assert, assertEquals, assertThrows } from "@std/assert";
import { hasCode } from "../../src/base/errors.ts";
import type { JsonValue } from "../../src/base/json.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { asRegister, JsonCrdt } from "../../src/crdt/mod.ts";
import type { OptimisticEdit } from "../../src/crdt/optimistic.ts";
import type { Step } from "../../src/crdt/pattern.ts";
import { anyPath } from "./replicas.ts";

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
  const ann = new JsonCrdt("ann", { registerCountMax: 2 });
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
    "optimistic a",
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

Deno.test("a transaction that is rolled back takes nothing else back", () => {
  const { ann } = makePair();
  const told: string[] = [];
  ann.on("optimistic", ({ kind, edit }) => told.push(`${kind} ${edit.path}`));
  const [low, taken, high] = ["a", "b", "a"].map((key, index) =>
    ann.setOptimistic([key], index)
  ) as [OptimisticEdit, OptimisticEdit, OptimisticEdit];
  assertThrows(() =>
    ann.transact(() => {
      ann.confirm(low);
      ann.reject(taken);
      ann.setOptimistic(["c"], 3);
      throw new Error("no");
    })
  );
  assertEquals(ann.toJSON(), { a: 2, c: 3 });
  assertEquals([ann.reject(taken), ann.reject(high)], [false, true]);
  assertEquals(ann.toJSON(), { a: 0, c: 3 });
  assertEquals(told.slice(3), ["rejected b", "shown c", "rejected a"]);
});

Deno.test("what a transaction confirms is told when it has ended", () => {
  const { ann } = makePair();
  const told: string[] = [];
  ann.on("change", ({ changes }) => told.push(`${changes.length} changed`));
  ann.on("optimistic", ({ kind, edit }) => told.push(`${kind} ${edit.path}`));
  const [first, second] = ["a", "b"].map((key) => ann.setOptimistic([key], 1));
  told.length = 0;
  ann.transact(() => {
    assertThrows(() =>
      ann.transact(() => {
        ann.confirm(first as OptimisticEdit);
        throw new Error("no");
      })
    );
    ann.confirm(second as OptimisticEdit);
    ann.confirm(first as OptimisticEdit);
    assertEquals(told, []);
  });
  assertEquals(told, ["2 changed", "confirmed b", "confirmed a"]);
});

Deno.test("an edit of an element that is undone is not one of the next", () => {
  const { ann } = makePair();
  ann.set(["list"], ["a"]);
  let edit: OptimisticEdit | undefined;
  assertThrows(() =>
    ann.transact(() => {
      ann.push(["list"], { value: 1 });
      edit = ann.setOptimistic(["list", 1, "value"], 9);
      assertEquals(ann.get(["list", 1]), { value: 9 });
      throw new Error("no");
    })
  );
  ann.push(["list"], { value: 2 });
  assertEquals(ann.get(["list"]), ["a", { value: 2 }]);
  assertThrows(() => ann.confirm(edit as OptimisticEdit), Error, "is gone");
  assertEquals(ann.get(["list"]), ["a", { value: 2 }]);
});

Deno.test("of a transaction, what an optimistic edit makes is validated alone", () => {
  const isText = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value: unknown) =>
        typeof value === "string"
          ? { value }
          : { issues: [{ message: "no text" }] },
    },
  } as const;
  const ann = new JsonCrdt("ann", { validators: { "*": isText } });
  ann.transact(() => {
    ann.set(["a"], 1);
    assertThrows(() => ann.setOptimistic(["b"], 2));
    ann.setOptimistic(["b"], "fine");
    ann.set(["a"], "text");
  });
  assertEquals(ann.toJSON(), { a: "text", b: "fine" });
});

Deno.test("what a listener confirms is told after the set that it became", () => {
  const { ann } = makePair();
  const told: string[] = [];
  const edit = ann.setOptimistic(["a"], 1);
  ann.on("change", ({ changes }) => {
    if (ann.isPending(["a"])) ann.confirm(edit);
    told.push(...changes.map(({ path }) => `set ${path}`));
  });
  ann.on("optimistic", ({ kind }) => told.push(kind));
  ann.set(["b"], 1);
  assertEquals(told, ["set b", "set a", "confirmed"]);
});

Deno.test("an edit of an element follows it", () => {
  const { ann, bob } = makePair();
  bob.set(["list"], ["a", { b: 1 }, "c"]);
  const first = ann.setOptimistic(["list", 0], "A");
  const second = ann.setOptimistic(["list", 1, "b"], 2);
  bob.insertAt(["list"], 0, "new");
  assertEquals(ann.toJSON(), { list: ["new", "A", { b: 2 }, "c"] });
  assertEquals([ann.isPending(["list", 0]), ann.isPending(["list", 1])], [
    false,
    true,
  ]);
  assertEquals(ann.get(["list", 2]), { b: 2 });
  assertEquals(ann.length(["list"]), 4);
  ann.confirm(second);
  ann.reject(first);
  assertEquals(ann.toJSON(), { list: ["new", "a", { b: 2 }, "c"] });
});

Deno.test("an edit of what is moved follows it", () => {
  const doc = new JsonCrdt("ann", { initial: { a: { x: 1 }, b: [] } });
  const handle = doc.setOptimistic(["a", "x"], 2);
  doc.move(["a"], ["b", 0]);
  doc.set(["a"], { x: 3 });
  assertEquals(doc.toJSON(), { a: { x: 3 }, b: [{ x: 2 }] });
  const heir = doc.setOptimistic(["a", "x"], 4);
  assertEquals(doc.get(["a", "x"]), 4);
  doc.confirm(heir);
  doc.confirm(handle);
  assertEquals(doc.toJSON(), { a: { x: 4 }, b: [{ x: 2 }] });
});

Deno.test("while its element is gone an edit does not show, nor is it made", () => {
  const { ann, bob } = makePair();
  bob.set(["list"], ["a", { b: 1 }]);
  const edits = [
    ann.setOptimistic(["list", 0], "A"),
    ann.setOptimistic(["list", 1, "b"], 2),
  ];
  bob.removeAt(["list"], 0, 2);
  assertEquals(ann.toJSON(), { list: [] });
  for (const edit of edits) {
    const error = assertThrows(() => ann.confirm(edit));
    assert(hasCode(error, "INVALID_PATH"));
    assertEquals(ann.reject(edit), true);
  }
});

Deno.test("a list or a text that is laid over has its length", () => {
  const { ann } = makePair();
  ann.set(["list"], [1]);
  ann.setOptimistic(["list"], [1, 2, 3]);
  ann.setOptimistic(["text"], "abc");
  assertEquals([ann.length(["list"]), ann.length(["text"])], [3, 3]);
  assertEquals(ann.get(["list", 2]), 3);
});

const KEYS = ["a", "b", "__proto__"];

function anyValue(random: SeededRandom): JsonValue {
  if (random.chance(50)) return random.below(10);
  if (random.chance(40)) return [random.below(10), { b: random.below(10) }, 7];
  return JSON.parse(`{"${random.pick(KEYS)}":{"b":${random.below(10)}}}`);
}

/** Inserts into the list at `path` or removes from it, if it is one. */
function editList(random: SeededRandom, doc: JsonCrdt, path: Step[]): void {
  const value = doc.get(path);
  if (!Array.isArray(value)) return;
  const index = random.below(value.length + 1);
  if (index < value.length && random.chance(50)) doc.removeAt(path, index);
  else doc.insertAt(path, index, anyValue(random));
}

/** `ann`, and a document to which all happens but optimistic edits. */
function makeTwins() {
  const pair = makePair();
  const { bob, time } = pair;
  const twin = new JsonCrdt("ann", { clock: { wallMs: () => time.wallMs } });
  bob.on("change", (event) => twin.receiveMessage(event.message()));
  return { ...pair, twin };
}

Deno.test("a register that is laid over is read as one that is set", () => {
  const { ann } = makePair();
  for (const value of [{ x: 1 }, [1, 2], "text"]) {
    const edit = ann.setOptimistic(["point"], asRegister(value));
    const read = () => [
      ann.get(["point"]),
      ann.keys(["point"]),
      ann.length(["point"]),
      ann.get(["point", "x"]),
      ann.has(["point", "x"]),
    ];
    const before = read();
    ann.confirm(edit);
    assertEquals(read(), before);
  }
});

Deno.test("undone edits leave the document as if they had never been", () => {
  for (let seed = 0; seed < 300; seed++) {
    const random = new SeededRandom(seed);
    const { ann, bob, twin } = makeTwins();
    const edits: OptimisticEdit[] = [];
    for (let step = 0; step < 30; step++) {
      const path = anyPath(random, twin, KEYS);
      const value = anyValue(random);
      const choice = random.below(10);
      if (choice < 3) edits.push(ann.setOptimistic(path, value));
      else if (choice < 4) ann.reject(random.pick([...edits, {} as never]));
      else if (choice < 5) bob.set(anyPath(random, bob, KEYS), value);
      else if (choice < 6) editList(random, bob, anyPath(random, bob, KEYS));
      else if (choice < 7) bob.delete(anyPath(random, bob, KEYS));
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

/** What a path leads to in a JSON value. */
function valueAt(value: unknown, path: readonly Step[]): unknown {
  for (const step of path) {
    const isThere = typeof value === "object" && value !== null &&
      Array.isArray(value) === (typeof step === "number") &&
      Object.hasOwn(value, step);
    if (!isThere) return undefined;
    value = Reflect.get(value as object, step);
  }
  return value;
}

Deno.test("what shows is what confirming makes of it", () => {
  for (let seed = 0; seed < 400; seed++) {
    const random = new SeededRandom(seed);
    const { ann, bob, twin } = makeTwins();
    const edits: OptimisticEdit[] = [];
    for (let step = 0; step < 12; step++) {
      const path = anyPath(random, twin, KEYS);
      if (random.chance(30)) bob.set(path, anyValue(random));
      else if (random.chance(40)) {
        editList(random, bob, anyPath(random, bob, KEYS));
      } else edits.push(ann.setOptimistic(path, anyValue(random)));
    }
    const shown = ann.toJSON();
    for (
      const path of [anyPath(random, bob, KEYS), anyPath(random, bob, KEYS)]
    ) {
      const expected = valueAt(shown, path) as JsonValue;
      assertEquals(ann.get(path), expected, `seed ${seed}`);
      assertEquals(ann.has(path), expected !== undefined);
    }
    for (const edit of edits) {
      try {
        ann.confirm(edit);
      } catch (error) {
        // Its element is gone, or a list is in the way by now.
        assert(hasCode(error, "INVALID_PATH"));
        ann.reject(edit);
      }
    }
    assertEquals(ann.toJSON(), shown, `seed ${seed}`);
  }
});
