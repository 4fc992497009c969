import fc from "fast-check";
import type { Step } from "./world.ts";

const text = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("x", "yz", "abc") },
  { weight: 1, arbitrary: fc.constantFrom("😀", "é😀", "→") },
);

/** Few numbers, so that replicas meet at the same places. */
export const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof(
    { weight: 5, arbitrary: fc.constant("insert" as const) },
    { weight: 3, arbitrary: fc.constant("remove" as const) },
    { weight: 5, arbitrary: fc.constant("receive" as const) },
    {
      weight: 4,
      arbitrary: fc.constantFrom(
        "hide" as const,
        "retire" as const,
        "retire" as const,
        "collect" as const,
        "undo" as const,
        "restore" as const,
        "compact" as const,
      ),
    },
  ),
  replica: fc.nat({ max: 4 }),
  target: fc.constantFrom(0, 0, 0, 1),
  index: fc.nat({ max: 12 }),
  count: fc.nat({ max: 6 }),
  text,
});
