import { NONE } from "./ids.ts";
import { FANOUT, type NodePool } from "./node_pool.ts";
import type { SpanTable } from "./span_table.ts";

/** A node this empty takes in its neighbour, if that fits. */
const SPARSE = FANOUT / 4;
const MERGED_MAX = FANOUT * 3 / 4;

/**
 * The order of one sequence's spans: a B+tree that counts visible items.
 *
 * It has one position, `(leaf, entry)`, that its methods move, read and write:
 * nothing is allocated to say where something is. A search costs O(log spans),
 * and O(1) in the leaf of the search before: people edit where they have edited.
 */
export class OrderTree {
  /** The leaf of the position. */
  leaf: number;
  /** The entry of the position in its leaf. */
  entry = 0;
  /** How far into its span the last {@linkcode seek} led. */
  offset = 0;
  /** How many items are visible. */
  length = 0;

  readonly #pool: NodePool;
  readonly #table: SpanTable;
  #root: number;
  /** The leaf of the last search, and the visible index of its first item. */
  #hotLeaf: number;
  #hotIndex = 0;

  /** An empty tree of spans of `table`. */
  constructor(pool: NodePool, table: SpanTable) {
    this.#pool = pool;
    this.#table = table;
    this.#root = this.leaf = this.#hotLeaf = pool.allocate(0);
  }

  /** The span at the position, or `NONE` behind the last one. */
  get span(): number {
    return this.entry < this.#pool.count[this.leaf]!
      ? this.#pool.entries[this.leaf * FANOUT + this.entry]!
      : NONE;
  }

  /** What the tree belongs to. */
  get owner(): unknown {
    return this.#pool.owners[this.#root];
  }

  set owner(owner: unknown) {
    this.#pool.owners[this.#root] = owner;
  }

  /** Whether it was given back. */
  get isDisposed(): boolean {
    return this.#root === NONE;
  }

  /** Whether a span stands in this tree, not in that of another sequence. */
  has(span: number): boolean {
    const { parent } = this.#pool;
    let node = this.#table.leaf[span]!;
    while (parent[node] !== NONE) node = parent[node]!;
    return node === this.#root;
  }

  /** Moves to the visible item at `index`, which exists; returns its span. */
  seek(index: number): number {
    const { entries, widths, height, parent, place } = this.#pool;
    let leaf = this.#hotLeaf;
    let rest = index - this.#hotIndex;
    const above = leaf === NONE ? NONE : parent[leaf]!;
    const width = above === NONE
      ? this.length
      : widths[above * FANOUT + place[leaf]!]!;
    if (leaf === NONE || rest < 0 || rest >= width) {
      rest = index;
      leaf = this.#root;
      for (let level = height[leaf]!; level > 0; level--) {
        let at = leaf * FANOUT;
        while (rest >= widths[at]!) rest -= widths[at++]!;
        leaf = entries[at]!;
      }
      this.#hotLeaf = leaf;
      this.#hotIndex = index - rest;
    }
    let at = leaf * FANOUT;
    for (; rest >= widths[at]!; at++) rest -= widths[at]!;
    this.leaf = leaf;
    this.entry = at - leaf * FANOUT;
    this.offset = rest;
    return entries[at]!;
  }

  /** Moves to `span`. */
  moveTo(span: number): void {
    const { entries } = this.#pool;
    this.leaf = this.#table.leaf[span]!;
    const first = this.leaf * FANOUT;
    let at = first;
    while (entries[at] !== span) at++;
    this.entry = at - first;
  }

  /** Moves before the first span. */
  moveToStart(): void {
    const { entries, height } = this.#pool;
    this.leaf = this.#root;
    while (height[this.leaf]! > 0) this.leaf = entries[this.leaf * FANOUT]!;
    this.entry = 0;
  }

  /** Moves behind the last span. */
  moveToEnd(): void {
    const { entries, height, count } = this.#pool;
    this.leaf = this.#root;
    while (height[this.leaf]! > 0) {
      this.leaf = entries[this.leaf * FANOUT + count[this.leaf]! - 1]!;
    }
    this.entry = count[this.leaf]!;
  }

  /** The span behind that at the position, or `NONE`. */
  peekNext(): number {
    const { entries, count, next } = this.#pool;
    if (this.entry + 1 < count[this.leaf]!) {
      return entries[this.leaf * FANOUT + this.entry + 1]!;
    }
    const leaf = next[this.leaf]!;
    return leaf === NONE ? NONE : entries[leaf * FANOUT]!;
  }

  /** The span before the position, or `NONE`. */
  peekPrevious(): number {
    const { entries, count, previous } = this.#pool;
    if (this.entry > 0) return entries[this.leaf * FANOUT + this.entry - 1]!;
    const leaf = previous[this.leaf]!;
    return leaf === NONE ? NONE : entries[leaf * FANOUT + count[leaf]! - 1]!;
  }

  /** Moves before the next span, and returns it, or `NONE` at the end. */
  stepForward(): number {
    this.entry++;
    return this.settle();
  }

  /** Moves from the end of a leaf to the next one; returns the span there. */
  settle(): number {
    if (this.entry === this.#pool.count[this.leaf]!) {
      const next = this.#pool.next[this.leaf]!;
      if (next === NONE) return NONE;
      this.leaf = next;
      this.entry = 0;
    }
    return this.#pool.entries[this.leaf * FANOUT + this.entry]!;
  }

  /** Moves to the span before and returns it, or `NONE` at the start. */
  stepBack(): number {
    const { entries, count, previous } = this.#pool;
    if (this.entry === 0) {
      const leaf = previous[this.leaf]!;
      if (leaf === NONE) return NONE;
      this.leaf = leaf;
      this.entry = count[leaf]!;
    }
    this.entry--;
    return entries[this.leaf * FANOUT + this.entry]!;
  }

  /** The visible index of the first item of the span at the position. */
  index(): number {
    const { widths, parent, place } = this.#pool;
    let node = this.leaf;
    let index = 0;
    for (let at = node * FANOUT + this.entry - 1; at >= node * FANOUT; at--) {
      index += widths[at]!;
    }
    if (node === this.#hotLeaf) return this.#hotIndex + index;
    for (let above = parent[node]!; above !== NONE; above = parent[node]!) {
      const first = above * FANOUT;
      for (let at = first + place[node]! - 1; at >= first; at--) {
        index += widths[at]!;
      }
      node = above;
    }
    this.#hotLeaf = this.leaf;
    this.#hotIndex = index;
    const first = this.leaf * FANOUT;
    for (let at = first; at < first + this.entry; at++) {
      this.#hotIndex -= widths[at]!;
    }
    return index;
  }

  /** Whether span `first` stands before span `second`. */
  isInOrder(first: number, second: number): boolean {
    const { entries, parent, place } = this.#pool;
    let one = this.#table.leaf[first]!;
    let other = this.#table.leaf[second]!;
    if (one === other) {
      for (let at = one * FANOUT;; at++) {
        if (entries[at] === first) return true;
        if (entries[at] === second) return false;
      }
    }
    while (parent[one] !== parent[other]) {
      one = parent[one]!;
      other = parent[other]!;
    }
    return place[one]! < place[other]!;
  }

  /** Puts `span` before the position, which moves to it. */
  insert(span: number, width: number): void {
    this.entry = this.#insertEntry(this.leaf, this.entry, span, width);
    this.leaf = this.#table.leaf[span]!;
    if (width > 0) this.#widenAbove(this.leaf, width);
  }

  /** Says that the span at the position has `change` more visible items. */
  widen(change: number): void {
    this.#pool.widths[this.leaf * FANOUT + this.entry]! += change;
    this.#widenAbove(this.leaf, change);
  }

  /** Takes out the span at the position, which then leads nowhere. */
  remove(): void {
    const width = this.#pool.widths[this.leaf * FANOUT + this.entry]!;
    if (width > 0) this.#widenAbove(this.leaf, -width);
    this.#hotLeaf = NONE;
    this.#removeEntry(this.leaf, this.entry);
    const { height, count, entries, parent } = this.#pool;
    while (height[this.#root]! > 0 && count[this.#root] === 1) {
      const only = entries[this.#root * FANOUT]!;
      const { owner } = this;
      this.#pool.release(this.#root);
      parent[only] = NONE;
      this.#root = only;
      this.owner = owner;
    }
  }

  /** Gives all nodes back; the tree is of no use afterwards. */
  dispose(): void {
    const { height, entries, count } = this.#pool;
    const nodes = [this.#root];
    for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
      if (height[node]! > 0) {
        for (let at = 0; at < count[node]!; at++) {
          nodes.push(entries[node * FANOUT + at]!);
        }
      }
      this.#pool.release(node);
    }
    // The node may be another tree's root soon.
    this.#root = NONE;
    this.length = 0;
  }

  #widenAbove(leaf: number, change: number): void {
    const { widths, parent, place } = this.#pool;
    this.length += change;
    // All that lies behind the leaf moves.
    if (leaf !== this.#hotLeaf) this.#hotLeaf = NONE;
    for (let node = leaf; parent[node] !== NONE; node = parent[node]!) {
      widths[parent[node]! * FANOUT + place[node]!]! += change;
    }
  }

  /** Puts `entry` into `node` or, if it is full, a half of it; returns where. */
  #insertEntry(node: number, at: number, entry: number, width: number): number {
    const pool = this.#pool;
    if (pool.count[node] === FANOUT) {
      const right = this.#split(node, at);
      const kept = pool.count[node]!;
      if (at > kept || kept === FANOUT) {
        node = right;
        at -= kept;
      }
    }
    const { entries, widths, parent, place } = pool;
    const first = node * FANOUT;
    const isLeaf = pool.height[node] === 0;
    for (let to = first + pool.count[node]!++; to > first + at; to--) {
      const shifted = entries[to] = entries[to - 1]!;
      widths[to] = widths[to - 1]!;
      if (!isLeaf) place[shifted]!++;
    }
    entries[first + at] = entry;
    widths[first + at] = width;
    if (isLeaf) this.#table.leaf[entry] = node;
    else {
      parent[entry] = node;
      place[entry] = at;
    }
    return at;
  }

  /** Moves the second half of a full node to a new one, which it returns. */
  #split(node: number, at: number): number {
    const pool = this.#pool;
    const right = pool.allocate(pool.height[node]!);
    // Whoever appends leaves full nodes behind.
    const kept = at === FANOUT ? FANOUT : FANOUT / 2;
    const moved = this.#moveEntries(node, kept, right);
    if (pool.height[node] === 0) pool.link(node, right);
    if (pool.parent[node] === NONE) {
      const { owner } = this;
      this.#root = pool.allocate(pool.height[node]! + 1);
      this.owner = owner;
      this.#insertEntry(this.#root, 0, node, this.length);
    }
    const place = pool.place[node]! + 1;
    this.#insertEntry(pool.parent[node]!, place, right, 0);
    // That may have cut nodes above: their widths are right before, and after.
    const { parent, place: places, widths } = pool;
    for (let from = node, to = right; from !== to;) {
      widths[parent[from]! * FANOUT + places[from]!]! -= moved;
      widths[parent[to]! * FANOUT + places[to]!]! += moved;
      from = parent[from]!;
      to = parent[to]!;
    }
    return right;
  }

  /** Moves the entries of `node` from `from` on to the end of `target`. */
  #moveEntries(node: number, from: number, target: number): number {
    const { entries, widths, count, parent, place, height } = this.#pool;
    let to = target * FANOUT + count[target]!;
    let width = 0;
    for (let at = from; at < count[node]!; at++, to++) {
      const entry = entries[node * FANOUT + at]!;
      entries[to] = entry;
      widths[to] = widths[node * FANOUT + at]!;
      width += widths[to]!;
      if (height[node] === 0) this.#table.leaf[entry] = target;
      else {
        parent[entry] = target;
        place[entry] = to - target * FANOUT;
      }
    }
    count[target] = to - target * FANOUT;
    count[node] = from;
    return width;
  }

  #removeEntry(node: number, at: number): void {
    const pool = this.#pool;
    const { entries, widths, count, parent, place, height } = pool;
    const first = node * FANOUT;
    const left = --count[node]!;
    for (let to = first + at; to < first + left; to++) {
      entries[to] = entries[to + 1]!;
      widths[to] = widths[to + 1]!;
      if (height[node]! > 0) place[entries[to]!] = to - first;
    }
    const above = parent[node]!;
    if (above === NONE || left > SPARSE) return;
    if (left === 0) {
      pool.release(node);
      this.#removeEntry(above, place[node]!);
      return;
    }
    const next = place[node]! + 1;
    if (next >= count[above]!) return;
    const right = entries[above * FANOUT + next]!;
    if (left + count[right]! > MERGED_MAX) return;
    const moved = this.#moveEntries(right, 0, node);
    widths[above * FANOUT + next - 1]! += moved;
    pool.release(right);
    this.#removeEntry(above, next);
  }
}
