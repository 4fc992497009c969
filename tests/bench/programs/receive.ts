// Receives messages from a node, or frames from a bare socket, and says how
// many came in a second, from the first to the last.
import { createServer } from "node:net";
import process from "node:process";
import { NodeRuntime } from "../../../mod.ts";
import { FrameDecoder } from "../../../src/wire/frame.ts";

const [kind, countText, port] = process.argv.slice(2);
const count = Number(countText);
let received = 0;
let startedAt = 0;
let done: () => void = () => {};

function take(message: { id: number }): void {
  if (message.id !== received) throw new Error(`Not in order: ${message.id}`);
  if (received++ === 0) startedAt = performance.now();
  if (received < count) return;
  console.log(`rate ${count / (performance.now() - startedAt) * 1000}`);
  received = 0;
  done();
}

if (kind === "node") {
  const node = await NodeRuntime.start<{ id: number }>({
    alias: "receiver",
    pmd: { port: Number(port), mode: "embedded" },
  });
  node.onMessage(take);
  console.log(`ready ${port}`);
} else {
  const server = createServer((socket) => {
    const decoder = new FrameDecoder(1 << 24, (text) => {
      const value = JSON.parse(text);
      if (Array.isArray(value)) { for (const message of value) take(message); }
      else take(value);
      return true;
    });
    socket.on("data", (bytes) => decoder.push(bytes));
    done = () => socket.end();
  });
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    console.log(`ready ${typeof address === "object" ? address?.port : 0}`);
  });
}
