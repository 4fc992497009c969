import { currentPlatform } from "../../src/platform/mod.ts";
import { PmdClient } from "../../src/pmd/client.ts";
import type { Bar, Result, Series } from "./measure.ts";
import { Program } from "./program.ts";
import type { Runtime } from "./runtime.ts";
import { freePorts } from "./systems/bare_socket.ts";

/** What one round measured, in milliseconds. */
interface Round {
  /** `NodeRuntime.start()` where no PMD runs. */
  readonly cold: number;
  /** `NodeRuntime.start()` where a PMD runs. */
  readonly warm: number;
  /** What listening, connecting and one exchange take without a library. */
  readonly floor: number;
  /** From the moment that a peer had started until a watcher told of it. */
  readonly join: number;
  /** From a peer's kill until a watcher told that it left. */
  readonly leave: number;
  /** From a process's kill until its connection was seen to close. */
  readonly close: number;
  /** From the spawn of a PMD until it is ready. */
  readonly pmd: number;
  /** From the spawn of a bare listening process until it is ready. */
  readonly bare: number;
}

/** How long it takes to be there, to be seen, and to be missed. */
export async function* startBench(
  runtime: Runtime,
  repeats: number,
): AsyncGenerator<Result> {
  const rounds: Round[] = [];
  for (let number = 0; number < repeats; number++) {
    rounds.push(await measure(runtime));
  }
  const series = (name: string, key: keyof Round, bar?: Bar): Series => ({
    name,
    values: rounds.map((round) => round[key]),
    ...(bar === undefined ? {} : { bar }),
  });
  const results: [workload: string, ...Series[]][] = [
    [
      "NodeRuntime.start() where no PMD runs",
      series("start", "cold", {
        atMost: runtime.name.startsWith("deno") ? 150 : 250,
      }),
    ],
    [
      "NodeRuntime.start() where a PMD runs",
      series("start", "warm", { atMost: 10 }),
      series("bare sockets: listen, connect, ask once", "floor"),
    ],
    [
      "from the spawn of a process until it is ready",
      series("PMD", "pmd"),
      series("bare listening process", "bare", { atMost: 1.2 }),
    ],
    [
      "peer:join, after start() of the peer has resolved",
      series("watcher", "join", { atMost: 10 }),
    ],
    [
      "peer:leave, after the peer was killed",
      series("watcher", "leave"),
      series("close of a bare socket", "close", { atMost: 2 }),
    ],
  ];
  for (const [workload, ...rows] of results) {
    yield {
      benchmark: "start",
      workload,
      unit: "ms",
      runtime: runtime.name,
      series: rows,
    };
  }
}

async function measure(runtime: Runtime): Promise<Round> {
  const pmdPort = await freePorts(2);
  const start = (alias: string): Program => {
    const spec = JSON.stringify({ pmdPort, alias });
    return new Program([...runtime.command("start"), spec]);
  };
  await using watcher = start("watcher");
  const cold = await watcher.next<number>("took");
  const floor = await timeOfFloor(runtime, pmdPort + 1);
  await using peer = start("peer");
  const warm = await peer.next<number>("took");
  const startedAt = await peer.next<number>("started");
  const join = await watcher.next<number>("join") - startedAt;
  const killedAt = nowMs();
  peer.child.kill("SIGKILL");
  const leave = await watcher.next<number>("leave") - killedAt;
  await watcher.end();
  await endPmd(pmdPort);
  const bare = await timeToReady(runtime.command("listen"), "ready");
  const pmd = await timeToReady(
    [...runtime.command("../../../pmd"), "--port", String(pmdPort + 1)],
    "PMD ready",
  );
  const close = await timeToClose(runtime);
  return { cold, warm, floor, join, leave, close, pmd, bare };
}

async function timeToReady(
  command: readonly string[],
  line: string,
): Promise<number> {
  const startedAt = performance.now();
  await using program = new Program(command);
  await program.line(line);
  return performance.now() - startedAt;
}

async function timeOfFloor(runtime: Runtime, port: number): Promise<number> {
  await using echo = new Program([...runtime.command("echo_json"), `${port}`]);
  await echo.line("ready");
  const command = [...runtime.command("bare_start"), String(port)];
  await using program = new Program(command);
  return await program.next<number>("took");
}

/** What the system and a bare socket need to notice that a process is gone. */
async function timeToClose(runtime: Runtime): Promise<number> {
  await using server = new Program(runtime.command("listen"));
  const port = await server.next<number>("ready");
  await using client = new Program([...runtime.command("listen"), `${port}`]);
  await client.next("connected");
  const killedAt = nowMs();
  client.child.kill("SIGKILL");
  return await server.next<number>("closed") - killedAt;
}

async function endPmd(port: number): Promise<void> {
  await using client = await PmdClient.open({
    address: { hostname: "127.0.0.1", port },
    platform: currentPlatform(),
    timeoutMs: 5000,
  });
  await client.shutdown(true);
}

/** Milliseconds since 1970, finer than the wall clock; the same in all. */
function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
