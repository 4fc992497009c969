import type { Clock } from "../base/clock.ts";
import { Fifo } from "../base/fifo.ts";
import type { Connection } from "../transport/transport.ts";
import type { FrameWriter, Loan } from "./frame.ts";
import { CONTROL_FLUSH_UNITS, FLUSH_UNITS } from "./limits.ts";
import { OutboundQueue } from "./outbound.ts";

/** What an {@linkcode Outlet} tells its owner. */
export interface OutletHost {
  /** Everything that was queued has been handed to the connection. */
  emptied(): void;
  /** The queue, once above the high-water mark, is below half of it again. */
  drained(): void;
}

/** Options for {@linkcode Outlet}. */
export interface OutletOptions {
  /** Where time comes from. */
  readonly clock: Clock;
  /** Frames are written here; empty between two calls. */
  readonly writer: FrameWriter;
  /** Queued UTF-16 units above which senders should wait. */
  readonly highWaterUnits: number;
}

/** More than this may keep what is written beside it: four times as much. */
const COPY_BYTES_MAX = FLUSH_UNITS;

/**
 * The way out of a channel: queues messages, and writes their frames to the
 * connection as fast as it takes them.
 *
 * Control goes out before data. What is queued in one turn of the event loop
 * is written at its end, or at `uncork`, or as soon as 64 KiB are together, or
 * 2 KiB and a control message; small data messages share a frame.
 */
export class Outlet {
  readonly #connection: Connection;
  readonly #host: OutletHost;
  readonly #clock: Clock;
  readonly #writer: FrameWriter;
  readonly #highWaterUnits: number;
  readonly #queue = new OutboundQueue();
  /** What the connection has, in order. */
  readonly #lent = new Fifo<Loan>();
  #flushPlanned = false;
  #isCorked = false;
  #writable = true;
  #aboveHighWater = false;
  #writtenBytes = 0;

  /** Makes the way out to `connection`. */
  constructor(
    connection: Connection,
    host: OutletHost,
    options: OutletOptions,
  ) {
    this.#connection = connection;
    this.#host = host;
    this.#clock = options.clock;
    this.#writer = options.writer;
    this.#highWaterUnits = options.highWaterUnits;
  }

  /** What waits to be sent: UTF-16 units here, and bytes in the connection. */
  get queuedUnits(): number {
    return this.#queue.units + this.#connection.queuedBytes;
  }

  /** Whether senders should wait. */
  get isAboveHighWater(): boolean {
    return this.#aboveHighWater;
  }

  /** Whether the connection was given anything yet. */
  get hasWritten(): boolean {
    return this.#writtenBytes > 0;
  }

  /** What the connection has handed to the system, in bytes. */
  get takenBytes(): number {
    return this.#writtenBytes - this.#connection.queuedBytes;
  }

  /** Queues a control message, ahead of all data. */
  pushControl(text: string): void {
    this.#queue.pushControl(text);
    this.#afterPush(CONTROL_FLUSH_UNITS);
  }

  /** Writes a control message, ahead of all that is queued, and the rest. */
  sendNow(text: string): void {
    this.#queue.pushControl(text);
    this.flush();
  }

  /** Queues a data message. */
  pushData(text: string): void {
    this.#queue.pushData(text);
    this.#afterPush(FLUSH_UNITS);
  }

  /** Writes what is queued until the connection is full. */
  flush(): void {
    while (this.#writable) {
      if (!this.#writeNext()) break;
      if (this.#writer.byteCount >= FLUSH_UNITS) this.#handOver();
    }
    if (this.#writer.byteCount > 0) this.#handOver();
    if (this.#queue.isEmpty) this.#host.emptied();
    this.#checkHighWater();
  }

  /** What is pushed from here on waits for `uncork`, unless it is much. */
  cork(): void {
    this.#isCorked = true;
  }

  /** Writes what was pushed since `cork`. */
  uncork(): void {
    this.#isCorked = false;
    if (!this.#queue.isEmpty) this.flush();
  }

  /** The connection, once full, can be written to again. */
  onWritable(): void {
    this.#writable = true;
    this.flush();
  }

  /** The connection needs the bytes of one more write no longer. */
  onWritten(): void {
    const loan = this.#lent.shift();
    if (loan !== undefined) this.#writer.giveBack(loan);
  }

  /** Drops what is queued here. */
  clear(): void {
    this.#queue.clear();
  }

  #afterPush(flushUnits: number): void {
    const { units } = this.#queue;
    if (units > this.#highWaterUnits) this.#aboveHighWater = true;
    if (!this.#writable) this.#encodeAhead();
    else if (units >= flushUnits) this.flush();
    else if (!this.#isCorked) this.#planFlush();
  }

  /**
   * Texts that wait for a slow reader are encoded while the cache has them, and
   * are not moved again and again by the garbage collector: on Deno, a sender
   * of 16 KiB messages that is faster than its receiver needs two thirds of the
   * processor time (2026-11).
   */
  #encodeAhead(): void {
    if (this.#queue.dataUnits < FLUSH_UNITS) return;
    for (let batch; (batch = this.#queue.shiftBatch()).length > 0;) {
      this.#writer.addArray(batch);
    }
    this.#queue.pushEncoded(this.#writer.lend());
  }

  #planFlush(): void {
    if (this.#flushPlanned) return;
    this.#flushPlanned = true;
    this.#clock.defer(() => {
      this.#flushPlanned = false;
      this.flush();
    });
  }

  #writeNext(): boolean {
    const control = this.#queue.shiftControl();
    if (control !== undefined) {
      this.#writer.add(control);
      return true;
    }
    const encoded = this.#queue.shiftEncoded();
    if (encoded !== undefined) {
      if (this.#writer.byteCount > 0) this.#handOver();
      this.#write(encoded);
      return true;
    }
    const batch = this.#queue.shiftBatch();
    if (batch.length === 0) return false;
    this.#writer.addArray(batch);
    return true;
  }

  #checkHighWater(): void {
    // What the connection has taken does not count: as long as it is not full,
    // nobody tells when it is taken from there.
    const isShort = this.#queue.units <= this.#highWaterUnits / 2;
    if (!this.#aboveHighWater || !isShort) return;
    this.#aboveHighWater = false;
    this.#host.drained();
  }

  #handOver(): void {
    // What is not written at once must not hold on to the memory that it
    // shares with others: some bytes would keep 256 KiB.
    const isCopied = this.#writer.byteCount < COPY_BYTES_MAX &&
      this.#connection.queuedBytes > 0;
    this.#write(isCopied ? this.#writer.lendCopy() : this.#writer.lend());
  }

  #write(loan: Loan): void {
    this.#lent.push(loan);
    this.#writtenBytes += loan.bytes.length;
    this.#writable = this.#connection.write(loan.bytes);
  }
}
