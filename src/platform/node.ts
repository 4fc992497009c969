import type { Server, Socket } from "node:net";
import type { Address, Listener, Transport } from "../transport/transport.ts";
import { builtin } from "./builtins.ts";
import {
  connectGivenUp,
  connectTimeout,
  isOwnEcho,
  ownEcho,
  socketError,
} from "./errors.ts";
import { NodeConnection } from "./node_connection.ts";

/** A {@linkcode Transport} on `node:net`; works on Node.js and on Deno. */
export const nodeTransport: Transport = {
  listen(address, accept) {
    return new Promise((resolve, reject) => {
      const { createServer } = builtin("node:net");
      const server = createServer({ allowHalfOpen: true });
      const onError = (error: Error): void =>
        reject(socketError("listen on", address, error));
      server.once("error", onError);
      server.on("connection", (socket) => {
        const connection = take(socket);
        if (connection !== undefined) accept(connection);
      });
      server.listen({
        host: address.hostname,
        port: address.port,
        // Otherwise all workers of a cluster would get one port together.
        exclusive: true,
      }, () => {
        server.off("error", onError);
        // Out of file descriptors: Node.js turns away whoever waits, and goes
        // on listening.
        server.on("error", () => {});
        resolve(openPort(address, server));
      });
    });
  },

  connect(address, { timeoutMs, signal }) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(connectGivenUp(address));
      const { connect } = builtin("node:net");
      const socket = connect({
        host: address.hostname,
        port: address.port,
        allowHalfOpen: true,
      });
      const stop = (error: Error): void => {
        settle();
        reject(error);
        socket.destroy();
      };
      const giveUp = (): void => stop(connectGivenUp(address));
      const timer = setTimeout(
        () => stop(connectTimeout(address, timeoutMs)),
        timeoutMs,
      );
      signal?.addEventListener("abort", giveUp);
      const settle = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", giveUp);
      };
      const onError = (error: Error): void => {
        settle();
        reject(socketError("connect to", address, error));
      };
      socket.once("error", onError);
      socket.once("connect", () => {
        settle();
        const connection = take(socket);
        socket.off("error", onError);
        if (connection === undefined) {
          reject(socketError("connect to", address, brokenAtOnce()));
        } else if (isOwnEcho(connection)) {
          connection.close();
          reject(ownEcho(address));
        } else {
          resolve(connection);
        }
      });
    });
  },
};

/** Makes a connection of a socket; undefined if that is broken already. */
function take(socket: Socket): NodeConnection | undefined {
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  if (
    localAddress === undefined || localPort === undefined ||
    remoteAddress === undefined || remotePort === undefined
  ) {
    // A socket has no addresses any more once the other side has reset it.
    socket.on("error", () => {});
    socket.destroy();
    return undefined;
  }
  return new NodeConnection(
    socket,
    { hostname: localAddress, port: localPort },
    { hostname: remoteAddress, port: remotePort },
  );
}

function brokenAtOnce(): Error {
  return Object.assign(new Error("it was reset as soon as it was open"), {
    code: "ECONNRESET",
  });
}

function openPort({ hostname, port }: Address, server: Server): Listener {
  const bound = server.address();
  return {
    address: {
      hostname,
      port: typeof bound === "object" && bound !== null ? bound.port : port,
    },
    // The server's own callback would wait for its connections, too: the port
    // is free as soon as the system has closed the handle.
    close: () =>
      new Promise((resolve) => {
        server.close();
        setImmediate(resolve);
      }),
  };
}
