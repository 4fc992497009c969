import type { Timer } from "../base/clock.ts";
import { DistflowError, hasCode, invariant } from "../base/errors.ts";
import type { Logger } from "../log/mod.ts";
import { type Lease, PmdClient, type WatchSink } from "../pmd/client.ts";
import { type PmdMode, reachPmd } from "../pmd/launch.ts";
import { LEASE_MS } from "../pmd/options.ts";
import type { PmdServer } from "../pmd/server.ts";
import type { Platform } from "../transport/platform.ts";
import {
  type Address,
  type ConnectionHandler,
  formatAddress,
} from "../transport/transport.ts";
import { wireError } from "../wire/failure.ts";
import type {
  LeaveReason,
  NodeRecord,
  PmdEvent,
  PmdSnapshot,
  RegisteredNode,
} from "../wire/pmd_messages.ts";
import { Directory, type DirectoryChange, type PeerInfo } from "./directory.ts";
import { reachableAddress } from "./links.ts";

/** What a {@linkcode Membership} tells its owner. */
export interface MembershipHost {
  /** A peer has joined or left. */
  changed(change: DirectoryChange): void;
  /** The node is registered with a PMD. */
  connected(): void;
  /** The PMD is lost; the node looks for it, or for a new one. */
  disconnected(error: DistflowError): void;
  /**
   * The PMD refuses this node, so that peers cannot find it.
   *
   * @param isFinal Whether it is not tried again: another process took over
   * this node's id.
   */
  refused(error: DistflowError, isFinal: boolean): void;
}

/** Options for {@linkcode Membership}. */
export interface MembershipOptions {
  /** Where the node's own PMD is. */
  readonly pmd: Address;
  /** Where a PMD that this node starts listens, if not at `pmd` only. */
  readonly pmdOpenHost: string | undefined;
  /** What may be done if nobody listens there. */
  readonly mode: PmdMode;
  /** How long a request may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Time, chance, sockets and process. */
  readonly platform: Platform;
  /** Where the loss of a PMD is logged. */
  readonly logger: Logger;
}

/** Peers that are alive have come to a new PMD by then, as a rule. */
const PROBE_AFTER_MS = 1000;
const BACKOFF_MIN_MS = 50;
const BACKOFF_MAX_MS = 5000;

/**
 * Keeps a node registered with a PMD, and its directory of peers up to date.
 *
 * When the PMD is lost, the node goes on with what it knows, reconnects with
 * jittered backoff (50 ms doubling to 5 s), starts a PMD if it may, and
 * registers again under the same identity. Peers that do not turn up at the
 * new PMD have left: at once if nobody listens at their address any more,
 * otherwise after the time of a lease.
 */
export class Membership {
  readonly #record: NodeRecord;
  readonly #host: MembershipHost;
  readonly #options: MembershipOptions;
  readonly #directory: Directory;
  #client: PmdClient | undefined;
  #server: PmdServer | undefined;
  #heartbeatTimer: Timer | undefined;
  #retryTimer: Timer | undefined;
  #suspectTimer: Timer | undefined;
  #failureCount = 0;
  #attempt = 0;
  #isStopped = false;
  /** Connections to give up when the node stops; one signal for each. */
  readonly #aborts: Set<AbortController> = new Set();
  #reconnecting: Promise<void> | undefined;

  /** Makes a membership for the node in `record`; `start` registers it. */
  constructor(
    record: NodeRecord,
    host: MembershipHost,
    options: MembershipOptions,
  ) {
    this.#record = record;
    this.#host = host;
    this.#options = options;
    this.#directory = new Directory(record.nodeId);
  }

  /** Where the PMD is. */
  get pmd(): Address {
    return this.#options.pmd;
  }

  /** Whether the node is registered with a PMD at this moment. */
  get isConnected(): boolean {
    return this.#client !== undefined;
  }

  /** The PMD, if this process hosts it. */
  get server(): PmdServer | undefined {
    return this.#server;
  }

  /** The peers that are known. */
  get peers(): PeerInfo[] {
    return this.#directory.peers;
  }

  /** The peer whose alias or id is `name`, if it is known. */
  find(name: string): PeerInfo | undefined {
    return this.#directory.find(name);
  }

  /**
   * Registers for the first time.
   *
   * @throws {DistflowError} Why the node cannot be registered: `ALIAS_TAKEN`,
   * or why no PMD can be reached or started.
   */
  async start(): Promise<void> {
    await this.#connect();
  }

  /** Resolves when all that the PMD knew at this call is known here. */
  async refresh(): Promise<void> {
    try {
      await this.#client?.heartbeat();
    } catch (error) {
      this.#options.logger.debug("Cannot ask the PMD for news", {}, error);
    }
  }

  /**
   * Asks a PMD where `name` is.
   *
   * @param pmd The PMD; this node's own by default.
   * @throws {DistflowError} `PEER_NOT_FOUND`, or why the PMD cannot tell.
   */
  async resolve(name: string, pmd?: Address): Promise<RegisteredNode> {
    const address = pmd ?? this.pmd;
    try {
      if (pmd !== undefined) return await this.#resolveAt(name, pmd);
      if (this.#client !== undefined) return await this.#client.resolve(name);
    } catch (error) {
      if (this.#isStopped) throw wireError("NODE_SHUT_DOWN");
      throw hasCode(error, "PEER_NOT_FOUND") ? notFound(name, address) : error;
    }
    throw notFoundWithoutPmd(name, address);
  }

  /** Unregisters, and ends the PMD if this process hosts it. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const abort of this.#aborts) abort.abort();
    this.#retryTimer?.cancel();
    await this.#reconnecting;
    this.#suspectTimer?.cancel();
    this.#heartbeatTimer?.cancel();
    const client = this.#client;
    this.#client = undefined;
    if (client !== undefined) {
      try {
        await client.unregister();
      } catch (error) {
        this.#options.logger.debug("Cannot unregister", {}, error);
      }
      await client.close();
    }
    await this.#server?.shutdown();
  }

  async #resolveAt(name: string, pmd: Address): Promise<RegisteredNode> {
    const { platform, timeoutMs } = this.#options;
    const client = await this.#untilStopped((signal) =>
      PmdClient.connect({ address: pmd, platform, timeoutMs, signal })
    );
    try {
      return await client.resolve(name);
    } finally {
      await client.close();
    }
  }

  /** A connection in the making would keep the process of the node alive. */
  async #untilStopped<Result>(
    open: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const abort = new AbortController();
    this.#aborts.add(abort);
    try {
      return await open(abort.signal);
    } finally {
      this.#aborts.delete(abort);
    }
  }

  async #connect(): Promise<void> {
    let entry: Entry | undefined;
    const access = await this.#untilStopped((signal) =>
      reachPmd({
        address: this.#options.pmd,
        openHost: this.#options.pmdOpenHost,
        ...this.#options,
        opening: (client) => entry = this.#enter(client),
        signal,
      })
    );
    invariant(entry !== undefined, "a PMD that is reached was asked");
    if (access.server !== undefined) this.#adopt(access.server);
    const { client } = access;
    try {
      const { heartbeatMs } = await entry.registered;
      entry.accept((message) => this.#onWatch(client, message));
      await entry.watched;
      this.#client = client;
      this.#failureCount = 0;
      this.#planHeartbeat(client, heartbeatMs);
      client.ended.then((error) => this.#onLost(client, error));
      this.#host.connected();
      this.#planSuspects(PROBE_AFTER_MS, () => void this.#probeSuspects());
    } catch (error) {
      await client.close();
      if (access.server !== undefined) await access.server.shutdown();
      throw error;
    }
  }

  /** Registers and watches in one go. */
  #enter(client: PmdClient): Entry {
    const early: (PmdSnapshot | PmdEvent)[] = [];
    let sink: WatchSink = (message) => early.push(message);
    const registered = client.register(this.#record, ++this.#attempt);
    const watched = client.watch((message) => sink(message));
    // Whether it is refused is asked later, or never if no PMD is there.
    registered.catch(() => {});
    watched.catch(() => {});
    return {
      registered,
      watched,
      accept(next) {
        sink = next;
        for (const message of early) next(message);
      },
    };
  }

  #adopt(server: PmdServer): void {
    this.#server = server;
    server.ended.then(() => {
      if (this.#server === server) this.#server = undefined;
    });
  }

  #onWatch(client: PmdClient, message: PmdSnapshot | PmdEvent): void {
    const changes = message.type === "snapshot"
      ? this.#directory.applySnapshot(message)
      : this.#directory.applyEvent(message);
    if (changes === undefined) {
      // Events are missing: a new snapshot shows what they would have told.
      client.watch((next) => this.#onWatch(client, next)).catch((error) =>
        this.#options.logger.debug("Cannot take a new snapshot", {}, error)
      );
      return;
    }
    for (const change of changes) this.#host.changed(change);
  }

  #onLost(client: PmdClient, error: DistflowError | undefined): void {
    if (this.#client !== client || error === undefined) return;
    this.#client = undefined;
    this.#heartbeatTimer?.cancel();
    this.#suspectTimer?.cancel();
    if (this.#isStopped) return;
    this.#directory.suspectAll();
    this.#host.disconnected(error);
    if (error.code === "NODE_REPLACED") return this.#host.refused(error, true);
    this.#planReconnect();
  }

  #planReconnect(): void {
    const { clock, random } = this.#options.platform;
    const limitMs = Math.min(
      BACKOFF_MAX_MS,
      BACKOFF_MIN_MS * 2 ** Math.min(this.#failureCount, 16),
    );
    this.#failureCount++;
    this.#retryTimer = clock.schedule(random.below(limitMs) + 1, () => {
      this.#reconnecting = this.#reconnect();
    });
  }

  async #reconnect(): Promise<void> {
    try {
      await this.#connect();
    } catch (error) {
      if (!(error instanceof DistflowError)) throw error;
      this.#onReconnectFailed(error);
    }
  }

  #onReconnectFailed(error: DistflowError): void {
    this.#options.logger.debug("Cannot register again yet", {
      pmd: formatAddress(this.pmd),
      code: error.code,
    });
    if (this.#isStopped) return;
    if (hasCode(error, "STALE_INCARNATION", "NODE_REPLACED")) {
      return this.#host.refused(error, true);
    }
    if (hasCode(error, "ALIAS_TAKEN", "LIMIT_REACHED", "PMD_PORT_TAKEN")) {
      this.#host.refused(error, false);
    }
    this.#planReconnect();
  }

  #planHeartbeat(client: PmdClient, heartbeatMs: number): void {
    this.#heartbeatTimer = this.#options.platform.clock.schedule(
      heartbeatMs,
      () => {
        this.#planHeartbeat(client, heartbeatMs);
        client.heartbeat().catch((error) =>
          this.#options.logger.debug("No answer to a heartbeat", {}, error)
        );
      },
    );
  }

  #planSuspects(delayMs: number, act: () => void): void {
    this.#suspectTimer?.cancel();
    if (this.#directory.suspects.length === 0) return;
    this.#suspectTimer = this.#options.platform.clock.schedule(delayMs, act);
  }

  /**
   * Peers that have not come to the new PMD: where nobody listens any more,
   * the peer is gone for certain; the others have the time of a lease.
   */
  async #probeSuspects(): Promise<void> {
    this.#planSuspects(LEASE_MS - PROBE_AFTER_MS, () => {
      for (const peer of this.#directory.suspects) this.#drop(peer, "expired");
    });
    const { platform, timeoutMs, pmd } = this.#options;
    for (const peer of this.#directory.suspects) {
      const address = reachableAddress(peer, pmd.hostname);
      if (address === undefined || this.#isStopped) continue;
      try {
        const probe = await this.#untilStopped((signal) =>
          platform.transport.connect(address, { timeoutMs, signal })
        );
        probe.start(SILENT);
        probe.close();
      } catch (error) {
        if (hasCode(error, "CONNECTION_REFUSED")) {
          this.#drop(peer, "disconnected");
        }
      }
    }
  }

  #drop(peer: PeerInfo, reason: LeaveReason): void {
    if (this.#isStopped) return;
    for (const change of this.#directory.dropSuspect(peer, reason)) {
      this.#host.changed(change);
    }
  }
}

/** A registration on its way. */
interface Entry {
  readonly registered: Promise<Lease>;
  readonly watched: Promise<void>;
  /**
   * Takes what the PMD tells. Before the node is known to be registered, that
   * is kept: a node that is refused does not learn of peers.
   */
  accept(sink: WatchSink): void;
}

/** For a connection that only shows that somebody listens. */
const SILENT: ConnectionHandler = {
  data() {},
  drain() {},
  end() {},
  close() {},
};

function notFound(name: string, pmd: Address): DistflowError {
  return new DistflowError(
    "PEER_NOT_FOUND",
    `Cannot find "${name}": the PMD at ${
      formatAddress(pmd)
    } knows no node of that name. Check the spelling, or see "distflow pmd list"`,
    { details: { name, hostname: pmd.hostname, port: pmd.port } },
  );
}

function notFoundWithoutPmd(name: string, pmd: Address): DistflowError {
  return new DistflowError(
    "PMD_UNREACHABLE",
    `Cannot find "${name}": it is not among the known peers, and the PMD at ${
      formatAddress(pmd)
    } is away. The node is reconnecting; try again`,
    { details: { name, hostname: pmd.hostname, port: pmd.port } },
  );
}
