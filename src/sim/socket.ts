import { DistflowError, type ErrorCode } from "../base/errors.ts";
import {
  type Address,
  type Connection,
  type ConnectionHandler,
  formatAddress,
} from "../transport/transport.ts";
import type { Execution, Leftover } from "./execution.ts";
import type { Links } from "./links.ts";
import type { Stream, StreamReceiver, StreamSender } from "./stream.ts";

/** Above this many queued bytes `write` returns false. */
const HIGH_WATER_BYTES = 256 * 1024;

/** At this many queued bytes or fewer `drain` is told. */
const LOW_WATER_BYTES = 64 * 1024;

/** At most this much later comes the second part of what was cut. */
const CUT_GAP_US_MAX = 100;

/** What handlers find in bytes that they keep, against the contract. */
const POISON = 0xdb;

/** What all sockets of a simulated network share. */
export interface SocketContext {
  /** The network's ways, time and chance. */
  readonly links: Links;
  /** What arrived is handed over in this memory. */
  readonly buffer: Uint8Array;
}

/** What a {@linkcode SimSocket} tells the connection that it is a side of. */
export interface SocketObserver {
  /** The packet that completes the opening came. */
  opened(socket: SimSocket): void;
  /** The process has nothing to do with the socket any more. */
  gone(socket: SimSocket): void;
}

/** One side of a simulated connection. */
export class SimSocket
  implements Connection, StreamSender, StreamReceiver, Leftover {
  /** This side's address. */
  readonly local: Address;
  /** The other side's address. */
  readonly remote: Address;
  /** The process that this side belongs to. */
  readonly execution: Execution;

  readonly #name: string;
  readonly #context: SocketContext;
  readonly #observer: SocketObserver;
  #out!: Stream;
  #in!: Stream;
  #handler: ConnectionHandler | undefined;
  #isPaused = false;
  #isReadPlanned = false;
  #isEndAsked = false;
  #isEndTold = false;
  #needsDrain = false;
  #isDrainPlanned = false;
  #isGone = false;
  #closeError: DistflowError | undefined;

  /** Makes a side that is not `attach`ed to its streams yet. */
  constructor(
    name: string,
    execution: Execution,
    local: Address,
    remote: Address,
    context: SocketContext,
    observer: SocketObserver,
  ) {
    this.#name = name;
    this.execution = execution;
    this.local = local;
    this.remote = remote;
    this.#context = context;
    this.#observer = observer;
  }

  /** Gives it the streams that it writes to and reads from. */
  attach(out: Stream, incoming: Stream): void {
    this.#out = out;
    this.#in = incoming;
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  get queuedBytes(): number {
    return this.#out.queuedBytes;
  }

  start(handler: ConnectionHandler): void {
    if (this.#handler !== undefined) {
      throw new Error("Cannot start a connection that was started before");
    }
    this.#handler = handler;
    if (this.#isGone) this.#planClose();
    else this.#planRead(0);
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isGone || this.#isEndAsked) return true;
    if (bytes.length > 0) {
      this.#out.write(bytes.slice());
      this.#handler?.written?.();
    }
    if (this.queuedBytes <= HIGH_WATER_BYTES) return true;
    this.#needsDrain = true;
    return false;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#planRead(0);
  }

  end(): void {
    if (this.#isGone || this.#isEndAsked) return;
    this.#isEndAsked = true;
    this.#out.end();
    this.#finishIfEnded();
  }

  close(): void {
    if (this.#isGone) return;
    this.#leave(undefined);
    this.#closeBySystem();
  }

  /** The process is gone, or never knew: the system closes its side. */
  vanish(): void {
    this.execution.sockets.delete(this);
    if (this.#isGone) return;
    this.#markGone();
    this.#closeBySystem();
  }

  /** Ends the connection the hard way: it was never wanted. */
  refuse(): void {
    if (this.#isGone) return;
    this.#markGone();
    this.#in.dropReceived();
    this.#out.abort();
    this.#out.reset();
  }

  /** Ends this side alone, with an error. */
  fail(code: ErrorCode, reason: string): void {
    if (this.#isGone) return;
    this.#out.abort();
    this.#in.dropReceived();
    this.#leave(
      new DistflowError(
        code,
        `Cannot go on with ${formatAddress(this.remote)}: ${reason}`,
        {
          details: { hostname: this.remote.hostname, port: this.remote.port },
        },
      ),
    );
  }

  onOpen(): void {
    this.#observer.opened(this);
  }

  onOpenLost(): void {
    this.refuse();
  }

  onReadable(): void {
    if (!this.#isReadPlanned) this.#read();
  }

  onReset(): void {
    this.fail("CONNECTION_RESET", "the connection was reset");
  }

  onGiveUp(): void {
    this.fail("CONNECTION_TIMEOUT", "what was sent was not acknowledged");
  }

  onUnwanted(): void {
    this.#out.reset();
  }

  onTaken(): void {
    this.#finishIfEnded();
    if (!this.#isDrained || this.#isDrainPlanned) return;
    this.#isDrainPlanned = true;
    this.execution.deliver(`${this.#name} drained`, () => {
      this.#isDrainPlanned = false;
      // A process that was frozen may have written more since it was thawed.
      if (!this.#isDrained || this.#isGone || this.#isEndAsked) return;
      this.#needsDrain = false;
      this.#handler?.drain();
    });
  }

  get #isDrained(): boolean {
    return this.#needsDrain && this.queuedBytes <= LOW_WATER_BYTES;
  }

  get #isReadable(): boolean {
    if (this.#isGone || this.#isPaused || this.#handler === undefined) {
      return false;
    }
    return this.#in.receivedBytes > 0 || this.#in.isAtEnd && !this.#isEndTold;
  }

  /** One call of the handler, now or once thawed; the next follows. */
  #read(): void {
    if (!this.#isReadable) return;
    this.#isReadPlanned = true;
    this.execution.deliver("", () => {
      this.#isReadPlanned = false;
      if (!this.#isReadable) return;
      const gapUs = this.#in.receivedBytes > 0
        ? this.#handOver()
        : this.#tellEnd();
      this.#planRead(gapUs);
    });
  }

  #planRead(delayUs: number): void {
    if (this.#isReadPlanned || !this.#isReadable) return;
    this.#isReadPlanned = true;
    this.#context.links.scheduler.after(delayUs, () => {
      this.#isReadPlanned = false;
      this.#read();
    });
  }

  /** Hands over what has arrived, or a part of it; returns when to go on. */
  #handOver(): number {
    const { links: { random, scheduler, settings }, buffer } = this.#context;
    let byteCount = Math.min(this.#in.receivedBytes, buffer.length);
    const isCut = byteCount > 1 && random.chance(settings.cutPercent);
    if (isCut) byteCount = 1 + random.below(byteCount - 1);
    const bytes = buffer.subarray(0, byteCount);
    this.#in.take(bytes);
    this.#note(`${byteCount} bytes`);
    scheduler.noteBytes(bytes);
    try {
      this.#handler?.data(bytes);
    } finally {
      bytes.fill(POISON);
    }
    return isCut ? random.below(CUT_GAP_US_MAX + 1) : 0;
  }

  #tellEnd(): number {
    this.#isEndTold = true;
    this.#note("the other side ended");
    this.#handler?.end();
    this.#finishIfEnded();
    return 0;
  }

  #finishIfEnded(): void {
    if (this.#isEndTold && this.#out.isEndSent && !this.#isGone) {
      this.#leave(undefined);
    }
  }

  /** As systems do: what was sent still arrives, unless there is unread data. */
  #closeBySystem(): void {
    if (this.#in.receivedBytes > 0) {
      this.#in.dropReceived();
      this.#out.abort();
      this.#out.reset();
    } else {
      this.#out.endNow();
    }
  }

  /** The process is told that the connection is over, and nothing else. */
  #leave(error: DistflowError | undefined): void {
    this.#markGone();
    this.#closeError = error;
    if (this.#handler === undefined) this.execution.sockets.delete(this);
    else this.#planClose();
  }

  #planClose(): void {
    const error = this.#closeError;
    const how = error === undefined ? "closed" : `closed: ${error.code}`;
    this.execution.post(`${this.#name} ${how}`, () => {
      this.execution.sockets.delete(this);
      this.#handler?.close(error);
    });
  }

  #markGone(): void {
    this.#isGone = true;
    this.#observer.gone(this);
  }

  #note(what: string): void {
    const { scheduler } = this.#context.links;
    scheduler.note(this.execution.label, `${this.#name} ${what}`);
  }
}
