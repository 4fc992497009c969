import { assertEquals, assertThrows } from "@std/assert";
import type { JsonValue } from "../../src/base/json.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { JsonCrdt } from "../../src/crdt/mod.ts";
import type { OptimisticEdit } from "../../src/crdt/optimistic.ts";
import type { Step } from "../../src/crdt/pattern.ts";

/** A document, and what watchers of all of it hear, one text for each call. */
function makeWatched(initial: Record<string, JsonValue> = {}) {
  const ann = new JsonCrdt("ann", { initial });
  const heard: string[] = [];
  ann.watch("**", (changes, { origin }) => {
    const texts = changes.map(({ kind, path }) => `${kind} ${path.join(".")}`);
    heard.push([origin, ...texts].join(", "));
  });
  return { ann, heard };
}

Deno.test("a map over a scalar is told, and the scalar when it is back", () => {
  const { ann, heard } = makeWatched({ s: 1, list: [1] });
  for (const path of [["s", "e"], ["list", 0, "e"]]) {
    const edits = [ann.setOptimistic(path, 9)];
    edits.push(ann.setOptimistic([...path.slice(0, -1), "f"], 9));
    for (const edit of edits) ann.reject(edit);
  }
  assertEquals(heard, [
    "optimistic, set s, set s.e",
    "optimistic, set s.f",
    "optimistic, delete s.e",
    "optimistic, set s",
    "optimistic, set list.0, set list.0.e",
    "optimistic, set list.0.f",
    "optimistic, delete list.0.e",
    "optimistic, set list.0",
  ]);
});

Deno.test("what was made above an edit is deleted with it", () => {
  const { ann, heard } = makeWatched({ old: { x: 1 } });
  ann.reject(ann.setOptimistic(["c", "d", "e"], 9));
  ann.reject(ann.setOptimistic(["old", "x"], 2));
  ann.reject(ann.setOptimistic(["old", "y"], 2));
  assertEquals(heard, [
    "optimistic, set c.d.e",
    "optimistic, delete c",
    "optimistic, set old.x",
    "optimistic, set old.x",
    "optimistic, set old.y",
    "optimistic, delete old.y",
  ]);
});

Deno.test("an edit that another one covers tells nothing as it goes", () => {
  const { ann, heard } = makeWatched();
  const low = ann.setOptimistic(["a", "x"], 1);
  const high = ann.setOptimistic(["a"], 2);
  heard.length = 0;
  ann.reject(low);
  assertEquals(heard, []);
  ann.reject(high);
  assertEquals(heard, ["optimistic, delete a"]);
});

Deno.test("a confirmed edit that comes to lie below another one is told", () => {
  const { ann, heard } = makeWatched();
  ann.setOptimistic(["a"], 1);
  const high = ann.setOptimistic(["a", "x"], 2);
  heard.length = 0;
  ann.confirm(high);
  assertEquals(ann.get(["a"]), 1);
  assertEquals(heard, ["local, set a.x", "optimistic, set a"]);
});

Deno.test("what is laid over in a transaction is told once, when it has ended", () => {
  const { ann, heard } = makeWatched({ a: 1 });
  ann.on("optimistic", ({ kind, edit }) => heard.push(`${kind} ${edit.path}`));
  const old = ann.setOptimistic(["old"], 1);
  heard.length = 0;
  ann.transact(() => {
    ann.set(["b"], 1);
    ann.setOptimistic(["a"], 2);
    ann.transact(() => ann.setOptimistic(["c"], 3));
    ann.reject(old);
    ann.set(["b"], 2);
    assertEquals(heard, []);
  });
  assertEquals(heard, [
    "local, set b, set b",
    "shown a",
    "shown c",
    "rejected old",
    "optimistic, set a, set c, delete old",
  ]);
});

Deno.test("of a transaction that is rolled back watchers hear what still holds", () => {
  const { ann, heard } = makeWatched({ a: 1, s: 1 });
  const seen: JsonValue[] = [];
  const first = ann.setOptimistic(["a"], 2);
  ann.watch("**", () => void seen.push(ann.toJSON()));
  heard.length = 0;
  assertThrows(() =>
    ann.transact(() => {
      ann.confirm(first);
      ann.set(["s"], { deep: 1 });
      ann.setOptimistic(["s", "x"], 3);
      ann.reject(ann.setOptimistic(["t"], 4));
      throw new Error("no");
    })
  );
  // It lies over the scalar again, of which it makes a map.
  assertEquals(heard, ["optimistic, set s, set s.x"]);
  assertEquals(seen, [{ a: 2, s: { x: 3 } }]);
});

Deno.test("an edit that is shown and confirmed in a transaction is a set", () => {
  const { ann, heard } = makeWatched();
  ann.transact(() => {
    ann.confirm(ann.setOptimistic(["a"], 1));
  });
  assertEquals(heard, ["local, set a"]);
});

Deno.test("what a validator takes away is told after the edit it checks", () => {
  const taken: OptimisticEdit[] = [];
  const takesAway = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value: unknown) => {
        for (const edit of taken.splice(0)) ann.reject(edit);
        return { value };
      },
    },
  } as const;
  const ann = new JsonCrdt("ann", { validators: { a: takesAway } });
  const heard: JsonValue[] = [];
  ann.watch("b", (changes) => {
    heard.push(changes.map(({ kind }) => kind), ann.toJSON());
  });
  for (
    const act of [
      () => ann.set(["a"], 1),
      () => void ann.setOptimistic(["a"], 2),
    ]
  ) {
    taken.push(ann.setOptimistic(["b"], 1));
    heard.length = 0;
    act();
    assertEquals(heard, [["delete"], { a: 1 }]);
  }
});

const KEYS = ["a", "b", "c"];

function anyPath(random: SeededRandom): Step[] {
  const path: Step[] = [];
  do path.push(random.pick(KEYS)); while (random.chance(50));
  return path;
}

/** Reads anew what a change tells of; maps above are made. */
function follow(copy: JsonValue, doc: JsonCrdt, path: readonly Step[]): void {
  const value = doc.get(path);
  let place = copy as Record<string, JsonValue>;
  for (const step of path.slice(0, -1)) {
    if (!Object.hasOwn(place, step) && value !== undefined) place[step] = {};
    place = place[step] as Record<string, JsonValue>;
    if (typeof place !== "object" || place === null) return;
  }
  const key = path.at(-1) as Step;
  if (value === undefined) delete place[key];
  else place[key] = structuredClone(value);
}

Deno.test("who follows what is told of optimistic edits has what shows", () => {
  for (let seed = 0; seed < 200; seed++) {
    const random = new SeededRandom(seed);
    const ann = new JsonCrdt("ann");
    let copy: JsonValue = {};
    ann.watch("**", (changes, { origin }) => {
      if (origin !== "optimistic") copy = structuredClone(ann.toJSON());
      else for (const { path } of changes) follow(copy, ann, path);
    });
    const edits: OptimisticEdit[] = [];
    const act = () => {
      const [path, choice] = [anyPath(random), random.below(10)];
      const value = random.pick<JsonValue>([1, { b: 2 }, { a: { c: 3 } }]);
      if (choice < 4) edits.push(ann.setOptimistic(path, value));
      else if (choice < 6) ann.reject(random.pick([...edits, {} as never]));
      else if (choice < 8) ann.confirm(random.pick([...edits, {} as never]));
      else ann.set(path, value);
    };
    for (let step = 0; step < 30; step++) {
      const isRolledBack = random.chance(20);
      try {
        ann.transact(() => {
          do act(); while (random.chance(30));
          if (isRolledBack) throw new Error("no");
        });
      } catch (error) {
        if ((error as Error).message !== "no") throw error;
      }
      assertEquals(copy, ann.toJSON(), `seed ${seed}`);
    }
  }
});
