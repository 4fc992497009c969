// A bare JSON request and reply loop on framed sockets: the baseline of a PMD.
import { createServer } from "node:net";
import process from "node:process";
import { FrameDecoder, FrameWriter } from "../../../src/wire/frame.ts";

const server = createServer({ noDelay: true }, (socket) => {
  const writer = new FrameWriter();
  const decoder = new FrameDecoder(1 << 20, (text) => {
    const { id, name } = JSON.parse(text);
    writer.add(JSON.stringify({
      ...{ id, type: "resolved" },
      node: {
        ...{ nodeId: "bench", alias: name, host: "127.0.0.1", port: 1 },
        ...{ incarnation: 1, pid: 1, runtime: "bench/1" },
        ...{ registeredAtMs: 1, heartbeatAgeMs: 1 },
      },
    }));
    return true;
  });
  socket.on("error", () => socket.destroy());
  socket.on("data", (bytes) => {
    decoder.push(bytes);
    socket.write(writer.take());
  });
});
server.listen(Number(process.argv[2]), "127.0.0.1", () => {
  process.stdout.write("ready\n");
});
