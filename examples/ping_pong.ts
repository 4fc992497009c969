/**
 * Two processes find each other by name and talk.
 *
 * Run it in two terminals, in any order:
 *
 * ```sh
 * deno run -A examples/ping_pong.ts pong
 * deno run -A examples/ping_pong.ts ping
 * ```
 *
 * Both end once five pings have been answered.
 *
 * @module
 */
import { NodeRuntime } from "@distflow/core";
import process from "node:process";

type Ball = { type: "PING" | "PONG"; round: number };

const ROUNDS = 5;
const [role, port = "4369"] = process.argv.slice(2);
const pmd = { port: Number(port) };

if (role === "ping") await ping();
else if (role === "pong") await pong();
else {
  console.error("Usage: ping_pong.ts ping|pong [pmd port]");
  process.exit(2);
}

async function ping(): Promise<void> {
  const node = await NodeRuntime.start<Ball>({ alias: "ping", pmd });
  node.onMessage(async ({ type, round }, meta) => {
    console.log(`ping got ${type} ${round} from ${meta.alias}`);
    if (round === ROUNDS) return void node.shutdown();
    await node.send("pong", { type: "PING", round: round + 1 });
  });
  const serve = () => node.send("pong", { type: "PING", round: 1 });
  // Pong may be there already, or come later.
  node.on("peer:join", (peer) => peer.alias === "pong" && serve());
  const peers = await node.discover();
  if (peers.some((peer) => peer.alias === "pong")) await serve();
  else console.log("ping waits for pong");
}

async function pong(): Promise<void> {
  const node = await NodeRuntime.start<Ball>({ alias: "pong", pmd });
  node.onMessage(async ({ type, round }, meta) => {
    console.log(`pong got ${type} ${round} from ${meta.alias}`);
    await node.send(meta.from, { type: "PONG", round });
  });
  node.on("peer:leave", (peer) => peer.alias === "ping" && node.shutdown());
}
