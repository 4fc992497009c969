import { assertEquals } from "@std/assert";
import type { JsonValue } from "../../src/base/json.ts";
import type { Change } from "../../src/crdt/events.ts";
import { JsonCrdt } from "../../src/crdt/mod.ts";
import { Follower } from "./follower.ts";
import { runWorlds } from "./run_worlds.ts";
import { SchemaWorld } from "./schema/world.ts";
import { StateWorld } from "./state/world.ts";
import { type Replica, World } from "./world.ts";

const FILE = "tests/crdt/events_test.ts";

/** A world of which each document is followed, and checked after each step. */
function followed<Kind extends World>(world: Kind): Kind {
  const followers: Map<Replica, Follower> = new Map();
  const follow = (replica: Replica, doc: JsonCrdt) => {
    followers.set(replica, new Follower(doc));
  };
  for (const replica of world.replicas) follow(replica, replica.doc);
  const adopt = world.adopt.bind(world);
  world.adopt = (replica, doc) => {
    follow(replica, doc);
    adopt(replica, doc);
  };
  const step = world.step.bind(world);
  world.step = () => {
    step();
    for (const follower of followers.values()) follower.check();
  };
  return world;
}

/** What a replica tells as it receives what another one did at the same time. */
function toldOf(
  initial: { readonly [key: string]: JsonValue },
  here: (doc: JsonCrdt) => void,
  there: (doc: JsonCrdt) => void,
): string[] {
  const doc = new JsonCrdt("ann", { initial });
  const other = new JsonCrdt("bob");
  other.applyDiff(doc.encodeDiff(other.clock()));
  here(doc);
  there(other);
  const told: Change[] = [];
  doc.on("change", ({ changes }) => told.push(...changes));
  doc.applyDiff(other.encodeDiff(doc.clock()));
  return told.map(({ kind, path }) => `${kind} ${path.join(".")}`);
}

Deno.test("a list that becomes a map is told as a whole, and not its items", () => {
  const told = toldOf(
    {},
    (doc) => doc.push(["a"], 1, 2),
    (doc) => {
      doc.set(["a", "x"], 1);
      doc.set(["a", "y"], 1);
    },
  );
  assertEquals(told, ["set a", "set a.y"]);
});

Deno.test("a place that is left without entries by others is told as gone", () => {
  const told = toldOf(
    { a: { x: 1 } },
    (doc) => doc.delete(["a"]),
    (doc) => doc.delete(["a", "x"]),
  );
  assertEquals(told, []);
  const later = toldOf(
    { a: { b: { x: 1 } } },
    (doc) => doc.set(["a", "b", "y"], 1),
    (doc) => doc.delete(["a"]),
  );
  assertEquals(later, ["delete a"]);
});

Deno.test("what an item's list shows of it is told when that moves away", () => {
  const told = toldOf(
    { a: [{ x: 1 }, { x: 2 }] },
    (doc) => doc.set(["a", 0, "y"], 1),
    (doc) => doc.move(["a", 0], ["b"]),
  );
  assertEquals(told, ["remove a", "set b"]);
});

Deno.test("a state of very many places is told, and in no time", () => {
  const whole = new JsonCrdt("ann", { registerCountMax: 1_000_000 });
  whole.transact(() => {
    for (let index = 0; index < 150_000; index++) {
      whole.set([`key${index}`], index);
    }
    // Each compared with all that is told took minutes.
    for (let index = 0; index < 20_000; index++) {
      whole.set(["maps", `map${index}`, "key"], index);
    }
  });
  const doc = new JsonCrdt("bob", { registerCountMax: 1_000_000 });
  let count = 0;
  doc.on("change", ({ changes }) => count += changes.length);
  doc.merge(whole.snapshot());
  assertEquals(count, 150_001);
});

Deno.test("events name all that shows otherwise, whatever happens", () => {
  runWorlds({
    file: FILE,
    make: (seed, part) => followed(new World(seed, part)),
  }, 1000);
});

Deno.test("events name all that shows otherwise as states are exchanged", () => {
  runWorlds({
    file: FILE,
    make: (seed, part) => followed(new StateWorld(seed, part)),
  }, 500);
});

Deno.test("events name all that shows otherwise as schemas change", () => {
  runWorlds({
    file: FILE,
    make: (seed, part) => followed(new SchemaWorld(seed, part)),
  }, 500);
});

Deno.test("what a listener changes is told after what it was told of", () => {
  const doc = new JsonCrdt("ann");
  const seen: unknown[][] = [];
  doc.on("change", ({ changes }) => {
    if (changes[0]?.path[0] === "order") doc.set(["total"], 1);
  });
  for (const order of ["listener", "watcher"]) {
    const tell = (changes: readonly Change[]) => {
      seen.push([order, ...changes.map(({ path }) => path[0])]);
    };
    if (order === "watcher") doc.watch("**", tell);
    else doc.on("change", ({ changes }) => tell(changes));
  }
  doc.set(["order"], {});
  assertEquals(seen, [
    ["listener", "order"],
    ["watcher", "order"],
    ["listener", "total"],
    ["watcher", "total"],
  ]);
});
