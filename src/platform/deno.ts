import type {
  Address,
  Connection,
  Listener,
  Transport,
} from "../transport/transport.ts";
import { BufferPool } from "./buffers.ts";
import type { DenoApi, DenoConn, DenoListener } from "./deno_api.ts";
import { DenoBell } from "./deno_bell.ts";
import { DenoConnection } from "./deno_connection.ts";
import {
  connectGivenUp,
  connectTimeout,
  isOwnEcho,
  ownEcho,
  socketError,
} from "./errors.ts";

/** When out of file descriptors, the next connection is accepted after this. */
const ACCEPT_RETRY_MS = 100;

/** A {@linkcode Transport} on the sockets of Deno. */
export function denoTransport(deno: DenoApi): Transport {
  const pool = new BufferPool();
  const bell = new DenoBell(deno);
  return {
    // deno-lint-ignore require-await -- what it throws becomes a rejection
    async listen(address, accept) {
      const { hostname, port } = address;
      let listener: DenoListener;
      try {
        listener = deno.listen({ hostname, port });
      } catch (error) {
        throw socketError("listen on", address, error);
      }
      return new OpenPort(hostname, listener, (conn) => {
        let connection: Connection;
        try {
          connection = take(conn, pool, bell);
        } catch {
          // The other side has reset it already, so nobody misses it.
          return;
        }
        accept(connection);
      });
    },

    async connect(address, { timeoutMs, signal: giveUp }) {
      if (giveUp?.aborted) throw connectGivenUp(address);
      const { hostname, port } = address;
      const abort = new AbortController();
      const { signal } = abort;
      const stop = (): void => abort.abort();
      giveUp?.addEventListener("abort", stop);
      const opening = deno.connect({ hostname, port, signal });
      // A program's first timer takes 6 ms (2026-11): meanwhile it is opened.
      const timer = setTimeout(stop, timeoutMs);
      let connection: Connection;
      try {
        connection = take(await opening, pool, bell);
      } catch (error) {
        if (giveUp?.aborted) throw connectGivenUp(address);
        throw signal.aborted
          ? connectTimeout(address, timeoutMs)
          : socketError("connect to", address, error);
      } finally {
        clearTimeout(timer);
        giveUp?.removeEventListener("abort", stop);
      }
      if (!isOwnEcho(connection)) return connection;
      connection.close();
      throw ownEcho(address);
    },
  };
}

/** Makes a connection of a socket, or closes it and throws. */
function take(conn: DenoConn, pool: BufferPool, bell: DenoBell): Connection {
  try {
    conn.setNoDelay(true);
    return new DenoConnection(conn, pool, bell);
  } catch (error) {
    conn.close();
    throw error;
  }
}

/** An open port on Deno. */
class OpenPort implements Listener {
  readonly address: Address;
  readonly #listener: DenoListener;
  readonly #accepting: Promise<void>;
  #isOpen = true;
  #endRetry: (() => void) | undefined;

  constructor(
    hostname: string,
    listener: DenoListener,
    accept: (conn: DenoConn) => void,
  ) {
    this.address = { hostname, port: listener.addr.port };
    this.#listener = listener;
    this.#accepting = this.#acceptAll(accept);
  }

  close(): Promise<void> {
    if (this.#isOpen) {
      this.#isOpen = false;
      this.#listener.close();
      this.#endRetry?.();
    }
    // The port is in use until the last `accept` is over.
    return this.#accepting;
  }

  async #acceptAll(accept: (conn: DenoConn) => void): Promise<void> {
    while (this.#isOpen) {
      let conn: DenoConn;
      try {
        conn = await this.#listener.accept();
      } catch (error) {
        if (!this.#isOpen) return;
        if (!isBroken(error)) await this.#retryLater();
        continue;
      }
      accept(conn);
    }
  }

  /** Too many open files: connections wait in the system meanwhile. */
  #retryLater(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ACCEPT_RETRY_MS);
      this.#endRetry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Whether it failed as the connection was reset while it waited. */
function isBroken(error: unknown): boolean {
  return error instanceof Error &&
    ["NotConnected", "ConnectionAborted", "ConnectionReset"]
      .includes(error.name);
}
