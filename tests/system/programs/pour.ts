// Sends numbered messages of about 100 bytes to its partner, as fast as it is
// let, until it is killed.
import process from "node:process";
import { NodeRuntime } from "../../../mod.ts";

const [alias = "", port = "", partner = ""] = process.argv.slice(2);
const node = await NodeRuntime.start({ alias, pmd: { port: Number(port) } });
const text = "x".repeat(80);
for (let id = 0;; id++) await node.send(partner, { id, text });
