import {
  assert,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import { DistflowError } from "../../../src/base/errors.ts";
import { JsonCrdt, type JsonCrdtOptions } from "../../../src/crdt/mod.ts";

const START_MS = Date.UTC(2026, 0, 1);

/** Replicas of which each has told each other what it has applied. */
function makeGroup(
  names: readonly string[],
  options: JsonCrdtOptions = {},
): JsonCrdt[] {
  const docs = names.map((name) => new JsonCrdt(name, options));
  meet(docs);
  return docs;
}

/** All get what any has, and say so. */
function meet(docs: readonly JsonCrdt[]): void {
  for (const doc of docs) {
    for (const other of docs) {
      if (doc !== other) doc.applyDiff(other.encodeDiff(doc.clock()));
    }
  }
  for (const doc of docs) {
    for (const other of docs) doc.acknowledge(other.acknowledgement());
  }
}

/** All meet and forget, until nothing is left to forget. */
function tidy(docs: readonly JsonCrdt[]): void {
  for (let turn = 0; turn < 5; turn++) {
    meet(docs);
    for (const doc of docs) doc.compact();
  }
}

/** The messages of what `act` does. */
function messagesOf(doc: JsonCrdt, act: () => void): Uint8Array[] {
  const messages: Uint8Array[] = [];
  const off = doc.on("change", (event) => {
    if (event.origin === "local") messages.push(event.message());
  });
  act();
  off();
  return messages;
}

/** All that a document keeps, but for when it was assigned. */
function shapeOf(doc: JsonCrdt): string {
  return JSON.stringify(
    doc.inspect(),
    (key, value) => key === "dot" || key === "stamp" ? undefined : value,
  );
}

function assertRefused(act: () => void): void {
  assertEquals(assertThrows(act, DistflowError).code, "SNAPSHOT_REQUIRED");
}

/** The codes of what a document refuses from now on. */
function listen(doc: JsonCrdt): string[] {
  const codes: string[] = [];
  doc.on("reject", ({ code }) => void codes.push(code));
  return codes;
}

Deno.test("what all have seen go is forgotten by all", () => {
  const docs = makeGroup(["ann", "bob", "eve"]);
  const [ann, bob] = docs as [JsonCrdt, JsonCrdt];
  ann.set(["map"], { a: 1, b: { c: 2 } });
  ann.set(["list"], [1, 2, [3], { d: 4 }]);
  ann.set(["text"], "Hello");
  ann.insertText(["text"], 5, " world");
  tidy(docs);
  const before = shapeOf(ann);
  bob.set(["other"], { a: [1, { b: 2 }] });
  bob.insertAt(["list"], 1, "x", { y: 1 }, []);
  bob.insertText(["text"], 5, ", dear");
  meet(docs);
  ann.removeAt(["list"], 1, 3);
  ann.deleteText(["text"], 5, 6);
  ann.delete(["other"]);
  tidy(docs);
  for (const doc of docs) {
    assertEquals(shapeOf(doc), before);
    assertEquals(doc.inspect(), ann.inspect());
  }
});

Deno.test("nothing is forgotten that a member may not have seen", () => {
  const docs = makeGroup(["ann", "bob", "eve"]);
  const [ann, bob, eve] = docs as [JsonCrdt, JsonCrdt, JsonCrdt];
  ann.set(["a"], 1);
  meet(docs);
  ann.delete(["a"]);
  for (let turn = 0; turn < 5; turn++) {
    meet([ann, bob]);
    assertEquals(ann.compact(), { registers: 0, items: 0 });
    assertEquals(ann.getMetrics().tombstoneCount, 1);
  }
  eve.applyDiff(ann.encodeDiff(eve.clock()));
  ann.acknowledge(eve.acknowledgement());
  assertEquals(ann.compact(), { registers: 1, items: 0 });
  assertEquals(ann.getMetrics().tombstoneCount, 0);
});

Deno.test("what a member did before it told is waited for", () => {
  let wallMs = START_MS;
  const options = { clock: { wallMs: () => wallMs } };
  const docs = makeGroup(["ann", "bob"], options);
  const [ann, bob] = docs as [JsonCrdt, JsonCrdt];
  const older = messagesOf(bob, () => bob.set(["x"], "old"));
  wallMs += 1000;
  ann.set(["x"], "new");
  ann.delete(["x"]);
  bob.applyDiff(ann.encodeDiff(bob.clock()));
  ann.acknowledge(bob.acknowledgement());
  assertEquals(ann.compact().registers, 0);
  for (const message of older) ann.receiveMessage(message);
  assertEquals([ann.toJSON(), ann.compact().registers], [{}, 1]);
});

Deno.test("bob tells ann what eve has seen", () => {
  const docs = makeGroup(["ann", "bob", "eve"]);
  const [ann, bob, eve] = docs as [JsonCrdt, JsonCrdt, JsonCrdt];
  ann.set(["a"], 1);
  ann.delete(["a"]);
  bob.applyDiff(ann.encodeDiff(bob.clock()));
  eve.applyDiff(bob.encodeDiff(eve.clock()));
  bob.acknowledge(eve.acknowledgement());
  ann.acknowledge(bob.acknowledgement());
  assertEquals(ann.compact().registers, 1);
});

Deno.test("an older set that comes late resurrects nothing", () => {
  let wallMs = START_MS;
  const options = { clock: { wallMs: () => wallMs } };
  const [ann, bob] = makeGroup(["ann", "bob"], options) as [JsonCrdt, JsonCrdt];
  const late = new JsonCrdt("late", options);
  const [older] = messagesOf(late, () => late.set(["x"], "old"));
  wallMs += 1000;
  ann.set(["x"], "new");
  ann.delete(["x"]);
  tidy([ann, bob]);
  const codes = listen(ann);
  assertEquals(ann.receiveMessage(older as Uint8Array).rejected, 1);
  assertEquals(codes, ["SNAPSHOT_REQUIRED"]);
  assertEquals(ann.toJSON(), {});
  assertEquals(ann.clock().late, undefined);
  // Had ann known of it, ann would have waited.
  const [eve, old] = makeGroup(["eve", "old"], options) as [JsonCrdt, JsonCrdt];
  const [own] = messagesOf(old, () => old.set(["x"], "old"));
  wallMs += 1000;
  eve.set(["x"], "new");
  eve.delete(["x"]);
  assertEquals(eve.compact(), { registers: 0, items: 0 });
  eve.receiveMessage(own as Uint8Array);
  assertEquals(eve.toJSON(), {});
  tidy([eve, old]);
  assertEquals(eve.inspect(), new JsonCrdt("none").inspect());
});

Deno.test("who was silent for the grace period has to begin anew", () => {
  let wallMs = START_MS;
  const graceMs = 60_000;
  const docs = makeGroup(["ann", "bob", "eve"], {
    graceMs,
    clock: { wallMs: () => wallMs },
  });
  const [ann, bob, eve] = docs as [JsonCrdt, JsonCrdt, JsonCrdt];
  ann.set(["a"], 1);
  meet(docs);
  for (const doc of docs) doc.poll();
  const away = messagesOf(eve, () => eve.set(["a"], "from away"));
  ann.delete(["a"]);
  for (let seconds = 0; seconds < 60; seconds += 5) {
    wallMs += 5_000;
    meet([ann, bob]);
    for (const doc of [ann, bob]) doc.poll();
    ann.compact();
    assertEquals(ann.getMetrics().tombstoneCount, 1);
  }
  wallMs += 5_000;
  meet([ann, bob]);
  for (const doc of [ann, bob]) doc.poll();
  tidy([ann, bob]);
  assertEquals(ann.getMetrics().tombstoneCount, 0);

  const codes = listen(ann);
  for (const message of away) ann.receiveMessage(message);
  assertEquals([ann.toJSON(), codes], [{}, ["SNAPSHOT_REQUIRED"]]);
  assertRefused(() => ann.acknowledge(eve.acknowledgement()));
  assertRefused(() => eve.acknowledge(ann.acknowledgement()));
  assertRefused(() => ann.merge(eve.snapshot()));
  assertRefused(() => eve.merge(ann.snapshot()));

  const anew = JsonCrdt.restore("eve-2", ann.snapshot());
  anew.set(["a"], "again");
  meet([ann, bob, anew]);
  assertEquals(bob.toJSON(), { a: "again" });
});

Deno.test("initial content is waited for by nobody, and no document has its name", () => {
  const initial = { a: 1 };
  const ann = new JsonCrdt("ann", { initial });
  const bob = new JsonCrdt("bob", { initial });
  const [name = ""] = Object.keys(ann.clock());
  assert(name.startsWith("initial:"));
  ann.delete(["a"]);
  meet([ann, bob]);
  assertEquals(ann.compact().registers, 1);
  for (
    const act of [
      () => new JsonCrdt("initial:eve"),
      () => new JsonCrdt(name),
      () => JsonCrdt.restore("initial:eve", ann.snapshot()),
      () => ann.retireReplica(name),
    ]
  ) assertEquals(assertThrows(act, DistflowError).code, "DUPLICATE_REPLICA");
  // What only begins in a like way is a name as any other.
  bob.acknowledge(new JsonCrdt("initial").acknowledgement());
  assertEquals(bob.compact().registers, 0);
});

Deno.test("a machine that slept, or whose clock jumped, retires nobody", () => {
  const graceMs = 60_000;
  for (const gapsMs of [[3_700_000], [-3_700_000, 3_700_000], [10_000, NaN]]) {
    let wallMs = START_MS;
    const ann = new JsonCrdt("ann", {
      graceMs,
      clock: { wallMs: () => wallMs },
    });
    const eve = new JsonCrdt("eve");
    ann.acknowledge(eve.acknowledgement());
    const poll = (stepMs: number, count: number) => {
      for (let turn = 0; turn < count; turn++) {
        wallMs = Number.isNaN(wallMs) ? START_MS : wallMs + stepMs;
        ann.poll();
      }
    };
    ann.poll();
    poll(1_000, 59);
    for (const gapMs of gapsMs) poll(gapMs, 1);
    // What eve has sent meanwhile comes some seconds later.
    poll(1_000, 5);
    ann.acknowledge(eve.acknowledgement());
    poll(1_000, 59);
    ann.acknowledge(eve.acknowledgement());
    poll(1_000, 61);
    assertRefused(() => ann.acknowledge(eve.acknowledgement()));
  }
});

Deno.test("who wakes up now and then retires nobody before it stays awake", () => {
  let wallMs = START_MS;
  const graceMs = 60_000;
  const ann = new JsonCrdt("ann", { graceMs, clock: { wallMs: () => wallMs } });
  const eve = new JsonCrdt("eve");
  ann.acknowledge(eve.acknowledgement());
  for (let night = 0; night < 50; night++) {
    for (const stepMs of [3_600_000, 1_000, 1_000]) {
      wallMs += stepMs;
      ann.poll();
    }
  }
  ann.acknowledge(eve.acknowledgement());
});

Deno.test("who always polls rarely retires later, but does", () => {
  let wallMs = START_MS;
  const graceMs = 60_000;
  const ann = new JsonCrdt("ann", { graceMs, clock: { wallMs: () => wallMs } });
  const eve = new JsonCrdt("eve");
  const poll = (count: number) => {
    for (let turn = 0; turn < count; turn++) {
      wallMs += 3_600_000;
      ann.poll();
    }
  };
  ann.acknowledge(eve.acknowledgement());
  poll(10);
  ann.acknowledge(eve.acknowledgement());
  poll(12);
  assertRefused(() => ann.acknowledge(eve.acknowledgement()));
});

Deno.test("whose state comes is not silent, though it tells nothing new", () => {
  let wallMs = START_MS;
  const graceMs = 60_000;
  const ann = new JsonCrdt("ann", { graceMs, clock: { wallMs: () => wallMs } });
  const eve = new JsonCrdt("eve");
  eve.set(["a"], 1);
  for (let seconds = 0; seconds < 300; seconds += 5) {
    wallMs += 5_000;
    if (seconds % 50 === 0) ann.merge(eve.snapshot());
    ann.poll();
  }
  const [late] = messagesOf(eve, () => eve.set(["a"], 2));
  assertEquals(ann.receiveMessage(late as Uint8Array).applied, 1);
});

Deno.test("who begins from a state is taken in, who does not is refused", () => {
  const docs = makeGroup(["ann", "bob"]);
  const [ann, bob] = docs as [JsonCrdt, JsonCrdt];
  ann.set(["a"], 1);
  ann.delete(["a"]);
  tidy(docs);
  const codes = listen(bob);
  const informed = JsonCrdt.restore("informed", ann.snapshot());
  const [good] = messagesOf(informed, () => informed.set(["b"], 2));
  const blank = new JsonCrdt("blank");
  const [bad] = messagesOf(blank, () => blank.set(["c"], 3));
  assertEquals(bob.receiveMessage(bad as Uint8Array).rejected, 1);
  assertEquals(bob.receiveMessage(good as Uint8Array).applied, 1);
  assertEquals([bob.toJSON(), codes], [{ b: 2 }, ["SNAPSHOT_REQUIRED"]]);
  assertRefused(() => blank.merge(bob.snapshot()));
  // Who has only operations has seen all, too.
  const reader = new JsonCrdt("reader");
  const writer = new JsonCrdt("writer");
  writer.set(["a"], 1);
  writer.delete(["a"]);
  reader.applyDiff(writer.encodeDiff({}));
  const [first] = messagesOf(reader, () => reader.set(["b"], 1));
  writer.compact();
  assertEquals(writer.receiveMessage(first as Uint8Array).applied, 1);
});

Deno.test("what one took in and others could not comes to them as a state", () => {
  const docs = makeGroup(["ann", "bob"]);
  const [ann, bob] = docs as [JsonCrdt, JsonCrdt];
  ann.set(["list"], [{ a: 1 }, 2]);
  meet(docs);
  const guest = JsonCrdt.restore("guest", ann.snapshot());
  ann.removeAt(["list"], 0, 2);
  bob.applyDiff(ann.encodeDiff(bob.clock()));
  ann.acknowledge(bob.acknowledgement());
  const edits = messagesOf(guest, () => guest.set(["list", 0, "a"], 2));
  // Bob has forgotten nothing, and can take in who has not seen the removal.
  for (const message of edits) bob.receiveMessage(message);
  for (let turn = 0; turn < 3; turn++) {
    ann.compact();
    ann.acknowledge(bob.acknowledgement());
  }
  for (const message of edits) ann.receiveMessage(message);
  assertEquals(ann.toJSON(), { list: [] });
  assertEquals(bob.toJSON(), { list: [{ a: 2 }] });
  ann.push(["list"], "more");
  assertRefused(() => bob.merge(ann.snapshot()));
  assertRefused(() => ann.merge(bob.snapshot()));
  bob.applyDiff(ann.encodeDiff(bob.clock()));
  ann.merge(bob.snapshot());
  assertEquals(ann.toJSON(), bob.toJSON());
  tidy([ann, bob, guest]);
  assertEquals(guest.toJSON(), { list: [{ a: 2 }, "more"] });
  assertEquals(ann.inspect(), guest.inspect());
});

Deno.test("a replica that was retired is not waited for", () => {
  const docs = makeGroup(["ann", "bob", "lost"]);
  const [ann, bob, lost] = docs as [JsonCrdt, JsonCrdt, JsonCrdt];
  lost.set(["a"], 1);
  meet(docs);
  ann.delete(["a"]);
  meet([ann, bob]);
  assertEquals(ann.compact().registers, 0);
  ann.retireReplica("lost");
  assertEquals(ann.compact().registers, 1);
  bob.acknowledge(ann.acknowledgement());
  assertEquals(bob.compact().registers, 1);
  const codes = listen(bob);
  for (const message of messagesOf(lost, () => lost.set(["a"], 2))) {
    bob.receiveMessage(message);
  }
  assertEquals([bob.toJSON(), codes], [{}, ["SNAPSHOT_REQUIRED"]]);
  assertThrows(() => ann.retireReplica("ann"), TypeError);
});

Deno.test("who comes late and learns of a barrier sees what was set after it", () => {
  const docs = makeGroup(["ann", "bob"]);
  const [ann, bob] = docs as [JsonCrdt, JsonCrdt];
  const messages = messagesOf(ann, () => {
    ann.setStrategy("**", { hierarchy: "delete-wins" });
    ann.set(["p"], { a: 1 });
    ann.delete(["p"]);
  });
  tidy(docs);
  messages.push(...messagesOf(bob, () => bob.set(["p", "b"], 2)));
  const late = new JsonCrdt("late");
  for (const message of messages) late.receiveMessage(message);
  ann.applyDiff(bob.encodeDiff(ann.clock()));
  assertEquals(late.toJSON(), { p: { b: 2 } });
  assertEquals(ann.toJSON(), late.toJSON());
});

Deno.test("what was promised to others holds after a restart", () => {
  const docs = makeGroup(["ann", "bob"]);
  const [ann, bob] = docs as [JsonCrdt, JsonCrdt];
  ann.set(["list"], ["a", "b"]);
  bob.set(["bob"], true);
  meet(docs);
  const saved = [bob.snapshot()];
  const clock = bob.clock();
  ann.removeAt(["list"], 1);
  meet(docs);
  bob.compact();
  ann.compact();
  saved.push(bob.encodeDiff(clock), bob.acknowledgement());
  ann.acknowledge(saved[2] as Uint8Array);
  assertEquals(ann.compact().items, 1);
  const file = Uint8Array.from(saved.flatMap((part) => [...part]));
  const copy = JsonCrdt.restore("bob", file, { resume: true });
  copy.insertAt(["list"], 1, "x");
  const codes = listen(ann);
  ann.applyDiff(copy.encodeDiff(ann.clock()));
  assertEquals([ann.toJSON(), codes], [{ list: ["a", "x"], bob: true }, []]);
});

Deno.test("of many promises in a file the last one holds, for what was gone by then", () => {
  const docs = makeGroup(["ann", "bob"]);
  const [ann, bob] = docs as [JsonCrdt, JsonCrdt];
  ann.set(["list"], [1, 2, 3, 4, 5, 6]);
  ann.set(["text"], "abcdef");
  meet(docs);
  const state = bob.snapshot();
  const rounds = Array.from({ length: 5 }, () => {
    const clock = bob.clock();
    ann.removeAt(["list"], 1);
    ann.deleteText(["text"], 1, 1);
    meet(docs);
    bob.compact();
    return { diff: bob.encodeDiff(clock), promise: bob.acknowledgement() };
  });
  const last = rounds.pop();
  const load = (...parts: (Uint8Array | undefined)[]) => {
    const messages = parts.filter((part) => part !== undefined);
    const saved = { snapshot: state, messages };
    return JsonCrdt.restore("bob", saved, { resume: true });
  };
  const copy = load(
    ...rounds.flatMap(({ diff, promise }) => [diff, promise]),
    last?.diff,
  );
  const diffs = rounds.map(({ diff }) => diff);
  const promise = rounds.at(-1)?.promise;
  assertEquals(load(...diffs, promise, last?.diff).snapshot(), copy.snapshot());
  assertNotEquals(
    load(...diffs, last?.diff, promise).snapshot(),
    copy.snapshot(),
  );
  assertEquals(copy.toJSON(), ann.toJSON());
});

Deno.test("polling forgets a little each time, and tells when it is done", () => {
  const docs = makeGroup(["ann", "bob"]);
  const [ann, bob] = docs as [JsonCrdt, JsonCrdt];
  const count = 9000;
  ann.transact(() => {
    for (let index = 0; index < count; index++) {
      ann.set(["map", `key ${index}`], index);
    }
  });
  ann.delete(["map"]);
  meet(docs);
  const told: unknown[] = [];
  ann.on("gc", (event) => void told.push(event));
  ann.poll();
  assertEquals(told, []);
  const left = ann.inspect();
  for (let turn = 0; turn < 100 && told.length === 0; turn++) ann.poll();
  assert(JSON.stringify(left).length > JSON.stringify(ann.inspect()).length);
  const registers = count + 1;
  assertEquals(told, [{ registers, items: 0, tombstones: 0 }]);
  assertEquals(bob.compact().registers, registers);
});

Deno.test("who edits on and on forgets as it goes, also without polling", () => {
  const docs = makeGroup(["ann", "bob"]);
  const [ann, bob] = docs as [JsonCrdt, JsonCrdt];
  let mostCount = 0;
  for (let index = 0; index < 30_000; index++) {
    ann.set([`key ${index}`], index);
    ann.delete([`key ${index}`]);
    if (index % 500 > 0) continue;
    meet(docs);
    mostCount = Math.max(mostCount, bob.getMetrics().registerCount);
  }
  assert(mostCount < 10_000, `${mostCount} registers`);
});

Deno.test("what was claimed before it was deleted does not come back", () => {
  const docs = makeGroup(["ann", "bob"]);
  const [ann, bob] = docs as [JsonCrdt, JsonCrdt];
  // What bob deletes hides nothing of ann's, and waits above it to be forgotten.
  bob.set(["a"], []);
  bob.set([], {});
  ann.set(["b", "c"], []);
  ann.delete(["b", "c"]);
  ann.delete(["b"]);
  meet(docs);
  for (let turn = 0; turn < 5; turn++) {
    for (const doc of docs) doc.compact();
    for (const doc of docs) assertEquals(doc.toJSON(), {});
    meet(docs);
  }
});

Deno.test("a counter shows as before when a delete older than it is forgotten", () => {
  let wallMs = START_MS;
  const docs = makeGroup(["ann", "bob"], { clock: { wallMs: () => wallMs } });
  const [ann, bob] = docs as [JsonCrdt, JsonCrdt];
  bob.set(["a"], 118.5);
  bob.setStrategy("**", { hierarchy: "delete-wins" });
  ann.insertAt(["a"], 0, null);
  ann.applyDiff(bob.encodeDiff(ann.clock()));
  bob.delete(["a"]);
  wallMs++;
  ann.increment(["a"], -1);
  meet(docs);
  assertEquals(ann.toJSON(), { a: -1 });
  tidy(docs);
  assertEquals(ann.toJSON(), { a: -1 });
  assertEquals(bob.toJSON(), { a: -1 });
});

Deno.test("what was forgotten does not come back from a file", () => {
  const docs = makeGroup(["ann", "bob"]);
  const [ann, bob] = docs as [JsonCrdt, JsonCrdt];
  ann.set(["a"], 1);
  meet(docs);
  const state = ann.snapshot();
  const clock = ann.clock();
  bob.delete(["a"]);
  ann.merge(bob.snapshot());
  assertEquals(ann.compact().registers, 1);
  const diff = ann.encodeDiff(clock);
  const file = new Uint8Array([...state, ...diff]);
  const again = JsonCrdt.restore("ann", file, { resume: true });
  assertEquals(again.toJSON(), {});
  assertEquals(again.inspect(), ann.inspect());
});

Deno.test("who lacks what was forgotten is not brought up to date in parts", () => {
  const ann = new JsonCrdt("ann");
  const messages = messagesOf(ann, () => {
    ann.set(["a"], 1);
    ann.set(["b"], 2);
    ann.delete(["a"]);
  });
  ann.compact();
  const late = new JsonCrdt("late");
  late.receiveMessage(messages[0] as Uint8Array);
  const [mine, yours] = [ann.startSync(), late.startSync()];
  assertRefused(() => {
    let message: Uint8Array | null = mine.start();
    while (message !== null) {
      const answer: Uint8Array | null = yours.receive(message);
      message = answer === null ? null : mine.receive(answer);
    }
  });
  assertEquals(late.toJSON(), { a: 1 });
  late.merge(ann.snapshot());
  assertEquals(late.toJSON(), ann.toJSON());
});

Deno.test("what was moved into the list of its own place is there once", () => {
  const ann = new JsonCrdt("ann");
  ann.set(["a", "b"], { c: [1], d: [] });
  ann.move(["a", "b"], ["x"]);
  ann.set(["a"], [2, { e: 3 }]);
  ann.move(["x"], ["a", 0]);
  ann.move(["a", 2], ["a", 1]);
  const shown = { a: [{ c: [1], d: [] }, { e: 3 }, 2] };
  const bob = JsonCrdt.restore("bob", ann.snapshot());
  ann.set(["f"], 4);
  ann.delete(["f"]);
  assertEquals(ann.compact().registers, 1);
  assertEquals(ann.toJSON(), shown);
  // Bob lacks what was forgotten, so the state takes the place of his.
  bob.merge(ann.snapshot());
  bob.set(["g"], [5]);
  bob.set(["h"], [6]);
  assertEquals(bob.toJSON(), { ...shown, g: [5], h: [6] });
});

Deno.test("what waits of a replica that was retired is not missed", () => {
  const [ann, eve] = [new JsonCrdt("ann"), new JsonCrdt("eve")];
  eve.set(["a"], 1);
  const [second] = messagesOf(eve, () => eve.set(["a"], 2));
  ann.receiveMessage(second as Uint8Array);
  assertEquals(ann.missing(), [["eve", 1]]);
  ann.retireReplica("eve");
  assertEquals(ann.missing(), []);
});

Deno.test("who never heard of others forgets at once, but not by polling", () => {
  const doc = new JsonCrdt("ann");
  doc.set(["a"], 1);
  doc.delete(["a"]);
  for (let turn = 0; turn < 5; turn++) doc.poll();
  const late = new JsonCrdt("bob");
  late.set(["b"], 1);
  doc.applyDiff(late.encodeDiff({}));
  assertEquals(doc.toJSON(), { b: 1 });
});

Deno.test("a limit is told once when nine tenths of it are used", () => {
  const ann = new JsonCrdt("ann", {
    registerCountMax: 20,
    tombstoneCountMax: 10,
    pending: { countMax: 10 },
  });
  const told: string[] = [];
  ann.on("limit", ({ limit, count, max }) => {
    told.push(`${limit} ${count}/${max}`);
  });
  const bob = new JsonCrdt("bob");
  ann.acknowledge(bob.acknowledgement());
  for (let index = 0; index < 18; index++) ann.set([`key ${index}`], 1);
  assertEquals(told.splice(0), ["registers 18/20"]);
  for (let index = 0; index < 9; index++) ann.delete([`key ${index}`]);
  ann.compact();
  // Bob has not seen them go.
  assertEquals(told.splice(0), ["tombstones 9/10"]);
  bob.applyDiff(ann.encodeDiff({}));
  ann.acknowledge(bob.acknowledgement());
  ann.compact();
  assertEquals(ann.getMetrics().tombstoneCount, 0);
  const waiting = messagesOf(bob, () => {
    for (let index = 0; index < 12; index++) bob.set(["c"], index);
  }).slice(1);
  for (const message of waiting) ann.receiveMessage(message);
  assertEquals(told, ["pending 9/10"]);
});

Deno.test("tombstones near their limit are told where nobody acknowledges", () => {
  const told: string[] = [];
  const ann = new JsonCrdt("ann", { tombstoneCountMax: 100 });
  ann.on("limit", ({ limit, count, max }) => {
    told.push(`${limit} ${count}/${max}`);
  });
  const bob = new JsonCrdt("bob");
  for (let index = 0; index < 89; index++) bob.set([`key ${index}`], 1);
  for (let index = 0; index < 89; index++) bob.delete([`key ${index}`]);
  ann.applyDiff(bob.encodeDiff({}));
  ann.poll();
  assertEquals(told, []);
  ann.set(["own"], { a: 1 });
  ann.delete(["own"]);
  for (let turn = 0; turn < 3; turn++) ann.poll();
  assertEquals(told.splice(0), ["tombstones 91/100"]);
  bob.applyDiff(ann.encodeDiff(bob.clock()));
  ann.acknowledge(bob.acknowledgement());
  ann.compact();
  assertEquals([ann.getMetrics().tombstoneCount, told], [0, []]);

  // Whoever edits need not poll.
  const eve = new JsonCrdt("eve", { tombstoneCountMax: 1000 });
  eve.on("limit", ({ limit, count }) => told.push(`${limit} ${count}`));
  for (let index = 0; index < 2000; index++) {
    eve.set([`key ${index}`], 1);
    eve.delete([`key ${index}`]);
  }
  assertEquals(told, ["tombstones 1000"]);
});

Deno.test("many tombstones are counted in a few polls", () => {
  const ann = new JsonCrdt("ann", { registerCountMax: 1e6 });
  const told: string[] = [];
  ann.on("limit", ({ limit, count }) => told.push(`${limit} ${count}`));
  ann.transact(() => {
    for (let index = 0; index < 95_000; index++) ann.set([`${index}`], index);
  });
  ann.transact(() => {
    for (let index = 0; index < 95_000; index++) ann.delete([`${index}`]);
  });
  // A count that had begun before ends with too few; the next one has all.
  for (let turn = 0; turn < 10; turn++) ann.poll();
  assertEquals(told, ["tombstones 95000"]);
});

Deno.test("a damaged acknowledgement is refused and leaves nothing", () => {
  const [ann, bob] = makeGroup(["ann", "bob"]) as [JsonCrdt, JsonCrdt];
  const bytes = bob.acknowledgement();
  for (let at = 0; at < bytes.length; at++) {
    const altered = bytes.slice();
    altered[at] = (altered[at] as number) ^ 1;
    for (const bad of [altered, bytes.slice(0, at)]) {
      const error = assertThrows(() => ann.acknowledge(bad), DistflowError);
      assertEquals(error.code, "CORRUPT_DATA");
    }
  }
  assertThrows(() => ann.acknowledge(bob.snapshot()), DistflowError);
  ann.acknowledge(bytes);
});
