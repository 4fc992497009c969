// Opens a port of 127.0.0.1, says its number, and never accepts anything.
import { writeSync } from "node:fs";
import { createServer } from "node:net";

const server = createServer();
server.listen({ host: "127.0.0.1", port: 0, backlog: 1 }, () => {
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("Unset");
  writeSync(1, `port ${address.port}\n`);
  // Stands still before the first turn in which it could accept.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
