import type { Timer } from "../base/clock.ts";
import { Deferred, rejected } from "../base/deferred.ts";
import { DistflowError, hasCode, invariant } from "../base/errors.ts";
import type { Platform } from "../transport/platform.ts";
import {
  type Address,
  type Connection,
  formatAddress,
  isLoopback,
  isWildcard,
} from "../transport/transport.ts";
import { wireError } from "../wire/failure.ts";
import { FrameWriter } from "../wire/frame.ts";
import type { Hello, NodeIdentity } from "../wire/hello.ts";
import { PROTOCOL_VERSION } from "../wire/limits.ts";
import { Link, type LinkHost } from "./link.ts";
import type { MessageMeta } from "./mailbox.ts";

/** What a {@linkcode LinkTable} tells its owner. */
export interface LinkTableHost {
  /** Whether the mailbox would drop the next message. */
  readonly isFull: boolean;
  /** Passes a message to the mailbox. */
  deliver(message: unknown, meta: MessageMeta): void;
}

/** Options for {@linkcode LinkTable}. */
export interface LinkTableOptions {
  /** Time, chance, sockets and process. */
  readonly platform: Platform;
  /** Queued UTF-16 units above which senders wait. */
  readonly highWaterUnits: number;
  /** The largest frame body that this node accepts, in bytes. */
  readonly frameBytesMax: number;
  /** How long a dial may take, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** A link without data for this long is closed, in milliseconds; 0: never. */
  readonly linkIdleMs: number;
}

/** Where a peer is to be found. */
export interface PeerAddress {
  /** The id that the peer must prove in its hello. */
  readonly nodeId: string;
  /** Where it listens. */
  readonly address: Address;
}

interface Dial {
  readonly settled: Deferred<Link>;
  /** Gives the connection up, as long as it is not there. */
  readonly abort: AbortController;
  /** Undefined until the connection is there. */
  link?: Link;
}

const SWEEP_MS = 5000;
/** A sweep that is later than this means that this process stood still. */
const STALL_MS = 2 * SWEEP_MS;
const PING_AFTER_MS = 5000;
const DEAD_AFTER_MS = 15_000;
/** Connections without a hello; beyond it the oldest is closed. */
const UNGREETED_MAX = 1024;
/** Peers whose last link or address is remembered. */
const REMEMBERED_MAX = 10_000;

/**
 * The links of one node: at most one open link a peer.
 *
 * When two nodes dial each other at the same moment, the dial of the node with
 * the smaller id wins: the other side gives its own dial up, and a node whose
 * dial wins lets the peer's wait until its own has come through or failed. A
 * dialer names the last link that it holds dead, so that a late dial from
 * before a link is told from one after it.
 */
export class LinkTable implements LinkHost {
  /** Where time comes from. */
  readonly clock: Platform["clock"];
  /** Shared by all links. */
  readonly writer: FrameWriter = new FrameWriter();
  /** Queued UTF-16 units above which senders wait. */
  readonly highWaterUnits: number;

  readonly #self: NodeIdentity;
  readonly #host: LinkTableHost;
  readonly #options: LinkTableOptions;
  /** All connections, greeted or not. */
  readonly #all: Set<Link> = new Set();
  /** The one link of each peer that is open, or closing in peace. */
  readonly #established: Map<string, Link> = new Map();
  readonly #dials: Map<string, Dial> = new Map();
  /** Links that peers offered and that wait for a dial or a link to end. */
  readonly #parked: Map<string, Link> = new Map();
  /** The last link with each peer that broke, to be named when dialing again. */
  readonly #lost: Map<string, string> = new Map();
  /** Where peers said that they listen; the latest are kept. */
  readonly #addresses: Map<string, PeerAddress> = new Map();
  /** Peers to dial once their old link is closed. */
  readonly #afterClosing: Map<string, PeerAddress> = new Map();
  /** Accepted connections without a hello, oldest first. */
  readonly #ungreeted: Set<Link> = new Set();
  /** Runs while there are links. */
  #sweepTimer: Timer | undefined;
  #sweptAtMs = 0;
  #isClosed = false;
  #whenEmpty: Deferred<void> | undefined;

  /** Makes a table for the node `self`. */
  constructor(
    self: NodeIdentity,
    host: LinkTableHost,
    options: LinkTableOptions,
  ) {
    this.#self = self;
    this.#host = host;
    this.#options = options;
    this.clock = options.platform.clock;
    this.highWaterUnits = options.highWaterUnits;
  }

  /** How many peers have a link. */
  get size(): number {
    return this.#established.size;
  }

  /** Whether the mailbox would drop the next message. */
  get isFull(): boolean {
    return this.#host.isFull;
  }

  /** The link to a peer, if there is one that messages can be sent on. */
  find(nodeId: string): Link | undefined {
    const link = this.#established.get(nodeId);
    return link?.isOpen ? link : undefined;
  }

  /**
   * The open link to a peer; dials if there is none.
   *
   * @throws {DistflowError} Why the peer cannot be reached: `WRONG_PEER`, the
   * codes of a connection, or of a handshake.
   */
  open(peer: PeerAddress): Promise<Link> {
    if (this.#isClosed) return rejected(wireError("NODE_SHUT_DOWN"));
    const link = this.find(peer.nodeId);
    if (link !== undefined) return Promise.resolve(link);
    const pending = this.#dials.get(peer.nodeId);
    if (pending !== undefined) return pending.settled.promise;
    const dial: Dial = {
      settled: new Deferred(),
      abort: new AbortController(),
    };
    this.#dials.set(peer.nodeId, dial);
    // A link that is closing carries what was sent before: it goes first.
    if (!this.#established.has(peer.nodeId)) this.#dial(peer, dial);
    else this.#afterClosing.set(peer.nodeId, peer);
    return dial.settled.promise;
  }

  /** Where a peer that had a link said that it listens. */
  lastAddress(nodeId: string): PeerAddress | undefined {
    return this.#addresses.get(nodeId);
  }

  /** Takes a connection that a peer opened. */
  accept(connection: Connection): void {
    if (this.#isClosed) return connection.close();
    const link = new Link(connection, this, {
      hello: this.#hello(),
      isDialer: false,
    });
    this.#all.add(link);
    this.#ungreeted.add(link);
    if (this.#ungreeted.size <= UNGREETED_MAX) return;
    const [oldest] = this.#ungreeted;
    oldest?.destroy(wireError("HANDSHAKE_TIMEOUT"));
    if (oldest !== undefined) this.#ungreeted.delete(oldest);
  }

  /** Passes a message to the mailbox; for the links. */
  deliver(message: unknown, meta: MessageMeta): void {
    this.#host.deliver(message, meta);
  }

  /** A peer said who it is; for the links. */
  greeted(link: Link): void {
    this.#ungreeted.delete(link);
    if (this.#isClosed) return link.close(wireError("NODE_SHUT_DOWN"));
    if (link.isDialer) this.#finishDial(link);
    else this.#decide(link);
  }

  /** A link is over; for the links. */
  closed(link: Link, error: DistflowError | undefined): void {
    this.#all.delete(link);
    this.#ungreeted.delete(link);
    const nodeId = link.peer?.nodeId;
    if (nodeId !== undefined) {
      if (this.#parked.get(nodeId) === link) this.#parked.delete(nodeId);
      if (this.#established.get(nodeId) === link) {
        this.#afterEstablished(link, nodeId, error);
      }
    }
    for (const [id, dial] of this.#dials) {
      if (dial.link === link) this.#failDial(id, dial, error);
    }
    if (this.#isClosed && this.#all.size === 0) this.#whenEmpty?.resolve();
  }

  /** Ends all links in peace, and by force after `timeoutMs`. */
  async shutdown(timeoutMs: number): Promise<void> {
    this.#isClosed = true;
    this.#sweepTimer?.cancel();
    const failure = wireError("NODE_SHUT_DOWN");
    for (const dial of this.#dials.values()) {
      dial.settled.reject(failure);
      dial.abort.abort();
    }
    this.#dials.clear();
    if (this.#all.size === 0) return;
    this.#whenEmpty = new Deferred();
    for (const link of this.#all) {
      if (link.isOpen) link.end();
      else link.close(failure);
    }
    const timer = this.clock.schedule(timeoutMs, () => {
      for (const link of this.#all) link.destroy(failure);
    });
    await this.#whenEmpty.promise;
    timer.cancel();
  }

  async #dial(peer: PeerAddress, dial: Dial): Promise<void> {
    const { platform, connectTimeoutMs } = this.#options;
    let connection: Connection;
    try {
      connection = await platform.transport.connect(peer.address, {
        timeoutMs: connectTimeoutMs,
        signal: dial.abort.signal,
      });
    } catch (error) {
      this.#failDial(peer.nodeId, dial, error);
      return;
    }
    // Meanwhile the peer's own dial may have come through, or we shut down.
    if (this.#dials.get(peer.nodeId) !== dial) return connection.close();
    const after = this.#lost.get(peer.nodeId);
    const link = new Link(connection, this, {
      hello: {
        ...this.#hello(),
        link: {
          id: platform.random.hex(8),
          ...(after === undefined ? {} : { after }),
        },
      },
      isDialer: true,
    });
    dial.link = link;
    this.#all.add(link);
  }

  #finishDial(link: Link): void {
    for (const [nodeId, dial] of this.#dials) {
      if (dial.link !== link) continue;
      if (link.peer?.nodeId === nodeId) return this.#establish(link);
      const failure = wireError("WRONG_PEER", { nodeId });
      link.close(failure);
      return this.#failDial(nodeId, dial, failure);
    }
    link.close(wireError("DUPLICATE_LINK"));
  }

  /** A peer offers a link: take it, refuse it, or let it wait. */
  #decide(link: Link): void {
    const { peer } = link;
    if (peer === undefined || peer.nodeId === this.#self.nodeId) {
      return link.close(
        wireError("WRONG_PEER", { nodeId: peer?.nodeId ?? "" }),
      );
    }
    const current = this.#established.get(peer.nodeId);
    if (current !== undefined) {
      const verdict = judge(current, link);
      if (verdict === "park") this.#park(peer.nodeId, link);
      else if (verdict === "replace") {
        current.destroy(new DistflowError("CONNECTION_CLOSED", REPLACED));
        this.#establish(link);
      } else link.close(wireError(verdict));
      return;
    }
    const dial = this.#dials.get(peer.nodeId);
    if (dial !== undefined && this.#self.nodeId < peer.nodeId) {
      this.#park(peer.nodeId, link);
    } else this.#establish(link);
  }

  #park(nodeId: string, link: Link): void {
    this.#parked.get(nodeId)?.close(wireError("DUPLICATE_LINK"));
    this.#parked.set(nodeId, link);
  }

  #establish(link: Link): void {
    const { peer } = link;
    invariant(peer !== undefined, "a link is established after its hello");
    const { nodeId } = peer;
    this.#established.set(nodeId, link);
    if (this.#sweepTimer === undefined) this.#planSweep();
    const address = reachableAddress(peer, link.remoteHostname);
    if (address) remember(this.#addresses, nodeId, { nodeId, address });
    this.#lost.delete(nodeId);
    this.#afterClosing.delete(nodeId);
    const dial = this.#dials.get(nodeId);
    this.#dials.delete(nodeId);
    link.accept();
    dial?.abort.abort();
    if (dial?.link !== undefined && dial.link !== link) {
      dial.link.destroy(wireError("DUPLICATE_LINK"));
    }
    const parked = this.#parked.get(nodeId);
    this.#parked.delete(nodeId);
    if (parked !== link) parked?.close(wireError("DUPLICATE_LINK"));
    dial?.settled.resolve(link);
  }

  #failDial(nodeId: string, dial: Dial, error: unknown): void {
    if (this.#dials.get(nodeId) !== dial) return;
    const parked = this.#parked.get(nodeId);
    if (parked !== undefined) return this.#establish(parked);
    this.#dials.delete(nodeId);
    dial.settled.reject(error ?? wireError("NODE_SHUT_DOWN"));
  }

  #afterEstablished(
    link: Link,
    nodeId: string,
    error: DistflowError | undefined,
  ): void {
    this.#established.delete(nodeId);
    if (error !== undefined && link.offer !== undefined) {
      remember(this.#lost, nodeId, link.offer.id);
    }
    const next = this.#afterClosing.get(nodeId);
    this.#afterClosing.delete(nodeId);
    const parked = this.#parked.get(nodeId);
    const dial = this.#dials.get(nodeId);
    if (parked !== undefined) this.#establish(parked);
    else if (next !== undefined && dial !== undefined) this.#dial(next, dial);
  }

  #planSweep(): void {
    this.#sweptAtMs = this.clock.monotonicMs();
    this.#sweepTimer = this.clock.schedule(SWEEP_MS, () => this.#sweep());
  }

  #sweep(): void {
    const nowMs = this.clock.monotonicMs();
    const isStalled = nowMs - this.#sweptAtMs > STALL_MS;
    this.#sweepTimer = undefined;
    if (this.#established.size > 0) this.#planSweep();
    const { linkIdleMs } = this.#options;
    for (const link of this.#established.values()) {
      if (!link.isOpen) continue;
      const silentMs = nowMs - link.lastHeardAtMs;
      if (silentMs > DEAD_AFTER_MS && !isStalled) {
        link.destroy(wireError("TIMEOUT"));
      } else if (linkIdleMs > 0 && link.idleMs(nowMs) >= linkIdleMs) {
        link.end();
      } else if (silentMs >= PING_AFTER_MS) link.ping();
    }
  }

  #hello(): Hello {
    const { process } = this.#options.platform;
    return {
      protocol: "distflow-node",
      versions: [PROTOCOL_VERSION],
      frameBytesMax: this.#options.frameBytesMax,
      runtime: process.runtime,
      pid: process.pid,
      node: this.#self,
    };
  }
}

/** Sets a value, and lets go of the oldest of more than 10,000. */
export function remember<Value>(
  map: Map<string, Value>,
  key: string,
  value: Value,
): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= REMEMBERED_MAX) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}

const REPLACED = "Cannot go on with a link: the peer opened a new one";

/** What to do with a link that a peer offers while there is one. */
function judge(
  current: Link,
  offered: Link,
): "replace" | "park" | "STALE_INCARNATION" | "DUPLICATE_LINK" {
  const currentLife = current.peer?.incarnation ?? 0;
  const offeredLife = offered.peer?.incarnation ?? 0;
  if (offeredLife > currentLife) return "replace";
  if (offeredLife < currentLife) return "STALE_INCARNATION";
  if (!current.isOpen) return "park";
  // A peer does not dial while its own dial stands: it holds that link dead.
  if (!current.isDialer) return "replace";
  const knowsCurrent = offered.offer?.after === current.offer?.id;
  return knowsCurrent ? "replace" : "DUPLICATE_LINK";
}

/**
 * Where a node listens, as seen from another machine that knows it by
 * `hostname`; undefined if it only listens to its own machine.
 */
export function reachableAddress(
  node: { readonly host: string; readonly port: number },
  hostname: string,
): Address | undefined {
  const { host, port } = node;
  if (isWildcard(host)) return { hostname, port };
  if (isLoopback(host) && !isLoopback(hostname)) return undefined;
  return { hostname: host, port };
}

/** The error for a peer that could not be reached at `address`. */
export function peerUnreachable(
  name: string,
  address: Address,
  cause: unknown,
): DistflowError {
  if (hasCode(cause, "NODE_SHUT_DOWN")) {
    return cause as DistflowError;
  }
  return new DistflowError(
    "PEER_UNREACHABLE",
    `Cannot reach "${name}" at ${
      formatAddress(address)
    }: it is registered there, but does not answer. It may just have ended; try again, or see "distflow pmd list"`,
    {
      cause,
      details: { name, hostname: address.hostname, port: address.port },
    },
  );
}
