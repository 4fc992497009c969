import { CROWD } from "../kinds.ts";
import { runWorlds } from "../run_worlds.ts";

Deno.test("replicas that come and go change nothing that others have", () => {
  runWorlds(CROWD, 200);
});
