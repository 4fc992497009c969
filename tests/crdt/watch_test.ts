import { assert, assertEquals, assertThrows } from "@std/assert";
import { hasCode } from "../../src/base/errors.ts";
import { SeededRandom } from "../../src/base/random.ts";
import type { Change, WatchEvent } from "../../src/crdt/events.ts";
import { JsonCrdt } from "../../src/crdt/mod.ts";
import type { PathPattern } from "../../src/crdt/pattern.ts";
import { Watchers } from "../../src/crdt/watchers.ts";

/** A document, and the paths that a watcher of `pattern` was told, by call. */
function watched(pattern: PathPattern) {
  const doc = new JsonCrdt("ann");
  const calls: string[][] = [];
  const end = doc.watch(pattern, (changes) => {
    calls.push(changes.map(({ kind, path }) => `${kind} ${path.join(".")}`));
  });
  return { doc, calls, end };
}

const NO_EVENT = {} as WatchEvent;
const set = (...path: string[]): Change => ({ kind: "set", path });

Deno.test("a star stands for one step", () => {
  const { doc, calls } = watched("users.*.name");
  doc.set(["users", "1", "name"], "Bo");
  doc.set(["users", "1", "age"], 3);
  doc.set(["users", "1", "pet", "name"], "Rex");
  doc.set(["groups", "1", "name"], "x");
  assertEquals(calls, [["set users.1.name"]]);
});

Deno.test("what is set below a value takes that away", () => {
  const { doc, calls } = watched("users.*.name");
  doc.set(["users", "1", "name"], "Bo");
  doc.set(["users", "1", "name", "first"], "Bo");
  doc.set(["users", "1", "name", "last"], "Li");
  assertEquals(calls, [["set users.1.name"], ["set users.1.name"]]);
});

Deno.test("two stars stand for any number of steps, none included", () => {
  const { doc, calls } = watched("users.**");
  doc.set(["users", "1", "name"], "Bo");
  doc.set(["users"], {});
  doc.set(["groups"], {});
  assertEquals(calls, [["set users.1.name"], ["set users"]]);
});

Deno.test("a pattern of steps may have keys with dots", () => {
  const { doc, calls } = watched(["a.b", "*"]);
  doc.set(["a.b", "c"], 1);
  doc.set(["a", "b"], 1);
  assertEquals(calls, [["set a.b.c"]]);
});

Deno.test("a change above what is watched may have taken it away", () => {
  const { doc, calls } = watched("users.*.name");
  doc.set(["users", "1"], { name: "Bo" });
  doc.delete(["users"]);
  doc.delete([]);
  assertEquals(calls, [["set users.1"], ["delete users"], ["set "]]);
});

Deno.test("a transaction is told once, when it is over, with what matches", () => {
  const doc = new JsonCrdt("ann");
  const seen: unknown[] = [];
  doc.watch("a.*", (changes, event) => {
    seen.push(changes, event.replica, doc.toJSON());
  });
  doc.transact(() => {
    doc.set(["a", "x"], 1);
    doc.set(["b"], 2);
    doc.increment(["a", "y"]);
    assertEquals(seen, []);
  });
  assertEquals(seen, [
    [
      { kind: "set", path: ["a", "x"] },
      { kind: "increment", path: ["a", "y"] },
    ],
    "ann",
    { a: { x: 1, y: 1 }, b: 2 },
  ]);
});

Deno.test("what is rolled back is not told", () => {
  const { doc, calls } = watched("**");
  assertThrows(() =>
    doc.transact(() => {
      doc.set(["a"], 1);
      throw new Error("no");
    })
  );
  assertEquals(calls, []);
});

Deno.test("changes of others are told as one's own are", () => {
  const { doc: ann, calls } = watched("a.b");
  const bob = new JsonCrdt("bob");
  bob.on("change", (event) => ann.receiveMessage(event.message()));
  bob.transact(() => {
    bob.set(["a", "b"], 1);
    bob.set(["c"], 2);
  });
  assertEquals(calls, [["set a.b"]]);
});

Deno.test("an ended watcher hears nothing, and ends but once", () => {
  const { doc, calls, end } = watched("a");
  const other = watched("a");
  end();
  end();
  doc.set(["a"], 1);
  other.doc.set(["a"], 1);
  assertEquals([calls, other.calls], [[], [["set a"]]]);
});

Deno.test("one that a callback before it ended is not called", () => {
  const doc = new JsonCrdt("ann");
  const called: string[] = [];
  doc.watch("a", () => {
    called.push("first");
    end();
  });
  const end = doc.watch("**", () => called.push("second"));
  doc.set(["a"], 1);
  assertEquals(called, ["first"]);
});

Deno.test("a callback that fails is told of and stops nobody", async () => {
  const failures: unknown[] = [];
  const doc = new JsonCrdt("ann", {
    onListenerError: (error, event) => failures.push([error, event]),
  });
  let count = 0;
  doc.watch("a", () => {
    throw "first";
  });
  doc.watch("a", () => Promise.reject("second"));
  doc.watch("a", () => count++);
  doc.set(["a"], 1);
  await Promise.resolve();
  assertEquals(count, 1);
  assertEquals(failures, [["first", "watch"], ["second", "watch"]]);
});

Deno.test("a pattern that is none is refused", () => {
  const doc = new JsonCrdt("ann");
  for (const step of ["\ud800", undefined, null, {}, Object.create(null)]) {
    const error = assertThrows(() => doc.watch([step], () => {}));
    assert(hasCode(error, "INVALID_PATH"));
  }
  const error = assertThrows(() => doc.watch(new Array(1), () => {}));
  assert(hasCode(error, "INVALID_PATH"));
});

/** Whether some path that starts with `path` matches, by definition. */
function concerns(
  pattern: readonly string[],
  path: readonly string[],
): boolean {
  const [step, ...rest] = pattern;
  if (path.length === 0) return true;
  if (step === undefined) return false;
  const [key, ...below] = path;
  if (step === "**") {
    return concerns(rest, path) || concerns(pattern, below);
  }
  return (step === "*" || step === key) && concerns(rest, below);
}

Deno.test("the trie finds what the definition says, as watchers come and go", () => {
  const random = new SeededRandom(4);
  const steps = (choices: string[]) =>
    Array.from({ length: random.below(5) }, () => random.pick(choices));
  for (let round = 0; round < 300; round++) {
    const watchers = new Watchers((error) => {
      throw error;
    });
    const heard: number[] = [];
    const all = Array.from({ length: random.below(30) }, (_, index) => {
      const pattern = steps(["a", "b", "*", "**"]);
      return {
        pattern,
        index,
        end: watchers.add(pattern, () => heard.push(index)),
      };
    });
    const living = all.filter(({ end }) => {
      if (random.chance(60)) return true;
      end();
      return false;
    });
    assertEquals(watchers.count, living.length);
    for (let change = 0; change < 10; change++) {
      const path = steps(["a", "b", "c"]);
      heard.length = 0;
      watchers.tell([set(...path)], NO_EVENT);
      assertEquals(
        heard,
        living.filter(({ pattern }) => concerns(pattern, path))
          .map(({ index }) => index),
        JSON.stringify([path, living.map(({ pattern }) => pattern)]),
      );
    }
  }
});

Deno.test("the cost of a change does not grow with watchers of others", () => {
  const cpuMs = (watcherCount: number) => {
    const watchers = new Watchers(() => {});
    let count = 0;
    for (let index = 0; index < watcherCount; index++) {
      watchers.add(["users", `u${index}`, "*"], () => count++);
    }
    const event = NO_EVENT;
    const changes = [[set("users", "u7", "name")]];
    const times = Array.from({ length: 5 }, () => {
      const startedMs = performance.now();
      for (let round = 0; round < 5000; round++) {
        watchers.tell(changes[0] as Change[], event);
      }
      return performance.now() - startedMs;
    });
    assertEquals(count, 25_000);
    return Math.min(...times);
  };
  cpuMs(10);
  // A list of all watchers would take 5,000 times as long.
  const ratio = cpuMs(50_000) / cpuMs(10);
  assert(ratio < 20, `${ratio}`);
});
