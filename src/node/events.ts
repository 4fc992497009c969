import type { DistflowError } from "../base/errors.ts";
import type { LeaveReason } from "../wire/pmd_messages.ts";
import type { PeerInfo } from "./directory.ts";

/** Events of a `NodeRuntime`. */
export interface NodeEvents {
  /** A peer registered with this node's PMD, after this node started. */
  "peer:join": [peer: PeerInfo];
  /** A peer left, or was declared gone. */
  "peer:leave": [peer: PeerInfo, reason: LeaveReason];
  /** The mailbox was full; told at most once a second. */
  "mailbox:drop": [report: DropReport];
  /** The node is registered again, after its PMD was lost. */
  "pmd:connect": [];
  /** The PMD is lost; the node looks for it, or starts a new one. */
  "pmd:disconnect": [error: DistflowError];
  /**
   * The PMD refuses this node, so that new peers cannot find it: another node
   * took its alias while the PMD was away (it tries again), or another process
   * took over its id (`isFinal`).
   */
  "pmd:refuse": [error: DistflowError, isFinal: boolean];
}

/** How many messages a mailbox had no room for. */
export interface DropReport {
  /** Since the last report. */
  readonly count: number;
  /** Since the node started. */
  readonly total: number;
}

/** Figures about a node, as of now. */
export interface NodeStats {
  /** Messages taken from peers and from the node itself. */
  readonly receivedCount: number;
  /** Messages that were handed to a link or to the node's own mailbox. */
  readonly sentCount: number;
  /** Messages that the mailbox had no room for. */
  readonly droppedCount: number;
  /** Messages that wait in the mailbox. */
  readonly mailboxSize: number;
  /** Peers with an open connection. */
  readonly linkCount: number;
  /** Whether the node is registered with a PMD. */
  readonly isRegistered: boolean;
}
