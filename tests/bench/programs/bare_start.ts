// The floor of a node's start: listens, connects, sends a frame of JSON, and
// says how long it took until the answer was there. Told: the port.
import process from "node:process";
import { FrameDecoder, FrameWriter } from "../../../src/wire/frame.ts";
import { dial, serve } from "../systems/bare_duplex.ts";

const port = Number(process.argv[2]);

const startedAt = performance.now();
await serve(0, () => () => {});
await new Promise<void>((resolve, reject) => {
  dial(port, (end) => {
    const writer = new FrameWriter(1024);
    writer.add(JSON.stringify({ id: 1, type: "resolve", name: "worker" }));
    end.write(writer.take());
    const decoder = new FrameDecoder(1 << 20, (text) => {
      if (JSON.parse(text).node.alias !== "worker") reject(new Error(text));
      resolve();
      return true;
    });
    return (bytes) => decoder.push(bytes);
  }).catch(reject);
});
process.stdout.write(`took ${performance.now() - startedAt}\n`);
process.exit(0);
