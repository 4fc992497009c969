import { wireError } from "../wire/failure.ts";
import {
  type LeaveReason,
  type NodeRecord,
  NODES_MAX,
  type RegisteredNode,
} from "../wire/pmd_messages.ts";

/** Whoever holds a registration: one connection of a PMD. */
export type Owner = object;

/** A change of the registry that watchers are told of. */
export type RegistryChange =
  | { readonly type: "join"; readonly node: RegisteredNode }
  | {
    readonly type: "leave";
    readonly nodeId: string;
    readonly incarnation: number;
    readonly reason: LeaveReason;
  };

/** A node that asks to be registered. */
export interface Applicant {
  /** The node. */
  readonly node: NodeRecord;
  /** Grows each time that one life of the node registers. */
  readonly attempt: number;
}

/** What came of a registration. */
export interface Registration {
  /** What watchers are to be told, in order. */
  readonly changes: readonly RegistryChange[];
  /** Who held this node's registration until now, if it was someone else. */
  readonly replaced?: Owner;
}

/** A registration that ended because its lease did. */
export interface Expiry {
  /** Who held it. */
  readonly owner: Owner;
  /** What watchers are to be told. */
  readonly change: RegistryChange;
}

interface Entry {
  readonly record: NodeRecord;
  readonly attempt: number;
  readonly owner: Owner;
  readonly registeredAtMs: number;
  /** The JSON of the node, up to the value of its last field. */
  readonly text: string;
  heardAtMs: number;
}

/** Options for {@linkcode Registry}. */
export interface RegistryOptions {
  /** How long a registration lives without a heartbeat, in milliseconds. */
  readonly leaseMs: number;
  /**
   * Registrations at most.
   *
   * @default {10000}
   */
  readonly nodesMax?: number;
}

/**
 * Which nodes there are: alias to node id to address.
 *
 * Pure: time and owners are passed in, changes are returned. An owner, one
 * connection, holds at most one registration; an alias has at most one living
 * holder. Register, resolve and heartbeat cost O(1).
 *
 * What is asked for is told as JSON, which is made once for each registration:
 * making it again costs 5 µs a node on Node.js 20 (2026-11), and a list, or a
 * watcher's snapshot, has up to 10,000 of them.
 */
export class Registry {
  readonly #leaseMs: number;
  readonly #nodesMax: number;
  readonly #byNodeId: Map<string, Entry> = new Map();
  readonly #byAlias: Map<string, Entry> = new Map();
  readonly #byOwner: Map<Owner, Entry> = new Map();

  /** Makes an empty registry. */
  constructor(options: RegistryOptions) {
    this.#leaseMs = options.leaseMs;
    this.#nodesMax = options.nodesMax ?? NODES_MAX;
  }

  /** How many nodes are registered. */
  get size(): number {
    return this.#byNodeId.size;
  }

  /**
   * Registers a node for `owner`.
   *
   * The same node may register again: with its incarnation and a higher
   * attempt, after it lost its connection (no change is told), or with a newer
   * incarnation, after a restart. A refused registration changes nothing.
   *
   * @param nowMs Monotonic time; `wallMs` is only stored to be shown.
   * @throws {DistflowError} `ALIAS_TAKEN`, `STALE_INCARNATION`,
   * `LIMIT_REACHED`, or `INVALID_REQUEST` if `owner` holds another node.
   */
  register(
    owner: Owner,
    applicant: Applicant,
    nowMs: number,
    wallMs: number,
  ): Registration {
    const { node: record, attempt } = applicant;
    const old = this.#byNodeId.get(record.nodeId);
    this.#checkRegister(owner, applicant, old);
    const isSame = old !== undefined && isSameLife(old.record, record);
    const registeredAtMs = isSame ? old.registeredAtMs : wallMs;
    const entry: Entry = {
      record,
      attempt,
      owner,
      registeredAtMs,
      text: beginText(record, registeredAtMs),
      heardAtMs: nowMs,
    };
    if (old !== undefined) this.#remove(old);
    this.#add(entry);
    const changes: RegistryChange[] = [];
    if (old !== undefined && !isSame) changes.push(leave(old, "replaced"));
    if (!isSame) {
      const node = { ...record, registeredAtMs, heartbeatAgeMs: 0 };
      changes.push({ type: "join", node });
    }
    return old === undefined || old.owner === owner
      ? { changes }
      : { changes, replaced: old.owner };
  }

  /** Ends what `owner` holds; undefined if it holds nothing. */
  unregister(owner: Owner, reason: LeaveReason): RegistryChange | undefined {
    const entry = this.#byOwner.get(owner);
    if (entry === undefined) return undefined;
    this.#remove(entry);
    return leave(entry, reason);
  }

  /** Renews the lease of what `owner` holds. */
  heartbeat(owner: Owner, nowMs: number): void {
    const entry = this.#byOwner.get(owner);
    if (entry !== undefined) entry.heardAtMs = nowMs;
  }

  /** Ends all registrations without a heartbeat for the time of the lease. */
  expire(nowMs: number): Expiry[] {
    const expired: Expiry[] = [];
    for (const entry of this.#byNodeId.values()) {
      if (nowMs - entry.heardAtMs < this.#leaseMs) continue;
      this.#remove(entry);
      expired.push({ owner: entry.owner, change: leave(entry, "expired") });
    }
    return expired;
  }

  /**
   * Gives every lease `stallMs` more, after the PMD itself stood still: it
   * could not hear the heartbeats of that time.
   */
  extend(stallMs: number): void {
    for (const entry of this.#byNodeId.values()) entry.heardAtMs += stallMs;
  }

  /** The JSON of the `RegisteredNode` whose alias or id is `name`. */
  resolve(name: string, nowMs: number): string | undefined {
    const entry = this.#byAlias.get(name) ?? this.#byNodeId.get(name);
    return entry === undefined ? undefined : textOf(entry, nowMs);
  }

  /** The JSON of an array of all nodes, in the order of their registration. */
  list(nowMs: number): string {
    const texts = Array.from(
      this.#byNodeId.values(),
      (entry) => textOf(entry, nowMs),
    );
    return `[${texts.join(",")}]`;
  }

  #checkRegister(
    owner: Owner,
    { node: record, attempt }: Applicant,
    old: Entry | undefined,
  ): void {
    const held = this.#byOwner.get(owner);
    if (held !== undefined && held.record.nodeId !== record.nodeId) {
      throw wireError("INVALID_REQUEST", {
        reason: "a connection registers one node only",
      });
    }
    if (old !== undefined && isOlder(record, attempt, old)) {
      throw wireError("STALE_INCARNATION", { nodeId: record.nodeId });
    }
    this.#checkName(record.alias, record.nodeId);
    this.#checkName(record.nodeId, record.nodeId);
    if (old === undefined && this.size >= this.#nodesMax) {
      throw wireError("LIMIT_REACHED", {
        what: "nodes",
        limit: this.#nodesMax,
      });
    }
  }

  /** Aliases and ids share one space, as `resolve` takes either. */
  #checkName(name: string | undefined, nodeId: string): void {
    if (name === undefined) return;
    const holder = this.#byAlias.get(name) ?? this.#byNodeId.get(name);
    if (holder === undefined || holder.record.nodeId === nodeId) return;
    throw wireError("ALIAS_TAKEN", {
      alias: name,
      holder: holder.record.nodeId,
      pid: holder.record.pid,
      since: new Date(holder.registeredAtMs).toISOString(),
    });
  }

  #add(entry: Entry): void {
    const { nodeId, alias } = entry.record;
    this.#byNodeId.set(nodeId, entry);
    this.#byOwner.set(entry.owner, entry);
    if (alias !== undefined) this.#byAlias.set(alias, entry);
  }

  #remove(entry: Entry): void {
    const { nodeId, alias } = entry.record;
    this.#byNodeId.delete(nodeId);
    this.#byOwner.delete(entry.owner);
    if (alias !== undefined) this.#byAlias.delete(alias);
  }
}

/** The JSON of a `RegisteredNode`, but for what changes: the heartbeat's age. */
function beginText(record: NodeRecord, registeredAtMs: number): string {
  const text = JSON.stringify({ ...record, registeredAtMs });
  return `${text.slice(0, -1)},"heartbeatAgeMs":`;
}

function textOf(entry: Entry, nowMs: number): string {
  return `${entry.text}${Math.max(0, Math.round(nowMs - entry.heardAtMs))}}`;
}

/** Whether two records are of one life of a node, at one place. */
function isSameLife(a: NodeRecord, b: NodeRecord): boolean {
  return a.nodeId === b.nodeId && a.incarnation === b.incarnation &&
    a.alias === b.alias && a.host === b.host && a.port === b.port;
}

/** Whether a registration was made before the one that is held. */
function isOlder(record: NodeRecord, attempt: number, held: Entry): boolean {
  const { incarnation } = held.record;
  return record.incarnation < incarnation ||
    (record.incarnation === incarnation && attempt < held.attempt);
}

function leave(entry: Entry, reason: LeaveReason): RegistryChange {
  const { nodeId, incarnation } = entry.record;
  return { type: "leave", nodeId, incarnation, reason };
}
