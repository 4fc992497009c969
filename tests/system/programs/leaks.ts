// Does one thing over and over, and tells what the process holds before and
// after: leaks.ts pmd|node|lives COUNT. Needs a collector that can be called.
// Ends by itself, if nothing is left that keeps a process alive.
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import process from "node:process";
import { NodeRuntime, PmdServer } from "../../../mod.ts";
import { silentLogger } from "../../../src/log/mod.ts";
import { currentPlatform } from "../../../src/platform/mod.ts";
import { frame } from "../../wire/support/raw_socket.ts";
import { ownPlatform } from "../besieged.ts";

const [scenario = "", countText = ""] = process.argv.slice(2);
const count = Number(countText);
/** By then, caches are full and code is compiled. */
const WARM_UP = Math.ceil(count / 5);
const AT_ONCE = 10;
const PATIENCE_MS = 10_000;
/** What of four connections one does not only open and close. */
const KINDS = ["silent", "whole", "lost", "cut"] as const;

const HELLO = {
  type: "hello",
  versions: [1],
  frameBytesMax: 16 * 1024 * 1024,
  runtime: "test/1.0.0",
  pid: 1,
};

const logger = silentLogger;
const pmd = await PmdServer.start({
  port: 0,
  logger,
  platform: ownPlatform(),
});
const settings = {
  pmd: { port: pmd.address.port, mode: "external" as const },
  logger,
};
const anchor = await NodeRuntime.start<number>({
  ...settings,
  alias: "anchor",
  platform: ownPlatform(),
});
let messageCount = 0;
anchor.onMessage((message, { from }) => {
  messageCount++;
  return scenario === "lives" ? anchor.send(from, message) : undefined;
});

/** Opens a connection, does with it what `kind` says, and sees it closed. */
async function connect(
  port: number,
  kind: typeof KINDS[number],
  hello: unknown,
  message: unknown,
): Promise<void> {
  const { transport } = currentPlatform();
  const address = { hostname: "127.0.0.1", port };
  const connection = await transport.connect(address, { timeoutMs: 10_000 });
  await new Promise<void>((closed) => {
    let hasAnswer = false;
    connection.start({
      data() {
        if (hasAnswer) return;
        hasAnswer = true;
        if (kind === "lost") connection.close();
        else connection.end();
      },
      drain() {},
      end: () => connection.end(),
      close: () => closed(),
    });
    if (kind === "silent") return connection.close();
    connection.write(frame(hello));
    if (kind === "whole") connection.write(frame(message));
    if (kind === "cut") connection.write(frame(message).subarray(0, 5));
  });
}

async function connectToPmd(kind: typeof KINDS[number], worker: number) {
  const { port } = pmd.address;
  const hello = { ...HELLO, protocol: "distflow-pmd" };
  const node = identity(worker);
  const request = { id: 1, type: "register", attempt: 1, node };
  await connect(port, kind, hello, request);
}

async function connectToNode(kind: typeof KINDS[number], worker: number) {
  const node = identity(worker);
  const hello = {
    ...HELLO,
    protocol: "distflow-node",
    node,
    link: { id: `link-${node.incarnation}` },
  };
  await connect(anchor.address.port, kind, hello, [1]);
}

let lastIncarnation = 0;

/** Each worker is one peer that comes back again and again. */
function identity(worker: number) {
  return {
    nodeId: `worker-${worker}`,
    incarnation: ++lastIncarnation,
    host: "127.0.0.1",
    port: 4000,
    pid: 1,
    runtime: "test/1.0.0",
  };
}

/**
 * Starts the node of this process, has a message answered, and ends it. It is
 * the same node each time: peers remember where the last 10,000 others were.
 */
async function live(): Promise<void> {
  await using node = await NodeRuntime.start<number>({
    ...settings,
    nodeId: "mayfly",
    incarnation: ++lastIncarnation,
  });
  const answered = new Promise((resolve) => node.onMessage(resolve));
  await node.send("anchor", 1);
  await answered;
}

async function repeat(rounds: number): Promise<void> {
  if (scenario === "lives") {
    for (let round = 0; round < rounds; round++) await live();
    return;
  }
  const act = scenario === "pmd" ? connectToPmd : connectToNode;
  let next = 0;
  const work = async (_: unknown, worker: number): Promise<void> => {
    while (next < rounds) {
      await act(KINDS[next++ % KINDS.length] ?? "whole", worker);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

/** Resolves when the PMD and the node know of no connection but their own. */
async function settle(): Promise<void> {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) throw new Error("Start it with --expose-gc");
  const startedAt = performance.now();
  while (pmd.status().connectionCount > 1 || anchor.stats.linkCount > 0) {
    if (performance.now() - startedAt > PATIENCE_MS) {
      throw new Error(`Left over: ${JSON.stringify(pmd.status())}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  for (let turn = 0; turn < 5; turn++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/**
 * How many TCP sockets this process has open, as Linux tells; 0 elsewhere. Deno
 * opens a pair of others at a time of its own choice.
 */
function countSockets(): number {
  const descriptors = "/proc/self/fd";
  if (!existsSync(descriptors)) return 0;
  const lines = readFileSync("/proc/net/tcp", "utf8").split("\n");
  const inodes = new Set(lines.map((line) => line.trim().split(/\s+/)[9]));
  return readdirSync(descriptors).filter((descriptor) => {
    try {
      const target = readlinkSync(`${descriptors}/${descriptor}`);
      return inodes.has(/^socket:\[(\d+)\]$/.exec(target)?.[1] ?? "none");
    } catch {
      // The folder's own descriptor is closed by now.
      return false;
    }
  }).length;
}

async function tell(what: string): Promise<void> {
  await settle();
  const { external, heapUsed, rss } = process.memoryUsage();
  const figures = {
    heapKib: Math.round((heapUsed + external) / 1024),
    rssKib: Math.round(rss / 1024),
    socketCount: countSockets(),
    messageCount,
    nodeCount: pmd.status().nodeCount,
    violationCount: pmd.status().violationCount,
  };
  console.log(`${what} ${JSON.stringify(figures)}.`);
}

await repeat(WARM_UP);
await tell("before");
await repeat(count - WARM_UP);
await tell("after");
await anchor.shutdown();
await pmd.shutdown();
