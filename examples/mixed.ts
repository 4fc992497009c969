/**
 * A Deno process and a Node.js process in one cluster.
 *
 * ```sh
 * deno run -A examples/mixed.ts
 * ```
 *
 * The Deno process starts the other one. Node.js 20 does not run TypeScript, so
 * that one runs what `deno task build:tree` compiles into `npm/tree/`; if it is
 * not there yet, it is built first. A project of yours needs none of this: it
 * has `@distflow/core` from JSR or from npm.
 *
 * @module
 */
import { NodeRuntime, PmdServer } from "@distflow/core";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

type Message = { type: "HELLO" | "WELCOME"; runtime: string };

const RUNTIME = "Deno" in globalThis ? "Deno" : "Node.js";

const [port] = process.argv.slice(2);
if (port === undefined) await inviteNode();
else await visit(Number(port));

/** The Deno process hosts a PMD that nobody else uses, and starts the other. */
async function inviteNode(): Promise<void> {
  if (RUNTIME !== "Deno") {
    console.error("Start it with: deno run -A examples/mixed.ts");
    process.exit(2);
  }
  const script = await compiled();
  await using pmd = await PmdServer.start({ port: 0 });
  const { port } = pmd.address;
  const node = await NodeRuntime.start<Message>({
    alias: "host",
    pmd: { port },
  });
  node.onMessage(async ({ type, runtime }, meta) => {
    console.log(`${RUNTIME}: ${type} from ${meta.alias}, on ${runtime}`);
    await node.send(meta.from, { type: "WELCOME", runtime: RUNTIME });
  });
  node.on("peer:join", (peer) => {
    console.log(`${RUNTIME}: ${peer.alias} joins (${peer.runtime})`);
  });
  const child = spawn("node", [script, String(port)], { stdio: "inherit" });
  const [code] = await once(child, "exit");
  await node.shutdown();
  console.log(`${RUNTIME}: the other process has ended with code ${code}`);
}

/** The Node.js process says hello, and goes once it has been welcomed. */
async function visit(port: number): Promise<void> {
  const node = await NodeRuntime.start<Message>({
    alias: "visitor",
    pmd: { port },
  });
  const [host] = await node.discover();
  console.log(`${RUNTIME}: finds ${host?.alias} (${host?.runtime})`);
  node.onMessage(({ type, runtime }, meta) => {
    console.log(`${RUNTIME}: ${type} from ${meta.alias}, on ${runtime}`);
    void node.shutdown();
  });
  await node.send("host", { type: "HELLO", runtime: RUNTIME });
}

/** This very file, compiled for Node.js. */
async function compiled(): Promise<string> {
  const root = new URL("../", import.meta.url);
  const script = new URL("npm/tree/examples/mixed.js", root);
  if (!existsSync(script)) {
    console.log("Compiling for Node.js: deno task build:tree");
    const build = spawn(process.execPath, ["task", "--quiet", "build:tree"], {
      cwd: fileURLToPath(root),
      stdio: "inherit",
    });
    const [code] = await once(build, "exit");
    if (code !== 0) throw new Error(`The build ended with code ${code}`);
  }
  return fileURLToPath(script);
}
