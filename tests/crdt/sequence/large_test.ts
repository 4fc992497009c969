// Sequences of thousands of spans, so that their trees have several levels.
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { SequenceArena } from "../../../src/crdt/sequence/arena.ts";
import { NONE } from "../../../src/crdt/sequence/ids.ts";
import { ListSequence } from "../../../src/crdt/sequence/list_sequence.ts";
import { TextSequence } from "../../../src/crdt/sequence/text_sequence.ts";
import { assertConsistent } from "./consistency.ts";

/** Numbers from 0 to `below - 1`, always the same for one seed. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

for (const seed of [1, 2, 3]) {
  Deno.test(`thousands of edits anywhere give what an array gives (${seed})`, () => {
    const random = numbersFrom(seed);
    const list = new ListSequence<number>(new SequenceArena((a, b) => a - b));
    const expected: number[] = [];
    for (let turn = 1; turn <= 9000; turn++) {
      // It grows, shrinks to nothing, and grows again.
      const isShrinking = turn > 4000 && turn < 6500;
      if (expected.length > 0 && random(10) < (isShrinking ? 9 : 2)) {
        const index = random(expected.length);
        const count = Math.min(1 + random(3), expected.length - index);
        list.removeAt(index, count);
        expected.splice(index, count);
      } else {
        const index = random(expected.length + 1);
        list.insertAt(index, [turn], 0, turn);
        expected.splice(index, 0, turn);
      }
      assertEquals(list.length, expected.length);
      if (turn % 1500 === 0) {
        assertConsistent(list);
        assertEquals(list.toArray(), expected);
      }
    }
  });
}

Deno.test("a text that two write by turns is the same at both", () => {
  const random = numbersFrom(4);
  const texts = [0, 1].map(() =>
    new TextSequence(new SequenceArena((a, b) => a - b))
  );
  let expected = "";
  for (let turn = 1; turn <= 6000; turn++) {
    const writer = turn % 2;
    const [own, other] = [texts[writer]!, texts[1 - writer]!];
    const index = random(expected.length + 1);
    if (random(4) === 0) {
      const count = Math.min(2, expected.length - index);
      for (const range of own.removeAt(index, count)) {
        other.integrateRemove(range);
      }
      expected = expected.slice(0, index) + expected.slice(index + count);
    } else {
      const text = String.fromCharCode(97 + random(26));
      const origin = own.insertAt(index, text, writer, turn);
      other.integrateInsert(writer, turn, 1, text, origin);
      expected = expected.slice(0, index) + text + expected.slice(index);
    }
  }
  for (const text of texts) {
    assertEquals(text.toString(), expected);
    assertConsistent(text);
  }
});

Deno.test("a slice of a text is that of its string", () => {
  const text = new TextSequence(new SequenceArena((a, b) => a - b));
  text.insertAt(0, "hello", 0, 1);
  text.insertAt(2, "brave", 0, 6);
  text.removeAt(4, 2);
  const whole = text.toString();
  fc.assert(fc.property(fc.nat({ max: 9 }), fc.nat({ max: 9 }), (from, to) => {
    assertEquals(text.slice(from, to), whole.slice(from, to));
  }));
});

Deno.test("who adds and removes at one place again and again stays fast", () => {
  const list = new ListSequence<number>(new SequenceArena((a, b) => a - b));
  // By turns two replicas, and by turns at both ends of an item in the middle.
  list.insertAt(0, [0], 0, 1);
  let steps = 0;
  const { tree } = list["list"];
  const stepForward = tree.stepForward.bind(tree);
  const stepBack = tree.stepBack.bind(tree);
  tree.stepForward = () => (steps++, stepForward());
  tree.stepBack = () => (steps++, stepBack());
  for (let turn = 2; turn <= 4000; turn += 2) {
    const replica = (turn >> 1) % 2;
    list.insertAt(1, [turn], replica, turn);
    list.removeAt(1, 1);
    list.insertAt(0, [turn], replica, turn + 1);
    list.removeAt(0, 1);
  }
  assertEquals(list.toArray(), [0]);
  assertEquals(tree.has(list["list"].find(0, 1)), true);
  assertEquals(
    list.hasOrigin({ replica: NONE, counter: 0, side: "left" }),
    false,
  );
  assertEquals(steps < 40_000, true, `${steps} steps`);
});
