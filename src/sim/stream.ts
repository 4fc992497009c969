import type { SimEvent } from "./event_queue.ts";
import type { HeldUp, Links, Path } from "./links.ts";

/** The side of a connection that a {@linkcode Stream} takes bytes from. */
export interface StreamSender {
  /** Whether nobody sends here any more. */
  readonly isGone: boolean;
  /** Bytes that were queued are on their way. */
  onTaken(): void;
  /** What was sent has not been acknowledged for too long. */
  onGiveUp(): void;
}

/** The side of a connection that a {@linkcode Stream} brings bytes to. */
export interface StreamReceiver {
  /** Whether nobody reads here any more. */
  readonly isGone: boolean;
  /** The first packet came: the connection is open for this side, too. */
  onOpen(): void;
  /** The first packet disappeared: the connection will never be open. */
  onOpenLost(): void;
  /** There is something to `take`, or the end was reached. */
  onReadable(): void;
  /** Bytes came, and nobody is there. */
  onUnwanted(): void;
  /** The sender's system ended the connection the hard way. */
  onReset(): void;
}

interface Segment {
  readonly kind: "open" | "data" | "end";
  readonly chunks: Uint8Array[];
  readonly sentAtUs: number;
  readonly arriveAtUs: number;
}

/**
 * One direction of a connection: what the two systems and the wire between
 * them do with bytes, as TCP does it.
 *
 * Bytes wait in the sender's queue until the window has room for them, travel
 * in order, and wait at the receiver until they are read; the window has room
 * again a latency after that.
 */
export class Stream implements HeldUp {
  /** Its way. */
  readonly path: Path;
  /** Whether all that is sent disappears without a sign. */
  isVanishing = false;

  readonly #links: Links;
  readonly #sender: StreamSender;
  readonly #receiver: StreamReceiver;

  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #end: "open" | "asked" | "sent" = "open";
  /** Bytes that were sent and not acknowledged. */
  #windowedBytes = 0;
  #flight: Segment[] = [];
  #arrival: SimEvent | undefined;
  #giveUp: SimEvent | undefined;

  #received: Uint8Array[] = [];
  #receivedBytes = 0;
  #isEndReceived = false;
  /** Bytes that were read, which the sender does not know yet. */
  #readBytes = 0;
  #readAtUs = 0;
  #acknowledgement: SimEvent | undefined;

  /** Makes the way from `sender` to `receiver`. */
  constructor(
    links: Links,
    path: Path,
    sender: StreamSender,
    receiver: StreamReceiver,
  ) {
    this.#links = links;
    this.path = path;
    this.#sender = sender;
    this.#receiver = receiver;
  }

  /** Bytes that wait for room in the window. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Whether the sender's end is on its way. */
  get isEndSent(): boolean {
    return this.#end === "sent";
  }

  /** Bytes that have arrived and were not read. */
  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Whether the sender's end is the next thing to read. */
  get isAtEnd(): boolean {
    return this.#isEndReceived && this.#receivedBytes === 0;
  }

  /** Sends the packet that completes the opening. */
  open(): void {
    this.#send("open", [], 0);
  }

  /** Queues bytes and sends what there is room for. */
  write(bytes: Uint8Array): void {
    if (this.#queuedBytes === 0) this.#noticeReads();
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    this.#fillWindow();
  }

  /** Ends the stream behind what is queued. */
  end(): void {
    if (this.#end === "open") this.#end = "asked";
    this.#fillWindow();
  }

  /** Drops what is queued and ends the stream behind what was sent. */
  endNow(): void {
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#cancelGiveUp();
    this.end();
  }

  /** Tells the receiver that the connection is over, ahead of what was sent. */
  reset(): void {
    const delayUs = this.#links.delayUs(this.path, 0);
    this.#links.scheduler.after(delayUs, () => {
      if (this.isVanishing || this.#links.isBlocked(this.path)) return;
      this.#receiver.onReset();
    });
  }

  /** Drops what is queued and what is on its way. */
  abort(): void {
    const { scheduler } = this.#links;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#end = "sent";
    this.#flight = [];
    this.#links.forget(this);
    scheduler.cancel(this.#arrival);
    scheduler.cancel(this.#acknowledgement);
    this.#arrival = undefined;
    this.#acknowledgement = undefined;
    this.#cancelGiveUp();
  }

  /** Drops what has arrived and was not read. */
  dropReceived(): void {
    this.#received = [];
    this.#receivedBytes = 0;
  }

  /**
   * Reads up to `target.length` bytes that have arrived into `target`.
   *
   * @returns How many.
   */
  take(target: Uint8Array): number {
    let count = 0;
    let index = 0;
    while (count < target.length) {
      const chunk = this.#received[index];
      if (chunk === undefined) break;
      const part = chunk.subarray(0, target.length - count);
      target.set(part, count);
      count += part.length;
      if (part.length < chunk.length) {
        this.#received[index] = chunk.subarray(part.length);
        break;
      }
      index++;
    }
    this.#received.splice(0, index);
    this.#receivedBytes -= count;
    this.#readBytes += count;
    this.#readAtUs = this.#links.scheduler.nowUs;
    this.#acknowledge();
    return count;
  }

  /** The way is free again, and the sender tries again; for the links. */
  retry(): void {
    this.#cancelGiveUp();
    this.#planArrival();
    this.#acknowledge();
  }

  #fillWindow(): void {
    const room = this.#links.settings.windowBytes - this.#windowedBytes;
    if (this.#queuedBytes > 0 && room > 0) this.#sendQueued(room);
    if (this.#queuedBytes > 0) this.#acknowledge();
    else if (this.#end === "asked") {
      this.#end = "sent";
      this.#send("end", [], 0);
    }
  }

  #sendQueued(room: number): void {
    const chunks: Uint8Array[] = [];
    let byteCount = 0;
    for (const bytes of this.#queue) {
      if (byteCount === room) break;
      const part = bytes.subarray(0, room - byteCount);
      chunks.push(part);
      byteCount += part.length;
    }
    const rest = this.#queue.slice(chunks.length);
    const last = this.#queue[chunks.length - 1];
    const lastPart = chunks[chunks.length - 1];
    if (last !== undefined && lastPart && lastPart.length < last.length) {
      rest.unshift(last.subarray(lastPart.length));
    }
    this.#queue = rest;
    this.#queuedBytes -= byteCount;
    this.#windowedBytes += byteCount;
    this.#send("data", chunks, byteCount);
  }

  #send(kind: Segment["kind"], chunks: Uint8Array[], byteCount: number): void {
    const { nowUs } = this.#links.scheduler;
    const last = this.#flight[this.#flight.length - 1];
    // What is written at one moment travels together.
    if (kind === "data" && last?.kind === kind && last.sentAtUs === nowUs) {
      for (const chunk of chunks) last.chunks.push(chunk);
      return;
    }
    const arriveAtUs = nowUs + this.#links.delayUs(this.path, byteCount);
    this.#flight.push({ kind, chunks, sentAtUs: nowUs, arriveAtUs });
    this.#planArrival();
  }

  /** What is sent later never overtakes, also when it took less time. */
  #planArrival(): void {
    const segment = this.#flight[0];
    if (segment === undefined || this.#arrival !== undefined) return;
    const { scheduler } = this.#links;
    const delayUs = Math.max(0, segment.arriveAtUs - scheduler.nowUs);
    this.#arrival = scheduler.after(delayUs, () => this.#arrive(segment));
  }

  #arrive(segment: Segment): void {
    this.#arrival = undefined;
    if (this.isVanishing) {
      this.#planGiveUp();
    } else if (this.#links.isBlocked(this.path)) {
      this.#planGiveUp();
      this.#links.holdUp(this);
      return;
    }
    this.#flight.shift();
    this.#planArrival();
    if (!this.isVanishing) this.#receive(segment);
    else if (segment.kind === "open") this.#receiver.onOpenLost();
  }

  #receive({ kind, chunks }: Segment): void {
    if (kind === "open") {
      this.#receiver.onOpen();
    } else if (this.#receiver.isGone) {
      if (kind === "data") this.#receiver.onUnwanted();
    } else {
      for (const chunk of chunks) {
        this.#received.push(chunk);
        this.#receivedBytes += chunk.length;
      }
      this.#isEndReceived = kind === "end";
      this.#receiver.onReadable();
    }
  }

  /** Lets the sender know what was read, if it waits for that. */
  #acknowledge(): void {
    if (this.#readBytes === 0 || this.#queuedBytes === 0) return;
    if (this.#acknowledgement !== undefined) return;
    const { scheduler } = this.#links;
    const delayUs = this.#links.delayUs(this.path, 0);
    this.#acknowledgement = scheduler.after(delayUs, () => {
      this.#acknowledgement = undefined;
      if (this.#links.isBlocked(this.path)) {
        this.#links.holdUp(this);
        return;
      }
      this.#windowedBytes -= this.#readBytes;
      this.#readBytes = 0;
      this.#fillWindow();
      this.#sender.onTaken();
    });
  }

  /** What was read a latency ago is known by now, without an event for it. */
  #noticeReads(): void {
    const { scheduler } = this.#links;
    if (this.#links.isBlocked(this.path)) return;
    if (scheduler.nowUs < this.#readAtUs + this.path.latencyUs) return;
    this.#windowedBytes -= this.#readBytes;
    this.#readBytes = 0;
  }

  #planGiveUp(): void {
    if (this.#giveUp !== undefined || this.#sender.isGone) return;
    const { scheduler, settings } = this.#links;
    this.#giveUp = scheduler.after(
      settings.giveUpUs,
      () => this.#sender.onGiveUp(),
    );
  }

  #cancelGiveUp(): void {
    this.#links.scheduler.cancel(this.#giveUp);
    this.#giveUp = undefined;
  }
}
