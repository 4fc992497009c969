// A process that is started by `ProcessControl.spawn`; its first argument says
// how it behaves.
import { connect, createServer } from "node:net";
import process from "node:process";

const [how = "", ...rest] = process.argv.slice(2);

/** Gives bytes to whoever reads the output, and waits until they are gone. */
function write(bytes: string | Uint8Array): Promise<void> {
  return new Promise((resolve) => process.stdout.write(bytes, () => resolve()));
}

/** Resolves once all other work that is ready was done. */
function later(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50));
}

const BEHAVIOURS: Readonly<Record<string, () => void | Promise<void>>> = {
  ready: () => write(`ready ${JSON.stringify(rest)}\nmore\n`),

  async inPieces() {
    for (const byte of new TextEncoder().encode("für\n")) {
      await write(Uint8Array.of(byte));
      await later();
    }
  },

  withoutEnd: () => write("ready, but the line does not end"),

  async talkative() {
    process.stderr.write("x".repeat(1_000_000));
    await write("ready\n");
  },

  fails() {
    process.stderr.write(`There is no disk left\n${"x".repeat(100_000)}`);
    process.exitCode = 3;
  },

  // Lives for as long as the connection to the port in its arguments.
  silent() {
    connect({ host: "127.0.0.1", port: Number(rest[0]) }).resume();
  },

  // Says where it listens, and ends after the first connection.
  serve() {
    const server = createServer((socket) => {
      server.close();
      socket.end(`I am ${process.pid}`);
    });
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (typeof address === "object") void write(`${address?.port}\n`);
    });
  },
};

await BEHAVIOURS[how]?.();
