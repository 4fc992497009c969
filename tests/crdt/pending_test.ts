import { assert, assertEquals } from "@std/assert";
import { SeededRandom } from "../../src/base/random.ts";
import type { Unit } from "../../src/crdt/message.ts";
import { JsonCrdt } from "../../src/crdt/mod.ts";
import { NumberHeap } from "../../src/crdt/number_heap.ts";
import { operationFromJson } from "../../src/crdt/operation_json.ts";
import { Pending } from "../../src/crdt/pending.ts";
import { ReplicaTable } from "../../src/crdt/replica_table.ts";
import { WaitingQueue } from "../../src/crdt/waiting_queue.ts";

const START_MS = Date.UTC(2026, 0, 1);

/** An operation that waits for the one before it. */
function makeSet(replica: string, counter: number, value: string | number = 1) {
  const stamp = [START_MS, 0] as const;
  const dot = [replica, counter] as const;
  return { dot, stamp, kind: "set", path: ["a"], value } as const;
}

/** A document of little room, and what it let go. */
function makeFull(pending: { countMax: number; bytesMax?: number }) {
  const doc = new JsonCrdt("bob", { pending });
  const dropped: unknown[] = [];
  doc.on("sync", ({ kind, dot, missing }) => {
    if (kind !== "dropped") return;
    assertEquals(missing, dot);
    dropped.push(dot.join(""));
  });
  const receive = (name: string, counter: number, value?: string) =>
    doc.receive(makeSet(name, counter, value));
  return { doc, dropped, receive };
}

Deno.test("an author that cannot go on does not take the room of others", () => {
  const { doc, dropped, receive } = makeFull({ countMax: 10 });
  for (const counter of [11, 4, 2, 9, 3, 5, 10, 6, 8, 7]) {
    assertEquals(receive("dead", counter), "buffered");
  }
  assertEquals(receive("ann", 2), "buffered");
  assertEquals(receive("eve", 2), "buffered");
  assertEquals(dropped, ["dead11", "dead10"]);
  assertEquals(doc.missing(), [["dead", 1], ["ann", 1], ["eve", 1]]);
  receive("ann", 1);
  assertEquals(doc.clock(), { ann: 2 });
});

Deno.test("of what one author has waiting the furthest is given up", () => {
  const { doc, dropped, receive } = makeFull({ countMax: 3 });
  for (const counter of [7, 3, 5]) receive("ann", counter);
  assertEquals(receive("ann", 9), "rejected");
  assertEquals(receive("ann", 4), "buffered");
  assertEquals(receive("ann", 2), "buffered");
  assertEquals(dropped, ["ann9", "ann7", "ann5"]);
  receive("ann", 1);
  assertEquals([doc.clock(), doc.missing()], [{ ann: 4 }, []]);
});

Deno.test("an author whose operations are long has fewer of them waiting", () => {
  const { dropped, receive } = makeFull({ countMax: 1000, bytesMax: 30_000 });
  for (const counter of [2, 3, 4]) {
    receive("big", counter * 10_000, "x".repeat(4000));
  }
  for (let counter = 2; counter < 100; counter++) {
    assertEquals(receive("ann", counter), "buffered");
  }
  assertEquals(dropped, ["big40000", "big30000"]);
});

Deno.test("what is larger than all the room drops nothing else", () => {
  const { dropped, receive } = makeFull({ countMax: 10, bytesMax: 4000 });
  for (const counter of [2, 3, 4]) receive("ann", counter);
  assertEquals(receive("eve", 9000, "x".repeat(2000)), "rejected");
  assertEquals(dropped, ["eve9000"]);
});

Deno.test("a heap gives the greatest first", () => {
  const random = new SeededRandom(5);
  const heap = new NumberHeap([3, 1, 2]);
  let model = [3, 2, 1];
  for (let round = 0; round < 5000; round++) {
    if (random.below(9) < 5) {
      const number = random.below(1000);
      heap.push(number);
      model.push(number);
      model.sort((a, b) => b - a);
    } else {
      heap.pop();
      model = model.slice(1);
    }
    assertEquals([heap.greatest, heap.size], [model[0], model.length]);
  }
});

Deno.test("a queue knows what is furthest, whatever comes and goes", () => {
  const random = new SeededRandom(6);
  const queue = new WaitingQueue(0);
  for (let round = 0; round < 20_000; round++) {
    const counter = 1 + random.below(60);
    if (queue.places.get(counter) >= 0) queue.remove(counter, 1, 0);
    else queue.add(counter, 0, 1, 0);
    assertEquals(
      queue.furthest(),
      Math.max(0, ...[...queue.places].map(([key]) => key)),
    );
  }
});

Deno.test("what waits is within its bounds, and adds up, at any time", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = new SeededRandom(seed);
    const replicas = new ReplicaTable();
    for (let replica = 0; replica < 5; replica++) {
      replicas.indexOf(`r${replica}`);
    }
    const [countMax, bytesMax] = [1 + random.below(60), 12_000];
    const pending = new Pending(replicas, { countMax, bytesMax });
    const model = new Map<string, number>();
    for (let round = 0; round < 2000; round++) {
      const replica = random.below(5);
      const counter = 2 + random.below(100);
      const key = `${replica} ${counter}`;
      if (random.below(4) === 0) {
        const isThere = pending.remove(replica, counter) !== undefined;
        assertEquals(isThere, model.delete(key));
        continue;
      }
      const length = 1 + random.below(3);
      const unit = Array.from({ length }, (_, index) => {
        const value = random.below(30) === 0 ? "x".repeat(2000) : 1;
        const json = makeSet(`r${replica}`, counter + index, value);
        return operationFromJson(json, replicas);
      });
      const hadLength = model.get(key) ?? 0;
      if (hadLength < length) model.set(key, length);
      for (const [first] of pending.add(unit, 0)) {
        assert(first !== undefined);
        assert(model.delete(`${first.replica} ${first.counter}`));
      }
      const sizes = [...pending.units()].map(({ length }) => length);
      assertEquals(sizes.toSorted(), [...model.values()].toSorted());
      const sum = sizes.reduce((all, each) => all + each, 0);
      assertEquals(pending.count, sum);
      assert(sum <= countMax && pending.byteCount <= bytesMax);
    }
    for (const [first] of [...pending.units()]) {
      assert(first !== undefined);
      pending.remove(first.replica, first.counter);
    }
    assertEquals([pending.count, pending.byteCount], [0, 0]);
  }
});

Deno.test("what came by a clock that failed waits like all else", () => {
  const replicas = new ReplicaTable();
  replicas.indexOf("ann");
  const pending = new Pending(replicas);
  const times = [NaN, -1, -Infinity, 1.5, 1e300, Infinity];
  const found: unknown[] = [];
  // Those for which there is no seat are bytes.
  for (let counter = 2; counter < 602; counter++) {
    const json = makeSet("ann", counter);
    const unit = [operationFromJson(json, replicas)];
    pending.add(unit, times[counter % times.length] as number);
  }
  for (let counter = 600; counter < 602; counter++) {
    found.push(pending.remove(0, counter)?.arrivedAtMs);
  }
  for (let counter = 594; counter < 600; counter++) {
    found.push(pending.remove(0, counter)?.arrivedAtMs);
  }
  const most = Number.MAX_SAFE_INTEGER;
  assertEquals(found, [0, 0, 0, 0, 0, 1, most, most]);
});

function textOf(unit: Unit | undefined): string {
  return JSON.stringify(unit);
}

Deno.test("what waits comes back as it came, however much comes and goes", () => {
  const random = new SeededRandom(8);
  const replicas = new ReplicaTable();
  const names = ["ann", "bob", "eve"];
  for (const name of names) replicas.indexOf(name);
  const pending = new Pending(replicas);
  const model = new Map<string, [unknown, unknown]>();
  const remove = (key: string) => {
    const [replica, counter] = key.split(" ").map(Number);
    const waiting = pending.remove(replica as number, counter as number);
    const { unit, arrivedAtMs } = waiting ?? {};
    assertEquals([textOf(unit), arrivedAtMs], model.get(key));
    model.delete(key);
  };
  // More and more, then fewer and fewer, twice.
  for (let round = 0; round < 20_000; round++) {
    const [replica, counter] = [random.below(3), 2 + random.below(100_000)];
    const key = `${replica} ${counter}`;
    const isFilling = round % 10_000 < 5000;
    if (random.below(10) < (isFilling ? 2 : 8)) {
      const [first] = model.keys();
      if (first !== undefined) remove(first);
      continue;
    }
    const value = "x".repeat(random.below(60));
    const json = makeSet(names[replica] as string, counter, value);
    const unit = [operationFromJson(json, replicas)];
    if (!model.has(key)) model.set(key, [textOf(unit), round]);
    assertEquals(pending.add(unit, round + 0.5), []);
    assertEquals(textOf(pending.get(replica, counter)), model.get(key)?.[0]);
  }
  assert(model.size < 100);
  for (const key of model.keys()) remove(key);
  assertEquals([pending.count, pending.byteCount], [0, 0]);
});
