import type { Clock, Timer } from "../base/clock.ts";
import { DistflowError } from "../base/errors.ts";
import { isRecord, type JsonRecord } from "../base/json.ts";
import type { Connection } from "../transport/transport.ts";
import {
  connectionLost,
  fromWireFailure,
  isViolation,
  toWireFailure,
  wireError,
} from "./failure.ts";
import { violation } from "./fields.ts";
import { FrameDecoder, type FrameWriter, utf8Length } from "./frame.ts";
import { decodeHello, encodeHello, type Hello } from "./hello.ts";
import { parseJson } from "./json_text.ts";
import {
  CLOSE_TIMEOUT_MS,
  FRAME_BYTES_MIN,
  HELLO_BYTES_MAX,
  HELLO_TIMEOUT_MS,
} from "./limits.ts";
import { checkMessageSize } from "./message_size.ts";
import { Outlet } from "./outlet.ts";

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
  /**
   * Whether this side speaks as requests and answers do: its hello shares a
   * write with what is sent at once, and what is sent while bytes are read leaves
   * when all of them are. A dialer may then send control messages without
   * waiting for the other side's hello: only where the protocol permits it.
   *
   * @default {false}
   */
  readonly isEager?: boolean;
  /** Queued UTF-16 units above which senders should wait. */
  readonly highWaterUnits: number;
}

/** How often an ending connection is looked at. */
const CLOSE_CHECK_MS = CLOSE_TIMEOUT_MS / 4;

type ChannelState = "hello" | "parked" | "open" | "closing" | "closed";

/**
 * One connection that speaks frames of JSON: hello first, then control
 * messages (objects) and data messages (joined into arrays). Malformed input
 * closes this channel with a code.
 */
export class Channel {
  readonly #connection: Connection;
  readonly #handler: ChannelHandler;
  readonly #clock: Clock;
  readonly #hello: Hello;
  readonly #dialer: boolean;
  readonly #isEager: boolean;
  readonly #decoder: FrameDecoder;
  readonly #outlet: Outlet;

  #state: ChannelState = "hello";
  /** Why this channel ends; set once. Input is ignored from then on. */
  #failure: DistflowError | undefined;
  /** How the other side broke the protocol, if this side ended it for that. */
  #violation: DistflowError | undefined;
  /** Guards the hello first, and the end later. */
  #timer: Timer;
  /** Until its hello tells it: what every version-1 peer accepts. */
  #peerFrameBytesMax: number = FRAME_BYTES_MIN;
  /** This side's hello, if it may wait for the end of its turn. */
  #eagerHello: string | undefined;
  #isPaused = false;
  #hasPeerEnded = false;
  /** The connection is over, but what it brought is not all told yet. */
  #isConnectionClosed = false;
  /** How the connection was lost, unless it ended in peace. */
  #loss: DistflowError | undefined;
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
    this.#hello = options.hello;
    this.#dialer = options.dialer;
    this.#isEager = options.isEager ?? false;
    this.#outlet = new Outlet(connection, {
      emptied: () => this.#onEmptied(),
      drained: () => this.#onDrained(),
    }, options);
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
      drain: () => this.#outlet.onWritable(),
      written: () => this.#outlet.onWritten(),
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
    return this.#outlet.queuedUnits;
  }

  /** Whether senders should wait for `drain`. */
  get isAboveHighWater(): boolean {
    return this.#outlet.isAboveHighWater;
  }

  /** When the last bytes came, on the monotonic clock. */
  get lastHeardAtMs(): number {
    return this.#lastHeardAtMs;
  }

  /**
   * How the other side broke the protocol, if that is why this side ended the
   * channel; not what the other side said of this one.
   */
  get violation(): DistflowError | undefined {
    return this.#violation;
  }

  /** Answers the other side's hello with ours: the channel is open. */
  accept(): void {
    if (this.#state !== "parked") return;
    this.#state = "open";
    this.#sendHello();
    this.resume();
  }

  /**
   * Queues a control message, ahead of all data; dropped unless open, or an
   * eager dialer's. One that is larger than the other side accepts closes the
   * channel.
   */
  sendControl(text: string): void {
    const isEarly = this.#state === "hello" && this.#dialer && this.#isEager;
    if (this.#state !== "open" && !isEarly) return;
    if (text.length * 3 > this.#peerFrameBytesMax && !this.#fits(text)) return;
    this.#outlet.pushControl(text);
    if (isEarly) queueMicrotask(() => this.#outlet.flush());
  }

  /**
   * Queues a data message.
   *
   * @param text The message's JSON.
   * @returns False if the queue is above the high-water mark.
   * @throws {DistflowError} `MESSAGE_TOO_LARGE` if the other side would not
   * accept it, `CONNECTION_CLOSED` unless the channel is open.
   */
  sendData(text: string): boolean {
    if (this.#state !== "open") throw connectionLost(undefined);
    checkMessageSize(text, this.#peerFrameBytesMax);
    this.#outlet.pushData(text);
    return !this.#outlet.isAboveHighWater;
  }

  /** Goes on after the handler's `batch` returned false. */
  resume(): void {
    this.#guard(() => this.#decoder.resume());
    this.#checkCut();
    this.#tellClosed();
  }

  /**
   * Sends what is queued, then ends this side. The other side is heard until
   * it ends too. A connection that stands still for 2 s meanwhile is closed,
   * and `closed` is told with `TIMEOUT`.
   */
  end(): void {
    if (this.#state !== "open") return;
    this.#startClosing();
    this.#outlet.flush();
  }

  /**
   * Tells the other side why it ends, and drops what is queued. What still
   * comes is read, so that the other side gets the reason, and ignored.
   */
  close(failure: DistflowError): void {
    if (this.#state === "closed" || this.#failure !== undefined) return;
    if (isViolation(failure)) this.#violation = failure;
    this.#closeFor(failure);
  }

  /**
   * Ends both sides at once; `closed` is told with `failure`. Without one, an
   * open channel ends in peace.
   */
  destroy(failure?: DistflowError): void {
    const isPeace = failure === undefined && this.isOpen;
    if (this.#failure === undefined && failure !== undefined) {
      if (isViolation(failure)) this.#violation = failure;
      this.#failure = failure;
    }
    this.#outlet.clear();
    this.#connection.close();
    if (isPeace) {
      this.#state = "closing";
      this.#handler.closing();
    }
  }

  #closeFor(failure: DistflowError): void {
    const { code, details } = toWireFailure(failure);
    this.#failure = failure;
    const text = JSON.stringify({ type: "close", code, details });
    this.#outlet.clear();
    // Who is told why also learns from whom: an early close means a stranger.
    if (this.#eagerHello !== undefined && !this.#outlet.hasWritten) {
      this.#outlet.pushControl(this.#eagerHello);
    }
    this.#startClosing();
    this.#outlet.sendNow(text);
    this.#pauseIf(false);
  }

  #fits(text: string): boolean {
    const byteCount = utf8Length(text);
    const byteCountMax = this.#peerFrameBytesMax;
    if (byteCount <= byteCountMax) return true;
    this.#closeFor(wireError("FRAME_TOO_LARGE", { byteCount, byteCountMax }));
    return false;
  }

  #sendHello(): void {
    const hello = encodeHello(this.#hello);
    if (!this.#isEager) return this.#outlet.sendNow(hello);
    this.#eagerHello = hello;
    this.#outlet.pushControl(hello);
  }

  #push(bytes: Uint8Array): void {
    this.#lastHeardAtMs = this.#clock.monotonicMs();
    // All that asks came: the answers need not wait for the end of the turn.
    if (this.#isEager) this.#outlet.cork();
    this.#guard(() => this.#decoder.push(bytes));
    if (this.#isEager) this.#outlet.uncork();
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
    this.#pauseIf(this.#decoder.isHeld && this.#failure === undefined);
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
    this.#outlet.clear();
    this.#startClosing();
    this.#connection.end();
  }

  #onPeerEnd(): void {
    this.#hasPeerEnded = true;
    this.#checkCut();
    if (this.#state === "open") this.end();
    else if (this.#state !== "closing") this.#connection.close();
  }

  /** A stream that ends within a frame was cut: that is no peaceful end. */
  #checkCut(): void {
    if (!this.#hasPeerEnded || this.#decoder.isHeld) return;
    if (this.#decoder.keptBytes > 0) this.close(violation("a cut frame"));
  }

  #onConnectionClose(error: Error | undefined): void {
    const state = this.#state;
    const isPeace = state === "closing" && error === undefined;
    if (!isPeace) this.#loss = connectionLost(error);
    if (state === "hello" || state === "parked") this.#failure ??= this.#loss;
    this.#isConnectionClosed = true;
    this.#timer.cancel();
    this.#outlet.clear();
    this.#tellClosed();
    // What was received and is held back is told first; nothing can be sent.
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.#handler.closing();
  }

  /** What was received before the end is told before it, too. */
  #tellClosed(): void {
    if (!this.#isConnectionClosed || this.#state === "closed") return;
    if (this.#decoder.isHeld && this.#failure === undefined) return;
    this.#state = "closed";
    this.#failure ??= this.#loss;
    this.#handler.closed(this.#failure);
  }

  #onEmptied(): void {
    if (this.#state === "closing") this.#connection.end();
  }

  #onDrained(): void {
    if (this.#state === "open") this.#handler.drain();
  }

  #startClosing(): void {
    const wasOpen = this.#state === "open";
    this.#state = "closing";
    this.#planCloseCheck(0);
    if (wasOpen) this.#handler.closing();
  }

  /**
   * Whoever takes what we send, or goes on sending, has the time to do so; one
   * who is told a failure is not listened to any more.
   *
   * @param stillMs How long nothing has moved.
   */
  #planCloseCheck(stillMs: number): void {
    const takenBytes = this.#outlet.takenBytes;
    const heardAtMs = this.#lastHeardAtMs;
    this.#timer.cancel();
    this.#timer = this.#clock.schedule(CLOSE_CHECK_MS, () => {
      const isMoving = this.#outlet.takenBytes > takenBytes ||
        this.#failure === undefined && this.#lastHeardAtMs > heardAtMs;
      if (isMoving) this.#planCloseCheck(0);
      else if (stillMs + CLOSE_CHECK_MS < CLOSE_TIMEOUT_MS) {
        this.#planCloseCheck(stillMs + CLOSE_CHECK_MS);
      } else this.destroy(wireError("TIMEOUT"));
    });
  }
}
