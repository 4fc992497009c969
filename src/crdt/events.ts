import type { ErrorCode } from "../base/errors.ts";
import type { JsonValue } from "../base/json.ts";
import type { MergeViolation } from "./merge_check.ts";
import type { OperationJson } from "./operation_json.ts";
import type { OptimisticEdit } from "./optimistic.ts";
import type { Path } from "./pattern.ts";

/** The name of an operation: who made it, and its counter there. */
export type Dot = readonly [replica: string, counter: number];

/**
 * One change of what a document shows. Whoever has a copy and follows the changes
 * of an event, one after the other, has what is shown after it.
 *
 * What is set or incremented is read anew, with all that is in it, and so are
 * items that are inserted. They are read when all changes have been followed, and
 * where they are by then, as later changes can move them in their list. Maps
 * above that the copy does not have are made, without other entries.
 *
 * Each path is the one at that moment: it leads through what the changes before
 * it have left. Nothing is told of what does not show, be it below a value, below
 * a list, or below what is gone.
 */
export type Change =
  | {
    /** A value was set, or something else is shown as a whole. */
    readonly kind: "set";
    /** Where. */
    readonly path: Path;
  }
  | {
    /**
     * Nothing is shown there any more. Where something is left of what was
     * deleted, as it came from others at the same time, that is told as `set`.
     */
    readonly kind: "delete";
    /** Where: always an entry of a map. Of elements their list tells. */
    readonly path: Path;
  }
  | {
    /** A counter was incremented. */
    readonly kind: "increment";
    /** Where. */
    readonly path: Path;
  }
  | {
    /** Elements of a list are shown, or are shown no more. */
    readonly kind: "insert" | "remove";
    /** Where the list is. */
    readonly path: Path;
    /** The index of the first of them. */
    readonly index: number;
    /** How many there are. */
    readonly count: number;
  }
  | {
    /**
     * Something was written into a text; told as a `set` where concurrent values
     * are kept beside it.
     */
    readonly kind: "text-insert";
    /** Where the text is. */
    readonly path: Path;
    /** Before which UTF-16 unit. */
    readonly index: number;
    /** What. */
    readonly text: string;
  }
  | {
    /**
     * Something was taken out of a text; told as a `set` where concurrent values
     * are kept beside it.
     */
    readonly kind: "text-remove";
    /** Where the text is. */
    readonly path: Path;
    /** The index of the first unit. */
    readonly index: number;
    /** How many units. */
    readonly count: number;
  };

/** What a watcher is told beside the changes. */
export interface WatchEvent {
  /**
   * Whether it was made here; `optimistic` for an edit that shows and was not
   * made yet, or is taken back.
   */
  readonly origin: "local" | "remote" | "optimistic";
  /** The replica that made it. */
  readonly replica: string;
}

/**
 * What changed in one transaction, or as a state was merged. What a listener
 * changes is told when all have been told of this; whoever copies a document by
 * its changes should be alone in that, or let others edit later, as from a
 * microtask: what is read is what stands there by then.
 */
export interface ChangeEvent extends WatchEvent {
  /** Whether it was made here. */
  readonly origin: "local" | "remote";
  /**
   * What shows otherwise, in order. There may be nothing, as where a later edit
   * was known already; its message counts all the same for whoever keeps them.
   */
  readonly changes: readonly Change[];
  /**
   * The transaction as a message for other replicas; encoded when asked. Those
   * of at most 256 bytes share a buffer of 8 KiB: copy a message before you
   * transfer its `buffer`. Of a merged state, a snapshot of the whole document.
   */
  message(): Uint8Array;
  /** The operations of the transaction as JSON. */
  operations(): OperationJson[];
}

/** Operations that wait, or that were let go; a sync should ask for the gap. */
export interface SyncEvent {
  /**
   * `gap`: something before is missing. `quarantine`: its stamp is too far
   * ahead of the wall clock. `dropped`: there was no room, or it was too old.
   */
  readonly kind: "gap" | "quarantine" | "dropped";
  /** The operation that waits or was dropped. */
  readonly dot: Dot;
  /** What it waits for; for a dropped one, itself. */
  readonly missing: Dot;
}

/**
 * An operation that was refused. One that a schema does not let show, and one
 * that names an item that never was, have their dots all the same, so that what
 * their authors do later goes on; their receipt is `applied`.
 */
export interface RejectEvent {
  /** Why, for programs. */
  readonly code: ErrorCode;
  /** The operation. */
  readonly dot: Dot;
  /** Why, for people. */
  readonly reason: string;
}

/** One of two operations that had not seen each other. */
export interface ConflictSide {
  /** The operation. */
  readonly dot: Dot;
  /** What it does. */
  readonly kind: "set" | "delete" | "increment" | "insert" | "move";
  /** Where; of a move where to. */
  readonly path: Path;
  /** When, in milliseconds since 1970; 2020 for what a list was given at first. */
  readonly atMs: number;
  /** What it sets; none for a delete, and for a container. */
  readonly value?: JsonValue;
}

/** Two operations that had not seen each other, and of which one has won. */
export interface ConflictEvent {
  /**
   * `value`: both assign one place. `hierarchy`: one replaces or deletes a
   * place, the other one does something below it. `move`: both move one place,
   * or together they would put a place inside itself.
   */
  readonly kind: "value" | "hierarchy" | "move";
  /** The place that both assign or move, or the upper one. */
  readonly path: Path;
  /** The one that is shown. */
  readonly winner: ConflictSide;
  /** The other one. */
  readonly loser: ConflictSide;
  /**
   * Whether both values are kept, until a set has seen them: what is shown is
   * up to the strategy then, and the winner is the newer, or the biased one.
   */
  readonly isKept: boolean;
}

/** A custom merge function that cannot be trusted; told once for each law. */
export interface ViolationEvent extends MergeViolation {
  /** Its name in the strategy `merge:name`. */
  readonly name: string;
}

/** What became of an edit that shows before it is made. */
export interface OptimisticEvent {
  /** `lapsed`: it was neither confirmed nor rejected in time. */
  readonly kind: "shown" | "confirmed" | "rejected" | "lapsed";
  /** The edit. */
  readonly edit: OptimisticEdit;
}

/** What was forgotten, since nobody needs it any more. */
export interface GcEvent {
  /** Registers of places that showed nothing. */
  readonly registers: number;
  /** Items of lists, and units of texts, that were removed. */
  readonly items: number;
  /** How many places that show nothing are left. */
  readonly tombstones: number;
}

/** A limit is near: nine tenths of it are used. */
export interface LimitEvent {
  /** Of what. */
  readonly limit: "pending" | "registers" | "tombstones";
  /** How many there are. */
  readonly count: number;
  /** How many there may be. */
  readonly max: number;
}

/** Events of a document, told when its state is consistent. */
export interface DocumentEvents {
  /** A transaction was applied, or a state merged. */
  "change": [event: ChangeEvent];
  /** Operations met that had not seen each other. */
  "conflict": [event: ConflictEvent];
  /** Operations wait or were let go. */
  "sync": [event: SyncEvent];
  /** An operation was refused. */
  "reject": [event: RejectEvent];
  /** Something was forgotten. */
  "gc": [event: GcEvent];
  /** A limit is near. */
  "limit": [event: LimitEvent];
  /** An optimistic edit shows, or does so no more. */
  "optimistic": [event: OptimisticEvent];
  /** A custom merge function broke a law. */
  "violation": [event: ViolationEvent];
}

const NAMES: { readonly [Name in keyof DocumentEvents]: true } = {
  change: true,
  conflict: true,
  sync: true,
  reject: true,
  gc: true,
  limit: true,
  optimistic: true,
  violation: true,
};

/** The names of all events. */
export const EVENT_NAMES: readonly (keyof DocumentEvents)[] = Object.keys(
  NAMES,
) as (keyof DocumentEvents)[];
