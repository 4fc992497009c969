// Sends numbered messages of a size: with a node (awaiting each send or not),
// or on a bare socket (one JSON text a frame, or one array a turn).
import { once } from "node:events";
import { connect } from "node:net";
import process from "node:process";
import { NodeRuntime } from "../../../mod.ts";
import { FrameWriter } from "../../../src/wire/frame.ts";

const [kind, countText, sizeText, port] = process.argv.slice(2);
const count = Number(countText);
const message = {
  id: 0,
  type: "HELLO",
  text: "x".repeat(Number(sizeText) - 36),
};
/** A caller that does not await must give the event loop a turn sometimes. */
const BURST = 256;

if (kind === "node" || kind === "node-await") {
  const node = await NodeRuntime.start<typeof message>({
    pmd: { port: Number(port), mode: "external" },
  });
  for (let id = 0; id < count; id++) {
    message.id = id;
    const sent = node.send("receiver", message);
    if (kind === "node-await" || id % BURST === 0) await sent;
  }
  await node.shutdown();
} else {
  const socket = connect(Number(port), "127.0.0.1");
  socket.setNoDelay(true);
  await once(socket, "connect");
  const writer = new FrameWriter();
  let batch: string[] = [];
  let id = 0;
  while (id < count) {
    // One turn: 64 KiB, then one write.
    let units = 0;
    while (units < 65_536 && id < count) {
      message.id = id++;
      const text = JSON.stringify(message);
      units += text.length;
      if (kind === "frames") writer.add(text);
      else batch.push(text);
    }
    if (kind === "arrays") writer.add(`[${batch.join(",")}]`);
    batch = [];
    if (!socket.write(writer.take())) await once(socket, "drain");
  }
  socket.end();
  await once(socket.resume(), "close");
}
