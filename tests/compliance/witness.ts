import { Deferred } from "../../src/base/deferred.ts";
import { DistflowError } from "../../src/base/errors.ts";
import type {
  Connection,
  ConnectionHandler,
} from "../../src/transport/transport.ts";

/** What a connection has queued at most while its `write` returns true. */
export const HIGH_WATER_BYTES: number = 256 * 1024;

/** What a connection may end with. */
const CLOSE_CODES = ["CONNECTION_RESET", "CONNECTION_TIMEOUT"];

/** What the witness writes into memory that is its own again. */
const SCRIBBLE = 0xdb;

interface Waiter {
  readonly condition: () => boolean;
  readonly deferred: Deferred<void>;
}

/**
 * A connection's handler that writes down what it is told, and each breach of
 * what `transport.ts` promises.
 *
 * All that is sent is one endless stream of bytes, the same each way and in
 * each test, so that a byte shows whether it is in its place.
 */
export class Witness implements ConnectionHandler {
  /** The connection. */
  readonly connection: Connection;
  /** What was told, in order; not the bytes. */
  readonly events: string[] = [];
  /** What was told, or returned, against the contract. */
  readonly breaches: string[] = [];
  /** Bytes that were written, also those that were dropped. */
  sentCount = 0;
  /** Writes whose memory was given back. */
  writtenCount = 0;
  /** Bytes that were received. */
  receivedCount = 0;
  /** Is called when data was told and found right. */
  onData: () => void = () => {};
  /** Is called when `drain` was told. */
  onDrain: () => void = () => {};
  /** Is called when `end` was told. */
  onEnd: () => void = () => {};
  /** What was written and not given back, in order. */
  readonly #lent: Uint8Array[] = [];
  readonly #waiters: Set<Waiter> = new Set();
  #isWithin = false;
  #isStarted = false;
  #isPaused = false;
  #isEndAsked = false;
  #isCloseAsked = false;
  #isDrainDue = false;

  /** Makes a witness of `connection`, which nobody has started. */
  constructor(connection: Connection) {
    this.connection = connection;
  }

  /** Whether the connection is over. */
  get isClosed(): boolean {
    return this.events.at(-1)?.startsWith("close") ?? false;
  }

  /** Whether the peer has ended its side. */
  get hasPeerEnded(): boolean {
    return this.events.includes("end");
  }

  /** How often `drain` was told. */
  get drainCount(): number {
    return this.events.filter((event) => event === "drain").length;
  }

  start(): void {
    this.#isStarted = true;
    this.#within(() => this.connection.start(this));
  }

  /** Writes the next `byteCount` bytes of the stream. */
  send(byteCount: number): boolean {
    const isOver = this.#isEndAsked || this.#isCloseAsked || this.isClosed;
    // A part of larger memory, as writers of frames hand it over.
    const bytes = new Uint8Array(byteCount + 8).subarray(5, 5 + byteCount);
    for (let index = 0; index < byteCount; index++) {
      bytes[index] = byteAt(this.sentCount + index);
    }
    this.sentCount += byteCount;
    if (byteCount > 0) this.#lent.push(bytes);
    return this.#within(() => {
      const goesOn = this.connection.write(bytes);
      const { queuedBytes } = this.connection;
      if (!goesOn) this.#isDrainDue = true;
      this.#expect(
        goesOn === (isOver || queuedBytes <= HIGH_WATER_BYTES),
        `write returned ${goesOn} with ${queuedBytes} bytes queued`,
      );
      return goesOn;
    });
  }

  /**
   * Sends `byteCount` bytes in writes of at most `writeBytes`, and waits for
   * `drain` whenever a write says no.
   */
  pump(byteCount: number, writeBytes: number): void {
    const end = this.sentCount + byteCount;
    const go = (): void => {
      while (this.sentCount < end) {
        if (!this.send(Math.min(writeBytes, end - this.sentCount))) return;
      }
      this.onDrain = () => {};
    };
    this.onDrain = go;
    go();
  }

  pause(): void {
    this.#isPaused = true;
    this.#within(() => this.connection.pause());
  }

  resume(): void {
    this.#isPaused = false;
    this.#within(() => this.connection.resume());
  }

  endSide(): void {
    this.#isEndAsked = true;
    this.#within(() => this.connection.end());
  }

  closeNow(): void {
    this.#isCloseAsked = true;
    this.#within(() => this.connection.close());
  }

  /** Resolves once `condition` holds; it is asked when something was told. */
  when(condition: () => boolean): Promise<void> {
    const waiter = { condition, deferred: new Deferred<void>() };
    this.#waiters.add(waiter);
    this.#look();
    return waiter.deferred.promise;
  }

  /** Resolves once so many bytes were received. */
  receives(byteCount: number): Promise<void> {
    return this.when(() => this.receivedCount >= byteCount);
  }

  /** Resolves once the connection is over. */
  closes(): Promise<void> {
    return this.when(() => this.isClosed);
  }

  data(bytes: Uint8Array): void {
    this.#told("data");
    this.#expect(bytes.length > 0, "data without a byte");
    this.#expect(!this.hasPeerEnded, "data after the end");
    const from = this.receivedCount;
    this.receivedCount += bytes.length;
    this.#checkBytes(bytes, from, "were not what was sent");
    this.onData();
    this.#checkBytes(bytes, from, "changed while they were told");
    this.#look();
  }

  drain(): void {
    this.#told("drain");
    const { queuedBytes } = this.connection;
    this.#expect(this.#isDrainDue, "a drain that nobody waits for");
    this.#expect(
      queuedBytes < HIGH_WATER_BYTES,
      `a drain with ${queuedBytes} bytes queued`,
    );
    this.#expect(!this.#isEndAsked, "a drain after this side ended");
    this.#isDrainDue = false;
    this.events.push("drain");
    this.onDrain();
    this.#look();
  }

  /** What is needed no longer may be changed: nobody must see it. */
  written(): void {
    this.#expect(!this.isClosed, "written after close");
    const bytes = this.#lent.shift();
    this.#expect(bytes !== undefined, "written more often than writes");
    this.writtenCount++;
    bytes?.fill(SCRIBBLE);
  }

  end(): void {
    this.#told("end");
    this.#expect(!this.hasPeerEnded, "a second end");
    this.events.push("end");
    this.onEnd();
    this.#look();
  }

  close(error?: Error): void {
    this.#told("close");
    this.events.push(error === undefined ? "close" : `close ${codeOf(error)}`);
    this.#expect(
      error === undefined || CLOSE_CODES.includes(codeOf(error)),
      `close with ${error}`,
    );
    this.#look();
  }

  /** A method that tells something before it has returned is in breach. */
  #within<Value>(act: () => Value): Value {
    const wasWithin = this.#isWithin;
    this.#isWithin = true;
    try {
      return act();
    } finally {
      this.#isWithin = wasWithin;
    }
  }

  #told(what: "data" | "drain" | "end" | "close"): void {
    this.#expect(this.#isStarted, `${what} before start`);
    this.#expect(!this.#isWithin, `${what} from within a method`);
    this.#expect(!this.isClosed, `${what} after close`);
    const isOfReading = what === "data" || what === "end";
    this.#expect(!(isOfReading && this.#isPaused), `${what} while paused`);
    this.#expect(
      !this.#isCloseAsked || what === "close",
      `${what} after this side closed`,
    );
  }

  #checkBytes(bytes: Uint8Array, from: number, what: string): void {
    const index = bytes.findIndex((byte, index) =>
      byte !== byteAt(from + index)
    );
    this.#expect(index < 0, `bytes from ${from + index} on ${what}`);
  }

  #expect(isSo: boolean, otherwise: string): void {
    if (!isSo) this.breaches.push(otherwise);
  }

  #look(): void {
    for (const waiter of [...this.#waiters]) {
      const isMet = waiter.condition();
      if (!isMet && !this.isClosed) continue;
      this.#waiters.delete(waiter);
      if (isMet) waiter.deferred.resolve();
      else waiter.deferred.reject(new Error(`It ended too early: ${this}`));
    }
  }

  toString(): string {
    const told = `told ${this.receivedCount} bytes, ${this.events.join(", ")}`;
    return [told, ...this.breaches.slice(0, 3)].join("; ");
  }
}

/** The byte at `offset` of the stream: any four in a row tell where they are. */
function byteAt(offset: number): number {
  return Math.imul(offset >>> 2, 0x9e3779b1) >>> (offset % 4 * 8) & 0xff;
}

function codeOf(error: unknown): string {
  return error instanceof DistflowError ? error.code : String(error);
}
