import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { DistflowError } from "../../../src/base/errors.ts";
import { ListSequence } from "../../../src/crdt/sequence/list_sequence.ts";
import { TextSequence } from "../../../src/crdt/sequence/text_sequence.ts";
import { BytesReader, BytesWriter } from "./bytes.ts";
import { assertConsistent } from "./consistency.ts";
import { step } from "./steps.ts";
import { makeArena, type Replica, World } from "./world.ts";

const steps = fc.array(step, { maxLength: 40, size: "max" });

function restore(bytes: readonly number[], names: readonly string[]) {
  const arena = makeArena(names);
  const text = new TextSequence(arena);
  const list = new ListSequence<string>(arena);
  const reader = new BytesReader(bytes);
  const replicas = [...names.keys()];
  text.importFrom(reader, replicas);
  list.importFrom(
    reader,
    replicas,
    () => String.fromCharCode(reader.varint(0xffff)),
  );
  return { arena, text, list };
}

/** Gives all that `source` has, and its counters say is new, to `target`. */
function catchUp(
  target: ReturnType<typeof restore>,
  source: Replica,
  counters: readonly number[],
): void {
  for (const index of [0, 1]) {
    const from = source.sequence(index);
    const to = (index === 0 ? target.text : target.list) as typeof from;
    for (const span of from.spansSince((replica) => counters[replica]!)) {
      const { replica, counter, length, content, origin } = span;
      assert(to.hasOrigin(origin));
      to.integrateInsert(replica, counter, length, content, origin);
    }
    for (const range of from.removedRanges()) to.integrateRemove(range);
    for (
      const { replica, counter, length, isHidden } of from.spansSince(() => 0)
    ) {
      for (let offset = 0; offset < length && isHidden; offset++) {
        to.setHidden({ replica, counter: counter + offset }, true);
      }
    }
    assertConsistent(to);
  }
}

Deno.test("what came since a version vector brings a peer up to date", () => {
  fc.assert(fc.property(steps, steps, (before, after) => {
    const world = new World(3);
    const keep = (all: typeof before) =>
      all.filter(({ kind }) => kind !== "collect");
    for (const each of keep(before)) world.take(each);
    const [replica] = world.replicas;
    const saved = replica!.save();
    const counters = replica!.counters();
    for (const each of keep(after)) world.take(each);
    world.settle([1, 2, 3]);
    const restored = restore(saved, replica!.names);
    catchUp(restored, replica!, counters);
    assertEquals(restored.text.toString(), replica!.text.toString());
    assertEquals(restored.list.toArray(), replica!.list.toArray());
    const fresh = { arena: makeArena(replica!.names) };
    const empty = {
      ...fresh,
      text: new TextSequence(fresh.arena),
      list: new ListSequence<string>(fresh.arena),
    };
    catchUp(empty, replica!, replica!.names.map(() => 0));
    assertEquals(empty.text.toString(), replica!.text.toString());
    assertEquals(empty.list.toArray(), replica!.list.toArray());
  }));
});

Deno.test("a run that is known in part goes on behind its known part", () => {
  const text = new TextSequence(makeArena(["a"]));
  text.insertAt(0, "xy", 0, 1);
  text.insertAt(1, "1", 0, 3);
  text.insertAt(2, "23", 0, 4);
  assertEquals(text.toString(), "x123y");
  assertEquals(text.spansSince(() => 4), [{
    replica: 0,
    counter: 5,
    length: 1,
    origin: { replica: 0, counter: 4, side: "right" },
    content: "3",
    isHidden: false,
  }]);
});

Deno.test("a saved sequence is read under other indexes of replicas", () => {
  const names = ["a", "b"];
  const text = new TextSequence(makeArena(names));
  text.insertAt(0, "bb", 1, 1);
  text.insertAt(1, "aa", 0, 1);
  const writer = new BytesWriter();
  text.exportTo(writer);
  const other = new TextSequence(makeArena(["z", "b", "a"]));
  other.importFrom(new BytesReader(writer.bytes), [2, 1]);
  assertEquals(other.toString(), "baab");
  assertEquals(other.idAt(1), { replica: 2, counter: 1 });
});

Deno.test("half a surrogate pair is saved as it is", () => {
  const text = new TextSequence(makeArena(["a"]));
  text.insertAt(0, "x😀y", 0, 1);
  text.integrateRemove({ replica: 0, counter: 2, length: 1 });
  const writer = new BytesWriter();
  text.exportTo(writer);
  const other = new TextSequence(makeArena(["a"]));
  other.importFrom(new BytesReader(writer.bytes), [0]);
  assertEquals(other.toString(), "x\ude00y");
});

Deno.test("a sequence that has items imports nothing", () => {
  const text = new TextSequence(makeArena(["a"]));
  text.insertAt(0, "x", 0, 1);
  text.removeAt(0, 1);
  assertThrows(
    () => text.importFrom(new BytesReader([0, 0, 0]), [0]),
    RangeError,
  );
});

Deno.test("ids of another sequence of the document are refused", () => {
  const arena = makeArena(["a"]);
  const text = new TextSequence(arena);
  text.insertAt(0, "xyz", 0, 1);
  const writer = new BytesWriter();
  text.exportTo(writer);
  const other = new TextSequence(arena);
  assertThrows(
    () => other.importFrom(new BytesReader(writer.bytes), [0]),
    DistflowError,
  );
  const origin = { replica: -1, counter: 0, side: "right" as const };
  assertThrows(
    () => other.integrateInsert(0, 3, 2, "zz", origin),
    RangeError,
  );
  assertEquals(other.length, 0);
  assertEquals(text.toString(), "xyz");
});

/** The bytes of "xy", two children of the root by these replicas. */
function siblings(first: number, second: number, firstHead: number): number[] {
  const heads = [firstHead, 0b000_01_0_00];
  return [2, ...heads, 0, 0, first, 0, second, 0, 0, 2, 0x78, 0x79];
}

Deno.test("siblings out of order, and what is no tree, are refused", () => {
  const read = (bytes: readonly number[]) => {
    const text = new TextSequence(makeArena(["a", "b"]));
    text.importFrom(new BytesReader(bytes), [0, 1]);
    return text.toString();
  };
  assertEquals(read(siblings(0, 1, 0b001_00_0_00)), "xy");
  assertThrows(
    () => read(siblings(1, 0, 0b001_00_0_00)),
    DistflowError,
    "siblings in order",
  );
  // A right child of the root whose right anchor is another item.
  assertThrows(
    () => read(siblings(0, 1, 0b000_00_0_00)),
    DistflowError,
    "a tree of items",
  );
  // The last item is a child of the first, and stands behind that one's next.
  const behind = (first: number, second: number) => {
    const heads = [0b001_00_0_00, 0b000_11_0_00];
    const anchor = [0, 1];
    return [
      2,
      ...heads,
      1,
      0,
      first,
      0,
      second,
      0,
      ...anchor,
      0,
      3,
      65,
      66,
      67,
    ];
  };
  assertEquals(read(behind(0, 1)), "ABC");
  assertThrows(
    () => read(behind(1, 0)),
    DistflowError,
    "siblings in order",
  );
  // The same id twice: the counter of the second is told to be the first's.
  const twice = siblings(0, 0, 0b001_00_0_00);
  twice[2]! |= 0b1000_0000;
  twice.splice(9, 0, 1);
  assertThrows(() => read(twice), DistflowError, "an id of its own");
});

/** Reads bytes that may be anything, and uses what came out of it. */
function readHostile(bytes: readonly number[]): boolean {
  const arena = makeArena(["a", "b", "c"]);
  const text = new TextSequence(arena);
  try {
    text.importFrom(new BytesReader(bytes), [0, 1, 2]);
  } catch (error) {
    assert(error instanceof DistflowError, String(error));
    assertEquals(error.code, "PROTOCOL_VIOLATION");
    assertEquals([text.length, arena.table.spanCount], [0, 0]);
    text.insertAt(0, "still of use", 0, 1);
    return false;
  }
  assertConsistent(text);
  const writer = new BytesWriter();
  text.exportTo(writer);
  const again = new TextSequence(makeArena(["a", "b", "c"]));
  again.importFrom(new BytesReader(writer.bytes), [0, 1, 2]);
  assertEquals(again.toString(), text.toString());
  for (let index = 0; index <= Math.min(text.length, 20); index++) {
    // A pair may stand anywhere: then the edit is refused, and that is all.
    try {
      text.insertAt(index, "x", 2, 2 ** 31 - 1 - index);
    } catch (error) {
      assert(error instanceof RangeError, String(error));
    }
  }
  assertConsistent(text);
  return true;
}

Deno.test("any bytes are a text, or an error with a code", () => {
  const bytes = fc.oneof(
    fc.array(fc.nat({ max: 255 }), { maxLength: 60 }),
    fc.array(fc.nat({ max: 12 }), { maxLength: 60 }),
  );
  fc.assert(fc.property(bytes, (each) => void readHostile(each)), {
    numRuns: 5000,
  });
});

Deno.test("a damaged text is another text, or an error with a code", () => {
  let readCount = 0;
  const damage = fc.array(
    fc.record({
      place: fc.nat(),
      value: fc.oneof(fc.nat({ max: 255 }), fc.nat({ max: 9 })),
      isCut: fc.boolean(),
    }),
    { minLength: 1, maxLength: 3 },
  );
  fc.assert(
    fc.property(steps, damage, (all, damages) => {
      const world = new World(3);
      for (const each of all) world.take({ ...each, target: 0 });
      const writer = new BytesWriter();
      world.replicas[0]!.text.exportTo(writer);
      assert(readHostile(writer.bytes));
      for (const { place, value, isCut } of damages) {
        const bytes = [...writer.bytes];
        if (isCut) bytes.length = place % bytes.length;
        else bytes[place % bytes.length] = value;
        if (readHostile(bytes)) readCount++;
      }
    }),
    { numRuns: 300 },
  );
  assert(readCount > 0);
});

Deno.test("a sequence that is disposed of leaves nothing behind", () => {
  const arena = makeArena(["a"]);
  const text = new TextSequence(arena);
  const list = new ListSequence<number>(arena);
  for (let turn = 0; turn < 200; turn++) {
    text.insertAt(text.length >> 1, "ab", 0, 1 + 3 * turn);
    list.insertAt(0, [turn], 0, 3 + 3 * turn);
  }
  const { length } = list;
  text.dispose();
  arena.compact();
  assertEquals(arena.texts.size, 0);
  assertEquals(arena.isTaken(0, 1, 3), false);
  assertEquals(list.length, length);
  assertConsistent(list);
  list.dispose();
  assertEquals(arena.table.spanCount, 0);
});
