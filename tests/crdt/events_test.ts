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

// The constructor of a world adopts the first documents.
const followers: WeakMap<JsonCrdt, Follower> = new WeakMap();

function checkAll(replicas: readonly Replica[]): void {
  for (const { doc } of replicas) followers.get(doc)?.check();
}

class FollowedWorld extends World {
  override adopt(replica: Replica, doc: JsonCrdt): void {
    followers.set(doc, new Follower(doc));
    super.adopt(replica, doc);
  }

  override step(): void {
    super.step();
    checkAll(this.replicas);
  }
}

class FollowedStateWorld extends StateWorld {
  override adopt(replica: Replica, doc: JsonCrdt): void {
    followers.set(doc, new Follower(doc));
    super.adopt(replica, doc);
  }

  override step(): void {
    super.step();
    checkAll(this.replicas);
  }
}

class FollowedSchemaWorld extends SchemaWorld {
  override adopt(replica: Replica, doc: JsonCrdt): void {
    followers.set(doc, new Follower(doc));
    super.adopt(replica, doc);
  }

  override step(): void {
    super.step();
    checkAll(this.replicas);
  }
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

Deno.test("events name all that shows otherwise, whatever happens", () => {
  runWorlds({
    file: FILE,
    make: (seed, part) => new FollowedWorld(seed, part),
  }, 1000);
});

Deno.test("events name all that shows otherwise as states are exchanged", () => {
  runWorlds({
    file: FILE,
    make: (seed, part) => new FollowedStateWorld(seed, part),
  }, 500);
});

Deno.test("events name all that shows otherwise as schemas change", () => {
  runWorlds({
    file: FILE,
    make: (seed, part) => new FollowedSchemaWorld(seed, part),
  }, 500);
});
