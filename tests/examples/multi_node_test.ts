import { scriptCommand } from "../support/script.ts";
import { assertInOrder, runToEnd } from "./support.ts";

const all = runOnce();

/** One run tells it all. */
function runOnce(): () => Promise<string[]> {
  let lines: Promise<string[]> | undefined;
  return () => lines ??= runToEnd(scriptCommand("examples/multi_node.ts"));
}

Deno.test("multi_node: the leader sees three join, one leave and one be killed", async () => {
  assertInOrder(await all(), [
    /^ {2}leader is process \d+ and finds nobody$/,
    /^ {2}leader sees ann join$/,
    /^ {2}leader sees bob join$/,
    /^ {2}leader sees cem join$/,
    /^leader tells cem to go$/,
    /^ {2}leader sees cem leave \(shutdown\)$/,
    /^leader kills bob with SIGKILL$/,
    /^ {2}leader sees bob leave \(disconnected\)$/,
    /^leader shuts down, and ann with it$/,
    /^all processes have ended$/,
  ]);
});

Deno.test("multi_node: workers see each other come and go, too", async () => {
  const lines = await all();
  assertInOrder(lines, [
    /^ {2}ann {4}is process \d+ and finds leader$/,
    /^ {2}ann {4}sees bob join$/,
    /^ {2}ann {4}sees cem join$/,
    /^ {2}ann {4}sees cem leave \(shutdown\)$/,
    /^ {2}ann {4}sees bob leave \(disconnected\)$/,
    /^ {2}ann {4}sees leader leave \(shutdown\)$/,
  ]);
  assertInOrder(lines, [
    /^ {2}bob {4}is process \d+ and finds ann, leader$/,
    /^ {2}cem {4}is process \d+ and finds ann, bob, leader$/,
  ]);
});
