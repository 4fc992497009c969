import { Deferred, rejected } from "../base/deferred.ts";
import { DistflowError, hasCode } from "../base/errors.ts";
import { FRAME_BYTES_CAP } from "../wire/limits.ts";
import { utf8Length } from "../wire/frame.ts";
import type { Link } from "./link.ts";
import { type LinkTable, type PeerAddress, peerUnreachable } from "./links.ts";
import { parseTarget, type Target } from "./target.ts";

/** What a {@linkcode Router} asks of the node that it belongs to. */
export interface RouterHost {
  /** Whether `name` is this node itself. */
  isSelf(name: string): boolean;
  /** Passes a message's JSON to this node's own mailbox. */
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
  /** Grows with each call of `send`. */
  readonly order: number;
  readonly target: string;
  readonly text: string;
  readonly sent: Deferred<void>;
}

/** Messages to one peer, in order, until there is a link to it. */
interface Outbox {
  peer: PeerAddress;
  entries: Entry[];
}

const SENT: Promise<void> = Promise.resolve();

/**
 * Takes messages to their peers: finds the address, opens the link, and keeps
 * the order of messages while both take time.
 *
 * A message to a peer with an open link costs one map look-up. An address that
 * turns out to be wrong is asked for again once before the message is given up.
 */
export class Router {
  readonly #host: RouterHost;
  readonly #links: LinkTable;
  readonly #queueUnitsMax: number;
  /** The link that each target's messages take now; emptied at any doubt. */
  readonly #routes: Map<string, Link> = new Map();
  /** By node id. */
  readonly #outboxes: Map<string, Outbox> = new Map();
  /** Messages to targets that a PMD is being asked for, by target. */
  readonly #lookups: Map<string, Entry[]> = new Map();
  /** UTF-16 units in outboxes and look-ups. */
  #waitingUnits = 0;
  #nextOrder = 0;

  /**
   * Makes a router.
   *
   * @param queueUnitsMax UTF-16 units that may wait for one peer; also all that
   * may wait for links that are not open yet.
   */
  constructor(host: RouterHost, links: LinkTable, queueUnitsMax: number) {
    this.#host = host;
    this.#links = links;
    this.#queueUnitsMax = queueUnitsMax;
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
      this.#host.deliverToSelf(text);
      return SENT;
    }
    return this.#sendSlowly(target, text);
  }

  #put(link: Link, text: string): Promise<void> {
    if (
      link.isAboveHighWater &&
      link.queuedUnits + text.length > this.#queueUnitsMax
    ) return rejected(queueFull(this.#queueUnitsMax));
    try {
      return link.send(text) ? SENT : link.whenDrained();
    } catch (error) {
      return rejected(error);
    }
  }

  #sendSlowly(target: string, text: string): Promise<void> {
    const parsed = parseTarget(target);
    const lookup = this.#lookups.get(target);
    if (lookup !== undefined) return this.#push(lookup, target, text);
    const peer = this.#findPeer(parsed);
    if (peer === undefined) return this.#lookUp(parsed, target, text);
    const outbox = this.#outboxes.get(peer.nodeId);
    if (outbox !== undefined) return this.#push(outbox.entries, target, text);
    const link = this.#links.find(peer.nodeId);
    if (link === undefined) return this.#openOutbox(peer, target, text);
    this.#routes.set(target, link);
    return this.#put(link, text);
  }

  /** What is known without asking anybody. */
  #findPeer(target: Target): PeerAddress | undefined {
    if (target.pmd !== undefined) return undefined;
    const known = this.#host.find(target.name);
    if (known !== undefined) return known;
    // A peer of another PMD is known by the hello that it said.
    return this.#links.lastAddress(target.name);
  }

  #push(entries: Entry[], target: string, text: string): Promise<void> {
    if (
      text.length > FRAME_BYTES_CAP / 3 && utf8Length(text) > FRAME_BYTES_CAP
    ) {
      return rejected(tooLarge(utf8Length(text)));
    }
    if (
      entries.length > 0 &&
      this.#waitingUnits + text.length > this.#queueUnitsMax
    ) return rejected(queueFull(this.#queueUnitsMax));
    this.#waitingUnits += text.length;
    const sent = new Deferred<void>();
    entries.push({ order: this.#nextOrder++, target, text, sent });
    return sent.promise;
  }

  #openOutbox(
    peer: PeerAddress,
    target: string,
    text: string,
  ): Promise<void> {
    const outbox: Outbox = { peer, entries: [] };
    this.#outboxes.set(peer.nodeId, outbox);
    const sent = this.#push(outbox.entries, target, text);
    this.#work(outbox);
    return sent;
  }

  #lookUp(parsed: Target, target: string, text: string): Promise<void> {
    const entries: Entry[] = [];
    this.#lookups.set(target, entries);
    const sent = this.#push(entries, target, text);
    this.#host.resolve(parsed).then(
      (peer) => {
        this.#lookups.delete(target);
        this.#route(peer, entries);
      },
      (error) => {
        this.#lookups.delete(target);
        this.#fail(entries, () => error);
      },
    );
    return sent;
  }

  /** Puts `entries`, whose address is new, among what waits for that peer. */
  #route(peer: PeerAddress, entries: readonly Entry[]): void {
    if (this.#host.isSelf(peer.nodeId)) return this.#deliverToSelf(entries);
    const outbox = this.#outboxes.get(peer.nodeId);
    const link = this.#links.find(peer.nodeId);
    if (outbox !== undefined) {
      outbox.entries = [...outbox.entries, ...entries]
        .sort((a, b) => a.order - b.order);
    } else if (link !== undefined) this.#flush(link, entries);
    else {
      const opened: Outbox = { peer, entries: [...entries] };
      this.#outboxes.set(peer.nodeId, opened);
      this.#work(opened);
    }
  }

  /** Opens the link for an outbox; asks once more where its peers are. */
  async #work(outbox: Outbox): Promise<void> {
    const { nodeId } = outbox.peer;
    let failure = await this.#tryOpen(outbox);
    if (failure !== undefined && !hasCode(failure, "NODE_SHUT_DOWN")) {
      await this.#resolveAgain(outbox);
      if (outbox.entries.length > 0) failure = await this.#tryOpen(outbox);
    }
    if (this.#outboxes.get(nodeId) !== outbox) return;
    this.#outboxes.delete(nodeId);
    this.#fail(
      outbox.entries,
      ({ target }) => peerUnreachable(target, outbox.peer.address, failure),
    );
  }

  /** Opens the link and sends all that waits; returns why it could not. */
  async #tryOpen(outbox: Outbox): Promise<unknown> {
    try {
      const link = await this.#links.open(outbox.peer);
      this.#outboxes.delete(outbox.peer.nodeId);
      this.#flush(link, outbox.entries.splice(0));
      return undefined;
    } catch (error) {
      return error;
    }
  }

  /** Messages whose target has moved to another peer go there. */
  async #resolveAgain(outbox: Outbox): Promise<void> {
    for (const target of new Set(outbox.entries.map((entry) => entry.target))) {
      let peer: PeerAddress | undefined;
      let failure: unknown;
      try {
        peer = await this.#host.resolve(parseTarget(target));
      } catch (error) {
        failure = error;
      }
      if (peer?.nodeId === outbox.peer.nodeId) {
        outbox.peer = peer;
        continue;
      }
      const moved = outbox.entries.filter((entry) => entry.target === target);
      outbox.entries = outbox.entries.filter((entry) =>
        entry.target !== target
      );
      if (peer !== undefined) this.#route(peer, moved);
      else this.#fail(moved, () => failure);
    }
  }

  /** This node was addressed by way of a PMD: `alias@host`. */
  #deliverToSelf(entries: readonly Entry[]): void {
    for (const { text, sent } of entries) {
      this.#waitingUnits -= text.length;
      this.#host.deliverToSelf(text);
      sent.resolve();
    }
  }

  #flush(link: Link, entries: readonly Entry[]): void {
    for (const { target, text, sent } of entries) {
      this.#waitingUnits -= text.length;
      if (link.isOpen) {
        this.#routes.set(target, link);
        sent.resolve(this.#put(link, text));
      } else sent.reject(linkLost(target));
    }
  }

  #fail(entries: readonly Entry[], why: (entry: Entry) => unknown): void {
    for (const entry of entries) {
      this.#waitingUnits -= entry.text.length;
      entry.sent.reject(why(entry));
    }
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
