/**
 * Four nodes in processes of their own. All of them see who joins and who
 * leaves: one that says goodbye, and one that is killed the hard way.
 *
 * ```sh
 * deno run -A examples/multi_node.ts
 * ```
 *
 * It uses a PMD of its own and ends by itself.
 *
 * @module
 */
import { NodeRuntime, PmdServer } from "@distflow/core";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { fileURLToPath } from "node:url";

type Message = { type: "READY" | "GO" };

const [role, alias = "", port] = process.argv.slice(2);
if (role === "worker") await work(alias, Number(port));
else await lead();

/** A worker ends when it is told to, or when the leader leaves. */
async function work(alias: string, port: number): Promise<void> {
  const node = await startNode(alias, port);
  node.onMessage(({ type }) => type === "GO" && void node.shutdown());
  node.on("peer:leave", (peer) => {
    if (peer.alias === "leader") void node.shutdown();
  });
  await node.send("leader", { type: "READY" });
}

/** The leader starts the workers, and sees to it that two of them leave. */
async function lead(): Promise<void> {
  await using pmd = await PmdServer.start({ port: 0 });
  const node = await startNode("leader", pmd.address.port);

  const workers = new Map<string, ChildProcess>();
  for (const name of ["ann", "bob", "cem"]) {
    workers.set(name, startWorker(name, pmd.address.port));
    await isReady(node, name);
  }

  console.log("leader tells cem to go");
  const cemLeft = hasLeft(node, "cem");
  await node.send("cem", { type: "GO" });
  await cemLeft;

  console.log("leader kills bob with SIGKILL");
  const bobLeft = hasLeft(node, "bob");
  workers.get("bob")?.kill("SIGKILL");
  await bobLeft;

  console.log("leader shuts down, and ann with it");
  await node.shutdown();
  await Promise.all([...workers.values()].map(hasEnded));
  console.log("all processes have ended");
}

/** Starts the node of this process, and prints what it sees. */
async function startNode(
  alias: string,
  port: number,
): Promise<NodeRuntime<Message>> {
  const node = await NodeRuntime.start<Message>({ alias, pmd: { port } });
  const say = (text: string) => console.log(`  ${alias.padEnd(6)} ${text}`);
  node.on("peer:join", (peer) => say(`sees ${peer.alias} join`));
  node.on("peer:leave", (peer, reason) => {
    say(`sees ${peer.alias} leave (${reason})`);
  });
  const names = (await node.discover()).map((peer) => peer.alias).sort();
  say(`is process ${process.pid} and finds ${names.join(", ") || "nobody"}`);
  return node;
}

function startWorker(alias: string, port: number): ChildProcess {
  const script = fileURLToPath(import.meta.url);
  return fork(script, ["worker", alias, String(port)]);
}

/** Resolves at a worker's message; others wait in the mailbox meanwhile. */
function isReady(node: NodeRuntime<Message>, alias: string): Promise<void> {
  return new Promise((resolve) => {
    const off = node.onMessage(({ type }, meta) => {
      if (type !== "READY" || meta.alias !== alias) return;
      off();
      resolve();
    });
  });
}

function hasLeft(node: NodeRuntime<Message>, alias: string): Promise<void> {
  return new Promise((resolve) => {
    const off = node.on("peer:leave", (peer) => {
      if (peer.alias !== alias) return;
      off();
      resolve();
    });
  });
}

async function hasEnded(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  await once(worker, "exit");
}
