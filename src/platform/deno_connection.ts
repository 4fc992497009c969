import type {
  Address,
  Connection,
  ConnectionHandler,
} from "../transport/transport.ts";
import { type BufferPool, ReadBuffer } from "./buffers.ts";
import type { DenoConn } from "./deno_api.ts";
import type { DenoBell } from "./deno_bell.ts";
import { DenoTurns } from "./deno_turns.ts";
import { brokenConnection } from "./errors.ts";
import { HIGH_WATER_BYTES, LOW_WATER_BYTES } from "./limits.ts";
import { WriteQueue } from "./write_queue.ts";

/**
 * A {@linkcode Connection} on a socket of Deno's own: one read and one write
 * are under way at a time.
 */
export class DenoConnection implements Connection {
  readonly local: Address;
  readonly remote: Address;
  readonly #conn: DenoConn;
  readonly #buffer: ReadBuffer;
  readonly #queue: WriteQueue;
  readonly #turns: DenoTurns;
  #handler: ConnectionHandler | undefined;
  #isReading = false;
  #isWriting = false;
  #needsDrain = false;
  #isPaused = false;
  #goOnReading: (() => void) | undefined;
  /** This side is to end, and has ended. */
  #isEnding = false;
  #hasEnded = false;
  #hasPeerEnded = false;
  #isClosed = false;
  #closeError: Error | undefined;

  /**
   * Takes `conn` over, with large buffers from `pool`; while it is flooded,
   * `bell` tells when the others had their turn.
   */
  constructor(conn: DenoConn, pool: BufferPool, bell: DenoBell) {
    this.#conn = conn;
    this.#buffer = new ReadBuffer(pool);
    this.#queue = new WriteQueue(pool, () => this.#handler?.written?.());
    this.#turns = new DenoTurns(bell);
    this.local = addressOf(conn.localAddr);
    this.remote = addressOf(conn.remoteAddr);
  }

  get queuedBytes(): number {
    return this.#queue.byteCount;
  }

  start(handler: ConnectionHandler): void {
    this.#handler = handler;
    if (this.#isClosed) this.#planClosed();
    else this.#readAll(handler);
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isEnding) return true;
    this.#queue.push(bytes);
    if (!this.#isWriting) this.#writeAll();
    if (this.#queue.byteCount <= HIGH_WATER_BYTES) return true;
    this.#needsDrain = true;
    return false;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#goOnReading?.();
  }

  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    if (!this.#isWriting) this.#writeAll();
  }

  close(): void {
    this.#finish();
  }

  async #readAll(handler: ConnectionHandler): Promise<void> {
    this.#isReading = true;
    try {
      while (!this.#hasPeerEnded) {
        if (this.#isPaused) await this.#whenResumed();
        if (this.#isClosed) return;
        const { bytes } = this.#buffer;
        let byteCount: number | null;
        try {
          byteCount = await this.#conn.read(bytes);
        } catch (error) {
          return this.#finish(error);
        }
        // Paused while the read was under way: the bytes wait here.
        if (this.#isPaused) await this.#whenResumed();
        if (this.#isClosed) return;
        if (byteCount === null) {
          this.#hasPeerEnded = true;
          handler.end();
        } else {
          handler.data(bytes.subarray(0, byteCount));
          this.#buffer.adapt(byteCount);
          const turn = this.#turns.after(byteCount);
          if (turn !== undefined) await turn;
          else await afterAnswers();
        }
      }
      if (this.#hasEnded) this.#finish();
    } finally {
      // A handler that throws is a bug: it ends the process, or at least this.
      if (!this.#hasPeerEnded) this.#finish();
      this.#buffer.release();
      this.#turns.end();
      this.#isReading = false;
      this.#afterLoop();
    }
  }

  async #whenResumed(): Promise<void> {
    while (this.#isPaused && !this.#isClosed) {
      await new Promise<void>((resolve) => this.#goOnReading = resolve);
    }
  }

  /** Writes what is queued, and ends this side if that is wanted. */
  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    try {
      while (!this.#hasEnded) {
        const bytes = this.#queue.next();
        if (bytes === undefined && !this.#isEnding) return;
        try {
          if (bytes === undefined) await this.#endSocket();
          else await this.#writeToSocket(bytes);
        } catch (error) {
          return this.#finish(error);
        }
        if (this.#isClosed) return;
        if (this.#needsDrain && this.#queue.byteCount <= LOW_WATER_BYTES) {
          this.#needsDrain = false;
          if (!this.#isEnding) this.#handler?.drain();
        }
      }
      if (this.#hasPeerEnded) this.#finish();
    } finally {
      this.#isWriting = false;
      this.#afterLoop();
    }
  }

  async #writeToSocket(bytes: Uint8Array): Promise<void> {
    let rest = bytes;
    while (!this.#isClosed) {
      const byteCount = await this.#conn.write(rest);
      if (this.#isClosed) return;
      this.#queue.taken(byteCount);
      if (byteCount === rest.length) return;
      rest = rest.subarray(byteCount);
    }
  }

  async #endSocket(): Promise<void> {
    // Where the other side has ended, the close that follows tells it as well.
    if (!this.#hasPeerEnded) await this.#conn.closeWrite();
    this.#hasEnded = true;
  }

  #finish(error?: unknown): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isEnding = true;
    if (error !== undefined) {
      this.#closeError = brokenConnection(this.remote, error);
    }
    this.#queue.clear();
    this.#conn.close();
    this.#goOnReading?.();
    this.#planClosed();
  }

  /** The end is told behind all other calls, once nothing is under way. */
  #planClosed(): void {
    queueMicrotask(() => this.#afterLoop());
  }

  #afterLoop(): void {
    if (!this.#isClosed || this.#isReading || this.#isWriting) return;
    const handler = this.#handler;
    this.#handler = undefined;
    handler?.close(this.#closeError);
  }
}

/**
 * Resolves behind those who await an answer through some functions. A client
 * that has it and closes the connection does so before the next read, which
 * takes 18 µs to give up (2026-11, Deno 2.9).
 */
async function afterAnswers(): Promise<void> {
  await undefined;
  await undefined;
  await undefined;
}

function addressOf({ hostname, port }: Address): Address {
  return { hostname, port };
}
