import { STATE } from "../kinds.ts";
import { runWorlds } from "../run_worlds.ts";

Deno.test("states that are saved, restored and merged change nothing", () => {
  runWorlds(STATE, 1000);
});
