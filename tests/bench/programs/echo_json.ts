// A bare JSON request and reply loop on framed sockets: the baseline of a PMD.
import { createServer } from "node:net";
import { FrameDecoder, FrameWriter } from "../../../src/wire/frame.ts";

const server = createServer((socket) => {
  const writer = new FrameWriter();
  const decoder = new FrameDecoder(1 << 20, (text) => {
    const { id, name } = JSON.parse(text);
    writer.add(JSON.stringify({ id, type: "resolved", node: { alias: name } }));
    return true;
  });
  socket.setNoDelay(true);
  socket.on("error", () => socket.destroy());
  socket.on("data", (bytes) => {
    decoder.push(bytes);
    socket.write(writer.take());
  });
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  console.log(`ready ${typeof address === "object" ? address?.port : 0}`);
});
