import process from "node:process";
import { chooseSeeds } from "../../sim/support/sim_test.ts";
import { runWorld } from "../world.ts";
import { CrowdWorld } from "./crowd.ts";
import { StateWorld } from "./world.ts";

Deno.test("states that are saved, restored and merged change nothing", () => {
  for (const seed of chooseSeeds(1000, process.env, process.argv)) {
    runWorld(seed, "state/convergence_test.ts", new StateWorld(seed));
  }
});

Deno.test("replicas that come and go change nothing that others have", () => {
  for (const seed of chooseSeeds(200, process.env, process.argv)) {
    runWorld(seed, "state/convergence_test.ts", new CrowdWorld(seed));
  }
});
