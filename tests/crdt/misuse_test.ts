// What programs without types, or with wrong ones, give to a document.
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
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
