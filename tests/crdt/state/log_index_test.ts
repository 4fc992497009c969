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
