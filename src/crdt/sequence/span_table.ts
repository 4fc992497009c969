import { NONE } from "./ids.ts";

/** The items were removed; their content is gone. */
export const REMOVED = 1;
/** The items keep their content, and are not shown. */
export const HIDDEN = 2;
/** The items were removed, and are never named here again. */
export const RETIRED = 4;
/** The items are retired everywhere: no operation to come can name them. */
export const SPENT = 32;
/** The bits in which the items of a span are all alike. */
export const STATE: number = REMOVED | HIDDEN | RETIRED | SPENT;
/** Items that nobody names here who inserts something. */
export const PASSED: number = RETIRED | HIDDEN;
/** The first item is a left child of its parent; else it is a right one. */
export const LEFT = 8;
/** The content is text; else it is values. */
export const TEXT = 16;

const FIRST_CAPACITY = 64;

/**
 * All spans of a document, column by column; a span is the number of a row.
 *
 * A span is a run of items next to each other in their sequence, with ids in a
 * row, each a right child of the one before, all in the same state. A row costs
 * 37 bytes and no object, so a million spans are nothing to a garbage collector.
 *
 * Beside its parent, each item has two *anchors*: the nearest ancestor on its
 * left, and the nearest on its right. One of them is the parent. They tell in
 * O(1) where a subtree ends: see `placement.ts`. Only `contract.ts` changes them.
 */
export class SpanTable {
  /** Who made the items. */
  replica: Int32Array = new Int32Array(FIRST_CAPACITY);
  /** The counter of the first item. */
  counter: Int32Array = new Int32Array(FIRST_CAPACITY);
  /** How many items there are; 0 in a free row. */
  length: Int32Array = new Int32Array(FIRST_CAPACITY);
  /** Where the content begins in its store; `NONE` for removed items. */
  start: Int32Array = new Int32Array(FIRST_CAPACITY);
  /** The left anchor of the first item; that of another is the item before. */
  leftReplica: Int32Array = new Int32Array(FIRST_CAPACITY);
  /** The left anchor's counter. */
  leftCounter: Int32Array = new Int32Array(FIRST_CAPACITY);
  /** The right anchor of every item of the span. */
  rightReplica: Int32Array = new Int32Array(FIRST_CAPACITY);
  /** The right anchor's counter. */
  rightCounter: Int32Array = new Int32Array(FIRST_CAPACITY);
  /** The leaf of the order tree that lists the span. */
  leaf: Int32Array = new Int32Array(FIRST_CAPACITY);
  /** State and side. */
  flags: Uint8Array = new Uint8Array(FIRST_CAPACITY);

  #free: number[] = [];
  #rowCount = 0;

  /** How many rows were ever in use: every span is below. */
  get rowCount(): number {
    return this.#rowCount;
  }

  /** How many spans there are. */
  get spanCount(): number {
    return this.#rowCount - this.#free.length;
  }

  /** A row to fill in; what was read from a column before is out of date. */
  allocate(): number {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#rowCount === this.replica.length) this.#grow();
    return this.#rowCount++;
  }

  /** Gives a row back. */
  release(span: number): void {
    this.length[span] = 0;
    this.start[span] = NONE;
    this.#free.push(span);
  }

  /** Whether the items of a span are shown. */
  isVisible(span: number): boolean {
    return (this.flags[span]! & (REMOVED | HIDDEN)) === 0;
  }

  /** How many visible items a span has. */
  width(span: number): number {
    return this.isVisible(span) ? this.length[span]! : 0;
  }

  /** The counter of the last item. */
  lastCounter(span: number): number {
    return this.counter[span]! + this.length[span]! - 1;
  }

  /** Whether the left anchor of the first item is the last item of `other`. */
  isBehind(span: number, other: number): boolean {
    return this.leftReplica[span] === this.replica[other] &&
      this.leftCounter[span] === this.lastCounter(other);
  }

  /** Whether the right anchor of the items is the first item of `other`. */
  isBefore(span: number, other: number): boolean {
    return this.rightReplica[span] === this.replica[other] &&
      this.rightCounter[span] === this.counter[other];
  }

  /** Whether `second`, which follows `first`, goes on with the same run. */
  isChained(first: number, second: number): boolean {
    return this.counter[second] === this.lastCounter(first) + 1 &&
      this.replica[second] === this.replica[first] &&
      (this.flags[second]! & LEFT) === 0 && this.isBehind(second, first);
  }

  /** Whether `second`, which follows `first`, can be made a part of it. */
  canJoin(first: number, second: number): boolean {
    return this.isChained(first, second) &&
      (this.flags[first]! & STATE) === (this.flags[second]! & STATE) &&
      (this.start[first] === NONE ||
        this.start[second] === this.start[first]! + this.length[first]!);
  }

  #grow(): void {
    const capacity = this.replica.length * 2;
    this.replica = enlarge(this.replica, capacity);
    this.counter = enlarge(this.counter, capacity);
    this.length = enlarge(this.length, capacity);
    this.start = enlarge(this.start, capacity);
    this.leftReplica = enlarge(this.leftReplica, capacity);
    this.leftCounter = enlarge(this.leftCounter, capacity);
    this.rightReplica = enlarge(this.rightReplica, capacity);
    this.rightCounter = enlarge(this.rightCounter, capacity);
    this.leaf = enlarge(this.leaf, capacity);
    const flags = new Uint8Array(capacity);
    flags.set(this.flags);
    this.flags = flags;
  }
}

/** A copy of a column with room for `capacity` numbers. */
export function enlarge(column: Int32Array, capacity: number): Int32Array {
  const larger = new Int32Array(capacity);
  larger.set(column);
  return larger;
}
