import type { JsonRecord } from "../base/json.ts";
import {
  ALIAS_PATTERN,
  NODE_ID_PATTERN,
  readArray,
  readInteger,
  readName,
  readRecord,
  readText,
  readToken,
  violation,
} from "./fields.ts";

/** A node as the PMD knows it. */
export interface NodeRecord {
  /** The node's id, unique for all time. */
  readonly nodeId: string;
  /** The node's alias, if it has one. */
  readonly alias?: string;
  /** The hostname or IP address that the node listens on. */
  readonly host: string;
  /** The TCP port that the node listens on. */
  readonly port: number;
  /** Grows with each life of the node. */
  readonly incarnation: number;
  /** The node's process id, on its machine. */
  readonly pid: number;
  /** Name and version of the node's runtime. */
  readonly runtime: string;
}

/** A registered node, with what the PMD adds to its record. */
export interface RegisteredNode extends NodeRecord {
  /** When it registered: wall time of the PMD, milliseconds since 1970. */
  readonly registeredAtMs: number;
  /** How long ago its last heartbeat came when this was told, in milliseconds. */
  readonly heartbeatAgeMs: number;
}

/**
 * Why a peer left: it said so (`"shutdown"`), its connection closed without a
 * word (`"disconnected"`), its lease ran out (`"expired"`), or a newer
 * incarnation took its place (`"replaced"`).
 */
export type LeaveReason = "shutdown" | "disconnected" | "expired" | "replaced";

const LEAVE_REASONS: readonly LeaveReason[] = [
  "shutdown",
  "disconnected",
  "expired",
  "replaced",
];

/** What a PMD tells of itself. */
export interface PmdStatus {
  /** Which life of the PMD this is. */
  readonly pmdId: string;
  /** The process that the PMD runs in. */
  readonly pid: number;
  /** Name and version of its runtime. */
  readonly runtime: string;
  /** Version of the protocol. */
  readonly protocolVersion: number;
  /** Whether it runs within a node instead of a process of its own. */
  readonly embedded: boolean;
  /** How long it has run, in milliseconds. */
  readonly uptimeMs: number;
  /** Registered nodes. */
  readonly nodeCount: number;
  /** Open connections, of nodes and others. */
  readonly connectionCount: number;
  /** Connections that watch. */
  readonly watcherCount: number;
  /** Requests answered since the start. */
  readonly requestCount: number;
  /** Connections closed since the start for breaking the protocol. */
  readonly violationCount: number;
}

/** What can be asked of a PMD. */
export type PmdRequest =
  | {
    readonly type: "register";
    readonly node: NodeRecord;
    /**
     * Grows each time that one life of a node registers: of two registrations
     * on two connections, the PMD may read the earlier one last.
     */
    readonly attempt: number;
  }
  | { readonly type: "unregister" }
  | { readonly type: "resolve"; readonly name: string }
  | { readonly type: "list" }
  | { readonly type: "heartbeat" }
  | { readonly type: "watch" }
  | { readonly type: "status" }
  | { readonly type: "shutdown"; readonly force: boolean };

/** What a PMD sends: answers carry the request's id, the others have none. */
export type PmdMessage =
  | { readonly type: "ok"; readonly id: number }
  | {
    readonly type: "registered";
    readonly id: number;
    readonly leaseMs: number;
    readonly heartbeatMs: number;
  }
  | {
    readonly type: "resolved";
    readonly id: number;
    readonly node: RegisteredNode;
  }
  | {
    readonly type: "nodes";
    readonly id: number;
    readonly nodes: readonly RegisteredNode[];
  }
  | { readonly type: "status"; readonly id: number; readonly status: PmdStatus }
  | {
    readonly type: "error";
    readonly id: number;
    readonly code: unknown;
    readonly details: unknown;
  }
  | PmdSnapshot
  | PmdEvent;

/** All nodes, as of event number `sequence`; starts a watch, or mends a gap. */
export interface PmdSnapshot {
  readonly type: "snapshot";
  readonly sequence: number;
  readonly nodes: readonly RegisteredNode[];
}

/** One change; each number is the one before plus 1. */
export type PmdEvent =
  | {
    readonly type: "join";
    readonly sequence: number;
    readonly node: RegisteredNode;
  }
  | {
    readonly type: "leave";
    readonly sequence: number;
    readonly nodeId: string;
    readonly incarnation: number;
    readonly reason: LeaveReason;
  };

/** A request with the id that its answer will carry. */
export interface NumberedRequest {
  /** Chosen by the client; from 1. */
  readonly id: number;
  /** What is asked. */
  readonly request: PmdRequest;
}

/** Registered nodes at most; a list of them fits the largest frame. */
export const NODES_MAX = 10_000;

/** A day; what is longer than a timer can be would fire it at once. */
const LEASE_MS_MAX = 86_400_000;
const HOST_LENGTH_MAX = 255;
const RUNTIME_LENGTH_MAX = 64;

/** The frame of a request. */
export function encodePmdRequest(id: number, request: PmdRequest): string {
  return withId(id, JSON.stringify(request));
}

/**
 * The frame of an answer.
 *
 * @param answer The JSON of an object with a `type`, and without an id.
 */
export function encodePmdAnswer(id: number, answer: string): string {
  return withId(id, answer);
}

/** Putting texts together is cheaper than an object made for its JSON only. */
function withId(id: number, text: string): string {
  return `{"id":${id},${text.slice(1)}`;
}

/**
 * The request in a frame's value.
 *
 * @throws {DistflowError} `PROTOCOL_VIOLATION` if it is malformed.
 */
export function decodePmdRequest(value: unknown): NumberedRequest {
  const record = readRecord(value, "a request");
  const id = readInteger(record, "id", 1);
  return { id, request: decodeRequestBody(record) };
}

function decodeRequestBody(record: JsonRecord): PmdRequest {
  switch (record.type) {
    case "resolve":
      return { type: "resolve", name: readText(record, "name", 128) };
    case "heartbeat":
      return { type: "heartbeat" };
    case "register":
      return {
        type: "register",
        node: decodeNodeRecord(readRecord(record.node, "a node")),
        attempt: readInteger(record, "attempt", 1),
      };
    case "unregister":
      return { type: "unregister" };
    case "list":
      return { type: "list" };
    case "watch":
      return { type: "watch" };
    case "status":
      return { type: "status" };
    case "shutdown":
      return { type: "shutdown", force: readFlag(record, "force") };
    default:
      throw violation("a request of an unknown type");
  }
}

/**
 * What a PMD sent, out of a frame's value.
 *
 * @throws {DistflowError} `PROTOCOL_VIOLATION` if it is malformed.
 */
export function decodePmdMessage(value: unknown): PmdMessage {
  const record = readRecord(value, "an answer");
  switch (record.type) {
    case "join":
      return {
        type: "join",
        sequence: readInteger(record, "sequence", 1),
        node: decodeRegistered(record.node),
      };
    case "leave":
      return {
        type: "leave",
        sequence: readInteger(record, "sequence", 1),
        nodeId: readName(record, "nodeId", NODE_ID_PATTERN),
        incarnation: readInteger(record, "incarnation", 0),
        reason: decodeReason(record.reason),
      };
    case "snapshot":
      return {
        type: "snapshot",
        sequence: readInteger(record, "sequence", 0),
        nodes: readArray(record, "nodes", NODES_MAX).map(decodeRegistered),
      };
    default:
      return decodeAnswer(record, readInteger(record, "id", 1));
  }
}

function decodeAnswer(record: JsonRecord, id: number): PmdMessage {
  switch (record.type) {
    case "ok":
      return { type: "ok", id };
    case "registered":
      return {
        type: "registered",
        id,
        leaseMs: readInteger(record, "leaseMs", 1, LEASE_MS_MAX),
        heartbeatMs: readInteger(record, "heartbeatMs", 1, LEASE_MS_MAX),
      };
    case "resolved":
      return { type: "resolved", id, node: decodeRegistered(record.node) };
    case "nodes":
      return {
        type: "nodes",
        id,
        nodes: readArray(record, "nodes", NODES_MAX).map(decodeRegistered),
      };
    case "status":
      return { type: "status", id, status: decodeStatus(record.status) };
    case "error":
      return { type: "error", id, code: record.code, details: record.details };
    default:
      throw violation("an answer of an unknown type");
  }
}

/**
 * Without spreads: on Node.js 20 each costs some 2 µs for as many fields
 * (2026-11), and a resolve has one answer.
 */
function decodeNodeRecord(record: JsonRecord): NodeRecord {
  const nodeId = readName(record, "nodeId", NODE_ID_PATTERN);
  const alias = record.alias === undefined
    ? undefined
    : readName(record, "alias", ALIAS_PATTERN);
  const host = readToken(record, "host", HOST_LENGTH_MAX);
  const port = readInteger(record, "port", 1, 65535);
  const incarnation = readInteger(record, "incarnation", 0);
  const pid = readInteger(record, "pid", 0);
  const runtime = readText(record, "runtime", RUNTIME_LENGTH_MAX);
  return alias === undefined
    ? { nodeId, host, port, incarnation, pid, runtime }
    : { nodeId, alias, host, port, incarnation, pid, runtime };
}

function decodeRegistered(value: unknown): RegisteredNode {
  const record = readRecord(value, "a registered node");
  return Object.assign(decodeNodeRecord(record), {
    registeredAtMs: readInteger(record, "registeredAtMs", 0),
    heartbeatAgeMs: readInteger(record, "heartbeatAgeMs", 0),
  });
}

function decodeReason(value: unknown): LeaveReason {
  const reason = LEAVE_REASONS.find((known) => known === value);
  if (reason === undefined) throw violation("a leave of an unknown reason");
  return reason;
}

function decodeStatus(value: unknown): PmdStatus {
  const record = readRecord(value, "a status");
  return {
    pmdId: readToken(record, "pmdId", 64),
    pid: readInteger(record, "pid", 0),
    runtime: readText(record, "runtime", RUNTIME_LENGTH_MAX),
    protocolVersion: readInteger(record, "protocolVersion", 1),
    embedded: readFlag(record, "embedded"),
    uptimeMs: readInteger(record, "uptimeMs", 0),
    nodeCount: readInteger(record, "nodeCount", 0),
    connectionCount: readInteger(record, "connectionCount", 0),
    watcherCount: readInteger(record, "watcherCount", 0),
    requestCount: readInteger(record, "requestCount", 0),
    violationCount: readInteger(record, "violationCount", 0),
  };
}

function readFlag(record: JsonRecord, key: string): boolean {
  const value = record[key];
  if (typeof value !== "boolean") {
    throw violation(`field "${key}": it must be true or false`);
  }
  return value;
}
