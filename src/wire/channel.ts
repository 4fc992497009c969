import type { Clock, Timer } from "../base/clock.ts";
import { DistflowError } from "../base/errors.ts";
import { isRecord, type JsonRecord } from "../base/json.ts";
import type { Connection } from "../transport/transport.ts";
import { fromWireFailure, toWireFailure, wireError } from "./failure.ts";
import { violation } from "./fields.ts";
import { FrameDecoder, type FrameWriter, utf8Length } from "./frame.ts";
import { decodeHello, encodeHello, type Hello } from "./hello.ts";
import { parseJson } from "./json_text.ts";
import {
  BATCH_UNITS,
  CLOSE_TIMEOUT_MS,
  HELLO_BYTES_MAX,
  HELLO_TIMEOUT_MS,
} from "./limits.ts";
import { OutboundQueue } from "./outbound.ts";

/** What a {@linkcode Channel} tells its owner. */
export interface ChannelHandler {
  /**
   * The other side's hello came. A dialer's channel is open from here on; an
   * acceptor answers with `accept` or `close`, now or later.
   */
  hello(hello: Hello): void;
  /** A control message came: a JSON object. */
  control(message: JsonRecord): void;
  /**
   * Data messages came, in order.
   *
   * @returns False to hold back what is behind them until `resume`.
   */
  batch(messages: readonly unknown[]): boolean;
  /** The queue, once above the high-water mark, is below half of it again. */
  drain(): void;
  /**
   * Nothing can be sent any more, as one side is ending the channel. What the
   * other side has sent still arrives. Told once, unless `closed` comes first.
   */
  closing(): void;
  /**
   * The channel is over; told once, as the last call.
   *
   * @param error Why, unless it was ended in peace.
   */
  closed(error?: DistflowError): void;
}

/** Options for {@linkcode Channel}. */
export interface ChannelOptions {
  /** Where time comes from. */
  readonly clock: Clock;
  /** Frames are written here; the channels of a process may share one. */
  readonly writer: FrameWriter;
  /** What this side says of itself. */
  readonly hello: Hello;
  /** Whether this side opened the connection, and so speaks first. */
  readonly dialer: boolean;
  /** Queued UTF-16 units above which senders should wait. */
  readonly highWaterUnits: number;
}

type ChannelState = "hello" | "parked" | "open" | "closing" | "closed";

/**
 * One connection that speaks frames of JSON: hello first, then control
 * messages (objects) and data messages (joined into arrays).
 *
 * Control goes out before data. What is queued in one turn of the event loop
 * is written at its end, or as soon as 64 KiB are together; small data messages
 * share a frame. Malformed input closes this channel with a code.
 */
export class Channel {
  readonly #connection: Connection;
  readonly #handler: ChannelHandler;
  readonly #clock: Clock;
  readonly #writer: FrameWriter;
  readonly #hello: Hello;
  readonly #dialer: boolean;
  readonly #highWaterUnits: number;
  readonly #decoder: FrameDecoder;
  readonly #queue = new OutboundQueue();

  #state: ChannelState = "hello";
  /** Why this channel ends; set once. Input is ignored from then on. */
  #failure: DistflowError | undefined;
  /** Guards the hello first, and the end later. */
  #timer: Timer;
  #peerFrameBytesMax: number = HELLO_BYTES_MAX;
  #flushPlanned = false;
  #writable = true;
  #aboveHighWater = false;
  #isPaused = false;
  /** The connection is over, but what it brought is not all told yet. */
  #isConnectionClosed = false;
  #lossCause: Error | undefined;
  #lastHeardAtMs: number;

  /** Starts to speak on `connection`, which nobody has started yet. */
  constructor(
    connection: Connection,
    handler: ChannelHandler,
    options: ChannelOptions,
  ) {
    this.#connection = connection;
    this.#handler = handler;
    this.#clock = options.clock;
    this.#writer = options.writer;
    this.#hello = options.hello;
    this.#dialer = options.dialer;
    this.#highWaterUnits = options.highWaterUnits;
    this.#lastHeardAtMs = this.#clock.monotonicMs();
    this.#decoder = new FrameDecoder(
      HELLO_BYTES_MAX,
      (text) => this.#receive(text),
    );
    this.#timer = this.#clock.schedule(
      HELLO_TIMEOUT_MS,
      () => this.close(wireError("HANDSHAKE_TIMEOUT")),
    );
    connection.start({
      data: (bytes) => this.#push(bytes),
      drain: () => this.#onWritable(),
      end: () => this.#onPeerEnd(),
      close: (error) => this.#onConnectionClose(error),
    });
    if (this.#dialer) this.#sendHello();
  }

  /** Whether messages can be sent. */
  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** The other side's hostname, as the connection tells it. */
  get remoteHostname(): string {
    return this.#connection.remote.hostname;
  }

  /** What waits to be sent: UTF-16 units here, and bytes in the connection. */
  get queuedUnits(): number {
    return this.#queue.units + this.#connection.queuedBytes;
  }

  /** Whether senders should wait for `drain`. */
  get isAboveHighWater(): boolean {
    return this.#aboveHighWater;
  }

  /** When the last bytes came, on the monotonic clock. */
  get lastHeardAtMs(): number {
    return this.#lastHeardAtMs;
  }

  /** Answers the other side's hello with ours: the channel is open. */
  accept(): void {
    if (this.#state !== "parked") return;
    this.#state = "open";
    this.#sendHello();
    this.resume();
  }

  /** Queues a control message, ahead of all data; dropped unless open. */
  sendControl(text: string): void {
    if (this.#state !== "open") return;
    this.#queue.pushControl(text);
    this.#afterPush();
  }

  /**
   * Queues a data message on an open channel.
   *
   * @param text The message's JSON.
   * @returns False if the queue is above the high-water mark.
   * @throws {DistflowError} `MESSAGE_TOO_LARGE` if the other side would not
   * accept it.
   */
  sendData(text: string): boolean {
    if (text.length * 3 + 2 > this.#peerFrameBytesMax) this.#checkSize(text);
    this.#queue.pushData(text);
    this.#afterPush();
    return !this.#aboveHighWater;
  }

  /** Goes on after the handler's `batch` returned false. */
  resume(): void {
    this.#guard(() => this.#decoder.resume());
    this.#tellClosed();
  }

  /**
   * Sends what is queued, then ends this side. The other side is heard until
   * it ends too; if it does not, the connection is closed after 2 s.
   */
  end(): void {
    if (this.#state !== "open") return;
    this.#startClosing();
    this.#flush();
  }

  /** Tells the other side why it ends, and drops what is queued. */
  close(failure: DistflowError): void {
    if (this.#state === "closed" || this.#failure !== undefined) return;
    const { code, details } = toWireFailure(failure);
    this.#failure = failure;
    this.#queue.clear();
    this.#queue.pushControl(JSON.stringify({ type: "close", code, details }));
    this.#startClosing();
    this.#flush();
  }

  /** Ends both sides at once; `closed` is told with `failure`. */
  destroy(failure?: DistflowError): void {
    this.#failure ??= failure;
    this.#queue.clear();
    this.#connection.close();
  }

  #checkSize(text: string): void {
    const byteCount = utf8Length(text) + 2;
    if (byteCount <= this.#peerFrameBytesMax) return;
    throw new DistflowError(
      "MESSAGE_TOO_LARGE",
      `Cannot send a message of ${byteCount} bytes: the peer accepts ${this.#peerFrameBytesMax}. Send it in parts, or raise the peer's 'messageBytesMax'`,
      { details: { byteCount, byteCountMax: this.#peerFrameBytesMax } },
    );
  }

  #sendHello(): void {
    this.#queue.pushControl(encodeHello(this.#hello));
    this.#flush();
  }

  #push(bytes: Uint8Array): void {
    this.#lastHeardAtMs = this.#clock.monotonicMs();
    this.#guard(() => this.#decoder.push(bytes));
  }

  /** Malformed input ends this channel; a bug of ours is thrown on. */
  #guard(read: () => void): void {
    if (this.#failure !== undefined) return;
    try {
      read();
    } catch (error) {
      if (!(error instanceof DistflowError)) throw error;
      this.close(error);
    }
    this.#pauseIf(this.#decoder.isHeld);
  }

  #pauseIf(isHeld: boolean): void {
    if (this.#isPaused === isHeld) return;
    this.#isPaused = isHeld;
    if (isHeld) this.#connection.pause();
    else this.#connection.resume();
  }

  #receive(text: string): boolean {
    if (this.#failure !== undefined) return true;
    const value = parseJson(text);
    if (Array.isArray(value) && this.#state !== "hello") {
      return this.#handler.batch(value);
    }
    if (isRecord(value) && value.type === "close") {
      this.#onPeerClose(fromWireFailure(value.code, value.details));
      return true;
    }
    if (this.#state === "hello") return this.#receiveHello(value);
    if (!isRecord(value)) throw violation("a frame that is a JSON scalar");
    if (value.type === "hello") throw violation("a second hello");
    this.#handler.control(value);
    return true;
  }

  /** An acceptor reads on once its owner has decided. */
  #receiveHello(value: unknown): boolean {
    const hello = decodeHello(value, this.#hello.protocol);
    this.#timer.cancel();
    this.#peerFrameBytesMax = hello.frameBytesMax;
    this.#decoder.bodyBytesMax = this.#hello.frameBytesMax;
    this.#state = this.#dialer ? "open" : "parked";
    this.#handler.hello(hello);
    return this.#isReadable;
  }

  get #isReadable(): boolean {
    return this.#state !== "parked";
  }

  #onPeerClose(failure: DistflowError): void {
    this.#failure = failure;
    this.#queue.clear();
    this.#startClosing();
    this.#connection.end();
  }

  #onPeerEnd(): void {
    if (this.#state === "open") this.end();
    else if (this.#state !== "closing") this.#connection.close();
  }

  #onConnectionClose(error: Error | undefined): void {
    this.#isConnectionClosed = true;
    this.#timer.cancel();
    this.#queue.clear();
    if (this.#state === "hello" || this.#state === "parked") {
      this.#failure ??= connectionLost(error);
    }
    this.#lossCause = error;
    this.#tellClosed();
  }

  /** What was received before the end is told before it, too. */
  #tellClosed(): void {
    if (!this.#isConnectionClosed || this.#state === "closed") return;
    if (this.#decoder.isHeld && this.#failure === undefined) return;
    const wasClosing = this.#state === "closing";
    this.#state = "closed";
    if (this.#failure === undefined && !(wasClosing && !this.#lossCause)) {
      this.#failure = connectionLost(this.#lossCause);
    }
    this.#handler.closed(this.#failure);
  }

  #afterPush(): void {
    const { units } = this.#queue;
    if (units > this.#highWaterUnits) this.#aboveHighWater = true;
    if (!this.#writable) return;
    if (units >= BATCH_UNITS) this.#flush();
    else this.#planFlush();
  }

  #planFlush(): void {
    if (this.#flushPlanned) return;
    this.#flushPlanned = true;
    this.#clock.defer(() => {
      this.#flushPlanned = false;
      this.#flush();
    });
  }

  /** Writes what is queued until the connection is full. */
  #flush(): void {
    while (this.#writable) {
      const text = this.#queue.shift();
      if (text === undefined) break;
      this.#writer.add(text);
      if (this.#writer.byteCount >= BATCH_UNITS) this.#handOver();
    }
    if (this.#writer.byteCount > 0) this.#handOver();
    if (this.#queue.isEmpty && this.#state === "closing") {
      this.#connection.end();
    }
    this.#checkHighWater();
  }

  #checkHighWater(): void {
    if (!this.#aboveHighWater || this.queuedUnits > this.#highWaterUnits / 2) {
      return;
    }
    this.#aboveHighWater = false;
    if (this.#state === "open") this.#handler.drain();
  }

  #handOver(): void {
    this.#writable = this.#connection.write(this.#writer.take());
  }

  #onWritable(): void {
    this.#writable = true;
    this.#flush();
  }

  #startClosing(): void {
    const wasOpen = this.#state === "open";
    this.#state = "closing";
    this.#timer.cancel();
    this.#timer = this.#clock.schedule(
      CLOSE_TIMEOUT_MS,
      () => this.#connection.close(),
    );
    if (wasOpen) this.#handler.closing();
  }
}

function connectionLost(cause: Error | undefined): DistflowError {
  if (cause instanceof DistflowError) return cause;
  return new DistflowError(
    "CONNECTION_CLOSED",
    "Cannot go on: the other side closed the connection without a word",
    { cause },
  );
}
