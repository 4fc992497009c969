/**
 * Several nodes in processes of their own: joins and leaves are seen by all,
 * also when a process is killed the hard way.
 *
 * ```sh
 * deno run -A examples/multi_node.ts
 * ```
 *
 * It uses a PMD on a port of its own and ends by itself.
 *
 * @module
 */
import { NodeRuntime } from "@distflow/core";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import process from "node:process";
import { fileURLToPath } from "node:url";

type Report = { type: "REPORT"; from: string; pid: number };

const [role, alias, port] = process.argv.slice(2);
if (role === "worker") await work(alias ?? "worker", Number(port));
else await lead();

/** A worker reports to the leader, and ends when the leader does. */
async function work(alias: string, port: number): Promise<void> {
  const node = await NodeRuntime.start<Report>({ alias, pmd: { port } });
  node.on("peer:leave", (peer) => peer.alias === "leader" && node.shutdown());
  await node.send("leader", { type: "REPORT", from: alias, pid: process.pid });
}

/** The leader starts three workers, kills one, and waits to hear of it. */
async function lead(): Promise<void> {
  const port = await freePort();
  // The leader hosts the PMD, so that nothing is left when it ends.
  const node = await NodeRuntime.start<Report>({
    alias: "leader",
    pmd: { port, mode: "embedded" },
  });
  const reports = new Promise<void>((resolve) => {
    let count = 0;
    node.onMessage(({ from, pid }) => {
      console.log(`leader: ${from} reports from process ${pid}`);
      if (++count === 3) resolve();
    });
  });
  node.on("peer:join", (peer) => console.log(`leader: ${peer.alias} joined`));
  const left = new Promise<void>((resolve) =>
    node.on("peer:leave", (peer, reason) => {
      console.log(`leader: ${peer.alias} left (${reason})`);
      resolve();
    })
  );

  const workers = ["ann", "bob", "cem"].map((name) => startWorker(name, port));
  await reports;
  const names = (await node.discover()).map((peer) => peer.alias);
  console.log(`leader: I know ${names.sort().join(", ")}`);

  console.log("leader: killing bob with SIGKILL");
  workers[1]?.kill("SIGKILL");
  await left;

  await node.shutdown();
  for (const worker of workers) {
    if (worker.exitCode === null && worker.signalCode === null) {
      await once(worker, "exit");
    }
  }
  console.log("leader: all workers have ended");
}

function startWorker(name: string, port: number): ChildProcess {
  const script = fileURLToPath(import.meta.url);
  const flags = "Deno" in globalThis ? ["run", "-A"] : [];
  return spawn(
    process.execPath,
    [...flags, script, "worker", name, String(port)],
    { stdio: "inherit" },
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}
