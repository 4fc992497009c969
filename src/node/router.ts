import { Deferred, rejected } from "../base/deferred.ts";
import { DistflowError, hasCode } from "../base/errors.ts";
import { FRAME_BYTES_CAP } from "../wire/limits.ts";
import { utf8Length } from "../wire/frame.ts";
import type { Link } from "./link.ts";
import {
  type LinkTable,
  type PeerAddress,
  peerUnreachable,
  remember,
} from "./links.ts";
import { parseTarget, type Target } from "./target.ts";

/** What a {@linkcode Router} asks of the node that it belongs to. */
export interface RouterHost {
  /** Whether `name` is this node itself. */
  isSelf(name: string): boolean;
  /**
   * Passes a message's JSON to this node's own mailbox.
   *
   * @throws {DistflowError} `MESSAGE_TOO_LARGE`.
   */
  deliverToSelf(text: string): void;
  /** Where the directory says that `name` is; undefined if it does not know. */
  find(name: string): PeerAddress | undefined;
  /**
   * Asks a PMD where `target` is.
   *
   * @throws {DistflowError} `PEER_NOT_FOUND`, or why the PMD cannot tell.
   */
  resolve(target: Target): Promise<PeerAddress>;
}

/** A message that waits for a link. */
interface Entry {
  /** Grows with each message that waits. */
  readonly order: number;
  readonly target: string;
  readonly text: string;
  readonly sent: Deferred<void>;
}

/** The messages to one target, in order, until there is a link for them. */
interface Lane {
  readonly target: string;
  readonly parsed: Target;
  readonly entries: Entry[];
  /** Where the target is; undefined while a PMD is asked. */
  peer?: PeerAddress;
}

const SENT: Promise<void> = Promise.resolve();

/**
 * Takes messages to their peers: finds the address, opens the link, and keeps
 * the order of messages while both take time.
 *
 * A message to a peer with an open link costs one map look-up. Others wait in a
 * lane for each target. An address at which the peer cannot be reached is asked
 * for again, once, before the messages of a lane are given up.
 */
export class Router {
  readonly #host: RouterHost;
  readonly #links: LinkTable;
  readonly #queueUnitsMax: number;
  /** The link that each target's messages take now; emptied at any doubt. */
  readonly #routes: Map<string, Link> = new Map();
  readonly #lanes: Map<string, Lane> = new Map();
  /** Where PMDs of other hosts said that targets are; the latest are kept. */
  readonly #resolved: Map<string, PeerAddress> = new Map();
  /** UTF-16 units in lanes. */
  #waitingUnits = 0;
  #nextOrder = 0;
  #sentCount = 0;

  /**
   * Makes a router.
   *
   * @param queueUnitsMax UTF-16 units that may wait on one link; also all that
   * may wait for links that are not open yet, unless it is a single message.
   */
  constructor(host: RouterHost, links: LinkTable, queueUnitsMax: number) {
    this.#host = host;
    this.#links = links;
    this.#queueUnitsMax = queueUnitsMax;
  }

  /** Messages that were handed to a link or to this node's own mailbox. */
  get sentCount(): number {
    return this.#sentCount;
  }

  /** Forgets which link leads where, as peers have come or gone. */
  forgetRoutes(): void {
    this.#routes.clear();
  }

  /**
   * Sends the JSON `text` to `target`; see `NodeRuntime.send`.
   *
   * @throws {TypeError} If `target` is not one.
   */
  send(target: string, text: string): Promise<void> {
    const link = this.#routes.get(target);
    if (link !== undefined && link.isOpen) return this.#put(link, text);
    if (this.#host.isSelf(target)) {
      this.#putToSelf(text);
      return SENT;
    }
    return this.#sendSlowly(target, text);
  }

  #putToSelf(text: string): void {
    this.#host.deliverToSelf(text);
    this.#sentCount++;
  }

  #put(link: Link, text: string): Promise<void> {
    if (
      link.isAboveHighWater &&
      link.queuedUnits + text.length > this.#queueUnitsMax
    ) return rejected(queueFull(this.#queueUnitsMax));
    try {
      const isShort = link.send(text);
      this.#sentCount++;
      return isShort ? SENT : link.whenDrained();
    } catch (error) {
      return rejected(error);
    }
  }

  #sendSlowly(target: string, text: string): Promise<void> {
    const waiting = this.#lanes.get(target);
    if (waiting !== undefined) return this.#push(waiting, text);
    const parsed = parseTarget(target);
    const peer = this.#findPeer(target, parsed);
    const link = this.#findLink(parsed, peer);
    if (link !== undefined) {
      // What waits for this very peer under another name was sent before.
      this.#flush(link);
      this.#routes.set(target, link);
      return this.#put(link, text);
    }
    const lane: Lane = { target, parsed, entries: [] };
    const sent = this.#push(lane, text);
    this.#lanes.set(target, lane);
    this.#work(lane, peer);
    return sent;
  }

  /** A peer that cannot be dialed may have dialed: its id leads to its link. */
  #findLink(
    { name, pmd }: Target,
    peer: PeerAddress | undefined,
  ): Link | undefined {
    if (peer !== undefined) return this.#links.find(peer.nodeId);
    return pmd === undefined ? this.#links.find(name) : undefined;
  }

  /** What is known without asking anybody. */
  #findPeer(target: string, { name, pmd }: Target): PeerAddress | undefined {
    if (pmd !== undefined) return this.#resolved.get(target);
    const known = this.#host.find(name);
    if (known !== undefined) return known;
    // A peer of another PMD is known by the hello that it said.
    return this.#links.lastAddress(name);
  }

  #push(lane: Lane, text: string): Promise<void> {
    if (
      text.length > FRAME_BYTES_CAP / 3 && utf8Length(text) > FRAME_BYTES_CAP
    ) return rejected(tooLarge(utf8Length(text)));
    if (
      this.#waitingUnits > 0 &&
      this.#waitingUnits + text.length > this.#queueUnitsMax
    ) return rejected(queueFull(this.#queueUnitsMax));
    this.#waitingUnits += text.length;
    const sent = new Deferred<void>();
    const { target } = lane;
    lane.entries.push({ order: this.#nextOrder++, target, text, sent });
    return sent.promise;
  }

  /** Gets a lane's messages on their way, or gives them up. */
  async #work(lane: Lane, known: PeerAddress | undefined): Promise<void> {
    const failure = await this.#tryOpen(lane, known);
    if (failure === undefined) return;
    const isFinal = hasCode(failure, "NODE_SHUT_DOWN") ||
      (known === undefined && lane.peer === undefined);
    if (isFinal) return this.#giveUp(lane, failure);
    const again = await this.#tryOpen(lane, undefined);
    if (again !== undefined) this.#giveUp(lane, again);
  }

  /** Opens the link and sends what waits for it; returns why it could not. */
  async #tryOpen(
    lane: Lane,
    known: PeerAddress | undefined,
  ): Promise<unknown> {
    try {
      delete lane.peer;
      const peer = known ?? await this.#resolve(lane);
      if (this.#host.isSelf(peer.nodeId)) this.#deliverToSelf(lane);
      else {
        lane.peer = peer;
        this.#flush(await this.#links.open(peer));
      }
      return undefined;
    } catch (error) {
      return error;
    }
  }

  async #resolve({ target, parsed }: Lane): Promise<PeerAddress> {
    this.#resolved.delete(target);
    const peer = await this.#host.resolve(parsed);
    if (parsed.pmd !== undefined) remember(this.#resolved, target, peer);
    return peer;
  }

  /** This node was addressed by way of a PMD: `alias@host`. */
  #deliverToSelf(lane: Lane): void {
    for (const { text, sent } of this.#take(lane)) {
      try {
        this.#putToSelf(text);
        sent.resolve();
      } catch (error) {
        sent.reject(error);
      }
    }
  }

  /** Sends all that waits for the peer of `link`, in the order of the calls. */
  #flush(link: Link): void {
    const nodeId = link.peer?.nodeId;
    const entries = [...this.#lanes.values()]
      .filter((lane) => lane.peer?.nodeId === nodeId)
      .flatMap((lane) => this.#take(lane));
    entries.sort((a, b) => a.order - b.order);
    for (const { target, text, sent } of entries) {
      if (link.isOpen) sent.resolve(this.#put(link, text));
      else sent.reject(linkLost(target));
    }
  }

  #giveUp(lane: Lane, failure: unknown): void {
    const { peer, target } = lane;
    const error = peer === undefined
      ? failure
      : peerUnreachable(target, peer.address, failure);
    for (const { sent } of this.#take(lane)) sent.reject(error);
  }

  /** Ends a lane; returns what waited in it. */
  #take(lane: Lane): Entry[] {
    if (this.#lanes.get(lane.target) === lane) this.#lanes.delete(lane.target);
    const entries = lane.entries.splice(0);
    for (const { text } of entries) this.#waitingUnits -= text.length;
    return entries;
  }
}

function queueFull(units: number): DistflowError {
  return new DistflowError(
    "QUEUE_FULL",
    `Cannot send: more than ${units} bytes wait already. Await each send, or raise 'queueBytesMax'`,
    { details: { byteCountMax: units } },
  );
}

function tooLarge(byteCount: number): DistflowError {
  return new DistflowError(
    "MESSAGE_TOO_LARGE",
    `Cannot send a message of ${byteCount} bytes: no peer accepts more than ${FRAME_BYTES_CAP}. Send it in parts`,
    { details: { byteCount, byteCountMax: FRAME_BYTES_CAP } },
  );
}

function linkLost(target: string): DistflowError {
  return new DistflowError(
    "CONNECTION_CLOSED",
    `Cannot send to "${target}": the link was lost while it opened`,
  );
}
