import { connect, createServer, type Socket } from "node:net";
import { deno, type DenoSocket } from "./bare_socket.ts";

/** One end of a TCP connection, with nothing around it. */
export interface Duplex {
  write(bytes: Uint8Array): void;
  close(): void;
}

/** Takes the bytes that come on one connection. */
export type Take = (bytes: Uint8Array) => void;

const READ_BYTES = 64 * 1024;

/** Listens on a port of this machine until the process ends. */
export function serve(
  port: number,
  accept: (end: Duplex) => Take,
): Promise<void> {
  if (deno !== undefined) {
    const listener = deno.listen({ hostname: "127.0.0.1", port });
    (async () => {
      for (;;) talk(await listener.accept(), accept);
    })();
    return Promise.resolve();
  }
  const server = createServer({ noDelay: true }, (socket) => {
    const take = accept(endOf(socket));
    socket.on("data", take);
    socket.on("error", () => socket.destroy());
  });
  return new Promise((resolve) => {
    server.listen(port, "127.0.0.1", () => resolve());
  });
}

/** Opens a connection to a port of this machine. */
export async function dial(
  port: number,
  accept: (end: Duplex) => Take,
): Promise<void> {
  if (deno !== undefined) {
    return talk(await deno.connect({ hostname: "127.0.0.1", port }), accept);
  }
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve).once("error", reject);
  });
  socket.on("data", accept(endOf(socket)));
}

function endOf(socket: Socket): Duplex {
  return {
    write: (bytes) => void socket.write(bytes),
    close: () => void socket.destroy(),
  };
}

/** Takes all that comes; whoever calls does not wait for the end. */
function talk(
  socket: DenoSocket,
  accept: (end: Duplex) => Take,
): void {
  let isClosed = false;
  const take = accept({
    async write(bytes) {
      for (let start = 0; start < bytes.length && !isClosed;) {
        start += await socket.write(bytes.subarray(start));
      }
    },
    close: () => isClosed = true,
  });
  const readAll = async (): Promise<void> => {
    const buffer = new Uint8Array(READ_BYTES);
    while (!isClosed) {
      const byteCount = await socket.read(buffer);
      if (byteCount === null) break;
      take(buffer.subarray(0, byteCount));
    }
    socket.close();
  };
  socket.setNoDelay();
  readAll().catch(() => socket.close());
}
