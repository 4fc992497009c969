import type { Socket } from "node:net";
import type {
  Address,
  Connection,
  ConnectionHandler,
} from "../transport/transport.ts";
import { brokenConnection } from "./errors.ts";
import { HIGH_WATER_BYTES } from "./limits.ts";

/** A {@linkcode Connection} on a socket of `node:net`. */
export class NodeConnection implements Connection {
  readonly local: Address;
  readonly remote: Address;
  readonly #socket: Socket;
  #error: Error | undefined;
  #needsDrain = false;
  #isEnding = false;

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
    socket.on("data", (bytes: Uint8Array) => handler.data(bytes));
    socket.on("drain", () => {
      if (!this.#needsDrain) return;
      this.#needsDrain = false;
      handler.drain();
    });
    socket.on("end", () => handler.end());
    socket.on("close", () => {
      const error = this.#error && brokenConnection(this.remote, this.#error);
      handler.close(error);
    });
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isEnding || this.#socket.destroyed) return true;
    this.#socket.write(bytes);
    if (this.#socket.writableLength <= HIGH_WATER_BYTES) return true;
    this.#needsDrain = true;
    return false;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    if (this.#isEnding || this.#socket.destroyed) return;
    this.#isEnding = true;
    this.#socket.end();
  }

  close(): void {
    this.#isEnding = true;
    this.#socket.destroy();
  }
}
