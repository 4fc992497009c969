import fc from "fast-check";
import { step } from "./steps.ts";
import { World } from "./world.ts";

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
