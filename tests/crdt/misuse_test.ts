// What programs without types, or with wrong ones, give to a document.
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  compareDigests,
  diffSnapshots,
  inspectSaved,
  JsonCrdt,
  snapshotToJson,
} from "../../src/crdt/mod.ts";

Deno.test("the buffer that a socket gives is told from bytes, and changes nothing", () => {
  const ann = new JsonCrdt("ann");
  ann.set(["a"], 1);
  const bob = new JsonCrdt("bob");
  const sync = bob.startSync();
  const state = ann.snapshot();
  const takers: ((bytes: Uint8Array) => unknown)[] = [
    (bytes) => bob.merge(bytes),
    (bytes) => bob.applyDiff(bytes),
    (bytes) => bob.receiveMessage(bytes),
    (bytes) => bob.acknowledge(bytes),
    (bytes) => sync.receive(bytes),
    (bytes) => JsonCrdt.restore("eve", bytes),
    (bytes) => JsonCrdt.restore("eve", { snapshot: bytes, messages: [] }),
    (bytes) => JsonCrdt.restore("eve", { snapshot: state, messages: [bytes] }),
    (bytes) => diffSnapshots(bytes, state),
    (bytes) => diffSnapshots(state, bytes),
    (bytes) => inspectSaved(bytes),
    (bytes) => snapshotToJson(bytes),
  ];
  const wrong: [unknown, string][] = [
    [
      new Uint8Array(state).buffer,
      "must be a Uint8Array: current value is an ArrayBuffer; wrap it in new Uint8Array(buffer)",
    ],
    [null, "must be a Uint8Array: current value is null"],
    ["bytes", 'must be a Uint8Array: current value is "bytes"'],
    [[...state], "must be a Uint8Array: current value is an Array"],
    [Promise.resolve(state), "current value is a Promise"],
  ];
  for (const take of takers) {
    for (const [value, message] of wrong) {
      assertThrows(() => take(value as Uint8Array), TypeError, message);
    }
    const error = assertThrows(() => take(undefined as never), TypeError);
    assertMatch(error.message, /must be a Uint8Array|without a snapshot/);
  }
  assertEquals([bob.toJSON(), bob.clock()], [{}, {}]);
});

Deno.test("messages that are no list are told", () => {
  const snapshot = new JsonCrdt("ann").snapshot();
  assertThrows(
    () => JsonCrdt.restore("ann", { snapshot } as never),
    TypeError,
    "'saved.messages' must be an array: current value is undefined",
  );
});

Deno.test("an event that is none, and a listener that is none, are told", () => {
  const doc = new JsonCrdt("ann");
  const listen = () => {};
  assertThrows(
    () => doc.on("changed" as "change", listen),
    TypeError,
    `'event' must be one of "change", "conflict",`,
  );
  assertThrows(
    () => doc.on("change", undefined as never),
    TypeError,
    "Cannot listen as 'listener' must be a function: current value is undefined",
  );
  assertThrows(
    () => doc.watch("a", null as never),
    TypeError,
    "Cannot watch as 'callback' must be a function: current value is null",
  );
  for (const name of ["change", "gc", "violation"] as const) {
    doc.on(name, listen)();
  }
  doc.set(["a"], 1);
});

Deno.test("a pattern, a clock and a digest that are none are told", () => {
  const doc = new JsonCrdt("ann");
  const none = null as never;
  const text = /text or an array of steps: current value is (5|null)/;
  for (const pattern of [5, null] as never[]) {
    const watch = () => doc.watch(pattern, () => {});
    const set = () => doc.setStrategy(pattern, { value: "max" });
    for (const act of [watch, set]) {
      assertMatch(assertThrows(act, TypeError).message, text);
    }
  }
  const clock = "must be what 'clock()' gave: current value is null";
  assertThrows(() => doc.diffSince(none), TypeError, clock);
  assertThrows(() => doc.encodeDiff(none), TypeError, clock);
  assertThrows(
    () => doc.diffSince({ ann: 1n } as never),
    TypeError,
    'current value at "ann" is 1',
  );
  const digest = "must be what 'digest()' gave: current value is null";
  assertThrows(() => compareDigests(none, doc.digest()), TypeError, digest);
  assertThrows(() => compareDigests(doc.digest(), none), TypeError, digest);
});
