// A node that listens to other machines, and says when it is there.
import process from "node:process";
import { NodeRuntime } from "../../../mod.ts";

const [port = ""] = process.argv.slice(2);
await NodeRuntime.start({
  host: "0.0.0.0",
  insecure: true,
  pmd: { port: Number(port) },
});
console.log("up");
