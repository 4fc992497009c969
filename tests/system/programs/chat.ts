// A node under an alias: says what it sees, answers what it is asked, and ends
// when it is told to.
import process from "node:process";
import { NodeRuntime } from "../../../mod.ts";

type Message =
  | { type: "ASK"; number: number }
  | { type: "ANSWER"; number: number }
  | { type: "END" };

const [alias = "", port = "", partner] = process.argv.slice(2);
const startedAt = performance.now();
const node = await NodeRuntime.start<Message>({
  alias,
  pmd: { port: Number(port) },
});
const tookMs = performance.now() - startedAt;

let answerCount = 0;
node.onMessage(async (message, meta) => {
  if (message.type === "END") {
    await node.shutdown();
    console.log("ended");
  } else if (message.type === "ASK") {
    await node.send(meta.from, { type: "ANSWER", number: message.number });
  } else console.log(`answer ${++answerCount} from ${meta.alias}`);
});
node.on("peer:join", (peer) => console.log(`join ${peer.alias}`));
node.on(
  "peer:leave",
  (peer, reason) => console.log(`leave ${peer.alias} ${reason} ${Date.now()}`),
);
node.on("pmd:disconnect", () => console.log("pmd lost"));
node.on("pmd:connect", () => console.log("pmd back"));

const peers = await node.discover();
console.log(
  `up ${tookMs} sees ${peers.map((peer) => peer.alias).sort().join(",")}`,
);

let number = 0;
const ask = async (): Promise<void> => {
  if (partner === undefined || node.stats.isRegistered === undefined) return;
  try {
    await node.send(partner, { type: "ASK", number: number++ });
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "NODE_SHUT_DOWN") return;
    if (code !== "PEER_NOT_FOUND") console.log(`failed ${code}`);
  }
  setTimeout(ask, 20);
};
ask();
