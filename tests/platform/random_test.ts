import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  fillFromCrypto,
  fillFromSystem,
  type FillRandom,
  randomFrom,
} from "../../src/platform/random.ts";

const SOURCES: readonly (readonly [name: string, fill: FillRandom])[] = [
  ["the runtime's source", fillFromCrypto],
  ["the system's source", (bytes) => fillFromSystem(bytes)],
  ["no file of the system", (bytes) => fillFromSystem(bytes, "/no/such/file")],
  ["an empty file", (bytes) => fillFromSystem(bytes, "/dev/null")],
];

for (const [name, fill] of SOURCES) {
  const random = randomFrom(fill);

  Deno.test(`each number below a limit comes, and none beyond: ${name}`, () => {
    const seen = new Set<number>();
    for (let count = 0; count < 2000; count++) seen.add(random.below(10));
    assertEquals([...seen].sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assertEquals(random.below(1), 0);
  });

  Deno.test(`the largest limit is 2^32: ${name}`, () => {
    const numbers = Array.from({ length: 200 }, () => random.below(2 ** 32));
    assert(numbers.every((number) => Number.isInteger(number) && number >= 0));
    assert(numbers.some((number) => number >= 2 ** 31));
  });

  Deno.test(`hex has two digits a byte, and does not repeat: ${name}`, () => {
    assertEquals(random.hex(0), "");
    assertMatch(random.hex(16), /^[0-9a-f]{32}$/);
    const seen = Array.from({ length: 1000 }, () => random.hex(16));
    assertEquals(new Set(seen).size, 1000);
  });
}
