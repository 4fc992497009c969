import { assert, assertEquals, assertMatch } from "@std/assert";
import { execFile } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const EXAMPLE = fileURLToPath(
  new URL("../../examples/logger.ts", import.meta.url),
);

Deno.test("the logger example shows what it says, and ends", async () => {
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ["run", "-A", "--quiet", EXAMPLE],
    { env: { ...process.env, NO_COLOR: "1" } },
  );
  const lines = stderr.trimEnd().split("\n");
  const head = (level: string, name: string) =>
    lines.filter((line) => line.slice(25).startsWith(`${level} ${name}`));

  assertEquals(head("INFO ", "shop  ").length, 1);
  assertEquals(head("DEBUG", "shop.stock").length, 1);
  assertEquals(head("DEBUG", "shop  ").length, 0);
  assertEquals(head("ERROR", "distflow.log").length, 1);
  assert(lines.some((line) => line.startsWith("    Caused by TypeError: ")));
  assert(!lines.some((line) => line.startsWith("2038")), "a line was forged");
  assert(!stderr.includes("\x1b"), "colours despite NO_COLOR");

  const json = lines.filter((line) => line.startsWith("{"));
  assertEquals(json.map((line) => JSON.parse(line).context), [
    { grains: "100000000000000000000n", self: "[Circular]" },
  ]);
  assertMatch(stdout, /Cleaned\n.*Gone home {2}undelivered=1\n$/);
});
