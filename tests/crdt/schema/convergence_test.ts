import { assert } from "@std/assert";
import process from "node:process";
import { SCHEMA } from "../kinds.ts";
import { runWorlds } from "../run_worlds.ts";

Deno.test("what schemas hide depends on operations and schemas alone", () => {
  let refusedCount = 0;
  let hiddenCount = 0;
  runWorlds(SCHEMA, 1000, (world) => {
    refusedCount += world.refusedCount;
    hiddenCount += world.hiddenCount;
  });
  assert(refusedCount > 0 && hiddenCount > 0 || process.env.SEED);
});
