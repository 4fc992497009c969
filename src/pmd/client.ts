import type { Timer } from "../base/clock.ts";
import { DistflowError, hasCode, messageOf } from "../base/errors.ts";
import type { JsonRecord } from "../base/json.ts";
import type { Platform } from "../transport/platform.ts";
import {
  type Address,
  type Connection,
  formatAddress,
} from "../transport/transport.ts";
import { Channel, type ChannelHandler } from "../wire/channel.ts";
import { fromWireFailure } from "../wire/failure.ts";
import { violation } from "../wire/fields.ts";
import { FrameWriter } from "../wire/frame.ts";
import type { Hello } from "../wire/hello.ts";
import { FRAME_BYTES_CAP, PROTOCOL_VERSION } from "../wire/limits.ts";
import {
  decodePmdMessage,
  encodePmdRequest,
  type NodeRecord,
  type PmdEvent,
  type PmdMessage,
  type PmdRequest,
  type PmdSnapshot,
  type PmdStatus,
  type RegisteredNode,
} from "../wire/pmd_messages.ts";

/** Options for {@linkcode PmdClient.connect} and `open`. */
export interface PmdClientOptions {
  /** Where the PMD listens. */
  readonly address: Address;
  /** Time, sockets and process. */
  readonly platform: Platform;
  /** How long the connection, and then each request, may take. */
  readonly timeoutMs: number;
  /** Gives the connection up, until the PMD has said its hello. */
  readonly signal?: AbortSignal;
}

/** The terms of a registration. */
export interface Lease {
  /** How long it lives without a heartbeat, in milliseconds. */
  readonly leaseMs: number;
  /** How often the PMD wants to hear a heartbeat, in milliseconds. */
  readonly heartbeatMs: number;
}

/** What a watching client is told. */
export type WatchSink = (message: PmdSnapshot | PmdEvent) => void;

type Answer = Exclude<PmdMessage, PmdSnapshot | PmdEvent>;

interface Pending {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
  readonly deadlineMs: number;
}

const HIGH_WATER_UNITS = 1024 * 1024;

/** A hello and a request fit; a client that asks once needs no more. */
const WRITER_BYTES = 2048;

/**
 * One connection to a PMD. Requests are answered in order, many at a time.
 *
 * It does not reconnect: `ended` tells when it is over.
 */
export class PmdClient implements ChannelHandler, AsyncDisposable {
  /** Where the PMD listens. */
  readonly address: Address;
  /** Resolves when the connection is over, with the reason if it was lost. */
  readonly ended: Promise<DistflowError | undefined>;

  readonly #platform: Platform;
  readonly #timeoutMs: number;
  readonly #channel: Channel;
  /** In the order of their deadlines, as all have the same timeout. */
  readonly #pending: Map<number, Pending> = new Map();
  #nextId = 1;
  #timer: Timer | undefined;
  #peer: Hello | undefined;
  #watchSink: WatchSink | undefined;
  #onOpen: (() => void) | undefined;
  #onEnd: (error: DistflowError | undefined) => void = () => {};
  /** Whether the PMD may hold, or send, more than the answers. */
  #holds = false;
  #isEnding = false;
  #isOver = false;

  /**
   * Connects to the PMD at `options.address`, and waits until it has said its
   * hello.
   *
   * @throws {DistflowError} `PMD_UNREACHABLE` if nobody listens there, and
   * `PMD_PORT_TAKEN` if something else than a PMD does.
   */
  static async open(options: PmdClientOptions): Promise<PmdClient> {
    const client = await PmdClient.connect(options);
    await client.greeted();
    return client;
  }

  /**
   * Connects to what listens at `options.address`. What is asked at once goes
   * out behind this side's hello, in the same write; it is rejected as `open`
   * is if that is no PMD.
   *
   * @throws {DistflowError} `PMD_UNREACHABLE` if nobody listens there.
   */
  static async connect(options: PmdClientOptions): Promise<PmdClient> {
    const { address, platform, timeoutMs, signal } = options;
    let connection: Connection;
    try {
      connection = await platform.transport.connect(address, {
        timeoutMs,
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (error) {
      throw pmdUnreachable(address, error);
    }
    const client = new PmdClient(
      options,
      (handler) =>
        new Channel(connection, handler, {
          clock: platform.clock,
          writer: new FrameWriter(WRITER_BYTES),
          hello: {
            protocol: "distflow-pmd",
            versions: [PROTOCOL_VERSION],
            frameBytesMax: FRAME_BYTES_CAP,
            runtime: platform.process.runtime,
            pid: platform.process.pid,
          },
          dialer: true,
          isEager: true,
          highWaterUnits: HIGH_WATER_UNITS,
        }),
    );
    // Without a word from there, the connection is as good as not there.
    signal?.addEventListener("abort", () => {
      if (client.#peer !== undefined) return;
      client.destroy(pmdUnreachable(address, undefined));
    });
    return client;
  }

  private constructor(
    options: PmdClientOptions,
    openChannel: (handler: ChannelHandler) => Channel,
  ) {
    this.address = options.address;
    this.#platform = options.platform;
    this.#timeoutMs = options.timeoutMs;
    this.ended = new Promise((resolve) => this.#onEnd = resolve);
    this.#channel = openChannel(this);
  }

  /** Which life of the PMD this is. */
  get pmdId(): string {
    return this.#peer?.pmdId ?? "";
  }

  /** The process of the PMD, on its machine. */
  get pmdPid(): number {
    return this.#peer?.pid ?? 0;
  }

  /**
   * Resolves when the PMD has said its hello.
   *
   * @throws {DistflowError} As `open`.
   */
  async greeted(): Promise<void> {
    if (this.#peer !== undefined) return;
    const failure = await Promise.race([
      new Promise<undefined>((resolve) =>
        this.#onOpen = () => resolve(undefined)
      ),
      this.ended,
    ]);
    if (this.#peer !== undefined) return;
    throw failure ?? pmdUnreachable(this.address, undefined);
  }

  /**
   * Registers a node for as long as this connection lives.
   *
   * @param attempt Higher than any that this life of the node has made.
   * @throws {DistflowError} `ALIAS_TAKEN`, `STALE_INCARNATION`,
   * `LIMIT_REACHED` or `NOT_LOCAL`.
   */
  async register(node: NodeRecord, attempt = 1): Promise<Lease> {
    this.#holds = true;
    const answer = await this.#request({ type: "register", node, attempt });
    if (answer.type !== "registered") throw unexpected(answer);
    return { leaseMs: answer.leaseMs, heartbeatMs: answer.heartbeatMs };
  }

  /** Ends the registration: watchers are told that it was on purpose. */
  async unregister(): Promise<void> {
    await this.#request({ type: "unregister" });
  }

  /**
   * The node whose alias or id is `name`.
   *
   * @throws {DistflowError} `PEER_NOT_FOUND`.
   */
  async resolve(name: string): Promise<RegisteredNode> {
    const answer = await this.#request({ type: "resolve", name });
    if (answer.type !== "resolved") throw unexpected(answer);
    return answer.node;
  }

  /** All nodes that are registered, in the order in which they registered. */
  async list(): Promise<readonly RegisteredNode[]> {
    const answer = await this.#request({ type: "list" });
    if (answer.type !== "nodes") throw unexpected(answer);
    return answer.nodes;
  }

  /** Renews the registration's lease, and shows that the PMD answers. */
  async heartbeat(): Promise<void> {
    await this.#request({ type: "heartbeat" });
  }

  /**
   * Tells `sink` of a snapshot, then of each change. Whenever the PMD could
   * not send all changes, another snapshot comes.
   */
  async watch(sink: WatchSink): Promise<void> {
    this.#holds = true;
    this.#watchSink = sink;
    await this.#request({ type: "watch" });
  }

  /** What the PMD tells of itself. */
  async status(): Promise<PmdStatus> {
    const answer = await this.#request({ type: "status" });
    if (answer.type !== "status") throw unexpected(answer);
    return answer.status;
  }

  /**
   * Shuts the PMD down.
   *
   * @param force Whether to do so even if nodes are registered.
   * @throws {DistflowError} `PMD_IN_USE` or `NOT_LOCAL`.
   */
  async shutdown(force: boolean): Promise<void> {
    await this.#request({ type: "shutdown", force });
  }

  /** Ends the connection; what is registered on it is gone. */
  async close(): Promise<void> {
    this.#isEnding = true;
    // Where all is answered and nothing is held, no end of the PMD's is missed.
    if (this.#holds || this.#pending.size > 0) this.#channel.end();
    else this.#channel.destroy();
    await this.ended;
  }

  /** Ends the connection at once, without waiting for the PMD. */
  destroy(failure: DistflowError): void {
    this.#channel.destroy(failure);
  }

  /** Closes, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The PMD said its hello; for the channel. */
  hello(hello: Hello): void {
    this.#peer = hello;
    this.#onOpen?.();
    // What was asked before has all its time from here; mostly, its answer came
    // along with the hello.
    queueMicrotask(() => {
      if (this.#pending.size > 0) this.#watchTime();
    });
  }

  /** An answer or an event came; for the channel. */
  control(message: JsonRecord): void {
    const decoded = decodePmdMessage(message);
    switch (decoded.type) {
      case "snapshot":
      case "join":
      case "leave":
        this.#watchSink?.(decoded);
        return;
      default:
        this.#settle(decoded);
    }
  }

  /** A PMD sends no data messages; for the channel. */
  batch(): boolean {
    throw violation("an array, where an answer was expected");
  }

  /** Requests are not held back; for the channel. */
  drain(): void {}

  /** Nothing can be asked any more; for the channel. */
  closing(): void {
    this.#isOver = true;
  }

  /** The connection is over; for the channel. */
  closed(error?: DistflowError): void {
    this.#timer?.cancel();
    this.#isOver = true;
    const isWanted = this.#isEnding && this.#pending.size === 0;
    const failure = isWanted ? undefined : this.#failureOf(error);
    for (const { reject } of this.#pending.values()) reject(failure);
    this.#pending.clear();
    this.#onEnd(this.#isEnding ? undefined : failure);
  }

  #request(request: PmdRequest): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#isOver) {
        reject(pmdUnreachable(this.address, undefined));
        return;
      }
      const id = this.#nextId++;
      const deadlineMs = this.#platform.clock.monotonicMs() + this.#timeoutMs;
      this.#pending.set(id, { resolve, reject, deadlineMs });
      this.#channel.sendControl(encodePmdRequest(id, request));
      // Until the hello came, the channel watches over the time.
      if (this.#peer === undefined) return;
      this.#watchTime();
    });
  }

  /** Why the connection is over, for those who wait for something. */
  #failureOf(error: DistflowError | undefined): DistflowError {
    const isKnown = this.#peer !== undefined ||
      hasCode(error, "PMD_UNREACHABLE", "PROTOCOL_MISMATCH", "LIMIT_REACHED");
    if (isKnown) return error ?? pmdUnreachable(this.address, undefined);
    return hasCode(error, "PMD_SHUT_DOWN", "CONNECTION_RESET")
      ? pmdUnreachable(this.address, error)
      : portTaken(this.address, error);
  }

  #settle(answer: Answer): void {
    const pending = this.#pending.get(answer.id);
    if (pending === undefined) throw violation("an answer nobody waits for");
    this.#pending.delete(answer.id);
    if (answer.type === "error") {
      pending.reject(fromWireFailure(answer.code, answer.details));
    } else pending.resolve(answer);
  }

  #watchTime(): void {
    this.#timer ??= this.#schedule(this.#timeoutMs);
  }

  #schedule(delayMs: number): Timer {
    return this.#platform.clock.schedule(delayMs, () => this.#checkDeadline());
  }

  /** One timer watches the oldest request: answers come in order. */
  #checkDeadline(): void {
    this.#timer = undefined;
    const [oldest] = this.#pending.values();
    if (oldest === undefined) return;
    const leftMs = oldest.deadlineMs - this.#platform.clock.monotonicMs();
    if (leftMs > 0) this.#timer = this.#schedule(Math.ceil(leftMs));
    else this.#channel.destroy(pmdSilent(this.address, this.#timeoutMs));
  }
}

function unexpected(answer: Answer): DistflowError {
  return violation(`an answer of type "${answer.type}" to another request`);
}

/** The error for a PMD that nobody answers for. */
export function pmdUnreachable(
  address: Address,
  cause: unknown,
): DistflowError {
  const place = formatAddress(address);
  // Whoever has no way to that address is not helped by a PMD that is started.
  const isNoWay = hasCode(
    cause,
    "ADDRESS_UNAVAILABLE",
    "CONNECTION_TIMEOUT",
    "PERMISSION_DENIED",
  );
  const why = isNoWay
    ? `: ${messageOf(cause).replace(`Cannot connect to ${place}: `, "")}`
    : `. Start one with "distflow pmd start", or check the PMD's hostname and port`;
  return new DistflowError(
    "PMD_UNREACHABLE",
    `Cannot reach a PMD at ${place}${why}`,
    { cause, details: { hostname: address.hostname, port: address.port } },
  );
}

function pmdSilent(address: Address, timeoutMs: number): DistflowError {
  return new DistflowError(
    "TIMEOUT",
    `Cannot go on with the PMD at ${
      formatAddress(address)
    }: no answer came for ${timeoutMs} ms`,
    { details: { hostname: address.hostname, port: address.port } },
  );
}

/**
 * The error for a port that something else than a PMD holds.
 *
 * @param cause Why no PMD was found there.
 */
export function portTaken(address: Address, cause: unknown): DistflowError {
  const { hostname, port } = address;
  return new DistflowError(
    "PMD_PORT_TAKEN",
    `Cannot use the PMD at ${formatAddress(address)}: ${
      whoHolds(port, cause)
    }, or choose another port: 'pmd.port' of a node, --port or DISTFLOW_PMD_PORT of the commands`,
    { cause, details: { hostname, port } },
  );
}

/** Who it is that holds a port, and what to do about that. */
function whoHolds(port: number, cause: unknown): string {
  const { cause: reason } = cause instanceof Error ? cause : {};
  if (hasCode(reason, "CONNECTION_REFUSED")) {
    return `nobody listens on port ${port}, but it is in use, maybe by an outgoing connection. Try again`;
  }
  return hasCode(cause, "HANDSHAKE_TIMEOUT")
    ? `what listens on port ${port} says nothing: it is no PMD (Erlang's epmd uses 4369, too), or an overloaded one. Stop it`
    : `what listens on port ${port} does not answer like a PMD (Erlang's epmd uses 4369, too). Stop it`;
}
