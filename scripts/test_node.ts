/**
 * Runs the tests on Node.js, in the compiled tree.
 *
 * ```sh
 * deno task test:node                     # all, on the machine's Node.js
 * deno task test:node --node 24           # on another version, from npm
 * deno task test:node tests/wire          # what lies below a folder
 * ```
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { buildTree, TREE } from "./build_tree.ts";
import { run, type RunOptions } from "./run.ts";

/** The command that runs Node.js of a major version; the machine's, if it is. */
export function nodeCommand(major?: string): string[] {
  if (major === undefined) return ["node"];
  const version = execFileSync("node", ["--version"], { encoding: "utf8" });
  return version.startsWith(`v${major}.`)
    ? ["node"]
    : ["npx", "-y", `node@${major}`];
}

/** Runs the test files of the compiled tree below `folders`. */
export async function testOnNode(
  major: string | undefined,
  folders: readonly string[],
  options: RunOptions = {},
): Promise<void> {
  const files = folders.flatMap((folder) =>
    readdirSync(join(TREE, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith("_test.js"))
      .map((file) => join(folder, file))
  ).sort();
  const [command = "node", ...args] = nodeCommand(major);
  const shim = pathToFileURL(join(TREE, "tests/support/deno_test_shim.js"));
  await run(
    command,
    [...args, "--test", "--test-reporter=spec", ...files],
    {
      ...options,
      cwd: TREE,
      env: { NODE_OPTIONS: `--import=${shim.href}`, NO_COLOR: "1" },
    },
  );
}

if (import.meta.main) {
  const args = process.argv.slice(2);
  const index = args.indexOf("--node");
  const major = index < 0 ? undefined : args.splice(index, 2)[1];
  await buildTree();
  await testOnNode(major, args.length > 0 ? args : ["tests"]);
}
