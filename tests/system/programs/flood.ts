// Sends numbered messages to its partner and checks those that come back:
// all, in order, none twice.
import process from "node:process";
import { NodeRuntime } from "../../../mod.ts";

const [alias = "", port = "", partner = "", countText = ""] = process.argv
  .slice(2);
const count = Number(countText);
const node = await NodeRuntime.start<number>({
  alias,
  pmd: { port: Number(port) },
});

let next = 0;
const received = new Promise<void>((resolve) => {
  node.onMessage((number) => {
    if (number !== next) {
      console.log(`expected ${next}, got ${number}`);
      process.exit(1);
    }
    if (++next === count) resolve();
  });
});
if (!(await node.discover()).some((peer) => peer.alias === partner)) {
  await new Promise<void>((resolve) => node.once("peer:join", () => resolve()));
}
for (let number = 0; number < count; number++) await node.send(partner, number);
console.log("sent all");
await received;
console.log(`received ${next} in order, dropped ${node.stats.droppedCount}`);
await node.shutdown();
