import { assertEquals } from "@std/assert";
import { LogIndex } from "../../../src/crdt/state/log_index.ts";

Deno.test("an index that grows keeps all, wherever the oldest one is", () => {
  for (const cut of [0, 1, 40, 63]) {
    const index = new LogIndex();
    for (let number = 0; number < 1000; number++) {
      const counter = number + 1;
      index.add(number % 3, counter, counter, 1, number * 2, number * 5);
      index.endAt(number * 7 + 1);
      if (number === 63) index.cut(64 - cut);
    }
    const kept = Array.from({ length: 1000 - cut }, (_, at) => at + cut);
    assertEquals(index.all(), kept);
    assertEquals(
      kept.map((number) => [
        index.replicaOf(number),
        index.lengthOf(number),
        index.pieceOf(number),
        index.offsetOf(number),
        index.endOf(number),
      ]),
      kept.map((number) => [
        number % 3,
        1,
        number * 2,
        number * 5,
        number * 7 + 1,
      ]),
    );
    const found: number[] = [];
    index.find(1, 500, found);
    assertEquals(
      found.toReversed(),
      kept.filter((number) => number % 3 === 1 && number >= 500),
    );
  }
});

Deno.test("what is forgotten goes once nothing older is there", () => {
  const index = new LogIndex();
  const add = (replica: number, counter: number, length: number) =>
    index.add(replica, counter, counter + length - 1, length, 0, 0);
  add(0, 1, 1);
  add(1, 1, 2);
  add(0, 2, 3);
  add(1, 3, 4);
  index.forget(1);
  assertEquals(index.all(), [0, 2]);
  assertEquals(
    [index.operationCount, index.forgottenCount, index.size],
    [4, 6, 4],
  );
  index.cutForgotten(5);
  assertEquals(index.all(), [2]);
  assertEquals(
    [index.operationCount, index.forgottenCount, index.size],
    [3, 4, 2],
  );
  add(1, 7, 1);
  index.cut(3);
  assertEquals(index.all(), [4]);
  assertEquals(
    [index.operationCount, index.forgottenCount, index.size],
    [1, 0, 1],
  );
  index.forget(1);
  assertEquals([index.isEmpty, index.size], [true, 0]);
});
