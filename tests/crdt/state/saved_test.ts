import { assert, assertEquals, assertThrows } from "@std/assert";
import { DistflowError, hasCode } from "../../../src/base/errors.ts";
import { inspectSaved, JsonCrdt } from "../../../src/crdt/mod.ts";

function join(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** A file of a state and three diffs, and what it shows after each. */
function makeFile() {
  const doc = new JsonCrdt("ann");
  doc.set(["a"], { b: 1 });
  const parts = [doc.snapshot()];
  const shown = [doc.toJSON()];
  const acts = [
    () => doc.set(["text"], "x".repeat(100)),
    () => {
      const bob = new JsonCrdt("bob");
      bob.set(["b"], [1, 2, 3]);
      doc.applyDiff(bob.encodeDiff({}));
      doc.delete(["a"]);
    },
    () => doc.increment(["n"], 5),
  ];
  for (const act of acts) {
    const clock = doc.clock();
    act();
    parts.push(doc.encodeDiff(clock));
    shown.push(doc.toJSON());
  }
  return { doc, parts, shown, file: join(parts) };
}

Deno.test("a state and what was added later is the document", () => {
  const { doc, parts, file } = makeFile();
  const copy = JsonCrdt.restore("ann", file, { resume: true });
  assertEquals(copy.inspect(), doc.inspect());
  assertEquals(copy.clock(), doc.clock());
  copy.set(["own"], 1);
  assertEquals(copy.clock().ann, (doc.clock().ann ?? 0) + 1);
  assertEquals(inspectSaved(file), {
    stateByteCount: parts[0]?.length ?? 0,
    diffCount: 3,
    byteCount: file.length,
    tornByteCount: 0,
  });
});

Deno.test("a write that was torn at any byte leaves all before it", () => {
  const { file, parts, shown } = makeFile();
  const stateLength = parts[0]?.length ?? 0;
  for (let length = 0; length < stateLength; length++) {
    const error = assertThrows(
      () => JsonCrdt.restore("x", file.slice(0, length), { cutTornEnd: true }),
      DistflowError,
    );
    assertEquals(error.code, "CORRUPT_DATA");
  }
  for (let length = stateLength; length <= file.length; length++) {
    let whole = 0;
    let byteCount = 0;
    while (byteCount + (parts[whole]?.length ?? Infinity) <= length) {
      byteCount += parts[whole++]?.length ?? 0;
    }
    for (const zeros of [0, 3, 600]) {
      const torn = join([file.slice(0, length), new Uint8Array(zeros)]);
      if (zeros > 0 && byteCount !== length) continue;
      const found = inspectSaved(torn);
      assertEquals(found.byteCount, byteCount);
      assertEquals(found.tornByteCount, length + zeros - byteCount);
      const copy = JsonCrdt.restore("x", torn, { cutTornEnd: true });
      assertEquals(copy.toJSON(), shown[whole - 1]);
      if (found.tornByteCount === 0) continue;
      const error = assertThrows(() => JsonCrdt.restore("x", torn));
      assert(hasCode(error, "CORRUPT_DATA"));
    }
  }
});

Deno.test("an altered byte is no torn end", () => {
  const { file } = makeFile();
  for (let at = 0; at < file.length; at++) {
    const altered = file.slice();
    altered[at] = (altered[at] as number) ^ 0x40;
    const error = assertThrows(
      () => JsonCrdt.restore("x", altered, { cutTornEnd: true }),
      DistflowError,
      undefined,
      `byte ${at}`,
    );
    assertEquals(error.code, "CORRUPT_DATA");
  }
});

Deno.test("a diff that is left out is told", () => {
  const { parts } = makeFile();
  const [state, , second] = parts;
  const error = assertThrows(() =>
    JsonCrdt.restore("x", join([state as Uint8Array, second as Uint8Array]))
  );
  assert(hasCode(error, "CORRUPT_DATA"));
});

Deno.test("a name that wrote what was added is known, too", () => {
  const { file } = makeFile();
  const error = assertThrows(() => JsonCrdt.restore("bob", file));
  assert(hasCode(error, "DUPLICATE_REPLICA"));
});

Deno.test("what was applied once is restored, wherever the clock stands", () => {
  const time = { wallMs: Date.UTC(2026, 0, 1) };
  const clock = { wallMs: () => time.wallMs };
  const doc = new JsonCrdt("ann", { clock });
  const state = doc.snapshot();
  doc.set(["a"], 1);
  const file = join([state, doc.encodeDiff({})]);
  time.wallMs -= 86_400_000;
  const copy = JsonCrdt.restore("ann", file, { clock, resume: true });
  assertEquals(copy.toJSON(), { a: 1 });
});

/** What a store would have of `doc` from now on. */
function save(doc: JsonCrdt) {
  const messages: Uint8Array[] = [];
  doc.on("change", (event) => messages.push(event.message()));
  return { snapshot: doc.snapshot(), messages };
}

Deno.test("who saves each message goes on where it was, under its name", () => {
  const [ann, bob] = [new JsonCrdt("ann"), new JsonCrdt("bob")];
  ann.set(["a"], 1);
  const saved = save(ann);
  ann.set(["b"], 2);
  bob.applyDiff(ann.encodeDiff({}));
  bob.set(["b"], 3);
  const clock = ann.clock();
  ann.merge(bob.snapshot());
  // A merged state has no message.
  saved.messages.push(ann.encodeDiff(clock));
  ann.transact(() => {
    ann.set(["c"], { text: "four" });
    ann.insertText(["c", "text"], 0, "twenty-");
  });
  // Promises are kept, and where the log does not reach back, a state.
  saved.messages.push(ann.acknowledgement());
  ann.gcLog(0);
  ann.set(["e"], 5);
  saved.messages.push(ann.encodeDiff(clock));
  const again = JsonCrdt.restore("ann", saved, { resume: true });
  assertEquals(again.toJSON(), {
    ...{ a: 1, b: 3, e: 5 },
    c: { text: "twenty-four" },
  });
  assertEquals(again.clock(), ann.clock());
  assertEquals(again.inspect(), ann.inspect());
  again.set(["d"], 4);
  assertEquals(bob.applyDiff(again.encodeDiff(bob.clock())).rejected, 0);
  assertEquals(bob.toJSON(), again.toJSON());
  const other = JsonCrdt.restore("carl", saved);
  assertEquals(other.toJSON(), ann.toJSON());
});

Deno.test("what others do to one's own things is saved and passed on as it came", () => {
  const acts: ((doc: JsonCrdt) => void)[] = [
    (doc) => doc.set(["key"], 2),
    (doc) => doc.delete(["key"]),
    (doc) => doc.insertText(["text"], 0, "ab"),
    (doc) => doc.push(["list"], 2),
    (doc) => doc.set(["list", 0, "done"], true),
    (doc) => doc.removeAt(["list"], 0),
    (doc) => doc.move(["list", 0], ["key"]),
  ];
  for (const [index, act] of acts.entries()) {
    const [ann, bob] = [new JsonCrdt("ann"), new JsonCrdt("bob")];
    ann.set([], { key: 1, text: "hello", list: [{ done: false }] });
    bob.merge(ann.snapshot());
    const other = JsonCrdt.restore("carl", ann.snapshot());
    const saved = save(ann);
    bob.on("change", (event) => ann.receiveMessage(event.message()));
    act(bob);
    const again = JsonCrdt.restore("ann", saved, { resume: true });
    assertEquals(again.inspect(), ann.inspect(), String(index));
    for (const message of saved.messages) other.receiveMessage(message);
    assertEquals(other.toJSON(), bob.toJSON(), String(index));
  }
});

Deno.test("the messages of all changes are the document, however it came", () => {
  const [ann, bob, eve] = ["ann", "bob", "eve"].map((name) =>
    new JsonCrdt(name)
  ) as [JsonCrdt, JsonCrdt, JsonCrdt];
  const early: Uint8Array[] = [];
  eve.on("change", (event) => early.push(event.message()));
  eve.set(["key"], "early");
  bob.set(["list"], [1]);
  bob.set(["key"], "late");
  const saved = save(ann);
  const relayed = new JsonCrdt("relayed");
  ann.on("change", (event) => relayed.receiveMessage(event.message()));
  ann.merge(bob.snapshot());
  // It shows nothing, but what comes after it needs it.
  for (const message of early) ann.receiveMessage(message);
  eve.applyDiff(ann.encodeDiff(eve.clock()));
  eve.set(["list", 0], 2);
  for (const message of early.slice(1)) ann.receiveMessage(message);
  ann.set(["key"], "last");
  bob.delete(["none"]);
  bob.set(["other"], 1);
  ann.gcLog(0);
  const ends = [ann.startSync(), bob.startSync()] as const;
  let message: Uint8Array | null = ends[0].start();
  for (let turn = 1; message !== null; turn++) {
    message = ends[turn % 2 as 0 | 1].receive(message);
  }
  ann.set(["other"], 2);
  const again = JsonCrdt.restore("ann", saved, { resume: true });
  for (const doc of [again, relayed]) {
    assertEquals(doc.toJSON(), { key: "last", list: [2], other: 2 });
    assertEquals(doc.clock(), ann.clock());
    assertEquals(doc.missing(), []);
  }
  again.set(["key"], "more");
  assertEquals(relayed.applyDiff(again.encodeDiff(ann.clock())).applied, 1);
});

Deno.test("a whole document that is older than the snapshot brings nothing back", () => {
  const [ann, bob] = [new JsonCrdt("ann"), new JsonCrdt("bob")];
  const messages: Uint8Array[] = [];
  ann.on("change", (event) => messages.push(event.message()));
  ann.set(["x"], 1);
  bob.set(["y"], 1);
  ann.merge(bob.snapshot());
  ann.delete(["x"]);
  bob.merge(ann.snapshot());
  ann.acknowledge(bob.acknowledgement());
  assertEquals(ann.compact().registers, 1);
  // A process dies between writing a snapshot and removing the messages.
  const saved = { snapshot: ann.snapshot(), messages };
  const again = JsonCrdt.restore("ann", saved, { resume: true });
  assertEquals(again.toJSON(), { y: 1 });
  assertEquals(again.inspect(), ann.inspect());
});

Deno.test("messages that were saved twice, or are in the snapshot, count once", () => {
  const ann = new JsonCrdt("ann");
  const { messages } = save(ann);
  ann.increment(["n"]);
  ann.increment(["n"]);
  const saved = {
    snapshot: ann.snapshot(),
    messages: [...messages, ...messages],
  };
  const again = JsonCrdt.restore("ann", saved, { resume: true });
  assertEquals(again.toJSON(), { n: 2 });
});

Deno.test("an own edit that lacks what it was made on is not gone on from", () => {
  const [ann, bob] = [new JsonCrdt("ann"), new JsonCrdt("bob")];
  const saved = save(ann);
  bob.set(["list"], [{}]);
  ann.applyDiff(bob.encodeDiff({}));
  ann.set(["list", 0, "key"], 1);
  const [, own] = saved.messages as [Uint8Array, Uint8Array];
  const lossy = { ...saved, messages: [own] };
  const error = assertThrows(() =>
    JsonCrdt.restore("ann", lossy, { resume: true })
  );
  assert(hasCode(error, "CORRUPT_DATA"));
  // Another may wait for it.
  const other = JsonCrdt.restore("carl", lossy);
  assertEquals(other.missing(), [["bob", 2]]);
  other.applyDiff(bob.encodeDiff({}));
  assertEquals(other.toJSON(), ann.toJSON());
});

Deno.test("messages without a snapshot are no document", () => {
  const saved = { snapshot: undefined, messages: [] };
  assertThrows(() => JsonCrdt.restore("ann", saved), TypeError, "snapshot");
});

const DAY_MS = 86_400_000;

Deno.test("who restores on a machine whose clock is behind outdoes what is there", () => {
  const todayMs = Date.UTC(2026, 0, 2);
  const clockAt = (wallMs: number) => ({ clock: { wallMs: () => wallMs } });
  for (const isMerged of [false, true]) {
    const documents: JsonCrdt[] = [];
    const messages: Uint8Array[] = [];
    const join = (doc: JsonCrdt): JsonCrdt => {
      doc.on("change", (event) => {
        if (event.origin === "local") messages.push(event.message());
      });
      documents.push(doc);
      return doc;
    };
    const ann = join(new JsonCrdt("ann", clockAt(todayMs)));
    const bob = join(new JsonCrdt("bob", clockAt(todayMs)));
    ann.set(["draft", "text"], { size: 1 });
    bob.applyDiff(ann.encodeDiff({}));
    bob.move(["draft", "text"], ["text"]);
    ann.delete(["draft"]);
    const cy = join(
      JsonCrdt.restore("cy", bob.snapshot(), clockAt(todayMs - DAY_MS)),
    );
    // What ann knows to be seen by all, she may forget.
    if (isMerged) ann.merge(bob.snapshot());
    else ann.applyDiff(bob.encodeDiff(ann.clock()));
    ann.compact();
    cy.set(["text", "size"], 5);
    for (const message of messages) {
      for (const doc of documents) doc.receiveMessage(message);
    }
    for (const doc of documents) {
      assertEquals(doc.toJSON(), { text: { size: 5 } }, doc.replicaId);
    }
  }
});

Deno.test("what is made on the state of a clock that was ahead waits with it", () => {
  const time = { wallMs: Date.UTC(2026, 0, 1) };
  const clock = { wallMs: () => time.wallMs };
  const ann = new JsonCrdt("ann", {
    clock: { wallMs: () => time.wallMs + DAY_MS },
  });
  ann.set(["a"], 1);
  const bob = JsonCrdt.restore("bob", ann.snapshot(), { clock });
  const before = bob.clock();
  bob.set(["a"], 2);
  assertEquals(bob.toJSON(), { a: 2 });
  const cy = new JsonCrdt("cy", { clock });
  assertEquals(cy.applyDiff(bob.encodeDiff(before)).buffered, 1);
  assertEquals(cy.merge(bob.snapshot()), "buffered");
  time.wallMs += DAY_MS;
  cy.poll();
  assertEquals(cy.toJSON(), { a: 2 });
});
