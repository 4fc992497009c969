import { scriptCommand } from "../support/script.ts";
import { assertInOrder, runToEnd } from "./support.ts";

/** In a fresh clone, the example compiles the tree first. */
const BUILD_LIMIT_MS = 180_000;

Deno.test("mixed: a Deno process and a Node.js process talk, and both end", async () => {
  const lines = await runToEnd(scriptCommand("examples/mixed.ts"), {
    limitMs: BUILD_LIMIT_MS,
  });
  assertInOrder(lines, [
    /^Deno: visitor joins \(node\/\d+\.\d+\.\d+\)$/,
    /^Deno: HELLO from visitor, on Node\.js$/,
    /^Deno: the other process has ended with code 0$/,
  ]);
  assertInOrder(lines, [
    /^Node\.js: finds host \(deno\/\d+\.\d+\.\d+\)$/,
    /^Node\.js: WELCOME from host, on Deno$/,
    /^Deno: the other process has ended with code 0$/,
  ]);
});
