import { assertEquals, assertThrows } from "@std/assert";
import type { JsonValue } from "../../src/base/json.ts";
import type { Change } from "../../src/crdt/events.ts";
import { JsonCrdt } from "../../src/crdt/mod.ts";
import { Follower } from "./follower.ts";
import { FOLLOWED, FOLLOWED_SCHEMA, FOLLOWED_STATE } from "./kinds.ts";
import { runWorld, runWorlds } from "./run_worlds.ts";

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
  return toldBy(doc, () => doc.applyDiff(other.encodeDiff(doc.clock())));
}

/** What a document tells of what happens to it, which can be followed. */
function toldBy(doc: JsonCrdt, act: () => void): string[] {
  const follower = new Follower(doc);
  const told: Change[] = [];
  const off = doc.on("change", ({ changes }) => told.push(...changes));
  act();
  off();
  follower.check();
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

Deno.test("what is deleted again by others is not told again", () => {
  const told = toldOf(
    { a: { x: 1 } },
    (doc) => doc.delete(["a"]),
    (doc) => doc.delete(["a", "x"]),
  );
  assertEquals(told, []);
});

Deno.test("a delete that leaves what its author had not seen is told as a set", () => {
  const ofEntry = toldOf(
    { a: { x: 1 } },
    (doc) => doc.set(["a", "y"], 2),
    (doc) => doc.delete(["a"]),
  );
  assertEquals(ofEntry, ["set a"]);
  const ofList = toldOf(
    { a: [1] },
    (doc) => doc.push(["a"], 2),
    (doc) => doc.delete(["a"]),
  );
  assertEquals(ofList, ["set a"]);
  const ofElement = toldOf(
    { a: [0, { x: 1 }] },
    (doc) => doc.set(["a", 1, "y"], 2),
    (doc) => doc.removeAt(["a"], 1),
  );
  assertEquals(ofElement, ["set a.1"]);
});

Deno.test("the root is set when it is deleted, as it is always shown", () => {
  const doc = new JsonCrdt("ann", { initial: { a: 1 } });
  const told = toldBy(doc, () => doc.delete([]));
  assertEquals(told, ["set "]);
});

Deno.test("who deletes all that a place lives on by tells of that place alone", () => {
  const others = (doc: JsonCrdt) => {
    // They go on for longer, so that their deletes are the later ones.
    doc.set(["others"], 1);
    doc.set(["others"], 2);
    doc.delete(["map"]);
    doc.removeAt(["list"], 0, 2);
  };
  const initial = { map: { x: 1 }, list: [{ x: 1 }, { x: [1] }, { x: 1 }] };
  const doc = new JsonCrdt("ann", { initial });
  const other = new JsonCrdt("bob", { initial });
  doc.set(["map", "y"], 1);
  doc.set(["list", 0, "y"], 1);
  doc.push(["list", 1, "x"], 2, 3);
  others(other);
  doc.applyDiff(other.encodeDiff(doc.clock()));
  assertEquals(doc.get(["list"]), [{ y: 1 }, { x: [2, 3] }, { x: 1 }]);

  assertEquals(toldBy(doc, () => doc.delete(["map", "y"])), ["delete map"]);
  const element = toldBy(doc, () => doc.delete(["list", 0, "y"]));
  assertEquals(element, ["remove list"]);
  const items = toldBy(doc, () => doc.removeAt(["list", 0, "x"], 0, 2));
  assertEquals(items, ["remove list"]);
  assertEquals(doc.get([]), { list: [{ x: 1 }], others: 2 });
});

Deno.test("elements of all kinds that are removed at once are told as one", () => {
  const list = [{ x: 1 }, 1, [2], 3];
  const doc = new JsonCrdt("ann", { initial: { list } });
  const told: Change[] = [];
  doc.on("change", ({ changes }) => told.push(...changes));
  doc.removeAt(["list"], 0, 3);
  assertEquals(told, [{ kind: "remove", path: ["list"], index: 0, count: 3 }]);
  doc.transact(() => doc.removeAt(["list"], 0));
  assertEquals(told.length, 2);
});

Deno.test("a delete that is undone is not told", () => {
  const doc = new JsonCrdt("ann", { initial: { map: { x: 1 }, list: [{}] } });
  const told = toldBy(doc, () =>
    doc.transact(() => {
      doc.set(["y"], 1);
      assertThrows(() =>
        doc.transact(() => {
          doc.delete(["map", "x"]);
          doc.removeAt(["list"], 0);
          throw new RangeError("Undo it");
        })
      );
    }));
  assertEquals(told, ["set y"]);
});

Deno.test("what does not show below a value or a list is not told", () => {
  const told = toldOf(
    {},
    (doc) => {
      doc.set(["later"], 1);
      doc.set(["value"], null);
      doc.push(["list"], 1);
    },
    (doc) =>
      doc.transact(() => {
        doc.set(["value", "x"], 1);
        doc.increment(["list", "x"]);
        doc.push(["value", "y"], 1);
      }),
  );
  assertEquals(told, []);
});

Deno.test("a state that deletes and leaves something is told as a set", () => {
  const initial = { a: { x: 1 }, b: { x: 1 }, list: [{ x: 1 }] };
  const doc = new JsonCrdt("ann", { initial });
  const other = new JsonCrdt("bob", { initial });
  doc.set(["a", "y"], 1);
  doc.set(["list", 0, "y"], 1);
  for (const key of ["a", "b", "list"]) other.delete([key]);
  const told = toldBy(doc, () => doc.merge(other.snapshot()));
  const expected = ["delete a.x", "delete b", "delete list.0.x", "set a"];
  assertEquals(told.sort(), [...expected, "set list", "set list.0"]);
});

Deno.test("a tombstone in a state, of what never was here, is told", () => {
  const [doc, other] = [new JsonCrdt("ann"), new JsonCrdt("bob")];
  doc.push(["empty"], {});
  doc.removeAt(["empty"], 0);
  doc.push(["both"], 2);
  const third = new JsonCrdt("abe");
  third.set(["both", "x"], 1);
  doc.applyDiff(third.encodeDiff(doc.clock()));
  assertEquals(doc.toJSON(), { empty: [], both: [2] });
  for (let count = 0; count < 9; count++) other.set(["later"], count);
  for (const key of ["empty", "both"]) {
    other.set([key], "x");
    other.delete([key]);
  }
  other.delete(["later"]);
  const told = toldBy(doc, () => doc.merge(other.snapshot()));
  assertEquals(doc.toJSON(), { both: { x: 1 } });
  assertEquals(told, ["delete empty", "set both"]);
});

Deno.test("what shows again as its heir goes is told, though no move is known", () => {
  const [ann, bob] = [new JsonCrdt("ann"), new JsonCrdt("bob")];
  ann.set(["a"], 1);
  ann.move(["a"], ["b"]);
  bob.set(["a"], 2);
  const seen = new JsonCrdt("eve");
  bob.on("change", (event) => {
    if (event.origin === "local") seen.receiveMessage(event.message());
  });
  seen.applyDiff(bob.encodeDiff(seen.clock()));
  bob.applyDiff(ann.encodeDiff(bob.clock()));
  bob.increment(["a"], 3);
  assertEquals([bob.toJSON(), seen.toJSON()], [{ a: 3, b: 2 }, { a: 3 }]);
  const told = toldBy(seen, () => bob.delete(["a"]));
  assertEquals([seen.toJSON(), told], [{ a: 2 }, ["set a"]]);
});

Deno.test("a list that shows again as what was at its key leaves it is told", () => {
  // What is moved into the list stood at its key: one takes the other's place.
  const doc = new JsonCrdt("ann", { initial: { b: [1], key: [[2]] } });
  const other = new JsonCrdt("bob");
  other.applyDiff(doc.encodeDiff(other.clock()));
  other.set(["later"], 1);
  other.move(["b"], ["key", 0, 0]);
  doc.move(["b"], ["key"]);
  assertEquals(doc.get([]), { key: [1] });
  const told = toldBy(doc, () => doc.applyDiff(other.encodeDiff(doc.clock())));
  assertEquals(doc.get(["key"]), [[[1]]]);
  assertEquals(told, ["set later", "delete key", "set key"]);
});

Deno.test("a list that shows again as what a schema refused in it goes is told", () => {
  const [doc, other] = [new JsonCrdt("ann"), new JsonCrdt("bob")];
  const items = { type: ["object", "array"] };
  other.setSchema({ properties: { list: { items } } });
  doc.transact(() => {
    doc.push(["list"], true, 3);
    doc.set(["list", 0, "x"], 2);
  });
  doc.applyDiff(other.encodeDiff(doc.clock()));
  assertEquals(doc.toJSON(), { list: [{ x: 2 }] });
  const told = toldBy(doc, () => doc.delete(["list", 0]));
  assertEquals(doc.toJSON(), { list: [] });
  assertEquals(told, ["delete list", "set list"]);
});

Deno.test("an edit of a text beside a delete is told, if a strategy shows it", () => {
  const [doc, other] = [new JsonCrdt("ann"), new JsonCrdt("bob")];
  doc.setStrategy("**", { value: "min" });
  other.applyDiff(doc.encodeDiff(other.clock()));
  other.set(["text"], "abc");
  doc.set(["later"], 1);
  doc.set(["text"], "z");
  doc.delete(["text"]);
  doc.applyDiff(other.encodeDiff(doc.clock()));
  assertEquals(doc.get(["text"]), "abc");
  other.insertText(["text"], 3, "d");
  const told = toldBy(doc, () => doc.applyDiff(other.encodeDiff(doc.clock())));
  assertEquals([doc.get(["text"]), told], ["abcd", ["set text"]]);
});

Deno.test("an edit of a text is told as what a strategy shows after it", () => {
  const merges = {
    longest: (values: readonly JsonValue[]) =>
      values.reduce((a, b) => String(b).length > String(a).length ? b : a),
  };
  const doc = new JsonCrdt("ann", { merges });
  const other = new JsonCrdt("bob", { merges });
  doc.setStrategy("**", { value: "merge:longest" });
  other.applyDiff(doc.encodeDiff(other.clock()));
  doc.set(["text"], "abcd");
  other.set(["text"], "xyz");
  doc.applyDiff(other.encodeDiff(doc.clock()));
  other.insertText(["text"], 0, "w");
  // It is the newest value, but not the one that shows.
  let told = toldBy(doc, () => doc.applyDiff(other.encodeDiff(doc.clock())));
  assertEquals([doc.get(["text"]), told], ["abcd", ["set text"]]);
  told = toldBy(doc, () => doc.deleteText(["text"], 0, 1));
  assertEquals([doc.get(["text"]), told], ["wxyz", ["set text"]]);
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
  runWorlds(FOLLOWED, 1000);
});

Deno.test("what leaves a place that shows again as it arrives is told there", () => {
  // All that is in the place above moves within that, among many late moves.
  const steps = [
    ...[4, 12, 13, 14, 25, 30, 31, 33, 36, 39, 40, 41, 42, 43, 46, 50, 51, 55],
    ...[56, 57],
  ];
  runWorld(FOLLOWED, 32321, { steps, replicas: [0, 1, 2, 3] });
});

Deno.test("a list that goes and comes back within an operation is told as a whole", () => {
  const steps = [6, 7, 15, 29, 30, 37, 50, 51, 57];
  runWorld(FOLLOWED, 140164386, { steps, replicas: [1, 2, 3] });
});

Deno.test("events name all that shows otherwise as states are exchanged", () => {
  runWorlds(FOLLOWED_STATE, 500);
});

Deno.test("events name all that shows otherwise as schemas change", () => {
  runWorlds(FOLLOWED_SCHEMA, 500);
});

Deno.test("an element that goes with what was refused in it is told as removed", () => {
  const steps = [10, 12, 16, 19, 21, 22, 32];
  runWorld(FOLLOWED_SCHEMA, 140126659, { steps, replicas: [0, 1] });
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
