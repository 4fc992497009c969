import type { Timer } from "../base/clock.ts";
import { DistflowError, invariant } from "../base/errors.ts";
import { checkInteger, checkText } from "../base/options.ts";
import { getLogger, type Logger } from "../log/mod.ts";
import { currentPlatform } from "../platform/mod.ts";
import type { Platform } from "../transport/platform.ts";
import {
  type Address,
  type Connection,
  formatAddress,
  isLoopback,
  type Listener,
} from "../transport/transport.ts";
import { wireError } from "../wire/failure.ts";
import { FrameWriter } from "../wire/frame.ts";
import type { Hello } from "../wire/hello.ts";
import { FRAME_BYTES_MIN, PROTOCOL_VERSION } from "../wire/limits.ts";
import type { PmdRequest, PmdStatus } from "../wire/pmd_messages.ts";
import {
  HEARTBEAT_MS,
  LEASE_MS,
  PMD_HOST_DEFAULT,
  PMD_PORT_DEFAULT,
} from "./options.ts";
import { Registry, type RegistryChange } from "./registry.ts";
import { Session, type SessionHost } from "./session.ts";

/** Options for {@linkcode PmdServer.start}. */
export interface PmdServerOptions {
  /**
   * The hostname or IP address to listen on.
   *
   * @default {"127.0.0.1"}
   */
  host?: string;
  /**
   * The TCP port to listen on; 0 for any free one.
   *
   * @default {4369}
   */
  port?: number;
  /**
   * Allows to listen on more than loopback although there is no
   * authentication: whoever reaches the port can see all nodes.
   *
   * @default {false}
   */
  insecure?: boolean;
  /**
   * Ends the server after this time without any registered node, in
   * milliseconds; 0 for never.
   *
   * @default {0}
   */
  idleExitMs?: number;
  /**
   * Whether the server runs within a node; only shown in its status.
   *
   * @default {false}
   */
  embedded?: boolean;
  /**
   * Where it logs.
   *
   * @default {getLogger("distflow.pmd")}
   */
  logger?: Logger;
  /**
   * Time, sockets and process.
   *
   * @default {currentPlatform()}
   */
  platform?: Platform;
}

/** Why a {@linkcode PmdServer} ended: nobody needed it, or somebody said so. */
export type PmdEnd = "idle" | "requested" | "shutdown";

const OK = JSON.stringify({ type: "ok" });
const REGISTERED = JSON.stringify({
  type: "registered",
  leaseMs: LEASE_MS,
  heartbeatMs: HEARTBEAT_MS,
});

const SWEEP_MS = 1000;

/** A sweep that is later than this means that the PMD itself stood still. */
const STALL_MS = 3 * SWEEP_MS;

/** Connections that have not said their hello; beyond it the oldest is closed. */
const UNGREETED_MAX = 1024;

/**
 * A port mapper daemon: nodes register with it under an id and an alias, and
 * ask it where others listen. It never stands between nodes that talk.
 *
 * Holds at most 10,000 nodes. Registrations live as long as their connection
 * and, without heartbeats, for 15 s.
 *
 * @example A PMD on a free port
 * ```ts
 * import { PmdServer } from "@distflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await PmdServer.start({ port: 0 });
 * assertEquals(server.status().nodeCount, 0);
 * ```
 */
export class PmdServer implements AsyncDisposable {
  /** Which life of the PMD this is; another one after each start. */
  readonly pmdId: string;
  /** Resolves when the server has ended, with the reason. */
  readonly ended: Promise<PmdEnd>;

  readonly #platform: Platform;
  readonly #logger: Logger;
  readonly #embedded: boolean;
  readonly #idleExitMs: number;
  readonly #hello: Hello;
  readonly #writer = new FrameWriter();
  readonly #registry = new Registry({ leaseMs: LEASE_MS });
  readonly #sessions: Set<Session> = new Set();
  readonly #ungreeted: Set<Session> = new Set();
  readonly #startedAtMs: number;

  readonly #sessionHost: SessionHost = {
    answer: (session, request) => this.#answer(session, request),
    snapshot: () => this.#snapshot(),
    greeted: (session) => void this.#ungreeted.delete(session),
    closed: (session) => this.#closed(session),
  };
  #listener: Listener | undefined;
  #sequence = 0;
  #watcherCount = 0;
  #requestCount = 0;
  #violationCount = 0;
  #sweptAtMs: number;
  #idleSinceMs: number;
  #sweepTimer: Timer | undefined;
  #end: PmdEnd | undefined;
  #isListenerClosed = false;
  #settleEnded: (end: PmdEnd) => void = () => {};

  /**
   * Listens, and serves until it is shut down.
   *
   * @throws {DistflowError} `ADDRESS_IN_USE`, `ADDRESS_UNAVAILABLE`,
   * `PERMISSION_DENIED`, or `INSECURE_LISTEN` for an address that is not
   * loopback without `insecure`.
   * @throws {TypeError|RangeError} If an option is not what it must be.
   */
  static async start(options: PmdServerOptions = {}): Promise<PmdServer> {
    const platform = options.platform ?? currentPlatform();
    const address = checkPmdAddress("start a PMD", options, 0);
    const idleExitMs = checkInteger(
      "start a PMD",
      "idleExitMs",
      options.idleExitMs ?? 0,
      { min: 0 },
    );
    if (!isLoopback(address.hostname) && options.insecure !== true) {
      throw insecureListen("a PMD", address);
    }
    const server = new PmdServer(platform, { ...options, idleExitMs });
    await server.#listen(address);
    return server;
  }

  private constructor(platform: Platform, options: PmdServerOptions) {
    const { clock, process, random } = platform;
    this.#platform = platform;
    this.pmdId = random.hex(8);
    this.#logger = options.logger ?? getLogger("distflow.pmd");
    this.#embedded = options.embedded ?? false;
    this.#idleExitMs = options.idleExitMs ?? 0;
    this.#hello = {
      protocol: "distflow-pmd",
      versions: [PROTOCOL_VERSION],
      frameBytesMax: FRAME_BYTES_MIN,
      runtime: process.runtime,
      pid: process.pid,
      pmdId: this.pmdId,
    };
    this.#startedAtMs = clock.monotonicMs();
    this.#sweptAtMs = this.#startedAtMs;
    this.#idleSinceMs = this.#startedAtMs;
    this.ended = new Promise((resolve) => this.#settleEnded = resolve);
  }

  /** Where it listens. */
  get address(): Address {
    invariant(this.#listener !== undefined, "a started server listens");
    return this.#listener.address;
  }

  /** What the PMD tells of itself. */
  status(): PmdStatus {
    const { clock, process } = this.#platform;
    return {
      pmdId: this.pmdId,
      pid: process.pid,
      runtime: process.runtime,
      protocolVersion: PROTOCOL_VERSION,
      embedded: this.#embedded,
      uptimeMs: Math.round(clock.monotonicMs() - this.#startedAtMs),
      nodeCount: this.#registry.size,
      connectionCount: this.#sessions.size,
      watcherCount: this.#watcherCount,
      requestCount: this.#requestCount,
      violationCount: this.#violationCount,
    };
  }

  /** Tells all clients, closes everything, and resolves when the port is free. */
  shutdown(): Promise<PmdEnd> {
    this.#shutdown("shutdown");
    return this.ended;
  }

  /** Shuts down, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  #answer(session: Session, request: PmdRequest): string {
    this.#requestCount++;
    const nowMs = this.#platform.clock.monotonicMs();
    switch (request.type) {
      case "resolve": {
        const node = this.#registry.resolve(request.name, nowMs);
        if (node !== undefined) return `{"type":"resolved","node":${node}}`;
        throw wireError("PEER_NOT_FOUND", { name: request.name });
      }
      case "heartbeat":
        this.#registry.heartbeat(session, nowMs);
        return OK;
      case "register":
        return this.#register(session, request, nowMs);
      case "unregister":
        requireLocal(session, "unregister");
        this.#unregister(session, "shutdown");
        return OK;
      case "list":
        return `{"type":"nodes","nodes":${this.#registry.list(nowMs)}}`;
      case "watch":
        if (!session.isWatching) this.#watcherCount++;
        return OK;
      case "status":
        return JSON.stringify({ type: "status", status: this.status() });
      case "shutdown":
        return this.#answerShutdown(session, request.force);
    }
  }

  #snapshot(): string {
    const nodes = this.#registry.list(this.#platform.clock.monotonicMs());
    return `{"type":"snapshot","sequence":${this.#sequence},"nodes":${nodes}}`;
  }

  #closed(session: Session): void {
    this.#sessions.delete(session);
    this.#ungreeted.delete(session);
    if (session.isWatching) this.#watcherCount--;
    const { violation } = session;
    if (violation !== undefined) {
      this.#violationCount++;
      this.#logger.warn("Closed a client that broke the protocol", {
        code: violation.code,
        reason: violation.message,
      });
    }
    this.#unregister(session, "disconnected");
    this.#checkEnded();
  }

  async #listen(address: Address): Promise<void> {
    const { clock, transport } = this.#platform;
    this.#listener = await transport.listen(
      address,
      (connection) => this.#accept(connection),
    );
    this.#sweepTimer = clock.schedule(SWEEP_MS, () => this.#sweep());
    this.#logger.info("PMD started", { address: formatAddress(this.address) });
  }

  #accept(connection: Connection): void {
    if (this.#end !== undefined) return connection.close();
    const session = new Session(connection, this.#sessionHost, {
      clock: this.#platform.clock,
      writer: this.#writer,
      hello: this.#hello,
    });
    this.#sessions.add(session);
    this.#ungreeted.add(session);
    if (this.#ungreeted.size <= UNGREETED_MAX) return;
    const [oldest] = this.#ungreeted;
    this.#ungreeted.delete(oldest as Session);
    oldest?.destroy(wireError("HANDSHAKE_TIMEOUT"));
  }

  #register(
    session: Session,
    request: PmdRequest & { type: "register" },
    nowMs: number,
  ): string {
    requireLocal(session, "register");
    const { changes, replaced } = this.#registry.register(
      session,
      request,
      nowMs,
      this.#platform.clock.wallMs(),
    );
    if (replaced instanceof Session) replaced.close(wireError("NODE_REPLACED"));
    for (const change of changes) this.#tell(change);
    return REGISTERED;
  }

  #unregister(
    session: Session,
    reason: "shutdown" | "disconnected",
  ): void {
    const change = this.#registry.unregister(session, reason);
    if (change !== undefined) this.#tell(change);
  }

  #answerShutdown(session: Session, force: boolean): string {
    requireLocal(session, "shut the PMD down");
    const nodeCount = this.#registry.size;
    if (nodeCount > 0 && !force) throw wireError("PMD_IN_USE", { nodeCount });
    // The answer goes out first, with the read that asked for it: closing a
    // session drops what is not flushed.
    this.#platform.clock.defer(() => this.#shutdown("requested"));
    return OK;
  }

  /** Tells all watchers of a change. */
  #tell(change: RegistryChange): void {
    this.#sequence++;
    const text = JSON.stringify({ ...change, sequence: this.#sequence });
    for (const session of this.#sessions) {
      if (session.isWatching) session.sendEvent(text);
    }
    this.#logger.debug(`Node ${change.type}`, { ...change });
    this.#idleSinceMs = this.#platform.clock.monotonicMs();
  }

  #sweep(): void {
    const nowMs = this.#platform.clock.monotonicMs();
    const sinceMs = nowMs - this.#sweptAtMs;
    this.#sweptAtMs = nowMs;
    if (sinceMs > STALL_MS) this.#registry.extend(sinceMs - SWEEP_MS);
    for (const { owner, change } of this.#registry.expire(nowMs)) {
      this.#tell(change);
      if (owner instanceof Session) owner.close(wireError("LEASE_EXPIRED"));
    }
    if (this.#registry.size > 0) this.#idleSinceMs = nowMs;
    const isIdle = this.#idleExitMs > 0 &&
      nowMs - this.#idleSinceMs >= this.#idleExitMs;
    if (isIdle) this.#shutdown("idle");
    else {this.#sweepTimer = this.#platform.clock.schedule(
        SWEEP_MS,
        () => this.#sweep(),
      );}
  }

  #shutdown(end: PmdEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#sweepTimer?.cancel();
    this.#logger.info("PMD ends", { reason: end });
    for (const session of [...this.#sessions]) {
      session.close(wireError("PMD_SHUT_DOWN"));
    }
    this.#listener?.close().then(() => {
      this.#isListenerClosed = true;
      this.#checkEnded();
    }, (error) => this.#logger.error("Cannot close the listener", {}, error));
  }

  #checkEnded(): void {
    if (this.#end === undefined || !this.#isListenerClosed) return;
    if (this.#sessions.size === 0) this.#settleEnded(this.#end);
  }
}

/**
 * The address of a PMD in `options`, with the defaults filled in.
 *
 * @param act What is being done, for the error's text.
 * @param portMin 0 where any free port may be asked for, otherwise 1.
 * @param prefix What stands before the names of the options, as in "pmd.".
 */
export function checkPmdAddress(
  act: string,
  options: { host?: string; port?: number },
  portMin: 0 | 1,
  prefix = "",
): Address {
  return {
    hostname: checkText(
      act,
      `${prefix}host`,
      options.host ?? PMD_HOST_DEFAULT,
      255,
    ),
    port: checkInteger(act, `${prefix}port`, options.port ?? PMD_PORT_DEFAULT, {
      min: portMin,
      max: 65535,
    }),
  };
}

/** The refusal to let all the network in. */
export function insecureListen(
  what: string,
  address: Address,
): DistflowError {
  return new DistflowError(
    "INSECURE_LISTEN",
    `Cannot start ${what} on ${
      formatAddress(address)
    }: there is no authentication, so everyone who reaches it could use it. Listen on 127.0.0.1, or set 'insecure' if the network is trusted`,
    { details: { hostname: address.hostname, port: address.port } },
  );
}

function requireLocal(session: Session, request: string): void {
  if (!session.isLocal) throw wireError("NOT_LOCAL", { request });
}
