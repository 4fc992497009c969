import type { Clock, Timer } from "../base/clock.ts";
import { checkChoice, checkInteger } from "../base/options.ts";

/** Who sent a message. */
export interface MessageMeta {
  /** The sender's node id; a valid target for an answer. */
  readonly from: string;
  /** The sender's alias, if it has one. */
  readonly alias?: string;
}

/**
 * Takes one message. If it returns a promise, the next message waits for it,
 * as in an Erlang process.
 */
export type MessageHandler<Message> = (
  message: Message,
  meta: MessageMeta,
) => unknown;

/** Options for the mailbox of a node. */
export interface MailboxOptions {
  /**
   * Messages held while no handler is attached or the handler is busy; a
   * positive integer up to 10,000,000.
   *
   * @default {1000}
   */
  maxSize?: number;
  /**
   * What happens to a message that comes when the mailbox is full:
   * `"drop-newest"` drops and counts it.
   *
   * @default {"drop-newest"}
   */
  overflow?: "drop-newest";
}

/** What a {@linkcode Mailbox} tells its owner. */
export interface MailboxHost {
  /** Where time comes from. */
  readonly clock: Clock;
  /** Messages were dropped since the last report; at most once a second. */
  dropped(count: number, total: number): void;
  /** The handler threw, or its promise rejected. */
  failed(error: unknown, meta: MessageMeta): void;
}

/**
 * Deliveries in one go, also to a handler whose promises settle at once; after
 * them, sockets and timers have their turn.
 */
const BURST = 1024;

const DROP_REPORT_MS = 1000;
const FIRST_CAPACITY = 16;

/**
 * A bounded first-in-first-out queue in front of one handler.
 *
 * A message for an idle handler is handed over at once. The others wait in a
 * ring buffer that doubles up to `maxSize` and costs O(1) a message.
 */
export class Mailbox<Message> {
  readonly #host: MailboxHost;
  readonly #maxSize: number;
  #handler: MessageHandler<Message> | undefined;
  /** The ring: message and meta side by side; its length is a power of two. */
  #slots: unknown[] = new Array(2 * FIRST_CAPACITY);
  #head = 0;
  #size = 0;
  /** The handler runs, or its promise is pending. */
  #isBusy = false;
  #isPumpPlanned = false;
  /** Deliveries since sockets and timers had their turn. */
  #burstCount = 0;
  #isClosed = false;
  #droppedCount = 0;
  #unreportedCount = 0;
  #reportTimer: Timer | undefined;

  /** Makes an empty mailbox with no handler. */
  constructor(host: MailboxHost, options: MailboxOptions = {}) {
    this.#host = host;
    this.#maxSize = checkInteger(
      "create a mailbox",
      "maxSize",
      options.maxSize ?? 1000,
      { min: 1, max: 10_000_000 },
    );
    checkChoice(
      "create a mailbox",
      "overflow",
      options.overflow ?? "drop-newest",
      ["drop-newest"],
    );
  }

  /** Messages that wait. */
  get size(): number {
    return this.#size;
  }

  /** Whether the next message would be dropped. */
  get isFull(): boolean {
    return this.#size >= this.#maxSize;
  }

  /** Messages dropped since the start. */
  get droppedCount(): number {
    return this.#droppedCount;
  }

  /**
   * Attaches the handler and hands it what waits.
   *
   * @returns A function that detaches it; later messages wait again.
   * @throws {TypeError} If a handler is attached already.
   */
  attach(handler: MessageHandler<Message>): () => void {
    if (typeof handler !== "function") {
      throw new TypeError("Cannot attach a message handler: not a function");
    }
    if (this.#handler !== undefined) {
      throw new TypeError(
        "Cannot attach a second message handler: a mailbox has one. Detach the first with the function that onMessage returned",
      );
    }
    this.#handler = handler;
    if (this.#size > 0) this.#planPump();
    return () => {
      if (this.#handler === handler) this.#handler = undefined;
    };
  }

  /** Takes a message; returns false if it was dropped. */
  offer(message: Message, meta: MessageMeta): boolean {
    if (
      this.#size === 0 && !this.#isBusy && !this.#isPumpPlanned &&
      this.#handler !== undefined
    ) {
      this.#deliver(this.#handler, message, meta);
      if (this.#size > 0 && !this.#isBusy) this.#planPump();
      return true;
    }
    if (this.#size >= this.#maxSize || this.#isClosed) return this.#drop();
    if (2 * this.#size === this.#slots.length) this.#grow();
    const slot = 2 * (this.#head + this.#size) & (this.#slots.length - 1);
    this.#slots[slot] = message;
    this.#slots[slot + 1] = meta;
    this.#size++;
    return true;
  }

  /** Drops what waits and takes nothing any more. */
  close(): void {
    this.#isClosed = true;
    this.#handler = undefined;
    this.#size = 0;
    this.#slots = [];
    this.#reportTimer?.cancel();
  }

  #pump(): void {
    while (this.#size > 0 && !this.#isBusy) {
      if (this.#handler === undefined) break;
      if (this.#burstCount++ === BURST) return this.#planPump();
      const slot = 2 * this.#head;
      const message = this.#slots[slot] as Message;
      const meta = this.#slots[slot + 1] as MessageMeta;
      this.#slots[slot] = this.#slots[slot + 1] = undefined;
      this.#head = (this.#head + 1) & (this.#slots.length / 2 - 1);
      this.#size--;
      this.#deliver(this.#handler, message, meta);
    }
  }

  #deliver(
    handler: MessageHandler<Message>,
    message: Message,
    meta: MessageMeta,
  ): void {
    this.#isBusy = true;
    let pending: Promise<unknown> | undefined;
    try {
      const result = handler(message, meta);
      // A thenable that is no promise, such as a query, may throw, settle
      // twice, or settle at once; the promise around it does not.
      if (isThenable(result)) pending = Promise.resolve(result);
    } catch (error) {
      this.#host.failed(error, meta);
    }
    if (pending !== undefined) {
      pending.then(
        () => this.#afterPromise(),
        (error) => {
          this.#host.failed(error, meta);
          this.#afterPromise();
        },
      );
      return;
    }
    this.#isBusy = false;
  }

  #afterPromise(): void {
    this.#isBusy = false;
    if (!this.#isPumpPlanned) this.#pump();
  }

  /** What came while the handler ran is handed over in a turn of its own. */
  #planPump(): void {
    if (this.#isPumpPlanned) return;
    this.#isPumpPlanned = true;
    this.#host.clock.defer(() => {
      this.#isPumpPlanned = false;
      this.#burstCount = 0;
      this.#pump();
    });
  }

  #grow(): void {
    const capacity = this.#slots.length;
    const grown = new Array(2 * capacity);
    for (let index = 0; index < 2 * this.#size; index++) {
      grown[index] = this.#slots[(2 * this.#head + index) & (capacity - 1)];
    }
    this.#slots = grown;
    this.#head = 0;
  }

  #drop(): boolean {
    this.#droppedCount++;
    this.#unreportedCount++;
    if (this.#reportTimer === undefined && !this.#isClosed) this.#report();
    return false;
  }

  #report(): void {
    this.#reportTimer = undefined;
    if (this.#unreportedCount === 0) return;
    const count = this.#unreportedCount;
    this.#unreportedCount = 0;
    this.#reportTimer = this.#host.clock.schedule(
      DROP_REPORT_MS,
      () => this.#report(),
    );
    this.#host.dropped(count, this.#droppedCount);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value &&
    typeof value.then === "function";
}
