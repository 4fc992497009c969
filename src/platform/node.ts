import { connect, createServer, type Socket } from "node:net";
import type {
  Address,
  Connection,
  ConnectionHandler,
  Transport,
} from "../transport/transport.ts";
import { brokenConnection, connectTimeout, socketError } from "./errors.ts";
import { HIGH_WATER_BYTES } from "./limits.ts";

/** A {@linkcode Connection} on a socket of `node:net`. */
class NodeConnection implements Connection {
  readonly local: Address;
  readonly remote: Address;
  readonly #socket: Socket;
  #error: Error | undefined;
  #needsDrain = false;
  #isEnded = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.local = {
      hostname: socket.localAddress ?? "",
      port: socket.localPort ?? 0,
    };
    this.remote = {
      hostname: socket.remoteAddress ?? "",
      port: socket.remotePort ?? 0,
    };
    socket.setNoDelay(true);
    // From the first moment on: an error that nobody hears ends the process.
    socket.on("error", (error) => this.#error = error);
  }

  get queuedBytes(): number {
    return this.#socket.writableLength;
  }

  start(handler: ConnectionHandler): void {
    const socket = this.#socket;
    socket.on("data", (bytes: Uint8Array) => handler.data(bytes));
    socket.on("drain", () => this.#onDrain(handler));
    socket.on("end", () => handler.end());
    socket.on("close", () => {
      const error = this.#error && brokenConnection(this.remote, this.#error);
      handler.close(error);
    });
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isEnded || this.#socket.destroyed) return true;
    this.#socket.write(bytes);
    this.#needsDrain = this.#socket.writableLength > HIGH_WATER_BYTES;
    return !this.#needsDrain;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    if (this.#isEnded || this.#socket.destroyed) return;
    this.#isEnded = true;
    this.#socket.end();
  }

  close(): void {
    this.#isEnded = true;
    this.#socket.destroy();
  }

  #onDrain(handler: ConnectionHandler): void {
    if (!this.#needsDrain) return;
    this.#needsDrain = false;
    handler.drain();
  }
}

/** A {@linkcode Transport} on `node:net`; works on Node.js and on Deno. */
export const nodeTransport: Transport = {
  listen(address, accept) {
    return new Promise((resolve, reject) => {
      const server = createServer({ allowHalfOpen: true });
      const onError = (error: Error): void =>
        reject(socketError("listen on", address, error));
      server.once("error", onError);
      server.listen(address.port, address.hostname, () => {
        server.off("error", onError);
        // Running out of file descriptors: the next connection may succeed.
        server.on("error", () => {});
        const bound = server.address();
        const port = typeof bound === "object" ? bound?.port : undefined;
        resolve({
          address: { hostname: address.hostname, port: port ?? address.port },
          // The server's own callback would wait for its connections, too:
          // the port is free as soon as the handle is closed.
          close: () =>
            new Promise((closed) => {
              server.close();
              setImmediate(closed);
            }),
        });
      });
      server.on("connection", (socket) => accept(new NodeConnection(socket)));
    });
  },

  connect(address, { timeoutMs }) {
    return new Promise((resolve, reject) => {
      const socket = connect({
        port: address.port,
        host: address.hostname,
        allowHalfOpen: true,
      });
      const timer = setTimeout(() => {
        reject(connectTimeout(address, timeoutMs));
        socket.destroy();
      }, timeoutMs);
      const onError = (error: Error): void => {
        clearTimeout(timer);
        reject(socketError("connect to", address, error));
      };
      socket.once("error", onError);
      socket.once("connect", () => {
        clearTimeout(timer);
        const connection = new NodeConnection(socket);
        socket.off("error", onError);
        resolve(connection);
      });
    });
  },
};
