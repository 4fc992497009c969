import type { JsonValue } from "../base/json.ts";
import type { PeerInfo } from "../node/directory.ts";
import { HEARTBEAT_MS } from "../pmd/options.ts";
import { formatAddress } from "../transport/transport.ts";
import type { RegisteredNode } from "../wire/pmd_messages.ts";
import { formatDuration } from "./duration.ts";
import type { Cell, Column } from "./table.ts";

/** A node whose heartbeat is this late may be gone soon. */
const LATE_MS = 2 * HEARTBEAT_MS;

/** What stands for an alias that a node does not have. */
export const NO_ALIAS = "-";

/** The columns of `pmd list`; what is cut or left out can be had with `--json`. */
export const NODE_COLUMNS: readonly Column[] = [
  { header: "ALIAS", widthMin: 8 },
  { header: "NODE", widthMin: 8 },
  { header: "ADDRESS", widthMin: 15 },
  { header: "PID", isRight: true, dropRank: 4 },
  { header: "RUNTIME", widthMin: 7, dropRank: 1 },
  { header: "UPTIME", isRight: true, dropRank: 3 },
  { header: "HEARTBEAT", isRight: true, dropRank: 2 },
];

/**
 * A row of `pmd list`.
 *
 * @param nowMs Wall time now.
 */
export function nodeCells(
  node: RegisteredNode,
  nowMs: number,
): readonly Cell[] {
  const { alias, nodeId, pid, runtime, heartbeatAgeMs } = node;
  const heartbeat = `${formatDuration(heartbeatAgeMs)} ago`;
  return [
    alias === undefined ? { text: NO_ALIAS, style: "dim" } : { text: alias },
    { text: nodeId },
    { text: formatAddress({ hostname: node.host, port: node.port }) },
    { text: String(pid) },
    { text: runtime },
    { text: formatDuration(nowMs - node.registeredAtMs) },
    heartbeatAgeMs > LATE_MS
      ? { text: heartbeat, style: "yellow" }
      : { text: heartbeat },
  ];
}

/**
 * A node for programs, as `pmd list --json` has it.
 *
 * @param nowMs Wall time now.
 */
export function nodeValue(
  node: RegisteredNode,
  nowMs: number,
): { readonly [key: string]: JsonValue } {
  return {
    ...peerValue(node),
    uptimeMs: Math.max(0, Math.round(nowMs - node.registeredAtMs)),
    heartbeatAgeMs: node.heartbeatAgeMs,
  };
}

/** A node for programs, without what changes all the time. */
export function peerValue(
  peer: PeerInfo,
): { readonly [key: string]: JsonValue } {
  return {
    alias: peer.alias ?? null,
    nodeId: peer.nodeId,
    host: peer.host,
    port: peer.port,
    pid: peer.pid,
    runtime: peer.runtime,
    incarnation: peer.incarnation,
    registeredAtMs: peer.registeredAtMs,
  };
}
