import { assert, assertEquals, assertThrows } from "@std/assert";
import { DistflowError } from "../../src/base/errors.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { JsonCrdt } from "../../src/crdt/mod.ts";
import type { Step } from "../../src/crdt/pattern.ts";
import { PinnedPath } from "../../src/crdt/pinned_path.ts";
import { anyPath } from "./replicas.ts";

/** How many times the place of an edit is looked up within `act`. */
function countLocated(act: () => void): number {
  const { locate } = PinnedPath.prototype;
  let count = 0;
  PinnedPath.prototype.locate = function () {
    count++;
    return locate.call(this);
  };
  try {
    act();
  } finally {
    PinnedPath.prototype.locate = locate;
  }
  return count;
}

Deno.test("a look-up asks about the edits on its path alone", () => {
  const ann = new JsonCrdt("ann");
  ann.set(["list"], [1, { x: 1 }, 2]);
  ann.set(["other"], { x: 1 });
  for (let index = 0; index < 100; index++) {
    ann.setOptimistic([`k${index}`], index);
    ann.setOptimistic(["map", `k${index}`], index);
    ann.setOptimistic(["typed"], index);
    ann.setOptimistic(["list", index % 3], index);
  }
  const paths: [number, Step[]][] = [
    [0, ["other", "x"]],
    [1, ["k7"]],
    [1, ["map", "k7"]],
    [1, ["typed"]],
    [1, ["list", 1]],
  ];
  for (const [count, path] of paths) {
    assertEquals(countLocated(() => ann.get(path)), count, String(path));
    assertEquals(countLocated(() => ann.isPending(path)), count, String(path));
  }
});

Deno.test("an edit is found where its place was moved, and back again", () => {
  const ann = new JsonCrdt("ann", { initial: { a: { x: 1 }, list: [[1]] } });
  ann.setOptimistic(["a", "x"], 2);
  ann.setOptimistic(["list", 0, 0], 3);
  assertThrows(() =>
    ann.transact(() => {
      ann.move(["a"], ["list", 0]);
      ann.move(["list", 1], ["b"]);
      assertEquals(ann.get(["list", 0, "x"]), 2);
      assertEquals(ann.get(["b", 0]), 3);
      assertEquals(ann.get(["a", "x"]), undefined);
      throw new Error("no");
    })
  );
  assertEquals(ann.get(["a", "x"]), 2);
  assertEquals(ann.get(["list", 0, 0]), 3);
});

Deno.test("an edit of an element is found when its removal is undone", () => {
  const ann = new JsonCrdt("ann", { initial: { a: 1, list: ["x", "y"] } });
  ann.setOptimistic(["list", 1], "Y");
  ann.move(["a"], ["b"]);
  assertThrows(() =>
    ann.transact(() => {
      ann.removeAt(["list"], 1);
      assertEquals(ann.get(["list"]), ["x"]);
      throw new Error("no");
    })
  );
  assertEquals(ann.get(["list", 1]), "Y");
});

const KEYS = ["a", "b", "c"];

Deno.test("a look-up shows what the whole document shows there", () => {
  for (let seed = 0; seed < 200; seed++) {
    const random = new SeededRandom(seed);
    const [ann, bob] = [new JsonCrdt("ann"), new JsonCrdt("bob")];
    bob.on("change", (event) => ann.receiveMessage(event.message()));
    const edits = [];
    for (let step = 0; step < 30; step++) {
      const doc = random.pick([ann, bob]);
      const path = anyPath(random, doc, KEYS);
      const value = random.pick([1, { b: 2 }, [3, { c: 4 }, [5]], []]);
      const choice = random.below(10);
      try {
        if (choice < 4) edits.push(ann.setOptimistic(path, value));
        else if (choice < 5) ann.reject(random.pick([...edits, {} as never]));
        else if (choice < 6) ann.confirm(random.pick([...edits, {} as never]));
        else if (choice < 7) doc.move(path, anyPath(random, doc, KEYS));
        else if (choice < 8) doc.delete(path);
        else doc.set(path, value);
      } catch (error) {
        // It leads through a list by now, or into itself.
        assert(error instanceof DistflowError, String(error));
      }
      let shown: unknown = ann.toJSON();
      const asked = anyPath(random, ann, KEYS);
      for (const key of asked) {
        const isThere = typeof shown === "object" && shown !== null &&
          Array.isArray(shown) === (typeof key === "number");
        shown = isThere ? Reflect.get(shown as object, key) : undefined;
      }
      assertEquals(ann.get(asked) as unknown, shown, `seed ${seed}`);
      assertEquals(ann.has(asked), shown !== undefined, `seed ${seed}`);
    }
  }
});
