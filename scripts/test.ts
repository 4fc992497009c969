/**
 * Runs everything that continuous integration runs, stage by stage.
 *
 * ```sh
 * deno task test                  # all stages
 * deno task test --only tests     # the stages whose name contains a word
 * deno task ok                    # without Node.js and the packages
 * ```
 *
 * The last line counts the tests of all runners.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { buildNpm } from "./build_npm.ts";
import { buildTree } from "./build_tree.ts";
import { publishJsr } from "./publish_jsr.ts";
import { run } from "./run.ts";
import { testOnNode } from "./test_node.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const DENO = process.execPath;
const ENTRIES = [
  "mod.ts",
  "pmd.ts",
  "cli.ts",
  "src/crdt/mod.ts",
  "src/store/mod.ts",
  "src/sim/mod.ts",
];
const TEST_FOLDERS = [
  "base",
  "log",
  "wire",
  "platform",
  "compliance",
  "pmd",
  "node",
  "crdt",
  "store",
  "cli",
  "sim",
  "system",
  "examples",
  "docs",
].map((name) => `tests/${name}`).filter((folder) =>
  existsSync(join(ROOT, folder))
);

type Act = (onOutput: (text: string) => void) => Promise<unknown>;

interface Stage {
  readonly name: string;
  /** Left out of the quick run before a commit. */
  readonly isSlow?: boolean;
  readonly act: Act;
}

function deno(...args: string[]): Act {
  return (onOutput) =>
    run(DENO, args, { cwd: ROOT, onOutput, env: { NO_COLOR: "1" } });
}

const STAGES: readonly Stage[] = [
  { name: "format", act: deno("fmt", "--check", "--quiet") },
  { name: "lint", act: deno("lint", "--quiet") },
  { name: "types", act: deno("check", "--quiet", ".") },
  { name: "tidy", act: deno("test", "-A", "tests/tidy_test.ts") },
  { name: "documentation lint", act: deno("doc", "--lint", ...ENTRIES) },
  {
    name: "publish dry run",
    act: (onOutput) => publishJsr(true, { onOutput }),
  },
  { name: "tests on Deno", act: deno("test", "-A", ...TEST_FOLDERS) },
  {
    name: "documentation examples",
    act: deno("test", "-A", "--doc", ...ENTRIES, "src"),
  },
  {
    name: "build for Node.js",
    isSlow: true,
    act: async (onOutput) => {
      await buildTree();
      onOutput((await buildNpm(false)).join("\n"));
    },
  },
  {
    name: "tests on Node.js 20",
    isSlow: true,
    act: (onOutput) => testOnNode("20", TEST_FOLDERS, { onOutput }),
  },
  {
    name: "npm packages on Node.js 20 and 24, JSR packages",
    isSlow: true,
    act: deno("test", "-A", "tests/packages"),
  },
];

/** Adds up what the runners' closing lines say. */
function countTests(output: string): { passed: number; failed: number } {
  const sum = (pattern: RegExp) =>
    [...output.matchAll(pattern)]
      .reduce((total, match) => total + Number(match[1]), 0);
  return {
    passed: sum(/ (\d+) passed/g) + sum(/^(?:ℹ|#) pass (\d+)/gm),
    failed: sum(/ (\d+) failed/g) + sum(/^(?:ℹ|#) fail (\d+)/gm),
  };
}

const args = process.argv.slice(2);
const onlyIndex = args.indexOf("--only");
const only = onlyIndex < 0 ? undefined : args[onlyIndex + 1] ?? "";
const stages = STAGES.filter(({ name, isSlow }) =>
  only === undefined
    ? !(isSlow && args.includes("--quick"))
    : name.includes(only)
);

const total = { passed: 0, failed: 0 };
let failedStage: string | undefined;
for (const [index, { name, act }] of stages.entries()) {
  let output = "";
  const startedAt = performance.now();
  console.log(`[${index + 1}/${stages.length}] ${name} …`);
  try {
    await act((text) => output += text);
  } catch (error) {
    failedStage = name;
    output += `\n${error instanceof Error ? error.message : error}\n`;
  }
  const { passed, failed } = countTests(output);
  total.passed += passed;
  total.failed += failed;
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const tests = passed + failed === 0 ? "" : `, ${passed} tests passed`;
  if (failedStage === undefined) {
    console.log(`      ok in ${seconds} s${tests}`);
  } else {
    console.log(output);
    console.log(
      `      FAILED after ${seconds} s. Run it alone: deno task test --only "${name}"`,
    );
    break;
  }
}
if (failedStage !== undefined && total.failed === 0) total.failed = 1;
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = failedStage === undefined ? 0 : 1;
