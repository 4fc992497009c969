// The PMD's program as a real process: what it says, how it ends, and what
// becomes of a start where something else holds the port.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { connect, createServer, type Server, type Socket } from "node:net";
import process from "node:process";
import { VERSION } from "../../src/base/version.ts";
import {
  cliCommand,
  RealPmd,
  runCli,
  runProgram,
  shellLine,
} from "../cli/processes.ts";
import { freePort, Running } from "../packages/support.ts";
import { scriptCommand } from "../support/script.ts";
import { endPmd, pmdClient, startChat } from "./support.ts";

function pmdCommand(...args: (string | number)[]): string[] {
  return scriptCommand("pmd.ts", ...args);
}

/** Serves on a free port while `use` runs. */
async function withServer(
  server: Server,
  use: (port: number) => Promise<void>,
): Promise<void> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {
      // Whoever is not answered may break the connection.
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  try {
    await use(typeof address === "object" ? address?.port ?? 0 : 0);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  }
}

/**
 * A PMD, the command, and a node all say who is in the way, and what to do.
 * Only the command tells with its exit code whether it was kept waiting.
 */
async function assertTaken(port: number, exitCode: 5 | 6 = 5): Promise<void> {
  const told = new RegExp(
    `Cannot use the PMD at 127\\.0\\.0\\.1:${port}: what listens on port ${port} (does not answer like a PMD|says nothing: it is no PMD) .*'pmd\\.port' of a node, --port or DISTFLOW_PMD_PORT`,
  );
  const [pmd, cli, node] = await Promise.all([
    runProgram(pmdCommand("--port", port)),
    runProgram(cliCommand("pmd", "start", "--port", port)),
    startChat("worker", port).end(),
  ]);
  assertEquals([pmd.code, pmd.out], [1, ""]);
  assertMatch(pmd.error, told);
  assert(pmd.error.endsWith(" [PMD_PORT_TAKEN]\n"), pmd.error);
  assertEquals(cli.code, exitCode);
  assertMatch(cli.error, told);
  assertEquals(cli.error.match(/\[[A-Z_]+\]/g), ["[PMD_PORT_TAKEN]"]);
  assertEquals(node.code, 1);
  assertMatch(node.output, told);
}

Deno.test("an HTTP server on the port is named as what it is not", async () => {
  const server = createHttpServer((_, response) => response.end("hello"));
  await withServer(server, assertTaken);
});

Deno.test("one that accepts and never says a word is, too", async () => {
  await withServer(
    createServer((socket) => socket.resume()),
    (port) => assertTaken(port, 6),
  );
});

Deno.test("one that closes each connection at once is, too", async () => {
  await withServer(createServer((socket) => socket.end()), assertTaken);
});

Deno.test("one that breaks each connection at once is, too", async () => {
  const server = createServer((socket) => void socket.resetAndDestroy());
  await withServer(server, assertTaken);
});

Deno.test("a port that an outgoing connection has is told from one that somebody listens on", async () => {
  await withServer(createServer(), async (target) => {
    const socket = connect({ port: target, host: "127.0.0.1" });
    await once(socket, "connect");
    const port = socket.localPort ?? 0;
    const { code, error } = await runProgram(pmdCommand("--port", port));
    assertEquals(code, 1);
    assertMatch(error, new RegExp(`nobody listens on port ${port}, but it is`));
    socket.destroy();
  });
});

const hasEpmd = spawnSync("epmd", ["-names"]).error === undefined;
if (!hasEpmd) console.log("Skipped: there is no epmd of Erlang here");

Deno.test({
  name: "Erlang's own epmd on the port is named as what it is not",
  ignore: !hasEpmd,
  async fn() {
    const port = await freePort();
    await using epmd = new Running(
      ["epmd", "-d", "-d", "-port", String(port), "-address", "127.0.0.1"],
    );
    await epmd.says("entering the main select() loop");
    await assertTaken(port);
    assertEquals(epmd.child.exitCode, null, "epmd goes on");
  },
});

Deno.test("a PMD explains itself, on standard output", async () => {
  for (const flag of ["--help", "-h"]) {
    const { code, out, error } = await runProgram(pmdCommand(flag));
    assertEquals([code, error], [0, ""]);
    assertMatch(out, /^distflow-pmd - .*\n[\s\S]*--idle-exit-ms MS/);
  }
  assertEquals(await runProgram(pmdCommand("--version")), {
    code: 0,
    out: `${VERSION}\n`,
    error: "",
  });
});

Deno.test("what a PMD does not understand ends it with 2, and one line", async () => {
  for (
    const [args, message] of [
      [["--prot", "1"], 'Unknown argument "--prot"'],
      [["--port", "70000"], "--port must be an integer from 0 to 65535: it is"],
      [["--host", "--insecure"], "--host needs a value"],
    ] as const
  ) {
    const { code, out, error } = await runProgram(pmdCommand(...args));
    assertEquals([code, out], [2, ""]);
    assert(error.startsWith(message), error);
    assert(error.endsWith(". See --help\n"), error);
  }
});

Deno.test("the environment says where a PMD listens", async () => {
  const port = await freePort();
  const env = {
    DISTFLOW_PMD_HOST: "localhost",
    DISTFLOW_PMD_PORT: String(port),
  };
  await using pmd = new Running(pmdCommand(), { env });
  await pmd.says(`PMD ready on localhost:${port} (pid ${pmd.child.pid})\n`);
  const wrong = await runProgram(pmdCommand(), {
    env: { DISTFLOW_PMD_PORT: "many" },
  });
  assertEquals(wrong.code, 2);
  assertMatch(wrong.error, /^DISTFLOW_PMD_PORT must be an integer/);
});

Deno.test("SIGTERM, SIGINT and SIGHUP end a PMD with 0, and its port is free", async () => {
  const port = await freePort();
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    // The port that the last one left is the one that the next one takes.
    await using pmd = new Running(pmdCommand("--port", port));
    await pmd.says(`PMD ready on 127.0.0.1:${port}`);
    process.kill(pmd.child.pid ?? 0, signal);
    const { code, output } = await pmd.end();
    assertEquals(code, 0, signal);
    assertEquals(output.split("\n").length, 2, output);
  }
});

Deno.test("a PMD whose output nobody reads any more serves on", async () => {
  await using pmd = await RealPmd.start("--verbose");
  for (const stream of [pmd.running.child.stdout, pmd.running.child.stderr]) {
    assert(stream !== null);
    const closed = once(stream, "close");
    stream.destroy();
    await closed;
  }
  // It logs both the coming and the going of a node.
  await (await pmd.register({ alias: "first" })).close();
  const client = await pmd.register({ alias: "second" });
  assertEquals((await client.list()).length, 1);
  pmd.running.kill("SIGTERM");
  assertEquals((await pmd.running.end()).code, 0);
});

Deno.test("a PMD whose output was closed from the start serves, too", async () => {
  const port = await freePort();
  const line = shellLine(pmdCommand("--verbose", "--port", port));
  await using pmd = new Running(["sh", "-c", `exec ${line} >&-`]);
  await pmd.says("PMD started");
  const client = await pmdClient(port);
  assertEquals((await client.status()).pid, pmd.child.pid);
  await client.shutdown(true);
  await client.close();
  assertEquals((await pmd.end()).code, 0);
});

Deno.test("a PMD without any node ends by itself, but not before", async () => {
  const idleMs = 250;
  await using pmd = await RealPmd.start("--idle-exit-ms", String(idleMs));
  const client = await pmd.register();
  // Each question waits for its answer; the PMD's own clock tells the time.
  while ((await client.status()).uptimeMs < 3 * idleMs) {
    assertEquals(pmd.running.child.exitCode, null);
  }
  await client.close();
  const { code, output } = await pmd.running.end();
  assertEquals(code, 0);
  assertEquals(output.split("\n").length, 2, output);
});

Deno.test("a host that is not of this machine is told from a taken port", async () => {
  // RFC 5737 keeps this network for documentation: no machine has it.
  const args = ["--host", "192.0.2.1", "--insecure", "--port"];
  const port = await freePort();
  const pmd = await runProgram(pmdCommand(...args, port));
  assertEquals([pmd.code, pmd.out], [1, ""]);
  assertMatch(
    pmd.error,
    /^Cannot listen on 192\.0\.2\.1:\d+: .* \[ADDRESS_UNAVAILABLE\]\n$/,
  );
});

Deno.test("every address is refused, unless insecure is asked for", async () => {
  const refused = await runProgram(
    pmdCommand("--host", "0.0.0.0", "--port", 0),
  );
  assertEquals([refused.code, refused.out], [1, ""]);
  assertMatch(
    refused.error,
    /^Cannot start a PMD on 0\.0\.0\.0:0: .* add --insecure .*\[INSECURE_LISTEN\]\n$/,
  );
  await using pmd = await RealPmd.start("--host", "0.0.0.0", "--insecure");
  const client = await pmd.register();
  assertEquals((await client.list()).length, 1);
});

Deno.test({
  name: "a node starts its PMD for whom it listens to itself, and nobody else",
  // Elsewhere, loopback has one address only.
  ignore: process.platform !== "linux",
  async fn() {
    const port = await freePort();
    const status = () => runCli(`pmd status --host 127.0.0.2 --port ${port}`);
    const openNode = scriptCommand("tests/system/programs/open.ts", port);
    try {
      await using node = new Running(openNode);
      await node.says("up");
      const { code, out } = await status();
      assertEquals(code, 0);
      assertMatch(out, /^ADDRESS +127\.0\.0\.2:/);
    } finally {
      await endPmd(port);
    }
    try {
      await using node = startChat("worker", port);
      await node.says("up");
      assertEquals((await status()).code, 5);
    } finally {
      await endPmd(port);
    }
  },
});

/** Linux: ports below this one need a privilege. */
function firstFreePort(): number {
  try {
    const path = "/proc/sys/net/ipv4/ip_unprivileged_port_start";
    return Number(readFileSync(path, "utf8"));
  } catch {
    return 0;
  }
}

/** What takes the privilege from a command that root runs. */
const unprivileged = process.getuid?.() === 0
  ? ["setpriv", "--bounding-set=-net_bind_service"]
  : [];
const canLackPrivilege = firstFreePort() > 81 &&
  (unprivileged.length === 0 ||
    spawnSync("setpriv", ["--version"]).status === 0);
if (!canLackPrivilege) console.log("Skipped: here, all ports are for everyone");

Deno.test({
  name: "a port that needs a privilege is told from a taken one",
  ignore: !canLackPrivilege,
  async fn() {
    const told =
      /Cannot listen on 127\.0\.0\.1:81: .*ports below 1024 .*\[PERMISSION_DENIED\]\n$/;
    const pmd = await runProgram([...unprivileged, ...pmdCommand("--port=81")]);
    assertEquals([pmd.code, pmd.out], [1, ""]);
    assertMatch(pmd.error, told);
    const cli = await runProgram([
      ...unprivileged,
      ...cliCommand("pmd", "start", "--port=81"),
    ]);
    assertEquals([cli.code, cli.out], [1, ""]);
    assertMatch(cli.error, told);
    assertEquals(cli.error.match(/\[[A-Z_]+\]/g), ["[PERMISSION_DENIED]"]);
  },
});

Deno.test("the command tells what a PMD that it started could not do", async () => {
  const args = "pmd start --insecure --host nowhere.invalid --port 0";
  const { code, out, error } = await runCli(args);
  assertEquals([code, out], [1, ""]);
  assertMatch(
    error,
    /^distflow: Cannot listen on nowhere\.invalid:0: there is no such address .*\[ADDRESS_UNAVAILABLE\]\n$/,
  );
});
