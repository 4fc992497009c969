import { rejected } from "../base/deferred.ts";
import { Emitter } from "../base/emitter.ts";
import { DistflowError } from "../base/errors.ts";
import type { JsonValue } from "../base/json.ts";
import { currentPlatform } from "../platform/mod.ts";
import {
  type Address,
  isWildcard,
  type Listener,
} from "../transport/transport.ts";
import { checkMessageSize } from "../wire/message_size.ts";
import type { DirectoryChange, PeerInfo } from "./directory.ts";
import type { DropReport, NodeEvents, NodeStats } from "./events.ts";
import { LinkTable, type PeerAddress, reachableAddress } from "./links.ts";
import { Mailbox, type MessageHandler, type MessageMeta } from "./mailbox.ts";
import { Membership } from "./membership.ts";
import { copyMessage, encodeMessage } from "./message.ts";
import {
  type NodeOptions,
  type ResolvedNodeOptions,
  resolveNodeOptions,
} from "./options.ts";
import { Router } from "./router.ts";
import type { Target } from "./target.ts";

/** The slot of a process that its one node is kept in. */
const NODE_SLOT = "distflow.node";

const SENT: Promise<void> = Promise.resolve();

interface Slot {
  readonly fingerprint: string;
  readonly node: Promise<NodeRuntime<unknown>>;
  /** Resolves when the node is gone; undefined until it is shut down. */
  ending?: Promise<void>;
}

/**
 * A process that peers find by name and send messages to.
 *
 * Messages are fire and forget: delivered at most once, in order per sender and
 * receiver while their connection lives. A message in transit when a connection
 * breaks, or that a full mailbox has no room for, is lost.
 *
 * There is one node per process: starting it again with the same options
 * returns the same node.
 *
 * @example Peers, and a target that nobody has
 * ```ts
 * import { DistflowError, NodeRuntime, PmdServer } from "@distflow/core";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * await using pmd = await PmdServer.start({ port: 0 });
 * await using node = await NodeRuntime.start({
 *   alias: "greeter",
 *   pmd: { port: pmd.address.port },
 * });
 * assertEquals(await node.discover(), []);
 * const error = await assertRejects(
 *   () => node.send("nobody", "hello"),
 *   DistflowError,
 * );
 * assertEquals(error.code, "PEER_NOT_FOUND");
 * ```
 */
export class NodeRuntime<Message = JsonValue> implements AsyncDisposable {
  readonly #options: ResolvedNodeOptions;
  readonly #listener: Listener;
  readonly #events: Emitter<NodeEvents>;
  readonly #mailbox: Mailbox<Message>;
  readonly #links: LinkTable;
  readonly #router: Router;
  readonly #membership: Membership;
  readonly #meta: MessageMeta;
  #receivedCount = 0;
  /** Messages to this node itself that the router has not seen. */
  #selfCopyCount = 0;
  #hasStarted = false;
  #shutdown: Promise<void> | undefined;

  /**
   * Starts the node of this process: listens, finds or starts the PMD, and
   * registers.
   *
   * A second call with equal options returns the same node. While that node
   * shuts down, the call waits for its end and then starts another one.
   *
   * @typeParam Message What this node's peers send, and it sends to them; it
   * is not checked at run time.
   * @throws {DistflowError} `ALIAS_TAKEN`; `NODE_EXISTS` if this process has a
   * node with other options; `PMD_UNREACHABLE`, `PMD_PORT_TAKEN` or
   * `PROTOCOL_MISMATCH` if there is no PMD to register with; `ADDRESS_IN_USE`,
   * `ADDRESS_UNAVAILABLE`, `PERMISSION_DENIED` or `INSECURE_LISTEN` if it
   * cannot listen.
   * @throws {TypeError|RangeError} If an option is not what it must be.
   */
  static start<Message = JsonValue>(
    options: NodeOptions = {},
  ): Promise<NodeRuntime<Message>> {
    const { logger: _, platform = currentPlatform(), ...rest } = options;
    const { shared } = platform.process;
    const fingerprint = fingerprintOf(rest);
    const slot = shared.get(NODE_SLOT) as Slot | undefined;
    if (slot === undefined) {
      const node = NodeRuntime.#start<Message>({ ...options, platform });
      shared.set(NODE_SLOT, { fingerprint, node });
      node.catch(() => shared.delete(NODE_SLOT));
      return node;
    }
    if (slot.ending !== undefined) {
      return slot.ending.then(() => NodeRuntime.start<Message>(options));
    }
    if (slot.fingerprint !== fingerprint) return rejected(nodeExists());
    return slot.node as Promise<NodeRuntime<Message>>;
  }

  static async #start<Message>(
    options: NodeOptions,
  ): Promise<NodeRuntime<Message>> {
    const resolved = resolveNodeOptions(options);
    const { transport } = resolved.platform;
    let node: NodeRuntime<Message> | undefined;
    const listener = await transport.listen(resolved.address, (connection) => {
      if (node === undefined) connection.close();
      else node.#links.accept(connection);
    });
    try {
      node = new NodeRuntime(resolved, listener);
      await node.#membership.start();
      node.#hasStarted = true;
      return node;
    } catch (error) {
      if (node !== undefined) {
        await node.#links.shutdown(0);
        node.#mailbox.close();
      }
      await listener.close();
      throw error;
    }
  }

  private constructor(options: ResolvedNodeOptions, listener: Listener) {
    const { alias, nodeId, incarnation, platform, logger } = options;
    const { port } = listener.address;
    const identity = {
      nodeId,
      incarnation,
      host: options.address.hostname,
      port,
      ...(alias === undefined ? {} : { alias }),
    };
    this.#options = options;
    this.#listener = listener;
    this.#meta = Object.freeze(
      alias === undefined ? { from: nodeId } : { from: nodeId, alias },
    );
    this.#events = new Emitter((error, event) =>
      logger.error("A listener failed", { event }, error)
    );
    this.#mailbox = new Mailbox(
      {
        clock: platform.clock,
        dropped: (count, total) => this.#onDrop({ count, total }),
        failed: (error, { from }) =>
          logger.error("The message handler failed", { from }, error),
      },
      options.mailbox,
    );
    this.#links = new LinkTable(identity, this.#linkTableHost(), {
      platform,
      highWaterUnits: options.highWaterBytes,
      frameBytesMax: options.messageBytesMax,
      connectTimeoutMs: options.timeoutMs,
      linkIdleMs: options.linkIdleMs,
    });
    this.#router = new Router(
      {
        isSelf: (name) => this.#isSelf(name),
        deliverToSelf: (text) => this.#receiveFromSelf(text),
        find: (name) => this.#addressOf(name),
        resolve: (target) => this.#resolve(target),
      },
      this.#links,
      options.queueBytesMax,
    );
    this.#membership = new Membership(
      {
        ...identity,
        pid: platform.process.pid,
        runtime: platform.process.runtime,
      },
      {
        changed: (change) => this.#onChange(change),
        connected: () => this.#onConnected(),
        disconnected: (error) => this.#events.emit("pmd:disconnect", error),
        refused: (error, isFinal) => this.#onRefused(error, isFinal),
      },
      {
        pmd: options.pmd,
        // Who may reach the node by its name asks this PMD for it.
        pmdOpenHost: isWildcard(options.address.hostname)
          ? options.address.hostname
          : undefined,
        mode: options.pmdMode,
        timeoutMs: options.timeoutMs,
        platform,
        logger,
      },
    );
  }

  /** This node's id, unique for all time; peers may send to it. */
  get nodeId(): string {
    return this.#options.nodeId;
  }

  /** This node's alias, if it has one. */
  get alias(): string | undefined {
    return this.#options.alias;
  }

  /** Where this node listens for peers. */
  get address(): Address {
    return this.#listener.address;
  }

  /** Figures about this node, as of now. */
  get stats(): NodeStats {
    return {
      receivedCount: this.#receivedCount,
      sentCount: this.#router.sentCount + this.#selfCopyCount,
      droppedCount: this.#mailbox.droppedCount,
      mailboxSize: this.#mailbox.size,
      linkCount: this.#links.size,
      isRegistered: this.#membership.isConnected,
    };
  }

  /**
   * Attaches the handler that takes this node's messages, one after the other.
   *
   * If it returns a promise, the next message waits for it. If it throws, that
   * is logged and the next message is delivered. Messages that came before
   * wait in the mailbox and are handed over first.
   *
   * @returns A function that detaches the handler; later messages wait.
   * @throws {TypeError} If a handler is attached already.
   */
  onMessage(handler: MessageHandler<Message>): () => void {
    return this.#mailbox.attach(handler);
  }

  /**
   * Sends a message, fire and forget.
   *
   * The message is turned into JSON before `send` returns: changing it
   * afterwards changes nothing, `undefined` fields are left out, and `NaN`
   * becomes `null`. Messages to one target arrive in the order of the calls. A
   * message to this node itself goes to its mailbox before `send` returns.
   *
   * @param target An alias, a node id, or `alias@host[:pmdPort]`.
   * @returns Resolves when the message is queued for its link; while more than
   * `highWaterBytes` are, when the queue is short again. It does not say that
   * the message arrived. A failure that nobody awaits is no unhandled
   * rejection.
   * @throws {DistflowError} As a rejection: `PEER_NOT_FOUND`,
   * `PEER_UNREACHABLE`, `PMD_UNREACHABLE`, `MESSAGE_TOO_LARGE`,
   * `MESSAGE_NOT_JSON`, `QUEUE_FULL`, `CONNECTION_CLOSED` (the link was lost
   * while the call waited), or `NODE_SHUT_DOWN`.
   * @throws {TypeError} As a rejection, if `target` is not one.
   */
  send(target: string, message: Message): Promise<void> {
    if (this.#shutdown !== undefined) return rejected(nodeShutDown());
    try {
      if (this.#isSelf(target) && this.#copyToSelf(message)) return SENT;
      return this.#router.send(target, encodeMessage(message));
    } catch (error) {
      return rejected(error);
    }
  }

  /**
   * The peers that are registered with this node's PMD, without this node.
   *
   * Asks the PMD, so that a peer which registered before the call is listed;
   * while the PMD is away, lists the peers as last known.
   */
  async discover(): Promise<PeerInfo[]> {
    await this.#membership.refresh();
    return this.#membership.peers;
  }

  /**
   * Calls `listener` at each `event` from now on.
   *
   * @returns A function that removes the listener again.
   */
  on<Name extends keyof NodeEvents>(
    event: Name,
    listener: (...args: NodeEvents[Name]) => unknown,
  ): () => void {
    return this.#events.on(event, listener);
  }

  /**
   * Calls `listener` at the next `event` only.
   *
   * @returns A function that removes the listener again.
   */
  once<Name extends keyof NodeEvents>(
    event: Name,
    listener: (...args: NodeEvents[Name]) => unknown,
  ): () => void {
    return this.#events.once(event, listener);
  }

  /** Removes `listener`; does nothing if it is not there. */
  off<Name extends keyof NodeEvents>(
    event: Name,
    listener: (...args: NodeEvents[Name]) => unknown,
  ): void {
    this.#events.off(event, listener);
  }

  /**
   * Unregisters, sends what is queued (for `shutdownTimeoutMs` at most), and
   * closes everything. Messages in the mailbox are dropped; a handler that
   * runs is not waited for. A second call returns the same promise.
   */
  shutdown(): Promise<void> {
    if (this.#shutdown === undefined) {
      this.#shutdown = this.#end();
      const { shared } = this.#options.platform.process;
      const slot = shared.get(NODE_SLOT) as Slot | undefined;
      if (slot !== undefined) slot.ending = this.#shutdown;
    }
    return this.#shutdown;
  }

  /** Shuts down, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }

  async #end(): Promise<void> {
    const { platform, shutdownTimeoutMs } = this.#options;
    await this.#membership.stop();
    await this.#links.shutdown(shutdownTimeoutMs);
    await this.#listener.close();
    this.#mailbox.close();
    platform.process.shared.delete(NODE_SLOT);
  }

  #linkTableHost(): ConstructorParameters<typeof LinkTable>[1] {
    const mailbox = this.#mailbox;
    return {
      get isFull() {
        return mailbox.isFull;
      },
      deliver: (message, meta) => this.#receive(message, meta),
    };
  }

  /** The protocol is the user's: what a peer sent is what `Message` says. */
  #receive(message: unknown, meta: MessageMeta): void {
    this.#receivedCount++;
    this.#mailbox.offer(message as Message, meta);
  }

  #isSelf(name: string): boolean {
    const { nodeId, alias } = this.#options;
    return name === nodeId || name === alias;
  }

  /** Without its text, a small message is delivered at a third of the cost. */
  #copyToSelf(message: Message): boolean {
    const copied = copyMessage(message, this.#options.messageBytesMax);
    if (copied === undefined) return false;
    this.#selfCopyCount++;
    this.#receive(copied, this.#meta);
    return true;
  }

  #receiveFromSelf(text: string): void {
    checkMessageSize(text, this.#options.messageBytesMax);
    this.#receive(JSON.parse(text), this.#meta);
  }

  #addressOf(name: string): PeerAddress | undefined {
    const peer = this.#membership.find(name);
    if (peer === undefined) return undefined;
    const address = reachableAddress(peer, this.#options.pmd.hostname);
    return address && { nodeId: peer.nodeId, address };
  }

  async #resolve(target: Target): Promise<PeerAddress> {
    const { name, pmd } = target;
    const node = await this.#membership.resolve(name, pmd);
    const askedHost = (pmd ?? this.#options.pmd).hostname;
    const address = reachableAddress(node, askedHost);
    if (address !== undefined) return { nodeId: node.nodeId, address };
    throw new DistflowError(
      "PEER_UNREACHABLE",
      `Cannot reach "${name}" on ${askedHost}: it listens on ${node.host}, for its own machine only. Start it with another 'host'`,
      { details: { name, hostname: askedHost } },
    );
  }

  #onChange(change: DirectoryChange): void {
    this.#router.forgetRoutes();
    if (!this.#hasStarted) return;
    if (change.type === "join") this.#events.emit("peer:join", change.peer);
    else this.#events.emit("peer:leave", change.peer, change.reason);
  }

  #onConnected(): void {
    if (this.#hasStarted) this.#events.emit("pmd:connect");
  }

  #onRefused(error: DistflowError, isFinal: boolean): void {
    this.#options.logger.error(
      "The PMD refuses this node: new peers cannot find it",
      { code: error.code, isFinal },
      error,
    );
    this.#events.emit("pmd:refuse", error, isFinal);
  }

  #onDrop(report: DropReport): void {
    this.#options.logger.warn("The mailbox is full: messages are dropped", {
      ...report,
    });
    this.#events.emit("mailbox:drop", report);
  }
}

/** The same for options that are equal, in whatever order they are written. */
function fingerprintOf(options: object): string {
  return JSON.stringify(options, (_key, value: unknown) => {
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1),
    );
  });
}

function nodeExists(): DistflowError {
  return new DistflowError(
    "NODE_EXISTS",
    "Cannot start a second node in this process: there is one with other options. Use that one, or shut it down first",
  );
}

function nodeShutDown(): DistflowError {
  return new DistflowError(
    "NODE_SHUT_DOWN",
    "Cannot send: this node has been shut down. Start another one",
  );
}
