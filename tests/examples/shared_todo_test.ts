import { assertEquals } from "@std/assert";
import { scriptCommand } from "../support/script.ts";
import { runToEnd } from "./support.ts";

Deno.test("shared_todo: both show the same after edits, a conflict and a restart", async () => {
  assertEquals(await runToEnd(scriptCommand("examples/shared_todo.ts")), [
    "ann has",
    "  [ ] Call Cy",
    "  [x] Buy oat milk",
    "bob has",
    "  [ ] Call Cy",
    "  [x] Buy oat milk",
    'bob: todos.0.who is "Bob" by bob, not "Ann" by ann',
    'ann: todos.0.who is "Bob" by bob, not "Ann" by ann',
    "ann has",
    "  [ ] Call Cy (Bob)",
    "  [x] Buy oat milk",
    "ann-2 has",
    "  [ ] Call Cy (Bob)",
    "  [ ] Water the plants",
    "bob has",
    "  [ ] Call Cy (Bob)",
    "  [ ] Water the plants",
  ]);
});
