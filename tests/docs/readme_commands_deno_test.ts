// Runs the README's commands. Those that ask a registry for a release are run
// against one on loopback, or name the test of tests/packages that runs them.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { PmdServer } from "../../src/pmd/server.ts";
import { stageJsr } from "../../scripts/publish_jsr.ts";
import { Family, runToEnd } from "../examples/support.ts";
import { readPackage, serveJsr } from "../packages/jsr_registry.ts";
import { freePort, succeed } from "../packages/support.ts";
import { endPmd, pmdClient } from "../system/support.ts";
import { codeBlocks } from "./markdown.ts";
import { DENO_FIRST, isRegistered, Project, README } from "./project.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const options = { cwd: ROOT, env: DENO_FIRST };

const read = (file: string) => readFileSync(join(ROOT, file), "utf8");
const tasks: Record<string, unknown> = JSON.parse(read("deno.json")).tasks;

/** What runs the commands of one block. */
type Rule = (commands: readonly string[]) => Promise<void> | void;

/** One for each block, in order; it begins as the block does. */
const RULES: readonly (readonly [string, string, Rule])[] = [
  ["npx -y deno task demo", "the demo runs, and CI runs the tests", seeItWork],
  ["deno add", "a new project runs both programs in Deno", useInDeno],
  ["npm install", "a new project runs both programs in Node.js", useInNode],
  ["deno run -A jsr:", "the command is in both packages", useCommand],
  ["deno run --allow-net=127.0.0.1 --allow-run", "a PMD process", permitRun],
  ["deno run --allow-net=127.0.0.1 greeter", "an embedded PMD", permitNet],
  ["distflow pmd start", "a PMD that other machines reach", openPmd],
];

const blocks = codeBlocks(README).filter(({ language }) => language === "sh");

Deno.test("README: there is a rule for each block of commands", () => {
  assertEquals(
    blocks.map(({ text }) =>
      RULES.find(([start]) => text.startsWith(start))?.[0] ?? text
    ),
    RULES.map(([start]) => start),
  );
});

for (const [start, promise, rule] of RULES) {
  Deno.test(`README: ${start} …: ${promise}`, async () => {
    const block = blocks.find(({ text }) => text.startsWith(start));
    assert(block !== undefined, "The README has no such block");
    await rule(block.text.trimEnd().split("\n"));
  });
}

async function seeItWork([demo = "", test, ...more]: readonly string[]) {
  assertEquals(more, []);
  const lines = await runToEnd(demo.split(" "), options);
  assertEquals(lines.at(-1), "That was the main job of distflow.");
  // These tests are a part of it.
  assertEquals(test, "npx -y deno task test");
  assert("test" in tasks);
  assertEquals(read(".ci/run").trimEnd().split("\n").at(-1), test);
  assertMatch(read(".github/workflows/ci.yml"), /- run: deno task test\n/);
}

async function useInDeno([add = "", ...runs]: readonly string[]) {
  using project = new Project();
  const registry = await serveJsr([
    readPackage(ROOT, ["mod.ts", "pmd.ts", "src"]),
  ]);
  const env = {
    ...DENO_FIRST,
    JSR_URL: registry.url,
    DENO_DIR: project.path("cache"),
  };
  const port = await freePort();
  try {
    project.write("deno.json", "{}");
    assertMatch(add, /^deno add jsr:@distflow\/core$/);
    await succeed(add.split(" "), { cwd: project.folder, env });
    assertEquals(runs, [
      "deno run -A greeter.ts",
      "deno run -A visitor.ts",
    ]);
    await project.save("greeter", port);
    await project.save("visitor", port);
    const [first = "", second = ""] = runs;
    const inProject = { cwd: project.folder, env };
    await using greeter = new Family(first.split(" "), inProject);
    await isRegistered("greeter", port, greeter);
    const visitor = await succeed(second.split(" "), inProject);
    assertEquals(visitor, "greeter answers: Nice to meet you\n");
  } finally {
    await endPmd(port);
    await registry.close();
  }
}

/** `readme_test.ts` runs these programs on Node.js, as they stand there. */
function useInNode(commands: readonly string[]) {
  assertEquals(commands, [
    "npm install @distflow/core",
    "node greeter.mjs",
    "node visitor.mjs",
  ]);
  assertBuilt("@distflow/core", '".": "mod"');
  assertTested(
    "an ES module and a CommonJS one talk, and the PMD starts by itself",
  );
}

async function useCommand([deno = "", npx = ""]: readonly string[]) {
  const [, denoWords] = deno.split("jsr:@distflow/cli ");
  const [, npxWords] = npx.split("npx @distflow/cli ");
  assertEquals([denoWords, npxWords], ["pmd list", "pmd list"]);
  const [, cli = ""] = stageJsr();
  assertEquals(
    JSON.parse(readFileSync(join(cli, "deno.json"), "utf8")).name,
    "@distflow/cli",
  );
  assertTested("jsr:@distflow/cli talks to it");
  assertBuilt("@distflow/cli", 'bin: { distflow: "cli" }');
  assertTested("npx runs the PMD and the command by their package's name");

  const inClone = "npx -y deno task cli pmd list";
  assert(README.includes(`\`${inClone}\``));
  await using pmd = await PmdServer.start({ port: 0 });
  const output = await succeed(
    [...inClone.split(" "), "--port", `${pmd.address.port}`],
    options,
  );
  assertMatch(output, /^No nodes|^ALIAS/);
}

async function permitRun([command = "", ...more]: readonly string[]) {
  assertEquals(more, []);
  await withGreeter(flagsOf(command), async (port) => {
    const { embedded, pid } = await statusOf(port);
    assertEquals(embedded, false);
    assertMatch(README, /that it starts runs with `--allow-net --allow-env`/);
    const file = `/proc/${pid}/cmdline`;
    if (!existsSync(file)) return;
    const words = readFileSync(file, "utf8").split("\0");
    assertEquals(words.filter((word) => word.startsWith("--allow")), [
      "--allow-net",
      "--allow-env",
    ]);
  });
}

async function permitNet([command = "", ...more]: readonly string[]) {
  assertEquals(more, []);
  const flags = flagsOf(command);
  await withGreeter(flags, async (port, project, greeter) => {
    assertEquals((await statusOf(port)).embedded, true);
    const heir = await project.save(
      "visitor",
      port,
      (text) =>
        text.replace('"visitor"', '"heir"').replace(
          /^await node\.send.*$/m,
          "",
        ),
    );
    await using next = project.run(heir, flags);
    await isRegistered("heir", port, next);
    greeter.killAll();
    await greeter.program.end();
    await isRegistered("heir", port, next);
    const { embedded, pid } = await statusOf(port);
    assertEquals([embedded, pid], [true, next.program.child.pid]);
  });
}

async function openPmd([command = "", ...more]: readonly string[]) {
  assertEquals(more, []);
  const [program, ...words] = command.split(" ");
  assertEquals(program, "distflow");
  const port = await freePort();
  const cli = ["deno", "run", "-A", "--quiet", "cli.ts"];
  try {
    await succeed([...cli, ...words, "--port", `${port}`], options);
    const status = await succeed(
      [...cli, "pmd", "status", "--json", "--port", `${port}`],
      options,
    );
    assertEquals(JSON.parse(status).embedded, false);
  } finally {
    await endPmd(port);
  }
}

Deno.test("README: without --allow-net, a node fails with PERMISSION_DENIED", async () => {
  assertMatch(
    README,
    /Without `--allow-net`, .* fails with `PERMISSION_DENIED`/,
  );
  using project = new Project();
  const program = `import { NodeRuntime } from "@distflow/core";
await NodeRuntime.start().catch((error) => console.log(error.code));
`;
  await using node = project.run(project.write("program.ts", program), [
    "--allow-run=deno",
  ]);
  const { output } = await node.end();
  assertEquals(output, "PERMISSION_DENIED\n");
});

Deno.test("README: its programs pass the type checker as they stand there", async () => {
  using project = new Project();
  const programs = codeBlocks(README).filter(({ language }) =>
    language === "ts"
  );
  const files = programs.map(({ text }, index) =>
    project.write(`program_${index}.ts`, text)
  );
  await succeed([process.execPath, "check", "--quiet", ...files], {
    cwd: project.folder,
  });
});

/** The permissions in `deno run … greeter.ts`. */
function flagsOf(command: string): string[] {
  const [deno, run, ...words] = command.split(" ");
  assertEquals([deno, run, words.pop()], ["deno", "run", "greeter.ts"]);
  return words;
}

async function withGreeter(
  flags: readonly string[],
  act: (port: number, project: Project, greeter: Family) => Promise<void>,
): Promise<void> {
  const port = await freePort();
  using project = new Project();
  try {
    await using greeter = project.run(
      await project.save("greeter", port),
      flags,
    );
    await isRegistered("greeter", port, greeter);
    await using visitor = project.run(
      await project.save("visitor", port),
      flags,
    );
    const { stdout, output } = await visitor.end();
    assertEquals(stdout, "greeter answers: Nice to meet you\n", output);
    await act(port, project, greeter);
  } finally {
    await endPmd(port);
  }
}

async function statusOf(port: number) {
  const client = await pmdClient(port);
  const status = await client.status();
  await client.close();
  return status;
}

/** The npm packages are built from this list; the other tests install them. */
function assertBuilt(name: string, entry: string): void {
  const parts = read("scripts/build_npm.ts").split(/^ {2}\{$/m);
  const part = parts.find((text) => text.includes(`name: "${name}"`));
  assert(part?.includes(entry), `${name} is built with ${entry}`);
}

function assertTested(words: string): void {
  const names = ["npm", "jsr"]
    .map((kind) => read(`tests/packages/${kind}_packages_deno_test.ts`))
    .flatMap((text) => [...text.matchAll(/Deno\.test\(\s*[`"](.*)[`"],/g)])
    .map(([, name = ""]) => name);
  assert(names.some((name) => name.includes(words)), `a test: ${words}`);
}
