import { execFileSync } from "node:child_process";
import process from "node:process";
import { PmdServer } from "../../mod.ts";
import { Cast } from "./cast.ts";
import { Crowd } from "./crowd.ts";
import type { Result } from "./measure.ts";
import { Program } from "./program.ts";
import type { Runtime } from "./runtime.ts";

const MIB = 2 ** 20;
/** So many are there before: what a first one costs once does not count. */
const FIRST_LINK_COUNT = 500;
const LINK_COUNT = 2000;
const STOP_MS = 5000;
const SAMPLE_MS = 100;
/**
 * Two thirds of it are compared. V8 makes its young generation greater now and
 * then, by up to 72 MiB on Node.js 24, until 30 million have passed; then both
 * processes stay within 7 % of it up to 150 million (2026-11).
 */
const FLAT_COUNT = 90_000_000;

/** What nodes and links take while they idle, and what traffic adds. */
export async function* memoryBench(
  runtime: Runtime,
  repeats: number,
): AsyncGenerator<Result> {
  const common = { benchmark: "memory", runtime: runtime.name };
  const idle: Idle[] = [];
  const stopped: number[] = [];
  for (let round = 0; round < repeats; round++) {
    idle.push(await measureIdle(runtime));
    stopped.push(await measureStopped(runtime));
  }
  yield {
    ...common,
    workload: "an idle node, more than a bare listening process",
    unit: "MiB",
    series: [{
      name: "idle node",
      values: idle.map(({ nodeMib }) => nodeMib),
      bar: { atMost: 6 },
    }],
  };
  for (const side of ["accepted", "dialed"] as const) {
    yield {
      ...common,
      workload:
        `each of ${LINK_COUNT} more idle links, on the side that ${side}`,
      unit: "KiB",
      series: [{
        name: "idle link",
        values: idle.map((round) => round[`${side}Kib`]),
        bar: { atMost: 20 },
      }],
    };
  }
  yield {
    ...common,
    workload: "a sender whose receiver is stopped for 5 s, more than before",
    unit: "MiB",
    series: [{ name: "sender", values: stopped, bar: { atMost: 32 } }],
  };
  const flat = await measureFlat(runtime);
  for (const [name, ratio] of Object.entries(flat)) {
    yield {
      ...common,
      workload:
        `90 million messages, 100 B: the ${name}'s last third by the second`,
      unit: "ratio of peaks",
      series: [{ name, values: [ratio], bar: { atMost: 1.1 } }],
    };
  }
}

interface Idle {
  readonly nodeMib: number;
  readonly acceptedKib: number;
  readonly dialedKib: number;
}

async function measureIdle(runtime: Runtime): Promise<Idle> {
  await using pmd = await PmdServer.start({ port: 0 });
  const pmdPort = pmd.address.port;
  const start = (kind: string): Program =>
    new Program([
      ...runtime.command("idle"),
      JSON.stringify({ kind, pmdPort }),
    ]);
  await using bare = start("bare");
  await bare.next("open");
  const bareBytes = await rssOf(bare);
  await bare.end();

  await using acceptor = start("node");
  const port = await acceptor.next<number>("open");
  const nodeBytes = await rssOf(acceptor);
  await using dialers = new Crowd();
  await dialers.dial(FIRST_LINK_COUNT, port);
  const beforeAccepted = await rssOf(acceptor);
  await dialers.dial(LINK_COUNT, port);
  const accepted = await rssOf(acceptor) - beforeAccepted;
  await acceptor.end();

  await using dialer = start("node");
  await dialer.next("open");
  await using acceptors = new Crowd();
  await acceptors.register(FIRST_LINK_COUNT + LINK_COUNT, pmdPort);
  const dial = async (from: number, count: number): Promise<number> => {
    dialer.tell(`dial ${from} ${count}`);
    await dialer.next("dialed");
    return await rssOf(dialer);
  };
  const before = await dial(0, FIRST_LINK_COUNT);
  const dialed = await dial(FIRST_LINK_COUNT, LINK_COUNT) - before;
  await dialer.end();
  return {
    nodeMib: (nodeBytes - bareBytes) / MIB,
    acceptedKib: accepted / LINK_COUNT / 1024,
    dialedKib: dialed / LINK_COUNT / 1024,
  };
}

async function rssOf(program: Program): Promise<number> {
  program.tell("rss");
  return await program.next<number>("rss");
}

/** Two peers with one link; the second one sends, and awaits each send. */
async function startPair(runtime: Runtime, count: number): Promise<Cast> {
  const common = { size: 100, count, awaits: true };
  const cast = await Cast.start(runtime, "distflow", "traffic", [
    { ...common, self: 0, targets: [], senders: [1] },
    { ...common, self: 1, targets: [0], senders: [] },
  ]);
  await cast.tell("meet", "met");
  cast.peer(1).tell("go");
  return cast;
}

/** Peak of the sender while its receiver is stopped, more than before, in MiB. */
async function measureStopped(runtime: Runtime): Promise<number> {
  await using pair = await startPair(runtime, 2_000_000);
  const [receiver, sender] = [pair.peer(0), pair.peer(1)];
  const before = await peakRss(sender, 1000);
  process.kill(receiver.pid, "SIGSTOP");
  const during = await peakRss(sender, STOP_MS);
  process.kill(receiver.pid, "SIGCONT");
  // It fails if a message was lost.
  await receiver.next("received");
  await pair.end();
  return (during - before) / MIB;
}

/** How peaks of both processes grow while very many messages pass. */
async function measureFlat(
  runtime: Runtime,
): Promise<{ sender: number; receiver: number }> {
  await using pair = await startPair(runtime, FLAT_COUNT);
  const samples = { sender: [] as number[], receiver: [] as number[] };
  let hasEnded = false;
  const end = pair.peer(0).next("received").then(() => hasEnded = true);
  while (!hasEnded) {
    samples.receiver.push(processRss(pair.peer(0).pid));
    samples.sender.push(processRss(pair.peer(1).pid));
    await delay(SAMPLE_MS);
  }
  await end;
  await pair.end();
  const growth = (values: number[]): number => {
    const third = Math.floor(values.length / 3);
    return Math.max(...values.slice(-third)) /
      Math.max(...values.slice(third, -third));
  };
  return { sender: growth(samples.sender), receiver: growth(samples.receiver) };
}

async function peakRss(program: Program, durationMs: number): Promise<number> {
  let peak = 0;
  for (let passedMs = 0; passedMs < durationMs; passedMs += SAMPLE_MS) {
    peak = Math.max(peak, processRss(program.pid));
    await delay(SAMPLE_MS);
  }
  return peak;
}

/** A process's resident memory, in bytes. */
function processRss(pid: number): number {
  const kib = execFileSync("ps", ["-o", "rss=", "-p", String(pid)]);
  return Number(String(kib)) * 1024;
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
