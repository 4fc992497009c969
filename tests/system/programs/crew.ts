// Many nodes in one process, each as if it had one of its own:
// crew.ts PORT PREFIX COUNT. Says when all of them are up, and on each change
// how many peers all of them agree on. Each tells its name to whoever asks.
import process from "node:process";
import { NodeRuntime } from "../../../mod.ts";
import { silentLogger } from "../../../src/log/mod.ts";
import { ownPlatform } from "../besieged.ts";

const [port = "", prefix = "", countText = ""] = process.argv.slice(2);
const count = Number(countText);
/** Nodes that start at a time. */
const AT_ONCE = 10;

/** How many nodes of this process know that many peers. */
const nodesByPeers = new Map<number, number>();

function move(from: number, to: number): void {
  nodesByPeers.set(from, (nodesByPeers.get(from) ?? 0) - 1);
  const agreeing = (nodesByPeers.get(to) ?? 0) + 1;
  nodesByPeers.set(to, agreeing);
  if (agreeing === count) console.log(`all see ${to} peers.`);
}

async function startNode(index: number): Promise<void> {
  const alias = `${prefix}-${index}`;
  const node = await NodeRuntime.start<string>({
    alias,
    pmd: { port: Number(port), mode: "external" },
    logger: silentLogger,
    platform: ownPlatform(),
  });
  node.onMessage((_, { from }) => node.send(from, alias));
  const peers = new Set<string>();
  const add = (nodeId: string): void => {
    peers.add(nodeId);
    move(peers.size - 1, peers.size);
  };
  move(-1, 0);
  node.on("peer:join", ({ nodeId }) => {
    if (peers.has(nodeId)) console.log(`${alias}: ${nodeId} joined twice`);
    else add(nodeId);
  });
  node.on("peer:leave", ({ nodeId }) => {
    if (peers.delete(nodeId)) move(peers.size + 1, peers.size);
    else console.log(`${alias}: ${nodeId} left twice`);
  });
  for (const { nodeId } of await node.discover()) {
    if (!peers.has(nodeId)) add(nodeId);
  }
}

for (let next = 0; next < count; next += AT_ONCE) {
  const last = Math.min(next + AT_ONCE, count);
  await Promise.all(
    Array.from({ length: last - next }, (_, index) => startNode(next + index)),
  );
}
console.log(`up ${count}`);
