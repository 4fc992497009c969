import { Deferred } from "../base/deferred.ts";
import { DistflowError } from "../base/errors.ts";
import type { JsonRecord } from "../base/json.ts";
import type { Connection } from "../transport/transport.ts";
import { Channel, type ChannelHandler } from "../wire/channel.ts";
import type { Hello, LinkOffer, NodeIdentity } from "../wire/hello.ts";
import { violation } from "../wire/fields.ts";
import { decodeNodeControl, encodeNodeControl } from "../wire/node_messages.ts";
import type { Clock } from "../base/clock.ts";
import type { FrameWriter } from "../wire/frame.ts";
import type { MessageMeta } from "./mailbox.ts";

/** What a {@linkcode Link} tells the table that it belongs to. */
export interface LinkHost {
  /** Where time comes from. */
  readonly clock: Clock;
  /** Shared by all links of a node. */
  readonly writer: FrameWriter;
  /** Queued UTF-16 units above which senders wait. */
  readonly highWaterUnits: number;
  /** Whether the mailbox would drop the next message. */
  readonly isFull: boolean;
  /** Passes a message to the mailbox. */
  deliver(message: unknown, meta: MessageMeta): void;
  /** The peer said who it is. */
  greeted(link: Link): void;
  /** The link is over. */
  closed(link: Link, error: DistflowError | undefined): void;
}

/** Options for {@linkcode Link}. */
export interface LinkOptions {
  /** What this node says of itself; with a link's offer if it dials. */
  readonly hello: Hello;
  /** Whether this node opened the connection. */
  readonly isDialer: boolean;
}

/** A connection to one peer, and what the peer said of itself. */
export class Link implements ChannelHandler {
  /** Whether this node opened the connection. */
  readonly isDialer: boolean;
  readonly #host: LinkHost;
  readonly #channel: Channel;
  #peer: NodeIdentity | undefined;
  #offer: LinkOffer | undefined;
  #meta: MessageMeta = { from: "" };
  /** What the mailbox had no room for, and from where on. */
  #rest: readonly unknown[] | undefined;
  #restIndex = 0;
  #drained: Deferred<void> | undefined;
  /** Whether data has passed since the table looked last. */
  #isUsed = true;
  #idleSinceMs = 0;

  /** Takes over `connection`, which nobody has started yet. */
  constructor(connection: Connection, host: LinkHost, options: LinkOptions) {
    this.isDialer = options.isDialer;
    this.#host = host;
    this.#offer = options.hello.link;
    this.#channel = new Channel(connection, this, {
      clock: host.clock,
      writer: host.writer,
      hello: options.hello,
      dialer: options.isDialer,
      highWaterUnits: host.highWaterUnits,
    });
  }

  /** Who the peer is; undefined until its hello came. */
  get peer(): NodeIdentity | undefined {
    return this.#peer;
  }

  /** The link's name, which its dialer gave it. */
  get offer(): LinkOffer | undefined {
    return this.#offer;
  }

  /** Whether messages can be sent. */
  get isOpen(): boolean {
    return this.#channel.isOpen;
  }

  /** The hostname that the peer's connection comes from or leads to. */
  get remoteHostname(): string {
    return this.#channel.remoteHostname;
  }

  /** What waits to be sent, in UTF-16 units or bytes. */
  get queuedUnits(): number {
    return this.#channel.queuedUnits;
  }

  /** Whether senders should wait for {@linkcode whenDrained}. */
  get isAboveHighWater(): boolean {
    return this.#channel.isAboveHighWater;
  }

  /** When the peer was heard last, on the monotonic clock. */
  get lastHeardAtMs(): number {
    return this.#channel.lastHeardAtMs;
  }

  /** Answers the peer's hello: messages can pass. */
  accept(): void {
    this.#channel.accept();
  }

  /**
   * Queues a message.
   *
   * @returns False if the queue is above the high-water mark.
   * @throws {DistflowError} `MESSAGE_TOO_LARGE`.
   */
  send(text: string): boolean {
    this.#isUsed = true;
    return this.#channel.sendData(text);
  }

  /** Resolves when the queue is short again; rejects if the link is lost. */
  whenDrained(): Promise<void> {
    if (!this.#channel.isAboveHighWater) return Promise.resolve();
    this.#drained ??= new Deferred();
    return this.#drained.promise;
  }

  /** Asks the peer for a sign of life. */
  ping(): void {
    this.#channel.sendControl(encodeNodeControl({ type: "ping" }));
  }

  /** How long no data has passed, in milliseconds; asked now and then. */
  idleMs(nowMs: number): number {
    if (this.#isUsed || this.#channel.queuedUnits > 0) {
      this.#isUsed = false;
      this.#idleSinceMs = nowMs;
    }
    return nowMs - this.#idleSinceMs;
  }

  /** Sends what is queued, and ends in peace. */
  end(): void {
    this.#channel.end();
  }

  /** Ends with a reason that the peer is told. */
  close(failure: DistflowError): void {
    this.#channel.close(failure);
  }

  /** Ends at once. */
  destroy(failure: DistflowError): void {
    this.#channel.destroy(failure);
  }

  /** The peer said who it is; for the channel. */
  hello(hello: Hello): void {
    const { node, link } = hello;
    if (node === undefined) throw violation("a node's hello without its id");
    if (!this.isDialer && link === undefined) {
      throw violation("a dialer's hello that offers no link");
    }
    this.#peer = node;
    this.#offer ??= link;
    this.#meta = Object.freeze(
      node.alias === undefined
        ? { from: node.nodeId }
        : { from: node.nodeId, alias: node.alias },
    );
    this.#host.greeted(this);
  }

  /** A control message came; for the channel. */
  control(message: JsonRecord): void {
    const { type } = decodeNodeControl(message);
    // Who does not read would make us keep a pong for each of its pings.
    if (type === "ping" && !this.#channel.isAboveHighWater) {
      this.#channel.sendControl(encodeNodeControl({ type: "pong" }));
    }
  }

  /** Messages came; for the channel. */
  batch(messages: readonly unknown[]): boolean {
    this.#isUsed = true;
    return this.#deliver(messages, 0, false);
  }

  /** The queue is short again; for the channel. */
  drain(): void {
    this.#drained?.resolve();
    this.#drained = undefined;
  }

  /** What was received still arrives; for the channel. */
  closing(): void {}

  /** The link is over; for the channel. */
  closed(error?: DistflowError): void {
    this.#drained?.reject(
      error ?? new DistflowError("CONNECTION_CLOSED", LOST),
    );
    this.#host.closed(this, error);
  }

  /**
   * Hands messages to the mailbox. When that is full, the rest waits for a
   * turn of the event loop, in which a handler that only does quick work makes
   * room; if there is none after it, the mailbox drops them.
   */
  #deliver(
    messages: readonly unknown[],
    start: number,
    mayDrop: boolean,
  ): boolean {
    for (let index = start; index < messages.length; index++) {
      if (!mayDrop && this.#host.isFull) {
        this.#rest = messages;
        this.#restIndex = index;
        this.#host.clock.defer(() => this.#deliverRest());
        return false;
      }
      this.#host.deliver(messages[index], this.#meta);
    }
    return true;
  }

  #deliverRest(): void {
    const rest = this.#rest ?? [];
    this.#rest = undefined;
    if (this.#deliver(rest, this.#restIndex, this.#host.isFull)) {
      this.#channel.resume();
    }
  }
}

const LOST =
  "Cannot tell whether a message was sent: the link to the peer is lost";
