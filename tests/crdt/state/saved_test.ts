import { assert, assertEquals, assertThrows } from "@std/assert";
import { DistflowError, hasCode } from "../../../src/base/errors.ts";
import {
  type DigestSync,
  inspectSaved,
  JsonCrdt,
} from "../../../src/crdt/mod.ts";

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

/** A document that was written a day ahead, on what was written in time. */
function makeAhead() {
  const time = { wallMs: Date.UTC(2026, 0, 1) };
  const clock = { wallMs: () => time.wallMs };
  const ann = new JsonCrdt("ann", {
    clock: { wallMs: () => time.wallMs + DAY_MS },
  });
  const eve = new JsonCrdt("eve", { clock });
  eve.set(["now"], { x: 1, list: [{ y: 1 }] });
  ann.applyDiff(eve.encodeDiff({}));
  return { time, clock, ann, eve };
}

/** Lets two documents tell each other all that they have. */
function synchronise(one: JsonCrdt, other: JsonCrdt): void {
  const ends = [one.startSync(), other.startSync()] as const;
  let message: Uint8Array | null = ends[0].start();
  for (let turn = 1; message !== null; turn++) {
    message = (ends[turn % 2] as DigestSync).receive(message);
  }
}

/** Which of its edits another document applies at once. */
function receiptsOf(doc: JsonCrdt, other: JsonCrdt): number[] {
  const applied: number[] = [];
  doc.on("change", (event) => {
    if (event.origin !== "local") return;
    applied.push(other.receiveMessage(event.message()).applied);
  });
  return applied;
}

Deno.test("who begins from a state of the future does not live there", () => {
  for (const isDiff of [false, true]) {
    const { time, clock, ann } = makeAhead();
    const early = ann.snapshot();
    const before = ann.clock();
    ann.set(["future"], { x: 1 });
    ann.set(["now", "list", 0, "y"], 2);
    const file = isDiff
      ? join([early, ann.encodeDiff(before)])
      : ann.snapshot();
    const bob = JsonCrdt.restore("bob", file, { clock });
    const peer = JsonCrdt.restore("peer", file, { clock });
    assertEquals(bob.toJSON(), ann.toJSON());
    const receipts = receiptsOf(bob, peer);
    // What is of these days is outdone, and what is of the future cannot be.
    bob.set(["now", "x"], 2);
    bob.set(["now", "list", 0, "y"], 3);
    bob.set(["new"], 1);
    assertEquals(receipts, [1, 1, 1]);
    assertEquals(peer.toJSON(), bob.toJSON());
    assertEquals(bob.get(["now"]), { x: 2, list: [{ y: 2 }] });
    // More of that kind waits, as anywhere.
    ann.set(["more"], 1);
    assertEquals(bob.applyDiff(ann.encodeDiff(bob.clock())).buffered, 1);
    time.wallMs += DAY_MS;
    bob.poll();
    assertEquals(bob.get(["more"]), 1);
    bob.set(["now", "list", 0, "y"], 4);
    assertEquals(bob.get(["now", "list", 0, "y"]), 4);
  }
});

Deno.test("a state that has something of the future is told by whoever has it", () => {
  const { clock, ann, eve } = makeAhead();
  ann.set(["future"], 1);
  const bob = JsonCrdt.restore("bob", ann.snapshot(), { clock });
  const cy = JsonCrdt.restore("cy", ann.snapshot(), { clock });
  const receipts = receiptsOf(bob, cy);
  cy.set(["c"], 1);
  assertEquals(eve.merge(cy.snapshot()), "buffered");
  // Who has it already takes that, and goes on as before.
  assertEquals(bob.merge(cy.snapshot()), "applied");
  bob.set(["c"], 2);
  cy.set(["d"], 3);
  synchronise(cy, bob);
  bob.set(["d"], 4);
  assertEquals(receipts, [1, 1]);
  assertEquals(cy.toJSON(), bob.toJSON());
  assertEquals([bob.get(["c"]), bob.get(["d"])], [2, 4]);
});

Deno.test("who resumes goes on after its own edits, whenever those were", () => {
  const { clock, ann } = makeAhead();
  ann.set(["future"], 1);
  const bob = JsonCrdt.restore("bob", ann.snapshot(), { clock });
  bob.set(["b"], 1);
  const options = { clock, resume: true };
  const again = JsonCrdt.restore("bob", bob.snapshot(), options);
  const cy = JsonCrdt.restore("cy", bob.snapshot(), { clock });
  const receipts = receiptsOf(again, cy);
  again.set(["b"], 2);
  assertEquals([cy.get(["b"]), receipts], [2, [1]]);
  // The clock of this one was wrong, and is set right now.
  const old = JsonCrdt.restore("ann", ann.snapshot(), options);
  old.set(["future"], 2);
  assertEquals(old.get(["future"]), 2);
});
