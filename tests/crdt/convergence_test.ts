import { PLAIN } from "./kinds.ts";
import { runWorlds } from "./run_worlds.ts";

Deno.test("replicas that edit at random equal each other and the model", () => {
  runWorlds(PLAIN, 2000);
});
