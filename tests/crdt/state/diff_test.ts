import { assert, assertEquals, assertThrows } from "@std/assert";
import { hasCode } from "../../../src/base/errors.ts";
import { JsonCrdt, type JsonCrdtOptions } from "../../../src/crdt/mod.ts";
import { readFrame, writeFrame } from "../../../src/crdt/state/frame.ts";
import { SeededRandom } from "../../../src/base/random.ts";

const START_MS = Date.UTC(2026, 0, 1);

function makeReplica(name: string, options: JsonCrdtOptions = {}): JsonCrdt {
  return new JsonCrdt(name, { clock: { wallMs: () => START_MS }, ...options });
}

/** Brings both up to date with each other. */
function exchange(one: JsonCrdt, other: JsonCrdt): number {
  const there = one.encodeDiff(other.clock());
  const back = other.encodeDiff(one.clock());
  other.applyDiff(there);
  one.applyDiff(back);
  assertEquals(one.inspect(), other.inspect());
  assertEquals(one.clock(), other.clock());
  return there.length + back.length;
}

Deno.test("a diff is what is lacking, and no more", () => {
  const [ann, bob] = [makeReplica("ann"), makeReplica("bob")];
  for (let index = 0; index < 50; index++) ann.set([`k${index}`], index);
  exchange(ann, bob);
  assertEquals(ann.diffSince(bob.clock()).kind, "nothing");
  ann.set(["x"], "text");
  bob.set(["y"], 2);
  const diff = ann.diffSince(bob.clock());
  assertEquals([diff.kind, diff.operationCount], ["operations", 1]);
  assertEquals(diff.operations().map(({ path }) => path), [["x"]]);
  exchange(ann, bob);
});

Deno.test("who restored a document can bring another one up to date", () => {
  const ann = makeReplica("ann");
  ann.set(["a"], 1);
  const copy = JsonCrdt.restore("copy", ann.snapshot());
  const bob = makeReplica("bob");
  assertEquals(copy.diffSince({}).kind, "state");
  bob.applyDiff(copy.encodeDiff({}));
  assertEquals(bob.toJSON(), { a: 1 });
});

Deno.test("a log has its bound, and then the state is the diff", () => {
  const ann = makeReplica("ann", { logLengthMax: 10 });
  const bob = makeReplica("bob");
  for (let index = 0; index < 11; index++) ann.set([`k${index}`], index);
  assertEquals(ann.diffSince({ ann: 1 }).operationCount, 10);
  assertEquals(ann.diffSince({}).kind, "state");
  exchange(ann, bob);
  assertEquals(ann.gcLog(3), 3);
  assertEquals(ann.diffSince({ ann: 8 }).operationCount, 3);
  assertEquals(ann.diffSince({ ann: 7 }).kind, "state");
  assertThrows(() => ann.gcLog(-1), RangeError);
});

Deno.test("a replica without a log gives its state", () => {
  const ann = makeReplica("ann", { logLengthMax: 0 });
  ann.set(["a"], 1);
  assertEquals(ann.diffSince({}).kind, "state");
  exchange(ann, makeReplica("bob"));
});

Deno.test("a long life leaves the log as long as its bound", () => {
  const ann = makeReplica("ann", { logLengthMax: 100 });
  const bob = makeReplica("bob");
  for (let index = 0; index < 5000; index++) {
    (index % 3 === 0 ? bob : ann).set(["k", `${index % 7}`], index);
    if (index % 10 === 0) exchange(ann, bob);
    if (index % 500 === 0) {
      const cy = makeReplica(`c${index}`);
      cy.set(["k", "c"], index);
      ann.merge(cy.snapshot());
    }
  }
  exchange(ann, bob);
  assertEquals(ann.gcLog(1000), 100);
  const clock = { ...bob.clock() };
  ann.set(["z"], 1);
  assertEquals(ann.diffSince(clock).operationCount, 1);
});

Deno.test("what is merged is told once, and is no part of the log", () => {
  const [ann, bob] = [makeReplica("ann"), makeReplica("bob")];
  ann.set(["a"], { x: 1, y: 2 });
  bob.set(["b"], 1);
  bob.increment(["n"], 2);
  const told: unknown[] = [];
  ann.on("change", ({ origin, replica, changes, operations, message }) => {
    told.push([origin, replica, changes]);
    assertEquals([operations(), message().length], [[], 2]);
  });
  assertEquals(ann.merge(bob.snapshot()), "applied");
  assertEquals(ann.merge(bob.snapshot()), "duplicate");
  const set = (...path: string[]) => ({ kind: "set" as const, path });
  assertEquals(told, [["remote", "bob", [set("b"), set("n")]]]);
  assertEquals(ann.diffSince({ ann: 3 }).kind, "state");
  bob.set(["b"], 2);
  ann.applyDiff(bob.encodeDiff(ann.clock()));
  assertEquals(ann.diffSince({ ann: 3, bob: 2 }).operationCount, 1);
});

Deno.test("what waited goes on after a state has come", () => {
  const [ann, bob] = [makeReplica("ann"), makeReplica("bob")];
  const sent: Uint8Array[] = [];
  ann.on("change", (event) => sent.push(event.message()));
  ann.set(["a"], 1);
  ann.set(["b"], 2);
  const state = ann.snapshot();
  ann.set(["c"], 3);
  ann.set(["d"], 4);
  for (const message of sent.slice(1)) bob.receiveMessage(message);
  assertEquals(bob.missing(), [["ann", 1]]);
  bob.merge(state);
  assertEquals(bob.toJSON(), { a: 1, b: 2, c: 3, d: 4 });
  assertEquals(bob.missing(), []);
  assertEquals(bob.inspect(), ann.inspect());
});

Deno.test("a state from too far ahead waits for the wall clock", () => {
  const time = { wallMs: START_MS };
  const ann = makeReplica("ann", {
    clock: { wallMs: () => time.wallMs + 3_600_000 },
  });
  const bob = makeReplica("bob", { clock: { wallMs: () => time.wallMs } });
  const told: unknown[] = [];
  bob.on("sync", ({ kind, dot }) => told.push([kind, dot]));
  ann.set(["a"], 1);
  assertEquals(bob.merge(ann.snapshot()), "buffered");
  assertEquals(told, [["quarantine", ["ann", 1]]]);
  bob.poll();
  assertEquals(bob.toJSON(), {});
  time.wallMs += 3_600_000;
  bob.poll();
  assertEquals(bob.toJSON(), { a: 1 });
});

Deno.test("states of several that wait are all merged, or told as dropped", () => {
  const time = { wallMs: START_MS };
  const bob = makeReplica("bob", { clock: { wallMs: () => time.wallMs } });
  const dropped: unknown[] = [];
  bob.on("sync", ({ kind, dot }) => {
    if (kind === "dropped") dropped.push(dot);
  });
  const names = Array.from("acdefghij");
  for (const name of names) {
    const other = makeReplica(name, {
      clock: { wallMs: () => START_MS + 3_600_000 },
    });
    other.set([name], 1);
    assertEquals(bob.merge(other.snapshot()), "buffered");
  }
  assertEquals(dropped, [["a", 1]]);
  time.wallMs += 3_600_000;
  bob.poll();
  assertEquals(bob.keys([]), names.slice(1));
});

Deno.test("a state with news under one's own name is refused", () => {
  const ann = makeReplica("ann");
  ann.set(["a"], 1);
  const bytes = ann.snapshot();
  const old = JsonCrdt.restore("ann", bytes, { resume: true });
  ann.set(["b"], 2);
  const error = assertThrows(() => old.merge(ann.snapshot()));
  assert(hasCode(error, "DUPLICATE_REPLICA"));
  assertEquals(old.toJSON(), { a: 1 });
});

Deno.test("a hundred edits of a thousand keys each way take 3 KiB", () => {
  const [ann, bob] = [makeReplica("ann"), makeReplica("bob")];
  ann.transact(() => {
    for (let index = 0; index < 1000; index++) ann.set([`key${index}`], index);
  });
  exchange(ann, bob);
  for (let index = 0; index < 100; index++) {
    ann.set([`key${index * 9}`], index);
    bob.set([`key${index * 9 + 5}`], index);
  }
  const byteCount = exchange(ann, bob);
  assert(byteCount < 3072, String(byteCount));
});

Deno.test("a forged or damaged diff is refused and leaves nothing", () => {
  const ann = makeReplica("ann");
  ann.transact(() => ann.set(["a"], { b: "text", c: 1 }));
  ann.increment(["n"], 3);
  ann.delete(["a"]);
  const bytes = ann.encodeDiff({});
  for (let at = 0; at < bytes.length; at++) {
    const altered = bytes.slice();
    altered[at] = (altered[at] as number) ^ 0x55;
    for (const each of [altered, bytes.subarray(0, at)]) {
      const bob = makeReplica("bob");
      const error = assertThrows(() => bob.applyDiff(each));
      assert(hasCode(error, "CORRUPT_DATA"), String(error));
      assertEquals(bob.inspect(), makeReplica("bob").inspect());
    }
  }
  const random = new SeededRandom(7);
  const frame = readFrame(bytes);
  assert(frame !== null);
  for (let turn = 0; turn < 5000; turn++) {
    const payload = frame.payload.slice();
    for (let count = 1 + random.below(3); count > 0; count--) {
      payload[random.below(payload.length)] = random.below(256);
    }
    try {
      makeReplica("bob").applyDiff(writeFrame(frame.kind, payload));
    } catch (error) {
      assert(hasCode(error, "CORRUPT_DATA"), String(error));
    }
  }
});

Deno.test("what may still be undone is given to nobody", () => {
  const [ann, bob] = [new JsonCrdt("ann"), new JsonCrdt("bob")];
  ann.set(["a"], 1);
  ann.gcLog(0);
  const diff = ann.diffSince({});
  assertEquals(diff.kind, "state");
  const [mine, yours] = [ann.startSync(), bob.startSync()];
  const question = yours.start();
  ann.transact(() => {
    ann.set(["b"], 2);
    assertThrows(() => diff.encode(), TypeError, "within a transaction");
    assertThrows(() => mine.start(), TypeError, "within a transaction");
    assertThrows(() => mine.receive(question), TypeError);
  });
  bob.applyDiff(diff.encode());
  assertEquals(bob.toJSON(), { a: 1, b: 2 });
});
