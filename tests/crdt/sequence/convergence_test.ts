import fc from "fast-check";
import { type Step, World } from "./world.ts";

const text = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("x", "yz", "abc") },
  { weight: 1, arbitrary: fc.constantFrom("😀", "é😀", "→") },
);

/** Few numbers, so that replicas meet at the same places. */
const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof(
    { weight: 5, arbitrary: fc.constant("insert" as const) },
    { weight: 3, arbitrary: fc.constant("remove" as const) },
    { weight: 5, arbitrary: fc.constant("receive" as const) },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        "hide" as const,
        "collect" as const,
        "undo" as const,
      ),
    },
  ),
  replica: fc.nat({ max: 4 }),
  target: fc.constantFrom(0, 0, 0, 1),
  index: fc.nat({ max: 12 }),
  count: fc.nat({ max: 6 }),
  text,
});

const history = (count: number) =>
  fc.property(
    fc.array(step, { maxLength: 60, size: "max" }),
    fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 20 }),
    (steps, numbers) => {
      const world = new World(count);
      for (const each of steps) world.take(each);
      world.settle(numbers);
    },
  );

for (const count of [1, 2, 3, 5]) {
  Deno.test(`a history of ${count} replicas is that of Fugue's tree`, () => {
    fc.assert(history(count), { numRuns: 250 });
  });
}
