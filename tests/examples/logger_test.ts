import { assert, assertEquals, assertMatch } from "@std/assert";
import { scriptCommand } from "../support/script.ts";
import { Family } from "./support.ts";

Deno.test("logger: the example shows what it says, and ends", async () => {
  await using family = new Family(scriptCommand("examples/logger.ts"));
  const { code, output, stdout } = await family.end();
  assertEquals(code, 0, output);
  await family.leavesNothing();
  assert(!output.includes("\x1b"), "colours despite NO_COLOR");

  const lines = output.trimEnd().split("\n");
  const head = (level: string, name: string) =>
    lines.filter((line) => line.slice(25).startsWith(`${level} ${name}`));
  assertEquals(head("INFO ", "shop  ").length, 1);
  assertEquals(head("DEBUG", "shop.stock").length, 1);
  assertEquals(head("DEBUG", "shop  ").length, 0);
  assertEquals(head("ERROR", "distflow.log").length, 1);
  assert(lines.some((line) => line.startsWith("    Caused by TypeError: ")));
  assert(!lines.some((line) => line.startsWith("2038")), "a line was forged");

  const json = lines.filter((line) => line.startsWith("{"));
  assertEquals(json.map((line) => JSON.parse(line).context), [
    { grains: "100000000000000000000n", self: "[Circular]" },
  ]);
  assertMatch(stdout, /Cleaned\n.*Gone home {2}undelivered=1\n$/);
});
