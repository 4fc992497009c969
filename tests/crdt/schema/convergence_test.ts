import { assert } from "@std/assert";
import process from "node:process";
import { SCHEMA } from "../kinds.ts";
import { runWorld, runWorlds } from "../run_worlds.ts";

Deno.test("what schemas hide depends on operations and schemas alone", () => {
  let refusedCount = 0;
  let hiddenCount = 0;
  runWorlds(SCHEMA, 1000, (world) => {
    refusedCount += world.refusedCount;
    hiddenCount += world.hiddenCount;
  });
  assert(refusedCount > 0 && hiddenCount > 0 || process.env.SEED);
});

Deno.test("who removes what a schema hid when it was noted waits for the others", () => {
  // Both note what is hidden; another schema shows it; one of them removes it,
  // and has all promises for what it had noted before the other one knows.
  const steps = [4, 5, 8, 9, 10, 30, 33];
  runWorld(SCHEMA, 11173539, { steps, replicas: [0, 1] });
});

Deno.test("a tombstone that was forgotten here comes back whole with a state", () => {
  // Its register is free again, and still has the dot of what it held.
  const steps = [0, 9, 10, 16, 19, 24, 42, 44, 56];
  runWorld(SCHEMA, 60204089, { steps, replicas: [0, 1, 2, 3] });
});

Deno.test("who has forgotten more of a list has the digest of who has less", () => {
  const steps = [1, 3, 6, 8, 32, 42, 43, 53, 61];
  runWorld(SCHEMA, 60522099, { steps, replicas: [0, 1, 2, 3] });
});
