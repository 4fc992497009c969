import { assert, assertEquals, assertMatch } from "@std/assert";
import { systemRandom } from "../../src/platform/random.ts";

Deno.test("each number below a limit comes, and none beyond", () => {
  const seen = new Set<number>();
  for (let count = 0; count < 2000; count++) seen.add(systemRandom.below(10));
  assertEquals([...seen].sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assertEquals(systemRandom.below(1), 0);
});

Deno.test("the largest limit is 2^32", () => {
  const numbers = Array.from(
    { length: 200 },
    () => systemRandom.below(2 ** 32),
  );
  assert(numbers.every((number) => Number.isInteger(number) && number >= 0));
  assert(numbers.some((number) => number >= 2 ** 31));
});

Deno.test("hex has two digits a byte, and does not repeat", () => {
  assertEquals(systemRandom.hex(0), "");
  assertMatch(systemRandom.hex(16), /^[0-9a-f]{32}$/);
  const seen = Array.from({ length: 1000 }, () => systemRandom.hex(16));
  assertEquals(new Set(seen).size, 1000);
});
