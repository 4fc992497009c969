/**
 * Runs the tests on Node.js, in the compiled tree.
 *
 * ```sh
 * deno task test:node                     # all, on the machine's Node.js
 * deno task test:node --node 24           # on another version, from npm
 * deno task test:node tests/wire          # a file, or what a folder holds
 * ```
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { buildTree, TREE } from "./build_tree.ts";
import { run, type RunOptions } from "./run.ts";

/** A file whose tests take longer hangs. */
const TEST_TIMEOUT_MS = 5 * 60_000;

/** The command that runs Node.js of a major version; the machine's, if it is. */
export function nodeCommand(major?: string): string[] {
  if (major === undefined) return ["node"];
  const version = execFileSync("node", ["--version"], { encoding: "utf8" });
  return version.startsWith(`v${major}.`)
    ? ["node"]
    : ["npx", "-y", `node@${major}`];
}

/** The compiled test files at `path`, which is a source file or a folder. */
function testFilesAt(path: string): string[] {
  if (path.endsWith(".ts")) return [path.replace(/\.ts$/, ".js")];
  // A folder whose tests are all for Deno is not in the compiled tree.
  if (!existsSync(join(TREE, path))) return [];
  return readdirSync(join(TREE, path), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith("_test.js"))
    .map((file) => join(path, file));
}

/** Runs the test files of the compiled tree that `paths` name or hold. */
export async function testOnNode(
  major: string | undefined,
  paths: readonly string[],
  options: RunOptions = {},
): Promise<void> {
  const files = paths.flatMap(testFilesAt).sort();
  if (files.length === 0) {
    // Node.js would run whatever looks like a test.
    throw new Error(`No tests for Node.js in ${paths.join(", ")}`);
  }
  const [command = "node", ...args] = nodeCommand(major);
  const shim = pathToFileURL(join(TREE, "tests/support/deno_test_shim.js"));
  await run(
    command,
    // Not NODE_OPTIONS: the programs that tests start would have the shim, too.
    [
      ...args,
      `--import=${shim.href}`,
      "--test",
      "--test-reporter=spec",
      `--test-timeout=${TEST_TIMEOUT_MS}`,
      ...files,
    ],
    { ...options, cwd: TREE, env: { NO_COLOR: "1" } },
  );
}

if (import.meta.main) {
  const args = process.argv.slice(2);
  const index = args.indexOf("--node");
  const major = index < 0 ? undefined : args.splice(index, 2)[1];
  await buildTree();
  await testOnNode(major, args.length > 0 ? args : ["tests"]);
}
