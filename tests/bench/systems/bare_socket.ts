import { connect, createServer, type Socket } from "node:net";

/** The sending side of a TCP connection. */
export interface RawSocket {
  /** Queues bytes; they are not copied. */
  write(bytes: Uint8Array): void;
  /** Nothing if more can be written now. */
  whenWritable(): Promise<void> | void;
  /** Writes what is queued, and ends. */
  end(): Promise<void>;
}

/** Makes, for each connection, what takes its bytes. */
export type Accept = () => (bytes: Uint8Array) => void;

const HIGH_WATER_BYTES = 256 * 1024;
const READ_BYTES = 64 * 1024;

/** What is used of a socket of Deno. */
export interface DenoSocket {
  read(bytes: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  setNoDelay(): void;
  close(): void;
}

/** What is used of Deno to open them. */
export interface DenoSockets {
  listen(options: { hostname: string; port: number }): {
    accept(): Promise<DenoSocket>;
    close(): void;
  };
  connect(options: { hostname: string; port: number }): Promise<DenoSocket>;
}

const { Deno } = globalThis as {
  Deno?: DenoSockets & { readonly version?: unknown };
};

/** Deno's own sockets, which are faster there than `node:net`. */
export const deno: DenoSockets | undefined = Deno?.version === undefined
  ? undefined
  : Deno;

/** Opens a connection to a port of this machine. */
export function openSocket(port: number): Promise<RawSocket> {
  return deno === undefined ? openNode(port) : openDeno(deno, port);
}

/** Listens on a port of this machine; returns a function that ends that. */
export function listen(
  port: number,
  accept: Accept,
): Promise<() => Promise<void>> {
  return deno === undefined
    ? listenNode(port, accept)
    : Promise.resolve(listenDeno(deno, port, accept));
}

function openNode(port: number): Promise<RawSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    socket.once("error", reject);
    let drained: Promise<void> | undefined;
    socket.once("connect", () =>
      resolve({
        write: (bytes) => void socket.write(bytes),
        whenWritable() {
          if (socket.writableLength <= HIGH_WATER_BYTES) return;
          drained ??= new Promise((go) =>
            socket.once("drain", () => {
              drained = undefined;
              go();
            })
          );
          return drained;
        },
        end: () => new Promise((go) => socket.end(() => go())),
      }));
  });
}

function listenNode(
  port: number,
  accept: Accept,
): Promise<() => Promise<void>> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    const take = accept();
    socket.on("data", take);
    socket.on("error", () => socket.destroy());
  });
  // A server ends with its last connection, whose other end may wait for it.
  const close = (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    return new Promise((done) => server.close(() => done()));
  };
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(close));
  });
}

async function openDeno(
  { connect }: DenoSockets,
  port: number,
): Promise<RawSocket> {
  const socket = await connect({ hostname: "127.0.0.1", port });
  socket.setNoDelay();
  const queue: Uint8Array[] = [];
  let queuedBytes = 0;
  let writing: Promise<void> | undefined;
  const writeAll = async (): Promise<void> => {
    for (
      let bytes = queue.shift();
      bytes !== undefined;
      bytes = queue.shift()
    ) {
      for (let start = 0; start < bytes.length;) {
        start += await socket.write(bytes.subarray(start));
      }
      queuedBytes -= bytes.length;
    }
    writing = undefined;
  };
  return {
    write(bytes) {
      queue.push(bytes);
      queuedBytes += bytes.length;
      writing ??= writeAll();
    },
    whenWritable: () => queuedBytes > HIGH_WATER_BYTES ? writing : undefined,
    async end() {
      await writing;
      socket.close();
    },
  };
}

function listenDeno(
  { listen }: DenoSockets,
  port: number,
  accept: Accept,
): () => Promise<void> {
  const listener = listen({ hostname: "127.0.0.1", port });
  const readAll = async (socket: DenoSocket): Promise<void> => {
    const take = accept();
    const buffer = new Uint8Array(READ_BYTES);
    for (;;) {
      const byteCount = await socket.read(buffer);
      if (byteCount === null) return socket.close();
      take(buffer.subarray(0, byteCount));
    }
  };
  (async () => {
    for (;;) readAll(await listener.accept());
  })().catch(() => {
    // The listener was closed.
  });
  return () => Promise.resolve(listener.close());
}

/**
 * The first of `count` ports in a row that nobody listens on now, below those
 * that systems hand out by themselves.
 */
export async function freePorts(count: number): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const first = 10_000 + Math.floor(Math.random() * 20_000);
    if (await areFree(first, count)) return first;
  }
  throw new Error(`There are no ${count} free ports in a row`);
}

async function areFree(first: number, count: number): Promise<boolean> {
  for (let port = first; port < first + count; port++) {
    const isFree = await new Promise((resolve) => {
      const server = createServer().once("error", () => resolve(false));
      server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
    });
    if (!isFree) return false;
  }
  return true;
}
