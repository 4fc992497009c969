import process from "node:process";
import { chooseSeeds } from "../sim/support/sim_test.ts";
import { runWorld } from "./world.ts";

Deno.test("replicas that edit at random equal each other and the model", () => {
  for (const seed of chooseSeeds(2000, process.env, process.argv)) {
    runWorld(seed);
  }
});
