import { assertEquals } from "@std/assert";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { succeed } from "../packages/support.ts";
import { IS_DENO, scriptCommand } from "../support/script.ts";

const IS_MAIN = "tests/platform/programs/is_main.ts";

Deno.test("a module that the process runs is the main one", async () => {
  assertEquals(await succeed(scriptCommand(IS_MAIN)), "main\n");
});

Deno.test("a module that another imports is not", async () => {
  const command = scriptCommand("tests/platform/programs/imports_is_main.ts");
  assertEquals(await succeed(command), "imported\n");
});

Deno.test({
  name: "a module that runs through a link, as npm makes them, is the main one",
  ignore: IS_DENO,
  async fn() {
    const folder = mkdtempSync(join(tmpdir(), "distflow-"));
    try {
      const link = join(folder, "command");
      symlinkSync(scriptCommand(IS_MAIN).at(-1) ?? "", link);
      assertEquals(await succeed([process.execPath, link]), "main\n");
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "where no file runs, no module is the main one",
  ignore: IS_DENO,
  async fn() {
    const { href } = pathToFileURL(scriptCommand(IS_MAIN).at(-1) ?? "");
    const command = [process.execPath, "--eval", `import("${href}")`];
    assertEquals(await succeed(command), "imported\n");
    assertEquals(await succeed([...command, "no-such-file"]), "imported\n");
  },
});
