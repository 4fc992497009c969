/** Stands for "no replica": the root of the tree, the end of the sequence. */
export const NONE: number = -1;

/**
 * The greatest counter: the columns hold 32-bit numbers, so that a replica may
 * make two thousand million items and operations in the life of a document.
 */
export const COUNTER_MAX: number = 2 ** 31 - 1;

/** Names an item for ever: who made it, and with which of its counters. */
export interface ItemId {
  /** An index into the document's table of replicas. */
  readonly replica: number;
  /** From 1. */
  readonly counter: number;
}

/** Items that one replica numbered in a row, from `counter` on. */
export interface IdRange extends ItemId {
  /** At least 1. */
  readonly length: number;
}

/** Which child of its parent an item is: before it or behind it. */
export type Side = "left" | "right";

/**
 * The place where items were inserted: the first one is a child of the item
 * `(replica, counter)`, and each other one a right child of the one before it.
 *
 * A `replica` of {@linkcode NONE} is the root, which has right children only.
 */
export interface Origin extends ItemId {
  /** Before the item, or behind it. */
  readonly side: Side;
}

/** Orders two replicas in the same way everywhere: by name, not by index. */
export type CompareReplicas = (a: number, b: number) => number;

/** What a sequence holds: UTF-16 text, or values of any kind. */
export type Content = string | readonly unknown[];

/** Items that became visible, or ceased to be, at a visible index. */
export interface Change {
  /** The visible index of the first of them. */
  readonly index: number;
  /** How many there are. */
  readonly count: number;
}

/**
 * Visible items that {@linkcode Sequence.removeAt} took out.
 *
 * `content` is in the order of the sequence. The ids ascend in that order or,
 * if `isReversed`, descend: what was prepended item by item is one range too.
 */
export interface RemovedRange<Part extends Content> extends IdRange {
  /** Whether the ids descend. */
  readonly isReversed: boolean;
  /** What the items were, in order. */
  readonly content: Part;
}

/** Visible items next to each other, whose ids ascend. */
export interface VisibleRun<Part extends Content> extends IdRange {
  /** What the items are, in order. */
  readonly content: Part;
}

/** Items as another replica needs them to have them too. */
export interface InsertedSpan<Part extends Content> extends IdRange {
  /** Where the first item was inserted. */
  readonly origin: Origin;
  /** `undefined` if the items were removed: nobody keeps their content. */
  readonly content: Part | undefined;
  /** Whether the items are hidden. */
  readonly isHidden: boolean;
}
