import type { Socket } from "node:net";
import { Fifo } from "../base/fifo.ts";
import type {
  Address,
  Connection,
  ConnectionHandler,
} from "../transport/transport.ts";
import { brokenConnection } from "./errors.ts";
import { HIGH_WATER_BYTES, TURN_BYTES } from "./limits.ts";

/** A {@linkcode Connection} on a socket of `node:net`. */
export class NodeConnection implements Connection {
  readonly local: Address;
  readonly remote: Address;
  readonly #socket: Socket;
  #handler: ConnectionHandler | undefined;
  #error: Error | undefined;
  #needsDrain = false;
  #isPaused = false;
  /** Bytes read since other connections had their turn. */
  #turnBytes = 0;
  /** The others have their turn now. */
  #isYielding = false;
  #isEnding = false;
  /** Whether this side called `close`. */
  #isClosed = false;
  #isEndDue = false;
  #isCloseDue = false;
  #writtenBytes = 0;
  /** Where each write ends that `written` was not told of. */
  readonly #writeEnds = new Fifo<number>();

  /** Takes `socket`, which is connected, over. */
  constructor(socket: Socket, local: Address, remote: Address) {
    this.#socket = socket;
    this.local = local;
    this.remote = remote;
    socket.setNoDelay(true);
    // From the first moment on: an error that nobody hears ends the process.
    socket.on("error", (error) => this.#error = error);
  }

  get queuedBytes(): number {
    return this.#socket.destroyed ? 0 : this.#socket.writableLength;
  }

  start(handler: ConnectionHandler): void {
    const socket = this.#socket;
    this.#handler = handler;
    socket.on("data", (bytes: Uint8Array) => {
      // What Node.js has read comes also after `destroy`.
      if (this.#isClosed) return;
      handler.data(bytes);
      this.#turnBytes += bytes.length;
      if (this.#turnBytes >= TURN_BYTES) this.#yield();
    });
    socket.on("drain", () => {
      this.#tellWritten();
      if (!this.#needsDrain) return;
      this.#needsDrain = false;
      handler.drain();
    });
    socket.on("end", () => {
      this.#isEndDue = true;
      this.#tellEnds();
    });
    socket.on("close", () => {
      this.#isCloseDue = true;
      this.#tellEnds();
    });
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isEnding || this.#socket.destroyed) return true;
    this.#tellWritten();
    this.#writtenBytes += bytes.length;
    if (bytes.length > 0) this.#writeEnds.push(this.#writtenBytes);
    this.#socket.write(bytes);
    this.#tellWritten();
    if (this.#socket.writableLength <= HIGH_WATER_BYTES) return true;
    this.#needsDrain = true;
    return false;
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (!this.#isYielding) this.#socket.resume();
    this.#planEnds();
  }

  end(): void {
    if (this.#isEnding || this.#socket.destroyed) return;
    this.#isEnding = true;
    this.#socket.end();
  }

  close(): void {
    this.#isEnding = true;
    this.#isClosed = true;
    this.#socket.destroy();
    this.#planEnds();
  }

  /**
   * Node.js reads up to 2 MiB from one socket before it looks at any other:
   * that is 10 ms of small messages. Of round trips beside a flood, one in a
   * hundred took 3 to 4 ms without this, and takes 1.5 to 2.5 (2026-11).
   */
  #yield(): void {
    this.#turnBytes = 0;
    if (this.#isYielding) return;
    this.#isYielding = true;
    this.#socket.pause();
    setImmediate(() => {
      this.#isYielding = false;
      if (!this.#isPaused) this.#socket.resume();
    });
  }

  /**
   * Mostly the system takes bytes at once. The callbacks of `write` would tell
   * of it when nobody has something left to do, and slabs would pile up.
   */
  #tellWritten(): void {
    if (this.#socket.destroyed) return;
    const takenBytes = this.#writtenBytes - this.#socket.writableLength;
    for (let end; (end = this.#writeEnds.peek()) && end <= takenBytes;) {
      this.#writeEnds.shift();
      this.#handler?.written?.();
    }
  }

  #planEnds(): void {
    if (this.#isEndDue || this.#isCloseDue) {
      queueMicrotask(() => this.#tellEnds());
    }
  }

  /** Tells what is due. Node.js ends a socket also while it is paused. */
  #tellEnds(): void {
    const isBroken = this.#isClosed || this.#error !== undefined;
    if (this.#isPaused && !isBroken) return;
    if (this.#isEndDue) {
      this.#isEndDue = false;
      if (!isBroken) this.#handler?.end();
      this.#tellEnds();
    } else if (this.#isCloseDue) {
      this.#isCloseDue = false;
      this.#handler?.close(
        this.#error && brokenConnection(this.remote, this.#error),
      );
    }
  }
}
