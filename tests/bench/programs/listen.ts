// A bare listening process: what a start costs at the least.
import { createServer } from "node:net";
import process from "node:process";

const server = createServer();
server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => {
  console.log("ready");
});
