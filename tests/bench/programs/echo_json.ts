// A bare JSON request and reply loop on framed sockets: the baseline of a PMD.
import process from "node:process";
import { FrameDecoder, FrameWriter } from "../../../src/wire/frame.ts";
import { serve } from "../systems/bare_duplex.ts";

await serve(Number(process.argv[2]), (end) => {
  // Enough for some answers, and not much for a connection that has one.
  const writer = new FrameWriter(16 * 1024);
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
  return (bytes) => {
    decoder.push(bytes);
    end.write(writer.take());
  };
});
process.stdout.write("ready\n");
