import process from "node:process";
import { chooseSeeds } from "../../sim/support/sim_test.ts";
import { runWorld } from "../world.ts";
import { StateWorld } from "./world.ts";

Deno.test("states that are saved, restored and merged change nothing", () => {
  for (const seed of chooseSeeds(1000, process.env, process.argv)) {
    runWorld(seed, "state/convergence_test.ts", new StateWorld(seed));
  }
});
