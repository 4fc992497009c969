// The `distflow` command as a real process, against a real PMD: what goes to
// which stream, how it ends, and what a shell sees of it.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { existsSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { once } from "node:events";
import process from "node:process";
import {
  cliCommand,
  RealPmd,
  runCli,
  runProgram,
  shellLine,
} from "../cli/processes.ts";
import { freePort, Running } from "../packages/support.ts";
import { startChat } from "./support.ts";

/** A server that accepts, reads, and never says anything. */
async function silentServer(): Promise<Server & AsyncDisposable> {
  const server = createServer((socket) => {
    socket.on("error", () => {
      // Whoever gives up may do so with a reset.
    });
    socket.resume();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return Object.assign(server, {
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, "close");
    },
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" ? address?.port ?? 0 : 0;
}

/** Runs the command, which is to fail: with a code, and in one line. */
async function assertFails(
  args: string | readonly string[],
  code: number,
  errorCode: string,
  options: { input?: string } = {},
): Promise<void> {
  const ending = await runCli(args, options);
  assertEquals([ending.code, ending.out], [code, ""], ending.error);
  assertMatch(
    ending.error,
    new RegExp(`^distflow: Cannot [^\\n]* \\[${errorCode}\\]\\n$`),
  );
}

Deno.test("exit code 0: data on standard output, and nothing else anywhere", async () => {
  await using pmd = await RealPmd.start();
  await pmd.register({ alias: "worker" });
  const on = `--port ${pmd.port}`;
  for (
    const [args, start] of [
      [`pmd list ${on}`, "ALIAS   NODE    ADDRESS"],
      [`pmd status ${on}`, "ADDRESS      127.0.0.1:"],
      [`pmd resolve worker ${on}`, "ALIAS      worker\n"],
      ["version", "distflow "],
      ["help", "distflow - "],
      ["completions bash", "# "],
    ] as const
  ) {
    const { code, out, error } = await runCli(args);
    assertEquals([code, error], [0, ""], args);
    assertEquals(out.slice(0, start.length), start);
    assert(!out.includes("\u001b"), args);
  }
  const { out } = await runCli(`pmd list --json ${on}`);
  assertEquals(JSON.parse(out)[0].alias, "worker");
});

Deno.test("exit code 1: it failed, as with a message that is too large", async () => {
  await using pmd = await RealPmd.start();
  await assertFails(
    `send nobody - --port ${pmd.port}`,
    1,
    "MESSAGE_TOO_LARGE",
    { input: `"${"x".repeat(17 * 1024 * 1024)}"` },
  );
});

Deno.test("exit code 2: the command line, or the message, is not understood", async () => {
  await assertFails("pmd lst", 2, "USAGE");
  await assertFails("pmd list --port 99999", 2, "USAGE");
  await assertFails("send worker nonsense", 2, "USAGE");
  await assertFails("send worker -", 2, "USAGE", { input: "{" });
  const { code, out, error } = await runCli([]);
  assertEquals([code, out], [2, ""]);
  assertMatch(error, /^distflow - [\s\S]*Usage: distflow <command>/);
});

Deno.test("exit code 3: no node has that name", async () => {
  await using pmd = await RealPmd.start();
  await assertFails(`pmd resolve me --port ${pmd.port}`, 3, "PEER_NOT_FOUND");
  await assertFails(`send me 1 --port ${pmd.port}`, 3, "PEER_NOT_FOUND");
});

Deno.test("exit code 4: refused", async () => {
  await using pmd = await RealPmd.start();
  await pmd.register();
  await assertFails(`pmd kill --port ${pmd.port}`, 4, "PMD_IN_USE");
  await assertFails("pmd start --host 0.0.0.0", 4, "INSECURE_LISTEN");
});

Deno.test("exit code 5: no PMD is there", async () => {
  const port = await freePort();
  for (const verb of ["list", "status", "resolve x", "watch", "kill"]) {
    await assertFails(`pmd ${verb} --port ${port}`, 5, "PMD_UNREACHABLE");
  }
  await assertFails(`send x 1 --port ${port}`, 5, "PMD_UNREACHABLE");
  await assertFails("pmd list --host nowhere.invalid", 5, "PMD_UNREACHABLE");
});

Deno.test("exit code 6: a port that accepts, and never answers", async () => {
  await using server = await silentServer();
  const on = `--port ${portOf(server)}`;
  await Promise.all([
    assertFails(`pmd list ${on} --timeout 300`, 6, "TIMEOUT"),
    assertFails(`send x 1 ${on} --timeout 300`, 6, "TIMEOUT"),
    // A PMD says hello within 3 s, or else it is something else.
    assertFails(`pmd list ${on}`, 6, "PMD_PORT_TAKEN"),
  ]);
});

Deno.test("with --json, a failure is one line of JSON on standard error", async () => {
  const port = await freePort();
  const { code, out, error } = await runCli(`pmd list --json --port ${port}`);
  assertEquals([code, out, error.split("\n").length], [5, "", 2]);
  const { code: errorCode, exitCode, details } = JSON.parse(error).error;
  assertEquals([errorCode, exitCode], ["PMD_UNREACHABLE", 5]);
  assertEquals(details, { hostname: "127.0.0.1", port });
});

Deno.test("the environment says where the PMD is", async () => {
  await using pmd = await RealPmd.start();
  const env = {
    DISTFLOW_PMD_HOST: "localhost",
    DISTFLOW_PMD_PORT: String(pmd.port),
  };
  const { code, out } = await runCli("pmd status --json", { env });
  const { host, port } = JSON.parse(out);
  assertEquals([code, host, port], [0, "localhost", pmd.port]);
  const wrong = await runCli("pmd list", { env: { DISTFLOW_LOG: "loud" } });
  assertEquals(wrong.code, 2);
  assertMatch(wrong.error, /DISTFLOW_LOG "loud"/);
});

Deno.test("a message from standard input arrives, and the node takes it", async () => {
  await using pmd = await RealPmd.start();
  await using node = startChat("worker", pmd.port);
  await node.says("up");
  const sent = await runCli(`send worker - --port ${pmd.port}`, {
    input: '{ "type": "END" }\n',
  });
  assertEquals(sent, {
    code: 0,
    out: "",
    error: 'Sent 14 bytes to "worker"\n',
  });
  assertMatch((await node.end()).output, /^ended$/m);
});

Deno.test("an input without end is refused, not read for ever", async () => {
  const line = shellLine(cliCommand("send", "worker", "-"));
  const { code, error } = await runProgram(["sh", "-c", `yes 1 | ${line}`]);
  assertEquals(code, 1);
  assertMatch(error, /\[MESSAGE_TOO_LARGE\]/);
});

Deno.test("a reader that is gone is no failure", async () => {
  const line = shellLine(cliCommand("help"));
  const { code, error } = await runProgram([
    "sh",
    "-c",
    `{ ${line}; echo "code $?" >&2; } | true`,
  ]);
  assertEquals([code, error], [0, "code 0\n"]);
});

Deno.test("watch ends when it prints what nobody reads any more", async () => {
  await using pmd = await RealPmd.start();
  await pmd.register({ alias: "first" });
  const watch = cliCommand("pmd", "watch", "--json", "--port", pmd.port);
  await using pipe = new Running([
    "sh",
    "-c",
    // The pipe has no reader once the shell has closed its own end, too.
    `${shellLine(watch)} | { head -n 1; exec <&-; echo "head ended"; }`,
  ]);
  await pipe.says("head ended");
  await pmd.register({ alias: "second" });
  const { code, stdout } = await pipe.end();
  assertEquals(code, 0);
  const [line = "", ...rest] = stdout.split("\n");
  assertEquals(JSON.parse(line).node.alias, "first");
  assertEquals(rest, ["head ended", ""]);
});

Deno.test("SIGINT, SIGTERM and SIGHUP are the ordinary end of a watch", async () => {
  await using pmd = await RealPmd.start();
  await pmd.register({ alias: "worker" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    await using watch = new Running(
      cliCommand("pmd", "watch", "--port", pmd.port),
    );
    await watch.says("present  worker");
    process.kill(watch.child.pid ?? 0, signal);
    assertEquals((await watch.end()).code, 0, signal);
  }
});

Deno.test("a PMD that is started outlives the command, and can be killed", async () => {
  const started = await runCli("pmd start --port 0 --json");
  const { started: isNew, port, pid } = JSON.parse(started.out);
  try {
    assertEquals([started.code, started.error, isNew], [0, "", true]);
    process.kill(pid, 0);
    const again = await runCli(`pmd start --port ${port}`);
    assertEquals(again, {
      code: 0,
      out: `PMD already runs on 127.0.0.1:${port} (pid ${pid})\n`,
      error: "",
    });
  } finally {
    const killed = await runCli(`pmd kill --port ${port}`);
    assertEquals(killed, {
      code: 0,
      out: `PMD shut down on 127.0.0.1:${port} (pid ${pid})\n`,
      error: "",
    });
  }
  assertEquals((await runCli(`pmd list --port ${port}`)).code, 5);
});

Deno.test("a PMD in the foreground is this process, until it is told to end", async () => {
  await using pmd = new Running(
    cliCommand("pmd", "start", "--foreground", "--port", 0),
  );
  await pmd.says(`(pid ${pmd.child.pid})\n`);
  pmd.kill("SIGTERM");
  const { code, output, stdout } = await pmd.end();
  assertEquals(code, 0);
  assertEquals(output, `${stdout}PMD ended\n`);
});

Deno.test({
  name: "output that cannot be written is a failure",
  ignore: !existsSync("/dev/full"),
  async fn() {
    await using pmd = await RealPmd.start();
    await pmd.register();
    for (const verb of ["list", "watch"]) {
      const line = shellLine(cliCommand("pmd", verb, "--port", pmd.port));
      const { code, error } = await runProgram([
        "sh",
        "-c",
        `${line} > /dev/full`,
      ]);
      assertEquals(code, 1, verb);
      assertMatch(error, /^Cannot write the output: .*space.*\n$/i);
    }
  },
});
