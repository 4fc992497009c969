import { assert, assertEquals } from "@std/assert";
import { JsonCrdt } from "../../src/crdt/mod.ts";

Deno.test("metrics tell what is held, what waits and what happened", () => {
  const sent: Uint8Array[] = [];
  const ann = new JsonCrdt("ann");
  ann.on("change", (event) => sent.push(event.message()));
  let nowMs = 0;
  const bob = new JsonCrdt("bob", {
    clock: { wallMs: () => 1_800_000_000_000, monotonicMs: () => nowMs += 3 },
  });
  ann.set(["a"], { b: 1, c: "text" });
  ann.set(["list"], [1, 2]);
  ann.delete(["a", "b"]);
  ann.set(["d"], 1);
  bob.set(["a"], 7);
  bob.setSchema({ properties: { d: { type: "string" } } });

  const [first, second, third, fourth] = sent as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  bob.receiveMessage(first);
  bob.receiveMessage(third);
  const waiting = bob.getMetrics();
  assertEquals([waiting.pendingCount, waiting.remoteCount], [1, 3]);
  assert(waiting.pendingByteCount > 0);
  bob.receiveMessage(second);
  bob.receiveMessage(fourth);

  const { events, ...metrics } = bob.getMetrics();
  assertEquals(metrics, {
    replicaCount: 2,
    // a, b, c, list, d, and the version of the schema in its map.
    registerCount: 7,
    tombstoneCount: 1,
    hiddenCount: 1,
    logLength: metrics.localCount + metrics.remoteCount,
    pendingCount: 0,
    pendingByteCount: 0,
    localCount: 2,
    remoteCount: ann.getMetrics().localCount,
    applyLatency: [{ belowMs: 4, count: 4 }],
  });
  assertEquals(events.reject, 1);
  assertEquals(ann.getMetrics().events.change, 4);
  assertEquals(ann.getMetrics().applyLatency, []);
});

Deno.test("metrics tell apart how long it took, the shortest and the longest", () => {
  const times = [0, 0, 0, 1, 0, 1.5, 0, 1e9];
  const bob = new JsonCrdt("bob", {
    clock: {
      wallMs: () => 1_800_000_000_000,
      monotonicMs: () => times.shift() ?? 0,
    },
  });
  const ann = new JsonCrdt("ann");
  ann.on("change", (event) => bob.receiveMessage(event.message()));
  for (let count = 0; count < 4; count++) ann.set(["a"], count);
  assertEquals(bob.getMetrics().applyLatency, [
    { belowMs: 2 ** -10, count: 1 },
    { belowMs: 2, count: 2 },
    { belowMs: Infinity, count: 1 },
  ]);
});
