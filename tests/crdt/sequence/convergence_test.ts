import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { TextSequence } from "../../../src/crdt/sequence/text_sequence.ts";
import { step } from "./steps.ts";
import { makeArena, World } from "./world.ts";

const steps = fc.array(step, { maxLength: 40, size: "max" });

const history = (count: number) =>
  fc.property(
    steps,
    steps,
    fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 20 }),
    (before, after, numbers) => {
      const world = new World(count);
      for (const each of before) world.take(each);
      world.settle(numbers);
      world.tidy();
      for (const each of after) world.take(each);
      world.settle(numbers);
    },
  );

for (const count of [1, 2, 3, 5]) {
  Deno.test(`a history of ${count} replicas is that of Fugue's tree`, () => {
    fc.assert(history(count), { numRuns: 250 });
  });
}

Deno.test("what was removed is forgotten once all have retired it", () => {
  const world = new World(2);
  const [first, second] = world.replicas;
  for (let turn = 0; turn < 40; turn++) {
    const step = { replica: turn % 2, target: 0, count: 1, text: "abc" };
    world.take({ ...step, kind: "insert", index: turn * 7 });
    if (turn % 3 === 0) world.settle([turn]);
  }
  world.take({
    kind: "remove",
    replica: 0,
    target: 0,
    index: 0,
    count: first!.text.length,
    text: "",
  });
  world.settle([0]);
  const { table } = first!.arena;
  first!.retire(world.operations[world.operations.length - 1]!);
  world.take({
    kind: "collect",
    replica: 0,
    target: 0,
    index: 0,
    count: 0,
    text: "",
  });
  assertEquals(table.spanCount > 0, true);
  world.tidy();
  assertEquals(first!.text.length, 0);
  assertEquals(table.spanCount, 0);
  assertEquals(second!.arena.table.spanCount, 0);
});

/** A text of a parent and its child, both removed. */
function parentAndChild() {
  const text = new TextSequence(makeArena(["a"]));
  text.insertAt(0, "p", 0, 1);
  text.insertAt(1, "c", 0, 3);
  text.removeAt(0, 2);
  const parent = { replica: 0, counter: 1, length: 1 };
  const child = { replica: 0, counter: 3, length: 1 };
  return { text, parent, child };
}

Deno.test("a parent that not all have retired outlives its children", () => {
  const { text, parent, child } = parentAndChild();
  text.retire([parent, child]);
  assertEquals(text.collect([child]), 1);
  assertEquals([text.has(parent), text.has(child)], [true, false]);
  assertEquals(text.collect([parent]), 1);
  assertEquals(text.has(parent), false);
});

Deno.test("a parent that all have retired goes with its last child", () => {
  const { text, parent, child } = parentAndChild();
  assertEquals(text.collect([parent]), 0);
  assertEquals(text.removedRanges().length, 2);
  assertEquals(text.collect([child]), 2);
  assertEquals(text.removedRanges(), []);
});

/** A step of a queue or feed: at one end things come, and go at the other. */
const queueStep = fc.record({
  kind: fc.constantFrom(
    ...["insert", "insert", "insert", "remove", "remove", "remove"] as const,
    ...["receive", "receive", "retire", "collect"] as const,
  ),
  replica: fc.nat({ max: 2 }),
  isAtEnd: fc.boolean(),
  number: fc.nat({ max: 30 }),
});

Deno.test("chains that nobody names shrink, and the order stays Fugue's", () => {
  const property = fc.property(
    fc.array(queueStep, { maxLength: 80, size: "max" }),
    fc.nat({ max: 10 }),
    (steps, flips) => {
      const world = new World(3);
      for (
        const [turn, { kind, replica, isAtEnd, number }] of steps.entries()
      ) {
        const { text } = world.replicas[replica]!;
        // Mostly a queue, and now and then the other way round.
        const isLast = isAtEnd === (turn % 11 < flips);
        const isInsert = kind === "insert";
        const place = isLast ? text.length - (isInsert ? 0 : 1) : 0;
        const index = kind === "receive" ? number : Math.max(0, place);
        world.take({ kind, replica, target: 0, index, count: 1, text: "x" });
        if (turn % 20 === 19) {
          world.settle([number]);
          world.tidy();
        }
      }
      world.settle([1]);
      world.tidy();
      world.settle([1]);
    },
  );
  fc.assert(property, { numRuns: 300 });
});

/** A step of a list that runs empty, of items that can come back. */
const emptyingStep = fc.record({
  kind: fc.constantFrom(
    ...["insert", "insert", "insert", "hide", "hide", "hide"] as const,
    ...["insert", "hide", "receive", "receive", "remove"] as const,
    ...["retire", "collect", "undo"] as const,
  ),
  replica: fc.nat({ max: 1 }),
  isAtEnd: fc.boolean(),
  number: fc.nat({ max: 30 }),
});

Deno.test("the order stays Fugue's in a list that runs empty again and again", () => {
  const property = fc.property(
    fc.array(emptyingStep, { minLength: 60, maxLength: 200, size: "max" }),
    (steps) => {
      const world = new World(2);
      for (const { kind, replica, isAtEnd, number } of steps) {
        const { length } = world.replicas[replica]!.list;
        const index = kind === "receive" ? number : isAtEnd ? length : 0;
        // An odd count stays hidden.
        const count = number < 28 ? 1 : 2;
        world.take({ kind, replica, target: 1, index, count, text: "x" });
      }
      world.settle([1]);
      world.tidy();
      world.settle([1]);
    },
  );
  fc.assert(property, { numRuns: 150 });
});

Deno.test("a queue keeps no more than what is in it, whoever fills it", () => {
  for (const isFeed of [false, true]) {
    const arena = makeArena(["a", "b"]);
    const text = new TextSequence(arena);
    let sizeMax = 0;
    for (let counter = 1; counter <= 2000; counter++) {
      const replica = counter % 2;
      text.insertAt(isFeed ? 0 : text.length, "x", replica, counter);
      if (text.length <= 10) continue;
      const removed = text.removeAt(isFeed ? text.length - 1 : 0, 1);
      text.retire(removed);
      text.collect(removed);
      text.contract();
      sizeMax = Math.max(sizeMax, arena.table.spanCount);
    }
    assertEquals(text.length, 10);
    assert(sizeMax < 100, String(sizeMax));
  }
});
