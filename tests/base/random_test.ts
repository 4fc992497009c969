import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { SeededRandom } from "../../src/base/random.ts";

Deno.test("a seed decides all numbers", () => {
  const draw = (seed: number) => {
    const random = new SeededRandom(seed);
    return Array.from({ length: 20 }, () => random.below(1_000_000));
  };
  assertEquals(draw(1), draw(1));
  assertNotEquals(draw(1), draw(2));
});

Deno.test("numbers lie below the limit and are spread evenly", () => {
  const random = new SeededRandom(3);
  const counts: number[] = new Array(10).fill(0);
  for (let draw = 0; draw < 100_000; draw++) {
    const value = random.below(10);
    counts[value] = (counts[value] ?? 0) + 1;
  }
  assert(counts.every((count) => count > 9600 && count < 10_400), `${counts}`);
});

Deno.test("hex gives two digits a byte", () => {
  assertEquals(/^[0-9a-f]{24}$/.test(new SeededRandom(4).hex(12)), true);
});
