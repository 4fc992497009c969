import { assert, assertEquals } from "@std/assert";
import { helpText } from "../../src/cli/help.ts";
import { COMMANDS, GLOBAL_OPTIONS } from "../../src/cli/spec.ts";
import { assertGolden, CliWorld } from "./support.ts";

Deno.test("the help of all commands", () => {
  assertGolden("help", helpText(""));
  assertGolden("help_pmd", helpText("pmd"));
  const texts = COMMANDS.map(({ path }) =>
    `$ distflow ${path} --help\n${helpText(path)}\n`
  );
  assertGolden("help_commands", texts.join(""));
});

Deno.test("the help fits a terminal of 80 columns", () => {
  const texts = [helpText(""), helpText("pmd")].concat(
    COMMANDS.map(({ path }) => helpText(path)),
  );
  for (const line of texts.join("").split("\n")) {
    assert(line.length <= 80, line);
  }
});

Deno.test("the help names every command and every global option", () => {
  const text = helpText("");
  for (const { path, operands } of COMMANDS) {
    assert(text.includes(`\n  ${[path, ...operands].join(" ")} `), path);
  }
  for (const { name } of GLOBAL_OPTIONS) assert(text.includes(`  --${name} `));
});

Deno.test("help goes to standard output and is a success", async () => {
  const cli = new CliWorld();
  for (const line of ["--help", "help", "pmd --help", "send -h", "help send"]) {
    const { code, out, error } = await cli.run(line);
    assertEquals([code, error], [0, ""], line);
    assert(out.includes("Usage: distflow "), line);
  }
});
