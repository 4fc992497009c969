// The commands on a simulated machine, where processes, ids and times are the
// same in each run: what people see is compared word by word.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { helpText } from "../../src/cli/help.ts";
import { assertGolden, CliWorld, FakeTerminal, Transcript } from "./support.ts";

/** A PMD, a node with an alias, one without, and one that means harm. */
async function threeNodes(): Promise<CliWorld> {
  const cli = new CliWorld();
  await cli.startPmd();
  await cli.startNode({ alias: "worker", nodeId: "a1b2c3", port: 4001 });
  await cli.world.run(65_000);
  await cli.startNode({ nodeId: "d4e5f6", port: 4002 });
  await cli.world.run(4000);
  await cli.startNode(
    { alias: "evil", nodeId: "evil-1", port: 4003 },
    { runtime: "\u001b[31mred\u001b[2J\nFORGED  row" },
  );
  await cli.world.run(1500);
  return cli;
}

Deno.test("tables and lists for people", async () => {
  const cli = await threeNodes();
  const transcript = new Transcript();
  for (
    const line of [
      "pmd list",
      "pmd resolve worker",
      "pmd resolve d4e5f6",
      "pmd resolve worker@127.0.0.1",
      "pmd status",
      "version",
    ]
  ) transcript.add(line, await cli.run(line));
  assertGolden("people", normalized(String(transcript)));
});

Deno.test("a terminal gets colours, and no line wider than it is", async () => {
  const cli = await threeNodes();
  const terminal = () => new FakeTerminal({ columns: 72 });
  const { out } = await cli.run("pmd list", { terminal: terminal() });
  assertGolden("terminal", out.replaceAll("\u001b", "<ESC>"));
  // deno-lint-ignore no-control-regex
  const plain = out.replace(/\u001b\[\d+m/g, "");
  for (const line of plain.split("\n")) assert([...line].length <= 72, line);

  for (
    const [args, env] of [
      ["pmd list --no-color", {}],
      ["pmd list", { NO_COLOR: "1" }],
      ["pmd list", { TERM: "dumb" }],
    ] as const
  ) {
    const ending = await cli.run(args, { terminal: terminal(), env });
    assertEquals(ending.out, plain);
  }
});

Deno.test("a terminal too narrow for all columns gets the first, and a note", async () => {
  const cli = await threeNodes();
  const terminal = new FakeTerminal({ columns: 40 });
  const { out, error } = await cli.run("pmd list --no-color", { terminal });
  assertEquals(
    out.split("\n")[0]?.split(/ +/),
    ["ALIAS", "NODE", "ADDRESS", "PID"],
  );
  for (const line of out.split("\n")) assert([...line].length <= 40, line);
  assertEquals(
    error,
    "Too narrow for RUNTIME, UPTIME, HEARTBEAT: see --json\n",
  );
});

Deno.test("errors are red on a terminal, and one line", async () => {
  const cli = new CliWorld();
  await cli.startPmd();
  const terminal = new FakeTerminal({ columns: 80 });
  const { code, error } = await cli.run("pmd resolve x", { terminal });
  assertEquals(code, 3);
  assertStringIncludes(error, "\u001b[31mdistflow:\u001b[39m Cannot find");
  assertEquals(error.split("\n").length, 2);
});

Deno.test("who names no command is shown all of them, on standard error", async () => {
  const cli = new CliWorld();
  for (const [args, topic] of [[[], ""], [["pmd"], "pmd"]] as const) {
    const ending = await cli.run(args);
    assertEquals(ending, { code: 2, out: "", error: helpText(topic) });
  }
  const { code, error } = await cli.run("pmd --json");
  assertEquals([code, JSON.parse(error).error.code], [2, "USAGE"]);
});

Deno.test("what goes wrong is told in one line, with a code", async () => {
  const cli = await threeNodes();
  const transcript = new Transcript();
  for (
    const line of [
      "pmd resolve nobody",
      "pmd kill",
      "send nobody 1",
      "send worker hello",
      "send worker 1 --as evil",
      "pmd list --port 4444",
      "send worker 1 --port 4444",
      "pmd start --host 0.0.0.0",
      "pmd lst",
    ]
  ) {
    const ending = await cli.run(line);
    assertEquals(ending.out, "");
    transcript.add(line, ending);
  }
  assertGolden("failures", normalized(String(transcript)));
});

Deno.test("with --json, what goes wrong is one line of JSON", async () => {
  const cli = await threeNodes();
  const transcript = new Transcript();
  for (
    const line of [
      "pmd resolve nobody --json",
      "pmd kill --json",
      "pmd list --json --port 4444",
      "pmd list --json --port 444444",
    ]
  ) {
    const ending = await cli.run(line);
    const { error } = JSON.parse(ending.error);
    assertEquals(error.exitCode, ending.code);
    assert(typeof error.message === "string");
    transcript.add(line, ending);
  }
  assertGolden("failures_json", normalized(String(transcript)));
});

Deno.test("a list for programs has every field, and null for no alias", async () => {
  const cli = await threeNodes();
  const { code, out, error } = await cli.run("pmd list --json");
  assertEquals([code, error], [0, ""]);
  assertEquals(out.split("\n").length, 2);
  const nodes = JSON.parse(out);
  assertEquals(nodes.length, 3);
  assertEquals(
    nodes.map((node: { alias: unknown }) => node.alias),
    ["worker", null, "evil"],
  );
  const [{ registeredAtMs, uptimeMs, heartbeatAgeMs, pid, ...rest }] = nodes;
  assertEquals(rest, {
    alias: "worker",
    nodeId: "a1b2c3",
    host: "127.0.0.1",
    port: 4001,
    runtime: "sim/1.0.0",
    incarnation: 1,
  });
  for (const number of [registeredAtMs, uptimeMs, heartbeatAgeMs, pid]) {
    assert(Number.isSafeInteger(number) && number >= 0, `${number}`);
  }
  assert(uptimeMs > 70_000 && uptimeMs < 71_000, `${uptimeMs}`);
  assertEquals(nodes[2].runtime, "\u001b[31mred\u001b[2J\nFORGED  row");
  // deno-lint-ignore no-control-regex
  assert(!/[\u0000-\u0009\u000b-\u001f]/.test(out), "no control characters");
});

Deno.test("one node for programs is as in the list", async () => {
  const cli = await threeNodes();
  const keys = (text: string) => Object.keys(JSON.parse(text)[0] ?? {});
  const list = await cli.run("pmd list --json");
  const node = await cli.run("pmd resolve worker --json");
  assertEquals(keys(`[${node.out}]`), keys(list.out));
});

Deno.test("a list without nodes is a header, a note, and [] for programs", async () => {
  const cli = new CliWorld();
  await cli.startPmd();
  const transcript = new Transcript();
  for (const line of ["pmd list", "pmd list --quiet", "pmd list --json"]) {
    transcript.add(line, await cli.run(line));
  }
  assertGolden("empty", String(transcript));
});

Deno.test("a status for programs has every field", async () => {
  const cli = await threeNodes();
  const { out } = await cli.run("pmd status --json");
  const { pmdId, pid, uptimeMs, requestCount, ...rest } = JSON.parse(out);
  assert(/^[0-9a-f]{16}$/.test(pmdId));
  for (const number of [pid, uptimeMs, requestCount]) assert(number > 0);
  assertEquals(rest, {
    host: "127.0.0.1",
    port: 4369,
    runtime: "sim/1.0.0",
    protocolVersion: 1,
    embedded: false,
    nodeCount: 3,
    connectionCount: 4,
    watcherCount: 3,
    violationCount: 0,
  });
});

Deno.test("start, kill and start again", async () => {
  const cli = new CliWorld();
  const transcript = new Transcript();
  const run = async (line: string) => transcript.add(line, await cli.run(line));
  await run("pmd start");
  await run("pmd start");
  await run("pmd start --json");
  await run("pmd kill");
  await run("pmd list");
  await run("pmd start --port 4444 --json");
  await cli.startNode({ alias: "worker", pmd: { port: 4444 } });
  await run("pmd kill --port 4444");
  await run("pmd kill --port 4444 --force");
  await run("pmd start --foreground --port 4445 --idle-exit-ms 2000");
  assertGolden("start_and_kill", normalized(String(transcript)));
});

Deno.test("where no process can be started, --foreground is the way out", async () => {
  const cli = new CliWorld();
  const refused = await cli.run("pmd start", { canSpawn: false });
  assertEquals(refused.code, 1);
  assertStringIncludes(refused.error, "Use --foreground");
  assertStringIncludes(refused.error, "[SPAWN_UNAVAILABLE]");

  const { process, ended } = cli.begin("pmd start --foreground", {
    canSpawn: false,
  });
  await cli.world.until(() => process.output.length > 0);
  assertEquals((await cli.run("pmd status")).code, 0);
  process.signal("SIGTERM");
  const { code, error } = await cli.world.until(ended);
  assertEquals([code, error], [0, "PMD ended\n"]);
  assertEquals((await cli.run("pmd status")).code, 5);
});

Deno.test("start on every address is asked for twice, and found on loopback", async () => {
  const cli = new CliWorld();
  const started = await cli.run("pmd start --host 0.0.0.0 --insecure");
  assertEquals(started.code, 0);
  const again = await cli.run("pmd start --host 0.0.0.0 --insecure --json");
  assertEquals(JSON.parse(again.out).started, false);
});

Deno.test("send delivers, leaves nothing behind, and says who sent it", async () => {
  const cli = new CliWorld();
  await cli.startPmd();
  const { node } = await cli.startNode({ alias: "worker" });
  const received: unknown[] = [];
  node.onMessage((message, meta) => void received.push([message, meta]));

  const plain = await cli.run(["send", "worker", '{"type": "HELLO"}']);
  assertEquals(plain, {
    code: 0,
    out: "",
    error: 'Sent 16 bytes to "worker"\n',
  });
  const named = await cli.run("send worker 7 --as boss --json");
  const { from, ...rest } = JSON.parse(named.out);
  assertEquals(rest, { sent: true, target: "worker", byteCount: 1 });
  assertEquals(named.error, "");
  const quiet = await cli.run("send worker null --quiet");
  assertEquals(quiet, { code: 0, out: "", error: "" });

  assertEquals(received.length, 3);
  assertEquals(received[1], [7, { from, alias: "boss" }]);
  const { out } = await cli.run("pmd list --json");
  assertEquals(JSON.parse(out).length, 1, "the senders are gone");
});

Deno.test("send reads standard input", async () => {
  const cli = new CliWorld();
  await cli.startPmd();
  const { node } = await cli.startNode({ alias: "worker" });
  const received: unknown[] = [];
  node.onMessage((message) => void received.push(message));
  const send = (input: string | Uint8Array) =>
    cli.run("send worker -", { terminal: new FakeTerminal({ input }) });

  assertEquals((await send('{"a": [1, 2]}\n')).code, 0);
  assertEquals((await send("not json")).code, 2);
  const nothing = await send("");
  assertEquals(nothing.code, 2);
  assertStringIncludes(nothing.error, "which is nothing");
  const bytes = await send(new Uint8Array([0x22, 0xff, 0x22]));
  assertEquals(bytes.code, 2);
  assertStringIncludes(bytes.error, "which is not UTF-8");
  const large = await send(new Uint8Array(16 * 1024 * 1024 + 1));
  assertEquals(large.code, 1);
  assertStringIncludes(large.error, "[MESSAGE_TOO_LARGE]");
  assertEquals(received, [{ a: [1, 2] }]);
});

Deno.test("a person who is asked for the message is told so", async () => {
  const cli = new CliWorld();
  await cli.startPmd();
  await cli.startNode({ alias: "worker" });
  const terminal = new FakeTerminal({ columns: 80, input: "1" });
  const { error } = await cli.run("send worker - --no-color", { terminal });
  assertEquals(
    error,
    'Type the message as JSON, then Ctrl-D\nSent 1 byte to "worker"\n',
  );
});

Deno.test("send to another machine goes by way of this one's PMD", async () => {
  const cli = new CliWorld();
  await cli.startPmd();
  const here = cli.world.process({
    program: "pmd",
    args: ["--host", "0.0.0.0", "--insecure"],
    hostname: "10.0.0.2",
  });
  await cli.world.until(() => here.output.length > 0);
  const { node } = await cli.startNode(
    { alias: "remote", host: "10.0.0.2", insecure: true },
    { hostname: "10.0.0.2" },
  );
  const received: unknown[] = [];
  node.onMessage((message) => void received.push(message));

  const direct = await cli.run("send remote 1 --host 10.0.0.2");
  assertEquals(direct.code, 4);
  assertStringIncludes(direct.error, 'send to "remote@10.0.0.2" by way of');
  assertEquals((await cli.run("send remote@10.0.0.2 2")).code, 0);
  assertEquals(received, [2]);
  const { out } = await cli.run("pmd resolve remote@10.0.0.2 --json");
  assertEquals(JSON.parse(out).host, "10.0.0.2");
});

Deno.test("a PMD or a node that stands still is a timeout, not silence", async () => {
  const cli = new CliWorld();
  const pmd = await cli.startPmd();
  const { process } = await cli.startNode({ alias: "frozen" });
  const check = async (line: string) => {
    const startedAtMs = cli.world.nowMs;
    const ending = await cli.run(`${line} --timeout 1000`, { givesUp: true });
    assertEquals(ending.code, 6, line);
    assertStringIncludes(ending.error, "it took longer than 1000 ms");
    assertStringIncludes(ending.error, "[TIMEOUT]");
    const tookMs = cli.world.nowMs - startedAtMs;
    assert(tookMs > 999 && tookMs < 1100, `${tookMs} ms`);
  };
  process.freeze();
  await check("send frozen 1");
  pmd.freeze();
  for (
    const verb of ["list", "status", "resolve x", "kill", "watch", "start"]
  ) {
    await check(`pmd ${verb}`);
  }
});

Deno.test("a node that took the message but does not end the link is in doubt", async () => {
  const cli = new CliWorld();
  await cli.startPmd();
  const { node, process } = await cli.startNode({ alias: "busy" });
  node.onMessage(() => process.freeze());
  const ending = await cli.run("send busy 1");
  assertEquals(ending.code, 6);
  assertStringIncludes(ending.error, 'Cannot tell whether "busy" took');
});

/** What is drawn, counted or stamped, and is not the same in every version. */
function normalized(text: string): string {
  return text.replace(/^(ID +)[0-9a-f]{16}$/gm, "$1<pmdId>")
    .replace(/^(REQUESTS +)\d+$/gm, "$1<count>")
    .replace(/since [-0-9T:.]+Z/g, "since <time>");
}
