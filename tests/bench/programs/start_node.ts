// Starts a node and says how long it took, in milliseconds.
import process from "node:process";
import { NodeRuntime } from "../../../mod.ts";

const startedAt = performance.now();
const node = await NodeRuntime.start({
  pmd: { port: Number(process.argv[2]) },
});
console.log(`took ${performance.now() - startedAt}`);
await node.shutdown();
