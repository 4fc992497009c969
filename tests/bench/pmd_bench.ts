import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";
import { currentPlatform } from "../../src/platform/mod.ts";
import { PmdClient } from "../../src/pmd/client.ts";
import { hasCommand, untilSomebodyListens } from "./cast.ts";
import type { Bar, Result } from "./measure.ts";
import { Program } from "./program.ts";
import type { Runtime } from "./runtime.ts";
import { freePorts } from "./systems/bare_socket.ts";
import { repeat } from "./traffic_bench.ts";

type Kind =
  | "resolves"
  | "echo"
  | "lookups"
  | "echo-lookups"
  | "epmd"
  | "registrations"
  | "events";

const COUNTS: Record<Kind, number> = {
  resolves: 1_000_000,
  echo: 1_000_000,
  lookups: 20_000,
  "echo-lookups": 20_000,
  epmd: 20_000,
  registrations: 5000,
  events: 20_000,
};

/** What is not asked of the PMD. */
const TARGETS: Partial<Record<Kind, "echo" | "epmd">> = {
  echo: "echo",
  "echo-lookups": "echo",
  epmd: "epmd",
};

type Row = readonly [title: string, kind: Kind, bar?: Bar];

const EPMD: Row = ["epmd", "epmd", { atLeast: 0.75 }];

/** What a PMD answers in a second, beside sockets and Erlang's epmd. */
export async function* pmdBench(
  runtime: Runtime,
  repeats: number,
): AsyncGenerator<Result> {
  await using stack = new AsyncDisposableStack();
  const port = await freePorts(3);
  const ports = { pmd: port, echo: port + 1, epmd: port + 2 };
  const pmd = [...runtime.command("../../../pmd"), "--port", `${ports.pmd}`];
  await startsWith(stack, new Program(pmd), "PMD ready");
  const echo = [...runtime.command("echo_json"), `${ports.echo}`];
  await startsWith(stack, new Program(echo), "ready");
  await register(stack, ports.pmd);
  const hasEpmd = await startEpmd(stack, ports.epmd);

  const compare = async (
    workload: string,
    rows: readonly Row[],
  ): Promise<Result> => {
    const runs = await repeat(repeats, rows, ([, kind]) => {
      return load(runtime, kind, ports[TARGETS[kind] ?? "pmd"]);
    });
    return {
      benchmark: "pmd",
      workload,
      unit: "1/s",
      runtime: runtime.name,
      series: rows.map((row) => {
        const [name, , bar] = row;
        const values = runs.get(row) ?? [];
        return bar === undefined ? { name, values } : { name, values, bar };
      }),
    };
  };
  yield await compare("resolves over one connection, 64 in flight", [
    ["PMD", "resolves"],
    ["bare JSON request and reply", "echo", { atLeast: 0.7 }],
  ]);
  yield await compare("a connection for each resolve", [
    ["PMD", "lookups"],
    ["bare JSON request and reply", "echo-lookups"],
    ...(hasEpmd ? [EPMD] : []),
  ]);
  yield await compare("registrations, each over its own connection", [
    ["PMD", "registrations"],
  ]);
  yield await compare("events seen by a watcher", [["PMD", "events"]]);
}

async function load(
  runtime: Runtime,
  kind: Kind,
  port: number,
): Promise<number> {
  const spec = JSON.stringify({ kind, port, count: COUNTS[kind] });
  await using program = new Program([...runtime.command("pmd_load"), spec]);
  return await program.next<number>("rate");
}

async function startsWith(
  stack: AsyncDisposableStack,
  program: Program,
  line: string,
): Promise<void> {
  stack.use(program);
  await program.line(line);
}

/** The node that is asked for. */
async function register(
  stack: AsyncDisposableStack,
  port: number,
): Promise<void> {
  const client = await PmdClient.open({
    address: { hostname: "127.0.0.1", port },
    platform: currentPlatform(),
    timeoutMs: 10_000,
  });
  stack.use(client);
  const about = { host: "127.0.0.1", port: 1, incarnation: 1, pid: 1 };
  const name = { nodeId: "bench", alias: "worker", runtime: "bench/1" };
  await client.register({ ...about, ...name });
  const beat = setInterval(() => void client.heartbeat(), 5000);
  stack.defer(() => clearInterval(beat));
}

/** Starts an epmd that knows a node, if it is installed. */
async function startEpmd(
  stack: AsyncDisposableStack,
  port: number,
): Promise<boolean> {
  if (!hasCommand("epmd")) return false;
  const env = { ERL_EPMD_PORT: String(port), ERL_EPMD_ADDRESS: "127.0.0.1" };
  stack.use(new Program(["epmd"], env));
  await untilSomebodyListens(port);
  // ALIVE2_REQ: port 1, a visible node, TCP, versions 6 and 5, its name.
  const about = [120, 0, 1, 77, 0, 0, 6, 0, 5, 0, 6];
  const name = Buffer.from("worker");
  const body = Buffer.concat([Buffer.from(about), name, Buffer.from([0, 0])]);
  const socket: Socket = connect(port, "127.0.0.1");
  stack.defer(() => void socket.destroy());
  socket.write(Buffer.concat([Buffer.from([0, body.length]), body]));
  await new Promise((resolve) => socket.once("data", resolve));
  return true;
}
