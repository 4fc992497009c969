import { DistflowError } from "../../../src/base/errors.ts";
import type { SeededRandom } from "../../../src/base/random.ts";
import type {
  Address,
  Connection,
  ConnectionHandler,
} from "../../../src/transport/transport.ts";
import type { ManualClock } from "../../support/manual_clock.ts";

const HIGH_WATER_BYTES = 256 * 1024;
const LOW_WATER_BYTES = 64 * 1024;

/** One end of a connection whose bytes only move when a test says so. */
export class MemoryConnection implements Connection {
  readonly local: Address = { hostname: "127.0.0.1", port: 1 };
  remote: Address = { hostname: "127.0.0.1", port: 2 };
  /** How often something was written. */
  writeCount = 0;
  /** The system takes nothing of what is written, as nobody reads it. */
  isStuck = false;
  isPaused = false;
  /** Cuts what arrives at places of its choice. */
  random: SeededRandom | undefined;

  #peer: MemoryConnection | undefined;
  #handler: ConnectionHandler | undefined;
  #queued: Uint8Array[] = [];
  #arrived: Uint8Array[] = [];
  #needsDrain = false;
  #isEnding = false;
  #hasEnded = false;
  #isEndTold = false;
  #closing: { error?: Error } | undefined;
  #isClosed = false;

  /** Two ends of one connection. */
  static pair(): [MemoryConnection, MemoryConnection] {
    const [one, other] = [new MemoryConnection(), new MemoryConnection()];
    one.#peer = other;
    other.#peer = one;
    return [one, other];
  }

  get queuedBytes(): number {
    return this.#queued.reduce((sum, bytes) => sum + bytes.length, 0);
  }

  /** Whether this end was closed, or both have ended. */
  get isOver(): boolean {
    return this.#isClosed;
  }

  start(handler: ConnectionHandler): void {
    this.#handler = handler;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isEnding || this.#closing !== undefined) return true;
    this.writeCount++;
    this.#queued.push(bytes);
    if (this.queuedBytes <= HIGH_WATER_BYTES) return true;
    this.#needsDrain = true;
    return false;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  end(): void {
    this.#isEnding = true;
  }

  close(): void {
    if (this.#closing !== undefined) return;
    this.#closing = {};
    this.#queued = [];
    const peer = this.#peer;
    if (peer === undefined) return;
    // What was not read resets a connection, as it does between systems.
    if (this.#arrived.length > 0) peer.reset();
    else this.#hasEnded = true;
  }

  /** The connection breaks, as seen from this end. */
  reset(): void {
    this.#queued = [];
    this.#arrived = [];
    this.#closing ??= {
      error: new DistflowError("CONNECTION_RESET", "Cannot go on: reset"),
    };
  }

  /** Takes `byteCount` bytes of what is queued to the other end. */
  take(byteCount: number): void {
    const peer = this.#peer;
    let left = byteCount;
    for (let bytes; left > 0 && (bytes = this.#queued.shift());) {
      const part = bytes.slice(0, left);
      if (part.length < bytes.length) {
        this.#queued.unshift(bytes.subarray(left));
      } else this.#handler?.written?.();
      left -= part.length;
      if (peer !== undefined) peer.#arrived.push(part);
    }
  }

  /** Lets one thing happen; false if there is nothing. */
  step(): boolean {
    if (this.#isClosed) return false;
    const handler = this.#handler;
    if (this.#closing !== undefined) {
      this.#isClosed = true;
      handler?.close(this.#closing.error);
      return true;
    }
    if (!this.isStuck && this.#queued.length > 0) {
      this.take(this.queuedBytes);
      return true;
    }
    if (this.#needsDrain && this.queuedBytes <= LOW_WATER_BYTES) {
      this.#needsDrain = false;
      if (!this.#isEnding) handler?.drain();
      return true;
    }
    if (this.#isEnding && !this.#hasEnded && this.#queued.length === 0) {
      this.#hasEnded = true;
      return true;
    }
    return handler !== undefined && this.#read(handler);
  }

  #read(handler: ConnectionHandler): boolean {
    const peer = this.#peer;
    if (this.isPaused || peer === undefined) return false;
    const bytes = this.#arrived.shift();
    if (bytes !== undefined) {
      const count = this.random === undefined
        ? bytes.length
        : 1 + this.random.below(bytes.length);
      if (count < bytes.length) this.#arrived.unshift(bytes.slice(count));
      const part = count < bytes.length ? bytes.slice(0, count) : bytes;
      handler.data(part);
      // The array is only valid during the call.
      part.fill(0xdb);
      return true;
    }
    if (!peer.#hasEnded || peer.#queued.length > 0) return false;
    if (!this.#isEndTold) {
      this.#isEndTold = true;
      handler.end();
      return true;
    }
    if (!this.#hasEnded) return false;
    this.#closing = {};
    return true;
  }
}

/** Lets everything happen that can, until the clock has to move on. */
export function settle(
  clock: ManualClock,
  ...connections: readonly MemoryConnection[]
): void {
  for (let isMoving = true; isMoving;) {
    clock.turn();
    isMoving = false;
    for (const connection of connections) {
      while (connection.step()) isMoving = true;
    }
  }
}
