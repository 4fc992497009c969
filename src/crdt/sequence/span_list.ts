import type { SequenceArena } from "./arena.ts";
import type { ContentStore } from "./content_store.ts";
import { type Content, NONE, type Side } from "./ids.ts";
import { OrderTree } from "./order_tree.ts";
import {
  LEFT,
  PASSED,
  REMOVED,
  type SpanTable,
  SPENT,
  STATE,
  TEXT,
} from "./span_table.ts";

/** Where a replica has put its last right child, if that took long to find. */
export interface Hint {
  /** The parent; its replica is `NONE` for the root. */
  readonly parentReplica: number;
  /** The counter of the parent. */
  readonly parentCounter: number;
  /** The counter of the child, of the same replica as the next one. */
  readonly counter: number;
  /**
   * The {@linkcode SpanList.revision} of that moment, if there were only such
   * items between the two as are not named; else -1.
   */
  readonly revision: number;
}

/**
 * The spans of one sequence in order: they are cut, joined and dropped here, so
 * that table, index and tree always agree, and no two neighbours stay apart
 * that could be one span.
 */
export class SpanList<Part extends Content> {
  /** The order; its position says where {@linkcode insert} puts a span. */
  readonly tree: OrderTree;
  /** Where the content lies. */
  readonly store: ContentStore<Part>;
  /** The columns of the arena. */
  readonly table: SpanTable;
  /** The flag that tells where the content of its spans lies. */
  readonly kind: number;
  /** The span with the parent of the items to be inserted; `NONE`: the root. */
  parent: number = NONE;
  /** How many spans came below items that nobody was to name any more. */
  adoptionCount = 0;
  /**
   * Rises whenever items may have come to where there were only such as are not
   * named, other than behind the hint of whoever puts them there.
   */
  revision = 0;
  /** By replica, where to go on; `null` if there are none. */
  hints: Map<number, Hint> | null = null;
  readonly #arena: SequenceArena;

  /** An empty list, whose content lies in `store`. */
  constructor(arena: SequenceArena, store: ContentStore<Part>) {
    this.#arena = arena;
    this.table = arena.table;
    this.tree = new OrderTree(arena.nodes, arena.table);
    this.store = store;
    this.kind = (store as unknown) === arena.texts ? TEXT : 0;
  }

  /** The span of this list that holds an item, or `NONE`. */
  find(replica: number, counter: number): number {
    const span = this.#arena.ids.find(replica, counter);
    return span !== NONE && this.tree.has(span) ? span : NONE;
  }

  /**
   * The same, or else the span of a later item of `replica`, or `NONE`. Other
   * sequences may have many items between; none is looked for from `end` on.
   */
  findFrom(replica: number, counter: number, end: number): number {
    const { ids } = this.#arena;
    let span = ids.find(replica, counter);
    if (span === NONE) span = ids.findAbove(replica, counter);
    while (span !== NONE && !this.tree.has(span)) {
      if (this.table.counter[span]! >= end) return NONE;
      span = ids.findAbove(replica, this.table.counter[span]!);
    }
    return span;
  }

  /**
   * Puts new items before the position of the tree, as a child of `parent` (of
   * its last item on the right side, of its first one on the left), and returns
   * the span whose last items they are; the position moves to it.
   */
  insert(
    replica: number,
    counter: number,
    length: number,
    start: number,
    state: number,
    side: Side,
  ): number {
    const { table, tree, parent } = this;
    this.revision++;
    if (parent !== NONE && (table.flags[parent]! & SPENT) !== 0) {
      this.adoptionCount++;
    }
    if (
      side === "right" && parent !== NONE &&
      table.lastCounter(parent) === counter - 1 &&
      table.replica[parent] === replica &&
      (table.flags[parent]! & STATE) === state &&
      (start === NONE ||
        start === table.start[parent]! + table.length[parent]!) &&
      tree.peekPrevious() === parent
    ) {
      table.length[parent]! += length;
      tree.stepBack();
      if (table.isVisible(parent)) tree.widen(length);
      return parent;
    }
    const span = table.allocate();
    table.replica[span] = replica;
    table.counter[span] = counter;
    table.length[span] = length;
    table.start[span] = start;
    if (side === "left") {
      table.flags[span] = state | this.kind | LEFT;
      table.leftReplica[span] = table.leftReplica[parent]!;
      table.leftCounter[span] = table.leftCounter[parent]!;
      table.rightReplica[span] = table.replica[parent]!;
      table.rightCounter[span] = table.counter[parent]!;
    } else {
      const isRoot = parent === NONE;
      table.flags[span] = state | this.kind;
      table.leftReplica[span] = isRoot ? NONE : table.replica[parent]!;
      table.leftCounter[span] = isRoot ? 0 : table.lastCounter(parent);
      table.rightReplica[span] = isRoot ? NONE : table.rightReplica[parent]!;
      table.rightCounter[span] = isRoot ? 0 : table.rightCounter[parent]!;
    }
    tree.insert(span, table.width(span));
    this.#arena.ids.add(span);
    return span;
  }

  /**
   * Cuts the span at the position before its item at `offset`, which is not the
   * first one; moves to the second half and returns it.
   */
  split(offset: number): number {
    const { table, tree } = this;
    const first = tree.span;
    const second = table.allocate();
    const rest = table.length[first]! - offset;
    const counter = table.counter[first]! + offset;
    const replica = table.replica[first]!;
    const start = table.start[first]!;
    table.replica[second] = replica;
    table.counter[second] = counter;
    table.length[second] = rest;
    table.start[second] = start === NONE ? NONE : start + offset;
    table.flags[second] = table.flags[first]! & ~LEFT;
    table.leftReplica[second] = replica;
    table.leftCounter[second] = counter - 1;
    table.rightReplica[second] = table.rightReplica[first]!;
    table.rightCounter[second] = table.rightCounter[first]!;
    table.length[first] = offset;
    const isVisible = table.isVisible(first);
    if (isVisible) tree.widen(-rest);
    tree.entry++;
    tree.insert(second, isVisible ? rest : 0);
    this.#arena.ids.add(second);
    return second;
  }

  /**
   * Puts the items `from` to `to - 1` of `span` into a state, with their content
   * at `start`.
   */
  setState(
    span: number,
    from: number,
    to: number,
    state: number,
    start: number,
  ): void {
    const { table, tree } = this;
    tree.moveTo(span);
    if ((state & PASSED) === 0) this.revision++;
    if (state === REMOVED && this.#cede(span, from, to)) return;
    if (to < table.length[span]!) {
      this.split(to);
      tree.moveTo(span);
    }
    if (from > 0) span = this.split(from);
    const width = table.width(span);
    table.flags[span] = (table.flags[span]! & ~STATE) | state;
    table.start[span] = start;
    const change = table.width(span) - width;
    if (change !== 0) tree.widen(change);
    this.joinAround(span);
  }

  /** Joins `span`, at the position, with its neighbours where it can be. */
  joinAround(span: number): void {
    const { table, tree } = this;
    const next = tree.peekNext();
    const previous = tree.peekPrevious();
    if (next !== NONE && table.canJoin(span, next)) this.#join(span, next);
    if (previous !== NONE && table.canJoin(previous, span)) {
      this.#join(previous, span);
    }
  }

  /**
   * Drops the items of `span` from `offset` to its last, as if they had never
   * been; nothing may be anchored to them.
   */
  drop(span: number, offset: number): void {
    const { table, tree } = this;
    const dropped = table.length[span]! - offset;
    const start = table.start[span]!;
    if (start !== NONE) this.store.release(start + offset, dropped);
    tree.moveTo(span);
    if (offset > 0) {
      table.length[span] = offset;
      if (table.isVisible(span)) tree.widen(-dropped);
      this.joinAround(span);
      return;
    }
    const next = tree.peekNext();
    tree.remove();
    this.#arena.ids.remove(span);
    table.release(span);
    if (next === NONE) return;
    tree.moveTo(next);
    this.joinAround(next);
  }

  /** Forgets all spans and the tree; the list is of no use afterwards. */
  dispose(): void {
    const { table, tree } = this;
    const spans: number[] = [];
    tree.moveToStart();
    for (let span = tree.settle(); span !== NONE; span = tree.stepForward()) {
      spans.push(span);
    }
    for (const span of spans) {
      const start = table.start[span]!;
      if (start !== NONE) this.store.release(start, table.length[span]!);
      this.#arena.ids.remove(span);
      table.release(span);
    }
    tree.dispose();
  }

  /**
   * Removes the first or the last items of a span by moving the border between
   * it and a neighbour that is removed already: whoever holds a delete key down
   * makes no spans.
   */
  #cede(span: number, from: number, to: number): boolean {
    const { table, tree } = this;
    const count = to - from;
    const length = table.length[span]!;
    if (count === length) return false;
    if (to === length) {
      const next = tree.peekNext();
      if (!this.#isTombstoneOf(next) || !table.isChained(span, next)) {
        return false;
      }
      table.counter[next]! -= count;
      table.leftCounter[next]! -= count;
      table.length[next]! += count;
    } else if (from === 0) {
      const previous = tree.peekPrevious();
      if (!this.#isTombstoneOf(previous) || !table.isChained(previous, span)) {
        return false;
      }
      table.length[previous]! += count;
      table.counter[span]! += count;
      table.leftCounter[span]! += count;
      table.start[span]! += count;
    } else return false;
    table.length[span]! -= count;
    if (table.isVisible(span)) tree.widen(-count);
    return true;
  }

  #isTombstoneOf(span: number): boolean {
    return span !== NONE && (this.table.flags[span]! & STATE) === REMOVED;
  }

  #join(first: number, second: number): void {
    const { table, tree } = this;
    tree.moveTo(second);
    tree.remove();
    this.#arena.ids.remove(second);
    tree.moveTo(first);
    const width = table.width(second);
    table.length[first]! += table.length[second]!;
    if (width > 0) tree.widen(width);
    table.release(second);
  }
}
