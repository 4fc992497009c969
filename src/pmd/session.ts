import { DistflowError } from "../base/errors.ts";
import type { JsonRecord } from "../base/json.ts";
import { type Connection, isLoopback } from "../transport/transport.ts";
import { Channel, type ChannelHandler } from "../wire/channel.ts";
import { toWireFailure, wireError } from "../wire/failure.ts";
import { violation } from "../wire/fields.ts";
import type { FrameWriter } from "../wire/frame.ts";
import type { Hello } from "../wire/hello.ts";
import type { Clock } from "../base/clock.ts";
import {
  decodePmdRequest,
  encodePmdAnswer,
  type PmdRequest,
} from "../wire/pmd_messages.ts";

/** What a {@linkcode Session} asks of the server that it belongs to. */
export interface SessionHost {
  /** Does what is asked and returns the answer's JSON, without its id. */
  answer(session: Session, request: PmdRequest): string;
  /** The JSON of a snapshot of all nodes. */
  snapshot(): string;
  /** The session has said its hello. */
  greeted(session: Session): void;
  /** The session is over. */
  closed(session: Session): void;
}

/** Options for {@linkcode Session}. */
export interface SessionOptions {
  /** Where time comes from. */
  readonly clock: Clock;
  /** Shared by all sessions of a server. */
  readonly writer: FrameWriter;
  /** What the PMD says of itself. */
  readonly hello: Hello;
}

/** Above this, watchers miss events and get a snapshot once they read again. */
const HIGH_WATER_UNITS = 1024 * 1024;

/** A client that has this much unread, in UTF-16 units, is cut off. */
const UNREAD_UNITS_MAX = 32 * 1024 * 1024;

/**
 * One client of a PMD: reads its requests, answers them in order, and passes
 * on events while it watches.
 */
export class Session implements ChannelHandler {
  readonly #channel: Channel;
  readonly #host: SessionHost;
  /** Whether the client is on the machine of the PMD. */
  readonly isLocal: boolean;
  #isWatching = false;
  #hasMissedEvents = false;

  /** Takes over a connection that a client opened. */
  constructor(
    connection: Connection,
    host: SessionHost,
    options: SessionOptions,
  ) {
    const { local, remote } = connection;
    this.isLocal = isLoopback(remote.hostname) ||
      remote.hostname === local.hostname;
    this.#host = host;
    this.#channel = new Channel(connection, this, {
      ...options,
      dialer: false,
      isEager: true,
      highWaterUnits: HIGH_WATER_UNITS,
    });
  }

  /** Whether the client asked to be told of changes. */
  get isWatching(): boolean {
    return this.#isWatching;
  }

  /** How the client broke the protocol, if the session ended for that. */
  get violation(): DistflowError | undefined {
    return this.#channel.violation;
  }

  /** Sends all later events, and a snapshot of what is, now. */
  watch(): void {
    this.#isWatching = true;
    this.#send(this.#host.snapshot());
  }

  /** Sends an event; one that cannot be sent is made up for by a snapshot. */
  sendEvent(text: string): void {
    if (this.#channel.isAboveHighWater) this.#hasMissedEvents = true;
    else this.#channel.sendControl(text);
  }

  /** Ends the session and tells the client why. */
  close(failure: DistflowError): void {
    this.#channel.close(failure);
  }

  /** Ends the session at once. */
  destroy(failure: DistflowError): void {
    this.#channel.destroy(failure);
  }

  /** The client says who it is; PMDs accept every version-1 client. */
  hello(): void {
    this.#host.greeted(this);
    this.#channel.accept();
  }

  /** A request came. */
  control(message: JsonRecord): void {
    const { id, request } = decodePmdRequest(message);
    let answer: string;
    try {
      answer = this.#host.answer(this, request);
    } catch (error) {
      if (!(error instanceof DistflowError)) throw error;
      answer = JSON.stringify({ type: "error", ...toWireFailure(error) });
    }
    // The snapshot goes first: who has the answer knows what there was.
    if (request.type === "watch") this.watch();
    this.#send(encodePmdAnswer(id, answer));
  }

  /** Clients of a PMD send no data messages. */
  batch(): boolean {
    throw violation("an array, where a request was expected");
  }

  /** The client reads again. */
  drain(): void {
    if (!this.#hasMissedEvents) return;
    this.#hasMissedEvents = false;
    this.#channel.sendControl(this.#host.snapshot());
  }

  /** Nothing is to be done until the session is closed. */
  closing(): void {}

  /** The connection is over. */
  closed(): void {
    this.#host.closed(this);
  }

  #send(text: string): void {
    this.#channel.sendControl(text);
    if (this.#channel.queuedUnits > UNREAD_UNITS_MAX) {
      this.#channel.destroy(wireError("SLOW_CONSUMER"));
    }
  }
}
