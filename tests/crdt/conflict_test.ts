import { assert, assertEquals } from "@std/assert";
import { hasCode } from "../../src/base/errors.ts";
import { SeededRandom } from "../../src/base/random.ts";
import type { ConflictEvent, Dot } from "../../src/crdt/events.ts";
import { JsonCrdt } from "../../src/crdt/mod.ts";
import type { Path } from "../../src/crdt/pattern.ts";
import type {
  HierarchyStrategy,
  StrategyOptions,
} from "../../src/crdt/strategies.ts";

const START_MS = Date.UTC(2026, 0, 1);

interface Replica {
  readonly doc: JsonCrdt;
  readonly conflicts: ConflictEvent[];
  readonly sent: Uint8Array[];
  readonly time: { wallMs: number };
}

function makeReplica(name: string, atMs = START_MS): Replica {
  const time = { wallMs: atMs };
  const doc = new JsonCrdt(name, { clock: { wallMs: () => time.wallMs } });
  const conflicts: ConflictEvent[] = [];
  const sent: Uint8Array[] = [];
  doc.on("conflict", (event) => conflicts.push(event));
  doc.on("change", (event) => {
    if (event.origin === "local") sent.push(event.message());
  });
  return { doc, conflicts, sent, time };
}

function deliver(from: Replica, to: Replica): void {
  for (const message of from.sent) to.doc.receiveMessage(message);
}

/** The same start, then what `ann` and, a second later, `bob` does alone. */
function meet(
  start: (doc: JsonCrdt) => void,
  older: (doc: JsonCrdt) => void,
  newer: (doc: JsonCrdt) => void,
  strategy: StrategyOptions = {},
) {
  const ann = makeReplica("ann");
  const bob = makeReplica("bob", START_MS + 2000);
  ann.doc.setStrategy("**", strategy);
  start(ann.doc);
  deliver(ann, bob);
  ann.time.wallMs += 1000;
  older(ann.doc);
  newer(bob.doc);
  deliver(ann, bob);
  deliver(bob, ann);
  assertEquals(ann.doc.toJSON(), bob.doc.toJSON());
  const tell = ({ conflicts }: Replica) =>
    conflicts.map(({ kind, path, winner, loser, isKept }) =>
      `${kind} ${path.join(".")}: ${show(winner)} > ${show(loser)}${
        isKept ? " (kept)" : ""
      }`
    );
  return { ann: tell(ann), bob: tell(bob), shown: ann.doc.toJSON() };
}

function show({ dot, kind, path, value }: ConflictEvent["winner"]): string {
  const text = value === undefined ? "" : ` ${JSON.stringify(value)}`;
  return `${dot[0]} ${kind} ${path.join(".")}${text}`;
}

const nothing = () => {};

Deno.test("two sets of one place are a conflict at both, with one winner", () => {
  const { ann, bob } = meet(
    (doc) => doc.set(["x"], 0),
    (doc) => doc.set(["x"], 1),
    (doc) => doc.set(["x"], 2),
  );
  assertEquals(ann, ["value x: bob set x 2 > ann set x 1"]);
  assertEquals(bob, ann);
});

Deno.test("a set and a delete are a conflict, two that do the same are none", () => {
  const start = (doc: JsonCrdt) => doc.set(["x"], 0);
  const conflict = meet(
    start,
    (doc) => doc.delete(["x"]),
    (doc) => doc.set(["x"], 2),
  );
  assertEquals(conflict.ann, ["value x: bob set x 2 > ann delete x"]);
  assertEquals(conflict.bob, conflict.ann);
  const set = (doc: JsonCrdt) => doc.set(["x"], "same");
  assertEquals(meet(start, set, set).ann, []);
  const erase = (doc: JsonCrdt) => doc.delete(["x"]);
  assertEquals(meet(start, erase, erase).ann, []);
  const map = (doc: JsonCrdt) => doc.set(["m"], {});
  assertEquals(meet(nothing, map, map).ann, []);
});

Deno.test("an object or a list that meets a value is one conflict", () => {
  for (const value of [{ a: 1, b: { c: 2 } }, [1, 2]]) {
    const older = meet(
      nothing,
      (doc) => doc.set(["x"], value),
      (doc) => doc.set(["x"], 2),
    );
    assertEquals(older.ann, ["value x: bob set x 2 > ann set x"]);
    assertEquals(older.bob, older.ann);
    const newer = meet(
      nothing,
      (doc) => doc.set(["x"], 2),
      (doc) => doc.set(["x"], value),
    );
    assertEquals(newer.ann, ["value x: bob set x > ann set x 2"]);
    assertEquals(newer.bob, newer.ann);
  }
});

Deno.test("what has seen the other is no conflict", () => {
  const ann = makeReplica("ann");
  const bob = makeReplica("bob");
  ann.doc.set(["x"], 1);
  ann.doc.set(["p"], { a: 1 });
  deliver(ann, bob);
  bob.doc.set(["x"], 2);
  bob.doc.delete(["p"]);
  bob.doc.set(["p", "b"], 2);
  deliver(bob, ann);
  ann.doc.set(["x"], 3);
  ann.doc.set(["p", "c"], 3);
  deliver(ann, bob);
  assertEquals([ann.conflicts, bob.conflicts], [[], []]);
});

Deno.test("an event has both sides in full", () => {
  const ann = makeReplica("ann");
  const bob = makeReplica("bob", START_MS + 1000);
  ann.doc.set(["x", "y"], [1]);
  bob.doc.set(["x", "y"], "two");
  deliver(bob, ann);
  assertEquals(ann.conflicts.length, 1);
  const [{ winner, loser }] = ann.conflicts as [ConflictEvent];
  assertEquals(winner, {
    dot: ["bob", 1],
    kind: "set",
    path: ["x", "y"],
    atMs: START_MS + 1000,
    value: "two",
  });
  assertEquals(loser.dot, ["ann", 1]);
});

Deno.test("values that are kept beside each other say so", () => {
  const sets = [
    nothing,
    (doc: JsonCrdt) => doc.set(["x"], 1),
    (doc: JsonCrdt) => doc.set(["x"], 2),
  ] as const;
  assertEquals(meet(...sets, { value: "multi-value" }).ann, [
    "value x: bob set x 2 > ann set x 1 (kept)",
  ]);
  const biased = meet(...sets, { value: { bias: ["ann"] } });
  assertEquals(biased.ann, ["value x: ann set x 1 > bob set x 2 (kept)"]);
  assertEquals(biased.bob, biased.ann);
  assertEquals(biased.shown, { x: 1 });
});

for (
  const [hierarchy, deleted, overwritten] of [
    ["merge", "down", "down"],
    ["set-wins", "down", "down"],
    ["delete-wins", "up", "up"],
  ] as [HierarchyStrategy, string, string][]
) {
  const start = (doc: JsonCrdt) => doc.set(["p"], { a: 1 });
  const below = (doc: JsonCrdt) => doc.set(["p", "c"], 3);
  const side = (name: string, act: string) => ({
    up: `${name} ${act}`,
    down: (other: string) => `${other} set p.c 3`,
  });

  Deno.test(`${hierarchy}: a delete above a set is a conflict at both`, () => {
    const { ann, bob } = meet(
      start,
      (doc) => doc.delete(["p"]),
      below,
      { hierarchy },
    );
    const { up, down } = side("ann", "delete p");
    const expected = deleted === "up"
      ? `hierarchy p: ${up} > ${down("bob")}`
      : `hierarchy p: ${down("bob")} > ${up}`;
    assertEquals([ann, bob], [[expected], [expected]]);
  });

  Deno.test(`${hierarchy}: a scalar above a set is a conflict at both`, () => {
    const { ann, bob, shown } = meet(
      start,
      below,
      (doc) => doc.set(["p"], 5),
      { hierarchy },
    );
    const { up, down } = side("bob", "set p 5");
    // With merge the later one shows, which is the scalar here.
    const isUp = overwritten === "up" || hierarchy === "merge";
    const expected = isUp
      ? `hierarchy p: ${up} > ${down("ann")}`
      : `hierarchy p: ${down("ann")} > ${up}`;
    assertEquals([ann, bob], [[expected], [expected]]);
    assertEquals(shown, isUp ? { p: 5 } : { p: { c: 3 } });
  });
}

Deno.test("what a delete had seen is no conflict, what it had not seen is", () => {
  for (const hierarchy of ["merge", "delete-wins"] as const) {
    const { ann, bob } = meet(
      (doc) => doc.set(["p"], { a: 1, b: { c: 2 } }),
      (doc) => doc.set(["p", "b", "d"], 3),
      (doc) => doc.delete(["p"]),
      { hierarchy },
    );
    assertEquals(ann.length, 1, hierarchy);
    assertEquals(bob.length, 1, hierarchy);
    assertEquals(ann, bob);
  }
});

Deno.test("an increment below what was deleted, and an element of it", () => {
  const counted = meet(
    (doc) => doc.set(["p"], { a: 1 }),
    (doc) => doc.delete(["p"]),
    (doc) => doc.increment(["p", "n"], 2),
  );
  assertEquals(counted.ann, [
    "hierarchy p: bob increment p.n 2 > ann delete p",
  ]);
  const pushed = meet(
    (doc) => doc.set(["p"], { list: [1] }),
    (doc) => doc.push(["p", "list"], 2),
    (doc) => doc.delete(["p"]),
  );
  assertEquals(pushed.ann, [
    "hierarchy p: ann set p.list.1 2 > bob delete p",
  ]);
});

Deno.test("two moves of one thing are a conflict, and two into each other", () => {
  const start = (doc: JsonCrdt) => doc.set([], { a: { x: 1 }, b: {}, l: [1] });
  const one = meet(
    start,
    (doc) => doc.move(["a"], ["c"]),
    (doc) => doc.move(["a"], ["l", 1]),
  );
  assertEquals(one.ann, ["move l.1: bob move l.1 > ann move c"]);
  assertEquals(one.bob, one.ann);
  const both = meet(
    start,
    (doc) => doc.move(["a"], ["b", "a"]),
    (doc) => doc.move(["b"], ["a", "b"]),
  );
  assertEquals(both.ann, ["move b: ann move b.a > bob move b.a.b"]);
  // There the later one was in effect, and is no more.
  assertEquals(both.bob, ["move b.a: ann move b.a > bob move b.a.b"]);
  const known = meet(
    (doc) => {
      start(doc);
      doc.move(["a"], ["c"]);
    },
    (doc) => doc.set(["d"], 1),
    (doc) => doc.move(["c"], ["e"]),
  );
  assertEquals(known.ann, []);
  assertEquals(known.bob, []);
});

Deno.test("many edits below a delete are told up to a bound", () => {
  const { ann } = meet(
    (doc) => doc.set(["p"], { a: 1 }),
    (doc) => {
      for (let index = 0; index < 300; index++) doc.set(["p", `k${index}`], 1);
    },
    (doc) => doc.delete(["p"]),
  );
  assertEquals(ann.length, 100);
});

Deno.test("a conflict is told when all of its transaction shows", () => {
  const ann = makeReplica("ann");
  const bob = makeReplica("bob", START_MS + 1000);
  ann.doc.set(["x"], 1);
  bob.doc.transact(() => {
    bob.doc.set(["x"], 2);
    bob.doc.set(["y"], 3);
  });
  const seen: unknown[] = [];
  ann.doc.on("change", () => seen.push("change"));
  ann.doc.on("conflict", () => seen.push(ann.doc.toJSON()));
  deliver(bob, ann);
  deliver(bob, ann);
  assertEquals(seen, ["change", { x: 2, y: 3 }]);
});

/** What each operation's author had applied, by its dot. */
function trackPasts(replicas: readonly Replica[]) {
  const pasts = new Map<string, Readonly<Record<string, number>>>();
  for (const { doc } of replicas) {
    doc.on("change", (event) => {
      if (event.origin !== "local") return;
      for (const { dot } of event.operations()) {
        pasts.set(dot.join(), { ...doc.clock(), [dot[0]]: dot[1] });
      }
    });
  }
  const hasSeen = (a: Dot, b: Dot) => {
    // A string has more counters than operations.
    for (let counter = a[1]; counter > 0; counter--) {
      const past = pasts.get(`${a[0]},${counter}`);
      if (past !== undefined) return (past[b[0]] ?? 0) >= b[1];
    }
    return false;
  };
  return hasSeen;
}

function tryToMove(doc: JsonCrdt, from: Path, to: Path): void {
  try {
    doc.move(from, to);
  } catch (error) {
    assert(hasCode(error, "INVALID_PATH"), String(error));
  }
}

Deno.test("where operations come in the order of causes, only strangers meet", () => {
  const keys = ["a", "b"];
  let count = 0;
  for (let seed = 0; seed < 400; seed++) {
    const random = new SeededRandom(seed);
    const replicas = ["ann", "bob"].map((name) => makeReplica(name));
    const [ann, bob] = replicas as [Replica, Replica];
    const hasSeen = trackPasts(replicas);
    ann.doc.setStrategy("**", {
      hierarchy: random.pick(["merge", "set-wins", "delete-wins"] as const),
    });
    for (let step = 0; step < 40; step++) {
      const { doc, time } = random.pick(replicas);
      time.wallMs += random.below(5);
      const path = [random.pick(keys)];
      while (random.chance(40)) path.push(random.pick(keys));
      const choice = random.below(10);
      if (choice < 5) doc.set(path, random.below(100));
      else if (choice < 6) doc.set(path, { a: random.below(100) });
      else if (choice < 7) doc.delete(path);
      else if (choice < 8) tryToMove(doc, path, [random.pick(keys), ...path]);
      else if (choice < 9) deliver(ann, bob);
      else deliver(bob, ann);
    }
    deliver(ann, bob);
    deliver(bob, ann);
    for (const { conflicts } of replicas) {
      for (const { winner, loser } of conflicts) {
        count++;
        const what = `seed ${seed} ${JSON.stringify([winner, loser])}`;
        assert(!hasSeen(winner.dot, loser.dot), what);
        assert(!hasSeen(loser.dot, winner.dot), what);
      }
    }
  }
  assert(count > 1000, `${count}`);
});
