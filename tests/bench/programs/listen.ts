// A bare listening process: says when it is there, and when a connection ends,
// in milliseconds since 1970. With a port, it connects there instead.
import { connect, createServer } from "node:net";
import process from "node:process";

const port = process.argv[2];

function say(word: string, value: unknown = ""): void {
  process.stdout.write(`${word} ${JSON.stringify(value)}\n`);
}

if (port !== undefined) {
  const socket = connect(Number(port), "127.0.0.1", () => say("connected"));
  socket.resume();
} else {
  const server = createServer((socket) => {
    socket.resume();
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      say("closed", performance.timeOrigin + performance.now());
    });
  });
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    say("ready", typeof address === "object" ? address?.port : 0);
  });
}
