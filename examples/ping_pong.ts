/**
 * Two processes find each other by name and talk.
 *
 * ```sh
 * deno run -A examples/ping_pong.ts
 * ```
 *
 * The first process starts the second, and both end once five pings have been
 * answered. To see them in two terminals, start them in any order:
 *
 * ```sh
 * deno run -A examples/ping_pong.ts pong
 * deno run -A examples/ping_pong.ts ping
 * ```
 *
 * Then they meet at the machine's own PMD, which they start if there is none.
 *
 * @module
 */
import { NodeRuntime, PmdServer } from "@distflow/core";
import { fork } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { fileURLToPath } from "node:url";

type Ball = { type: "PING" | "PONG"; round: number };

const ROUNDS = 5;
const [role, port = "4369"] = process.argv.slice(2);

if (role === "ping") await ping(Number(port));
else if (role === "pong") await pong(Number(port));
else await both();

/** Plays in two processes, with a PMD that nobody else uses. */
async function both(): Promise<void> {
  await using pmd = await PmdServer.start({ port: 0 });
  const { port } = pmd.address;
  const script = fileURLToPath(import.meta.url);
  const ended = once(fork(script, ["pong", String(port)]), "exit");
  await ping(port);
  await ended;
}

/** Serves when pong is there; resolves when the game is over. */
async function ping(port: number): Promise<void> {
  const node = await NodeRuntime.start<Ball>({ alias: "ping", pmd: { port } });
  const over = new Promise<void>((resolve) => {
    node.onMessage(async ({ type, round }, meta) => {
      console.log(`ping got ${type} ${round} from ${meta.alias}`);
      if (round === ROUNDS) return resolve();
      await node.send(meta.from, { type: "PING", round: round + 1 });
    });
  });
  let hasServed = false;
  const serve = async (): Promise<void> => {
    if (hasServed) return;
    hasServed = true;
    await node.send("pong", { type: "PING", round: 1 });
  };
  // Pong may be there already, or come later.
  node.on("peer:join", (peer) => peer.alias === "pong" && void serve());
  const peers = await node.discover();
  if (peers.some((peer) => peer.alias === "pong")) await serve();
  if (!hasServed) console.log("ping waits for pong");
  await over;
  await node.shutdown();
}

/** Answers until ping leaves. */
async function pong(port: number): Promise<void> {
  const node = await NodeRuntime.start<Ball>({ alias: "pong", pmd: { port } });
  node.onMessage(async ({ type, round }, meta) => {
    console.log(`pong got ${type} ${round} from ${meta.alias}`);
    await node.send(meta.from, { type: "PONG", round });
  });
  node.on("peer:leave", (peer) => peer.alias === "ping" && node.shutdown());
}
