// The rights that the README names for the PMD and the command on Deno are
// enough, and none of them can be spared.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type ProgramOptions, RealPmd, runProgram } from "../cli/processes.ts";
import { freePort, Running } from "../packages/support.ts";
import { endPmd, pmdClient, startChat } from "./support.ts";

const README = readFileSync(
  new URL("../../README.md", import.meta.url),
  "utf8",
);

/** What the README permits a program, for a PMD on `port` and this Deno. */
function rightsOf(program: string, port: number): string[] {
  const row = README.split("\n").find((line) =>
    line.startsWith(`| ${program} `) && line.includes("--allow-")
  );
  assert(row !== undefined, `The README has no row for ${program}`);
  return [...row.matchAll(/`(--allow-\S+)`/g)].map(([, right = ""]) =>
    right.replace(":4369", `:${port}`).replace(/=deno$/, `=${process.execPath}`)
  );
}

/** The command that runs a script of the repository with `rights` alone. */
function restricted(
  rights: readonly string[],
  script: string,
  ...args: (string | number)[]
): string[] {
  const path = fileURLToPath(new URL(`../../${script}`, import.meta.url));
  return [
    process.execPath,
    "run",
    "--no-prompt",
    "--no-check",
    // Deno's `node:child_process` adds -A to a run of Deno without any of its
    // flags for permissions; this one says nothing that was not so.
    "--deny-ffi",
    ...rights,
    path,
    ...args.map(String),
  ];
}

/** Runs `distflow` with `rights` alone. */
function runCli(
  rights: readonly string[],
  args: string,
  options?: ProgramOptions,
) {
  return runProgram(
    restricted(rights, "cli.ts", ...args.split(" ")),
    options,
  );
}

Deno.test("a PMD needs the address that it listens on, and nothing else", async () => {
  const port = await freePort();
  await using pmd = new Running(
    restricted(rightsOf("a PMD run by hand", port), "pmd.ts", "--port", port),
  );
  await pmd.says("PMD ready");
  const client = await pmdClient(port);
  assertEquals((await client.status()).nodeCount, 0);
  pmd.kill("SIGTERM");
  await client.ended;
  assertEquals((await pmd.end()).code, 0);

  const { code, error } = await runProgram(
    restricted([], "pmd.ts", "--port", port),
  );
  assertEquals(code, 1);
  assertMatch(error, /--allow-net=127\.0\.0\.1 .*\[PERMISSION_DENIED\]\n$/);
});

Deno.test("help and version need no rights", async () => {
  for (const script of ["pmd.ts", "cli.ts"]) {
    for (const flag of ["--help", "--version"]) {
      const { code, error } = await runProgram(restricted([], script, flag));
      assertEquals([code, error], [0, ""]);
    }
  }
});

Deno.test("what asks the PMD needs the address of the PMD", async () => {
  await using pmd = await RealPmd.start();
  const client = await pmd.register({ alias: "worker" });
  const net = rightsOf("`distflow pmd`", pmd.port);
  const on = `--port ${pmd.port}`;
  for (const words of ["list", "status", "resolve worker"]) {
    const { code, error } = await runCli(net, `pmd ${words} ${on}`);
    assertEquals([code, error], [0, ""], words);
  }
  await using watch = new Running(
    restricted(net, "cli.ts", "pmd", "watch", "--port", pmd.port),
  );
  await watch.says("present  worker");
  watch.kill("SIGTERM");
  assertEquals((await watch.end()).code, 0);

  const { code, error } = await runCli([], `pmd list ${on}`);
  assertEquals(code, 5);
  assertMatch(error, /Deno does not permit it; run it with --allow-net=/);
  await client.close();
  assertEquals((await runCli(net, `pmd kill ${on}`)).code, 0);
});

Deno.test("send needs the addresses of the PMD, of the node, and one to listen on", async () => {
  await using pmd = await RealPmd.start();
  await using node = startChat("worker", pmd.port);
  await node.says("up");
  const args = `send worker {"type":"END"} --port ${pmd.port}`;
  const pmdOnly = await runCli([`--allow-net=127.0.0.1:${pmd.port}`], args);
  assertEquals(pmdOnly.code, 1);
  assertMatch(
    pmdOnly.error,
    /--allow-net=127\.0\.0\.1 .*\[PERMISSION_DENIED\]/,
  );
  const rights = rightsOf("`distflow send`", pmd.port);
  assertEquals((await runCli(rights, args)).code, 0);
  await node.says("ended");
});

Deno.test("to start a PMD needs the right to run Deno, and nothing else", async () => {
  const port = await freePort();
  const args = `pmd start --port ${port}`;
  const net = [`--allow-net=127.0.0.1:${port}`];
  const withoutRun = await runCli(net, args);
  assertEquals(withoutRun.code, 1);
  assertMatch(withoutRun.error, /--allow-run=deno.* Use --foreground /);
  const rights = rightsOf("`distflow pmd start`", port);
  try {
    for (const state of ["ready", "already runs"]) {
      const { code, out } = await runCli(rights, args);
      assertEquals(code, 0);
      assert(out.startsWith(`PMD ${state} on 127.0.0.1:${port}`), out);
    }
  } finally {
    await endPmd(port);
  }
  await using pmd = new Running(
    restricted(net, "cli.ts", ...args.split(" "), "--foreground"),
  );
  await pmd.says("PMD ready");
});

Deno.test("the environment is read as far as Deno permits it", async () => {
  assertMatch(README, /read the variables .*`DISTFLOW_PMD_PORT`/);
  await using pmd = await RealPmd.start();
  const env = { DISTFLOW_PMD_PORT: String(pmd.port) };
  const net = `--allow-net=127.0.0.1:${pmd.port}`;
  const args = "pmd status --json";
  const { out } = await runCli(
    [net, "--allow-env=DISTFLOW_PMD_PORT"],
    args,
    { env },
  );
  assertEquals(JSON.parse(out).port, pmd.port);
  const { error } = await runCli([net], args, { env });
  assertEquals(JSON.parse(error).error.details.port, 4369);
});
