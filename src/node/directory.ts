import type {
  LeaveReason,
  PmdEvent,
  PmdSnapshot,
  RegisteredNode,
} from "../wire/pmd_messages.ts";

/** Another node, as this node knows it. */
export interface PeerInfo {
  /** The peer's id, unique for all time; a valid target for messages. */
  readonly nodeId: string;
  /** The peer's alias, if it has one; a valid target for messages. */
  readonly alias?: string;
  /** The hostname or IP address that the peer listens on. */
  readonly host: string;
  /** The TCP port that the peer listens on. */
  readonly port: number;
  /** Grows with each life of the peer; milliseconds since 1970 by default. */
  readonly incarnation: number;
  /** The peer's process id, on its machine. */
  readonly pid: number;
  /** Name and version of the peer's runtime, such as `node/20.20.2`. */
  readonly runtime: string;
  /** When the peer registered, in milliseconds since 1970. */
  readonly registeredAtMs: number;
}

/** A change of what a {@linkcode Directory} knows. */
export type DirectoryChange =
  | { readonly type: "join"; readonly peer: PeerInfo }
  | {
    readonly type: "leave";
    readonly peer: PeerInfo;
    readonly reason: LeaveReason;
  };

/**
 * The peers that this node knows of, fed by one PMD after the other.
 *
 * Pure: what comes in returns the changes to tell. When the PMD is lost, the
 * peers it knew are *suspects*: they are most likely alive and will register
 * with the next PMD. A suspect leaves when the owner calls `dropSuspect`, when
 * the new PMD says so, or when its alias has a new holder.
 */
export class Directory {
  readonly #selfId: string;
  readonly #peers: Map<string, PeerInfo> = new Map();
  readonly #idByAlias: Map<string, string> = new Map();
  readonly #suspects: Set<string> = new Set();
  #sequence = 0;

  /** Makes an empty directory for the node `selfId`, which it never lists. */
  constructor(selfId: string) {
    this.#selfId = selfId;
  }

  /** All peers, in the order in which they joined. */
  get peers(): PeerInfo[] {
    return [...this.#peers.values()];
  }

  /** The peers that have not been confirmed since the PMD was lost. */
  get suspects(): PeerInfo[] {
    return this.peers.filter((peer) => this.#suspects.has(peer.nodeId));
  }

  /** The peer whose alias or id is `name`. */
  find(name: string): PeerInfo | undefined {
    return this.#peers.get(this.#idByAlias.get(name) ?? name);
  }

  /**
   * Takes a snapshot. Peers that are missing from it have left, unless they
   * are suspects.
   */
  applySnapshot(snapshot: PmdSnapshot): DirectoryChange[] {
    this.#sequence = snapshot.sequence;
    const changes: DirectoryChange[] = [];
    const listed = new Set(snapshot.nodes.map((node) => node.nodeId));
    for (const peer of this.peers) {
      if (listed.has(peer.nodeId) || this.#suspects.has(peer.nodeId)) continue;
      changes.push(this.#remove(peer, "disconnected"));
    }
    for (const node of snapshot.nodes) changes.push(...this.#add(node));
    return changes;
  }

  /**
   * Takes an event.
   *
   * @returns Undefined if its number shows that events are missing: take a new
   * snapshot.
   */
  applyEvent(event: PmdEvent): DirectoryChange[] | undefined {
    if (event.sequence !== this.#sequence + 1) return undefined;
    this.#sequence = event.sequence;
    if (event.type === "join") return this.#add(event.node);
    const peer = this.#peers.get(event.nodeId);
    if (peer === undefined || peer.incarnation > event.incarnation) return [];
    return [this.#remove(peer, event.reason)];
  }

  /** The PMD is lost: what it said is neither true nor false any more. */
  suspectAll(): void {
    for (const nodeId of this.#peers.keys()) this.#suspects.add(nodeId);
  }

  /** Takes `peer` as gone, if it is a suspect still. */
  dropSuspect(peer: PeerInfo, reason: LeaveReason): DirectoryChange[] {
    if (!this.#suspects.has(peer.nodeId)) return [];
    if (this.#peers.get(peer.nodeId) !== peer) return [];
    return [this.#remove(peer, reason)];
  }

  #add(node: RegisteredNode): DirectoryChange[] {
    if (node.nodeId === this.#selfId) return [];
    const changes: DirectoryChange[] = [];
    const old = this.#peers.get(node.nodeId);
    this.#suspects.delete(node.nodeId);
    if (old !== undefined && isSameLife(old, node)) return [];
    if (old !== undefined) changes.push(this.#remove(old, "replaced"));
    const former = node.alias === undefined
      ? undefined
      : this.#peers.get(this.#idByAlias.get(node.alias) ?? "");
    if (former !== undefined) changes.push(this.#remove(former, "replaced"));
    const { heartbeatAgeMs: _, ...peer } = node;
    this.#peers.set(peer.nodeId, peer);
    if (peer.alias !== undefined) this.#idByAlias.set(peer.alias, peer.nodeId);
    changes.push({ type: "join", peer });
    return changes;
  }

  #remove(peer: PeerInfo, reason: LeaveReason): DirectoryChange {
    this.#peers.delete(peer.nodeId);
    this.#suspects.delete(peer.nodeId);
    if (peer.alias !== undefined) this.#idByAlias.delete(peer.alias);
    return { type: "leave", peer, reason };
  }
}

/** Whether `node` is the life of `peer` that is known, at the same place. */
function isSameLife(peer: PeerInfo, node: RegisteredNode): boolean {
  return peer.incarnation === node.incarnation && peer.alias === node.alias &&
    peer.host === node.host && peer.port === node.port;
}
