import { assertEquals, assertThrows } from "@std/assert";
import { DistflowError } from "../../../src/base/errors.ts";
import { diffSnapshots, JsonCrdt } from "../../../src/crdt/mod.ts";

const SAME = { state: [], replicas: [] };

Deno.test("what is saved twice, or has forgotten more, is the same", () => {
  const doc = new JsonCrdt("ann");
  doc.set(["a"], 1);
  doc.set(["b"], 2);
  doc.delete(["a"]);
  const before = doc.snapshot();
  assertEquals(diffSnapshots(before, doc.snapshot()), SAME);
  assertEquals(doc.compact().registers, 1);
  assertEquals(diffSnapshots(before, doc.snapshot()), SAME);
});

Deno.test("snapshots of two replicas tell what each has that the other has not", () => {
  const ann = new JsonCrdt("ann");
  const bob = new JsonCrdt("bob");
  ann.set(["a"], 1);
  bob.merge(ann.snapshot());
  ann.set(["b"], 2);
  bob.set(["c"], 3);
  bob.delete(["a"]);
  assertEquals(diffSnapshots(ann.snapshot(), bob.snapshot()), {
    state: [
      { kind: "removed", path: ["a"], before: 1 },
      { kind: "removed", path: ["b"], before: 2 },
      { kind: "added", path: ["c"], after: 3 },
    ],
    replicas: [
      { replicaId: "ann", before: 2, after: 1 },
      { replicaId: "bob", before: 0, after: 2 },
    ],
  });
});

Deno.test("a file with diffs behind is read to its end, under a name of its own", () => {
  const doc = new JsonCrdt("reader-0");
  const state = doc.snapshot();
  const clock = doc.clock();
  doc.set(["a"], 1);
  const file = new Uint8Array([...state, ...doc.encodeDiff(clock)]);
  assertEquals(diffSnapshots(file, doc.snapshot()), SAME);
  assertEquals(diffSnapshots(state, file).replicas, [
    { replicaId: "reader-0", before: 0, after: 1 },
  ]);
});

Deno.test("what is no snapshot is refused", () => {
  const state = new JsonCrdt("ann").snapshot();
  const error = assertThrows(
    () => diffSnapshots(state, state.subarray(0, 9)),
    DistflowError,
  );
  assertEquals(error.code, "CORRUPT_DATA");
});
