import { invariant } from "../base/errors.ts";
import type {
  Address,
  Connection,
  ConnectionHandler,
  Transport,
} from "../transport/transport.ts";
import type { DenoApi, DenoConn, DenoListener } from "./deno_api.ts";
import { brokenConnection, connectTimeout, socketError } from "./errors.ts";
import { HIGH_WATER_BYTES } from "./limits.ts";

/** An idle connection holds this much memory to read into. */
const READ_BYTES_MIN = 2 * 1024;
/** A busy one this much: larger reads are not faster. */
const READ_BYTES_MAX = 64 * 1024;
/** So many reads in a row that needed little let the buffer shrink. */
const SMALL_READS = 64;
/** When out of file descriptors, the next connection is accepted after this. */
const ACCEPT_RETRY_MS = 100;

/** A {@linkcode Connection} on a socket of Deno's own. */
class DenoConnection implements Connection {
  readonly local: Address;
  readonly remote: Address;
  readonly #conn: DenoConn;
  #handler: ConnectionHandler | undefined;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #isWriting = false;
  #needsDrain = false;
  #isPaused = false;
  #resumeReading: (() => void) | undefined;
  /** This side wants to end, and has ended. */
  #isEnding = false;
  #hasEnded = false;
  #hasPeerEnded = false;
  #isClosed = false;

  constructor(conn: DenoConn) {
    this.#conn = conn;
    this.local = conn.localAddr;
    this.remote = conn.remoteAddr;
    conn.setNoDelay(true);
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  start(handler: ConnectionHandler): void {
    this.#handler = handler;
    this.#read(handler);
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isEnding || this.#isClosed) return true;
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    if (!this.#isWriting) this.#write();
    this.#needsDrain = this.#queuedBytes > HIGH_WATER_BYTES;
    return !this.#needsDrain;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#resumeReading?.();
    this.#resumeReading = undefined;
  }

  end(): void {
    if (this.#isEnding || this.#isClosed) return;
    this.#isEnding = true;
    if (!this.#isWriting) this.#write();
  }

  close(): void {
    this.#isEnding = true;
    this.#finish(undefined);
  }

  async #read(handler: ConnectionHandler): Promise<void> {
    let buffer = new Uint8Array(READ_BYTES_MIN);
    let smallReadCount = 0;
    try {
      for (;;) {
        if (this.#isPaused) await this.#whenResumed();
        const byteCount = await this.#conn.read(buffer);
        if (this.#isClosed) return;
        if (byteCount === null) break;
        handler.data(buffer.subarray(0, byteCount));
        if (this.#isClosed) return;
        smallReadCount = byteCount > READ_BYTES_MIN ? 0 : smallReadCount + 1;
        if (byteCount === buffer.length && byteCount < READ_BYTES_MAX) {
          buffer = new Uint8Array(READ_BYTES_MAX);
        } else if (
          smallReadCount > SMALL_READS && buffer.length > READ_BYTES_MIN
        ) buffer = new Uint8Array(READ_BYTES_MIN);
      }
    } catch (error) {
      return this.#finish(error);
    }
    this.#hasPeerEnded = true;
    handler.end();
    if (this.#hasEnded) this.#finish(undefined);
  }

  #whenResumed(): Promise<void> {
    return new Promise((resolve) => this.#resumeReading = resolve);
  }

  /** Writes what is queued, one write at a time, and ends if that is wanted. */
  async #write(): Promise<void> {
    this.#isWriting = true;
    try {
      while (this.#queue.length > 0) {
        for (const bytes of this.#queue.splice(0)) {
          await this.#writeAll(bytes);
          if (this.#isClosed) return;
          this.#queuedBytes -= bytes.length;
          if (this.#needsDrain && this.#queuedBytes <= HIGH_WATER_BYTES / 4) {
            this.#needsDrain = false;
            this.#handler?.drain();
          }
        }
      }
      if (this.#isEnding && !this.#hasEnded) {
        await this.#conn.closeWrite();
        this.#hasEnded = true;
        if (this.#hasPeerEnded) this.#finish(undefined);
      }
    } catch (error) {
      return this.#finish(error);
    }
    this.#isWriting = false;
    if (this.#queue.length > 0 || (this.#isEnding && !this.#hasEnded)) {
      this.#write();
    }
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    let start = 0;
    while (start < bytes.length) {
      start += await this.#conn.write(
        start === 0 ? bytes : bytes.subarray(start),
      );
    }
  }

  #finish(error: unknown): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#conn.close();
    this.#resumeReading?.();
    const reason = error === undefined
      ? undefined
      : brokenConnection(this.remote, error);
    // Not from within a call of this connection's own methods.
    queueMicrotask(() => this.#handler?.close(reason));
  }
}

/** A {@linkcode Transport} on the sockets of Deno. */
export function denoTransport(deno: DenoApi): Transport {
  return {
    // deno-lint-ignore require-await -- what it throws becomes a rejection
    async listen(address, accept) {
      let listener: DenoListener;
      try {
        listener = deno.listen(address);
      } catch (error) {
        throw socketError("listen on", address, error);
      }
      let isOpen = true;
      acceptAll(listener, accept, () => isOpen);
      return {
        address: { hostname: address.hostname, port: listener.addr.port },
        close() {
          if (isOpen) listener.close();
          isOpen = false;
          return Promise.resolve();
        },
      };
    },

    async connect(address, { timeoutMs }) {
      let isLate = false;
      let timer: ReturnType<typeof setTimeout> | undefined;
      const timeout = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          isLate = true;
          reject(connectTimeout(address, timeoutMs));
        }, timeoutMs);
      });
      const connecting = deno.connect(address).then(
        (conn) => {
          if (isLate) conn.close();
          return conn;
        },
        (error) => {
          throw socketError("connect to", address, error);
        },
      );
      try {
        return new DenoConnection(await Promise.race([connecting, timeout]));
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

async function acceptAll(
  listener: DenoListener,
  accept: (connection: Connection) => void,
  isOpen: () => boolean,
): Promise<void> {
  while (isOpen()) {
    let conn: DenoConn;
    try {
      conn = await listener.accept();
    } catch (error) {
      if (!isOpen()) return;
      invariant(error instanceof Error, "a listener throws errors");
      // A connection that broke while it waited, or too many open files.
      await new Promise((resolve) => setTimeout(resolve, ACCEPT_RETRY_MS));
      continue;
    }
    accept(new DenoConnection(conn));
  }
}
