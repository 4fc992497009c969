import { assert, assertEquals, assertThrows } from "@std/assert";
import { DistflowError, hasCode } from "../../../src/base/errors.ts";
import { SeededRandom } from "../../../src/base/random.ts";
import {
  asRegister,
  JsonCrdt,
  snapshotFromJson,
  snapshotToJson,
} from "../../../src/crdt/mod.ts";
import {
  type Frame,
  readFrame,
  writeFrame,
} from "../../../src/crdt/state/frame.ts";

const START_MS = Date.UTC(2026, 0, 1);

/** A document with something of everything. */
function makeSample(): JsonCrdt {
  const clock = { wallMs: () => START_MS };
  const [ann, bob] = [
    new JsonCrdt("ann", { clock }),
    new JsonCrdt("böb", { clock, initial: { made: { before: {} } } }),
  ];
  ann.setStrategy("title", { value: "multi-value" });
  bob.applyDiff(ann.encodeDiff({}));
  ann.set(["title"], "A");
  bob.set(["title"], "B");
  ann.set(["users"], { 1: { name: "Ann", age: 30 }, 2: { name: "Bo" } });
  ann.set(["users", "1", "name"], "Ana €😀");
  ann.set(["values"], { a: null, b: true, c: false, d: -2.5, e: 1e300 });
  ann.set(["whole"], asRegister({ x: [1, "two"], __proto__: null }));
  ann.set(["__proto__", "x"], 7);
  ann.increment(["likes"], 3);
  bob.increment(["likes"], -1);
  bob.set(["gone", "deep"], 1);
  bob.delete(["gone"]);
  bob.setStrategy("closed", { hierarchy: "delete-wins" });
  bob.set(["closed", "k"], 1);
  bob.delete(["closed"]);
  ann.set(["emptied"], { a: 1 });
  ann.delete(["emptied", "a"]);
  ann.set(["\ufeff"], "\ufeff".repeat(40));
  ann.set(["list"], [1, "two", { a: 1 }, [2, 3], null, "six"]);
  ann.set(["list", 2, "a"], "x");
  ann.set(["list", 1], "deux");
  ann.removeAt(["list"], 4, 1);
  ann.removeAt(["list"], 3, 1);
  ann.insertAt(["list"], 1, { b: [{}] }, false);
  ann.set(["text"], "a text");
  ann.insertText(["text"], 2, "long €😀 ");
  ann.deleteText(["text"], 0, 2);
  ann.insertText(["title"], 1, "nn");
  ann.set(["from"], { a: { x: 1 }, list: ["p", { q: 1 }, "gone"] });
  ann.move(["from", "a"], ["to"]);
  ann.set(["from", "a"], "an heir");
  ann.move(["from", "list", 1], ["to", "q"]);
  ann.move(["from", "list", 0], ["list", 1]);
  ann.move(["from", "list", 0], ["list", 1]);
  ann.delete(["list", 1]);
  ann.move(["to", "q"], ["list", 0]);
  ann.applyDiff(bob.encodeDiff(ann.clock()));
  return ann;
}

function assertCorrupt(bytes: Uint8Array, what: string): void {
  const error = assertThrows(
    () => JsonCrdt.restore("x", bytes),
    DistflowError,
    undefined,
    what,
  );
  assertEquals(error.code, "CORRUPT_DATA", what);
}

Deno.test("a restored document is the saved one, and goes on", () => {
  const doc = makeSample();
  const copy = JsonCrdt.restore("cy", doc.snapshot());
  assertEquals(copy.toJSON(), doc.toJSON());
  assertEquals(copy.inspect(), doc.inspect());
  assertEquals(copy.clock(), doc.clock());
  copy.set(["users", "2", "name"], "Cy");
  doc.applyDiff(copy.encodeDiff(doc.clock()));
  assertEquals(doc.get(["users", "2", "name"]), "Cy");
  assertEquals(doc.inspect(), copy.inspect());
});

Deno.test("an empty document is saved and restored", () => {
  const copy = JsonCrdt.restore("bob", new JsonCrdt("ann").snapshot());
  assertEquals(copy.toJSON(), {});
  assertEquals(copy.clock(), {});
});

Deno.test("equal documents give equal bytes", () => {
  assertEquals(makeSample().snapshot(), makeSample().snapshot());
  const doc = makeSample();
  const again = JsonCrdt.restore("ann", doc.snapshot(), { resume: true });
  assertEquals(again.snapshot(), doc.snapshot());
});

Deno.test("a restored clock does not go back", () => {
  const time = { wallMs: START_MS };
  const clock = { wallMs: () => time.wallMs };
  const ann = new JsonCrdt("ann", { clock });
  ann.set(["a"], "old");
  time.wallMs -= 10_000;
  const copy = JsonCrdt.restore("bob", ann.snapshot(), { clock });
  copy.set(["a"], "new");
  ann.applyDiff(copy.encodeDiff(ann.clock()));
  assertEquals(ann.get(["a"]), "new");
});

Deno.test("a known name is refused, but for the saver's that resumes", () => {
  const doc = makeSample();
  const bytes = doc.snapshot();
  for (const name of ["ann", "böb"]) {
    const error = assertThrows(() => JsonCrdt.restore(name, bytes));
    assert(hasCode(error, "DUPLICATE_REPLICA"));
  }
  assertThrows(
    () => JsonCrdt.restore("böb", bytes, { resume: true }),
    TypeError,
  );
  const copy = JsonCrdt.restore("ann", bytes, { resume: true });
  copy.set(["x"], 1);
  assertEquals(copy.clock().ann, (doc.clock().ann ?? 0) + 1);
});

Deno.test("any altered byte is told", () => {
  const bytes = makeSample().snapshot();
  for (let at = 0; at < bytes.length; at++) {
    for (const flip of [1, 0x80, 0xff]) {
      const altered = bytes.slice();
      altered[at] = (altered[at] as number) ^ flip;
      assertCorrupt(altered, `byte ${at}`);
    }
  }
});

Deno.test("any missing or added byte is told", () => {
  const bytes = makeSample().snapshot();
  for (let length = 0; length < bytes.length; length++) {
    assertCorrupt(bytes.subarray(0, length), `length ${length}`);
  }
  assertCorrupt(Uint8Array.of(...bytes, 0), "one more");
});

Deno.test("a state that was forged is refused, or is a document of use", () => {
  const random = new SeededRandom(1);
  const frame = readFrame(makeSample().snapshot());
  assert(frame !== null);
  let readCount = 0;
  for (let turn = 0; turn < 4_000; turn++) {
    const payload = frame.payload.slice();
    for (let count = 1 + random.below(3); count > 0; count--) {
      payload[random.below(payload.length)] = random.chance(50)
        ? random.below(256)
        : random.below(8);
    }
    const cut = random.chance(10) ? random.below(payload.length) : undefined;
    const bytes = writeFrame(frame.kind, payload.subarray(0, cut));
    let doc: JsonCrdt;
    try {
      doc = JsonCrdt.restore("x", bytes);
    } catch (error) {
      assert(hasCode(error, "CORRUPT_DATA"), String(error));
      continue;
    }
    readCount++;
    doc.toJSON();
    doc.inspect();
    doc.set(["new"], { deep: [1, "two"] });
    doc.push(["new", "deep"], 3);
    doc.delete([]);
    const copy = JsonCrdt.restore("y", doc.snapshot());
    assertEquals(copy.inspect(), doc.inspect());
    const other = new JsonCrdt("zoe");
    other.set(["users", "1", "name"], "Zoe");
    other.merge(bytes);
    other.toJSON();
  }
  assert(readCount > 20, String(readCount));
});

Deno.test("a forged state is merged whole, or refused and changes nothing", () => {
  const [ann, bob] = [new JsonCrdt("ann"), new JsonCrdt("bob")];
  ann.setStrategy("both", { value: "multi-value" });
  ann.set([], { list: [1, { x: 1 }, "s"], text: "hello 😀", map: { a: {} } });
  bob.merge(ann.snapshot());
  bob.insertText(["text"], 0, "é");
  bob.move(["list", 1], ["map", "moved"]);
  bob.set(["both"], 2);
  ann.set(["both"], 1);
  ann.delete(["map", "a"]);
  ann.removeAt(["list"], 0);
  ann.merge(bob.snapshot());
  const state = bob.snapshot();
  const before = JsonCrdt.restore("x", state).inspect();
  const { kind, payload } = readFrame(ann.snapshot()) as Frame;
  const seen = { merged: 0, refused: 0, found: 0 };
  for (let at = 0; at < payload.length; at++) {
    for (const byte of [0, 1, 2, 3, 4, 8, 11, 0x61, 0x62, 0x6f]) {
      if (payload[at] === byte) continue;
      const doc = JsonCrdt.restore("x", state);
      const forged = payload.slice();
      forged[at] = byte;
      const what = `byte ${at} is ${byte}`;
      try {
        doc.merge(writeFrame(kind, forged));
        seen.merged++;
      } catch (error) {
        const isFound = hasCode(error, "DUPLICATE_DOT");
        assert(isFound || hasCode(error, "CORRUPT_DATA"), `${what}: ${error}`);
        assertEquals(doc.inspect(), before, what);
        seen.refused++;
        if (isFound) seen.found++;
      }
      const copy = JsonCrdt.restore("y", doc.snapshot());
      assertEquals(copy.toJSON(), doc.toJSON(), what);
    }
  }
  const counts = JSON.stringify(seen);
  assert(Math.min(seen.merged, seen.refused, seen.found) > 10, counts);
});

Deno.test("a few bytes cannot claim to be millions of places", () => {
  const doc = new JsonCrdt("ann", { registerCountMax: 1e6 });
  doc.transact(() => {
    for (let row = 0; row < 1000; row++) {
      const entries = Array.from({ length: 50 }, (_, at) => [`k${at}`, null]);
      doc.set([`row ${row}`], Object.fromEntries(entries));
    }
  });
  const bytes = doc.snapshot();
  assert(bytes.length > 51_001 / 64);
  assertEquals(JsonCrdt.restore("x", bytes).toJSON(), doc.toJSON());
});

Deno.test("a map of 100,000 keys takes less than 3 bytes a key", () => {
  let wallMs = START_MS;
  const doc = new JsonCrdt("ann", { clock: { wallMs: () => wallMs } });
  for (let index = 0; index < 99_000; index++) {
    doc.set([`key${index}`], index);
    if (index % 300 === 0) wallMs++;
  }
  const { length } = doc.snapshot();
  assert(length < 300_000, String(length));
});

Deno.test("nothing is saved within a transaction", () => {
  const doc = new JsonCrdt("ann");
  doc.transact(() => {
    doc.set(["a"], 1);
    assertThrows(() => doc.snapshot(), TypeError);
    assertThrows(() => doc.diffSince({}), TypeError);
  });
});

Deno.test("moves that look alike take few bytes, and are read all the same", () => {
  const clock = { wallMs: () => START_MS };
  const author = new JsonCrdt("ann", { clock, initial: { list: [] } });
  author.push(["list"], {}, {}, {});
  author.set(["key0"], {});
  for (let index = 0; index < 2000; index++) {
    author.move(["list", 2], ["list", 0]);
    author.move([`key${index % 2}`], [`key${(index + 1) % 2}`]);
  }
  const restored = JsonCrdt.restore("bob", author.snapshot(), { clock });
  assertEquals(restored.toJSON(), author.toJSON());
  const merged = new JsonCrdt("carl", { clock });
  merged.merge(author.snapshot());
  assertEquals(merged.toJSON(), author.toJSON());
  merged.move(["list", 2], ["list", 0]);
  assertEquals(merged.toJSON(), author.toJSON());
});

Deno.test("a snapshot as JSON is the same snapshot", () => {
  const doc = makeSample();
  doc.set(["pages"], Array.from({ length: 9000 }, (_, page) => page));
  const bytes = doc.snapshot();
  const json = snapshotToJson(bytes);
  assertEquals([json.replica, json.clock], ["ann", doc.clock()]);
  assertEquals(snapshotFromJson(JSON.parse(JSON.stringify(json))), bytes);
  // Diffs may follow.
  const clock = doc.clock();
  doc.set(["more"], 1);
  const file = new Uint8Array([...bytes, ...doc.encodeDiff(clock)]);
  const again = snapshotFromJson(snapshotToJson(file));
  assertEquals(JsonCrdt.restore("bob", again).toJSON(), doc.toJSON());
  assertThrows(() => snapshotToJson(file.subarray(0, file.length - 1)));
});

Deno.test("JSON that is no snapshot is refused", () => {
  const json = snapshotToJson(new JsonCrdt("ann").snapshot());
  const wrong: unknown[] = [
    null,
    [],
    "text",
    {},
    { ...json, format: "other" },
    { ...json, version: 2 },
    { ...json, bytes: 1 },
    { ...json, bytes: "not base64!" },
  ];
  for (const each of wrong) {
    const error = assertThrows(() => snapshotFromJson(each), DistflowError);
    assertEquals(error.code, "CORRUPT_DATA");
  }
  const altered = snapshotFromJson({ ...json, bytes: btoa("\xdf\x01") });
  assertThrows(() => JsonCrdt.restore("bob", altered), DistflowError);
});
