import { assert, assertEquals, assertThrows } from "@std/assert";
import { DistflowError, hasCode } from "../../../src/base/errors.ts";
import { SeededRandom } from "../../../src/base/random.ts";
import {
  compareDigests,
  type DigestSync,
  JsonCrdt,
} from "../../../src/crdt/mod.ts";
import { readFrame, writeFrame } from "../../../src/crdt/state/frame.ts";

/** Brings two documents together; returns the messages. */
function synchronise(one: JsonCrdt, other: JsonCrdt): Uint8Array[] {
  const ends = [one.startSync(), other.startSync()] as const;
  const sent: Uint8Array[] = [];
  let message: Uint8Array | null = ends[0].start();
  while (message !== null) {
    sent.push(message);
    assert(sent.length < 20);
    message = (ends[sent.length % 2] as DigestSync).receive(message);
  }
  assert(ends[0].isDone && ends[1].isDone);
  return sent;
}

function assertSame(one: JsonCrdt, other: JsonCrdt): void {
  assertEquals(one.clock(), other.clock());
  assertEquals(one.inspect(), other.inspect());
  assertEquals(compareDigests(one.digest(), other.digest()), []);
}

/** Two documents with `count` keys each, in which they agree. */
function makePair(count: number): [JsonCrdt, JsonCrdt] {
  const options = { registerCountMax: 1e6 };
  const ann = new JsonCrdt("ann", options);
  ann.transact(() => {
    for (let index = 0; index < count; index++) ann.set([`key${index}`], index);
  });
  return [ann, JsonCrdt.restore("bob", ann.snapshot(), options)];
}

Deno.test("documents that know nothing of each other come together", () => {
  for (const count of [0, 1, 5, 100, 3000]) {
    const [ann, bob] = makePair(count);
    for (let index = 0; index < 20; index++) {
      ann.set([`key${index * 7}`], { a: index });
      bob.set([`key${index * 5}`], "b");
    }
    bob.delete(["key3"]);
    synchronise(ann, bob);
    assertSame(ann, bob);
  }
});

Deno.test("who has the same is done at once, whatever each has forgotten", () => {
  const [ann, bob] = makePair(10);
  ann.set(["list"], Array.from({ length: 500 }, (_, index) => index));
  ann.applyDiff(bob.encodeDiff(ann.clock()));
  bob.applyDiff(ann.encodeDiff(bob.clock()));
  const viewer = JsonCrdt.restore("viewer", ann.snapshot());
  bob.set(["b"], 1);
  for (let turn = 0; turn < 50; turn++) ann.removeAt(["list"], turn * 3);
  ann.applyDiff(bob.encodeDiff(ann.clock()));
  for (const doc of [bob, viewer]) doc.applyDiff(ann.encodeDiff(doc.clock()));
  for (let turn = 0; turn < 3; turn++) {
    bob.acknowledge(ann.acknowledgement());
    ann.acknowledge(bob.acknowledgement());
    for (const doc of [ann, bob]) doc.compact();
  }
  // What nobody will name is forgotten by one of them only.
  assert(compareDigests(ann.digest(), viewer.digest()).length > 0);
  const messages = synchronise(ann, viewer);
  assertEquals(messages.length, 3);
  assert(messages.every(({ length }) => length < 200));
});

Deno.test("one that has nothing gets all, from either end", () => {
  const [ann] = makePair(2000);
  const bob = new JsonCrdt("bob");
  synchronise(ann, bob);
  assertSame(ann, bob);
  const cy = new JsonCrdt("cy");
  synchronise(cy, ann);
  assertSame(ann, cy);
});

Deno.test("equal documents find that out in three messages", () => {
  const [ann, bob] = makePair(100_000);
  const sent = synchronise(ann, bob);
  assertEquals(sent.length, 3);
  const byteCount = sent.reduce((sum, { length }) => sum + length, 0);
  assert(byteCount < 10_000, String(byteCount));
});

Deno.test("100 of 100,000 keys that differ at each side take 32 KiB", () => {
  const [ann, bob] = makePair(99_000);
  for (let index = 0; index < 100; index++) {
    ann.set([`key${index * 977}`], index);
    bob.set([`key${index * 977 + 500}`], index);
  }
  const sent = synchronise(ann, bob);
  assertSame(ann, bob);
  assertEquals(sent.length, 5);
  const byteCount = sent.reduce((sum, { length }) => sum + length, 0);
  assert(byteCount < 32 * 1024, String(byteCount));
});

Deno.test("digests of documents differ where these do", () => {
  const [ann, bob] = makePair(1000);
  assertEquals(compareDigests(ann.digest(), bob.digest()), []);
  ann.set(["key7"], "new");
  bob.set(["key99"], "new");
  bob.setStrategy("x", { value: "max" });
  // The setting is a place below two places that it claims.
  assertEquals(compareDigests(ann.digest(), bob.digest()).length, 5);
});

Deno.test("a document that changes all the time comes together, too", () => {
  const [ann, bob] = makePair(500);
  ann.set(["key1"], "a");
  bob.set(["key2"], "b");
  const ends = [ann.startSync(), bob.startSync()] as const;
  let message: Uint8Array | null = ends[0].start();
  for (let turn = 1; message !== null; turn++) {
    ann.set([`a${turn}`], { deep: turn });
    bob.set([`key${turn}`], turn);
    bob.delete([`key${turn + 50}`]);
    message = (ends[turn % 2] as DigestSync).receive(message);
  }
  assert(ends[0].isDone && ends[1].isDone);
  assertEquals(ann.get(["key2"]), 2);
  assertEquals(bob.get(["key1"]), ann.get(["key1"]));
  synchronise(ann, bob);
  assertSame(ann, bob);
});

Deno.test("what came from too far ahead is not there before its time", () => {
  const time = { wallMs: Date.UTC(2026, 0, 1) };
  const ann = new JsonCrdt("ann", {
    clock: { wallMs: () => time.wallMs + 3_600_000 },
  });
  const bob = new JsonCrdt("bob", { clock: { wallMs: () => time.wallMs } });
  ann.set(["a"], 1);
  bob.set(["b"], 1);
  for (const isBobFirst of [false, true]) {
    const [mine, yours] = [ann.startSync(), bob.startSync()];
    const ends = isBobFirst ? [yours, mine] : [mine, yours];
    let message: Uint8Array | null = (ends[0] as DigestSync).start();
    for (let turn = 1; message !== null; turn++) {
      assertEquals([mine.isWaiting, yours.isDone], [false, false]);
      message = (ends[turn % 2] as DigestSync).receive(message);
    }
    assertEquals([mine.isDone, mine.isWaiting], [true, false]);
    assertEquals([yours.isDone, yours.isWaiting], [false, true]);
    assertEquals(bob.has(["a"]), false);
    if (!isBobFirst) continue;
    time.wallMs += 3_600_000;
    bob.poll();
    assertEquals([yours.isDone, yours.isWaiting], [true, false]);
    assertSame(ann, bob);
  }
});

Deno.test("who has no log sends all that it has instead", () => {
  const ann = new JsonCrdt("ann", { logLengthMax: 0 });
  ann.set(["a"], 1);
  const bob = new JsonCrdt("bob");
  const [mine, yours] = [ann.startSync(), bob.startSync()];
  const message = mine.start();
  ann.set(["b"], 2);
  const answer = yours.receive(message);
  const next = yours.receive(mine.receive(answer as Uint8Array) as Uint8Array);
  yours.receive(mine.receive(next as Uint8Array) as Uint8Array);
  assertEquals(bob.toJSON(), { a: 1, b: 2 });
  assertSame(ann, bob);
});

Deno.test("two ends that both start are told so", () => {
  const [ann, bob] = [new JsonCrdt("ann"), new JsonCrdt("bob")];
  ann.set(["a"], 1);
  const [one, other] = [ann.startSync(), bob.startSync()];
  const message = one.start();
  other.start();
  const error = assertThrows(() => other.receive(message), DistflowError);
  assert(hasCode(error, "CORRUPT_DATA"));
  assert(/let one of the two start/.test(error.message), error.message);
});

Deno.test("damaged and forged messages are refused", () => {
  const random = new SeededRandom(3);
  const make = () => {
    const [ann, bob] = makePair(60);
    ann.set(["x"], 1);
    bob.set(["y"], { z: 2 });
    ann.set(["l"], ["v", { w: 1 }, "u"]);
    ann.move(["l", 0], ["l", 1]);
    ann.move(["l", 0], ["x"]);
    ann.move(["key1"], ["x", "key1"]);
    bob.move(["key1"], ["y", "key1"]);
    return [ann, bob] as const;
  };
  for (let turn = 0; turn < 600; turn++) {
    const [ann, bob] = make();
    const ends = [ann.startSync(), bob.startSync()] as const;
    const target = random.below(5);
    let message: Uint8Array | null = ends[0].start();
    for (let step = 0; message !== null && step < 20; step++) {
      const end = ends[(step + 1) % 2] as DigestSync;
      if (step === target) {
        const at = random.below(message.length);
        const altered: Uint8Array = message.slice();
        altered[at] = (altered[at] as number) ^ (1 + random.below(255));
        const error = assertThrows(() => end.receive(altered));
        assert(hasCode(error, "CORRUPT_DATA"), String(error));
        const frame = readFrame(message);
        assert(frame !== null);
        const payload = frame.payload.slice();
        payload[random.below(payload.length)] = random.below(256);
        message = writeFrame(frame.kind, payload);
      }
      try {
        message = end.receive(message);
      } catch (error) {
        assert(hasCode(error, "CORRUPT_DATA"), String(error));
        break;
      }
    }
    ann.toJSON();
    bob.toJSON();
  }
});

Deno.test("values beside each other stay where only what is below them is sent", () => {
  const [ann, bob] = makePair(0);
  bob.setStrategy("**", { value: "multi-value" });
  synchronise(ann, bob);
  ann.set(["a"], 1);
  bob.set(["a"], 2);
  synchronise(ann, bob);
  assertEquals(bob.getAll(["a"]), [1, 2]);
  ann.set(["a", "b"], 3);
  synchronise(ann, bob);
  const eve = new JsonCrdt("eve", { clock: { wallMs: () => 1_000_000 } });
  eve.set(["a", "c"], 4);
  ann.merge(eve.snapshot());
  synchronise(ann, bob);
  assertSame(ann, bob);
});
