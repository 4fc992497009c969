import { NONE } from "./ids.ts";
import { enlarge } from "./span_table.ts";

/** How many entries a node has room for; measured: 16 and 64 are slower. */
export const FANOUT = 32;

const FIRST_NODES = 4;

/**
 * The nodes of the order trees of all sequences of a document, in columns.
 *
 * The entries of a leaf are spans, those of an inner node are nodes; beside each
 * stands its width, so that a search reads numbers that lie in a row.
 */
export class NodePool {
  /** `FANOUT` spans or nodes for each node. */
  entries: Int32Array = new Int32Array(FIRST_NODES * FANOUT);
  /** How many visible items are in or below each entry. */
  widths: Int32Array = new Int32Array(FIRST_NODES * FANOUT);
  /** The node above; `NONE` for a root. */
  parent: Int32Array = new Int32Array(FIRST_NODES);
  /** Which entry of its parent a node is. */
  place: Int32Array = new Int32Array(FIRST_NODES);
  /** How many entries are in use. */
  count: Int32Array = new Int32Array(FIRST_NODES);
  /** 0 for a leaf. */
  height: Int32Array = new Int32Array(FIRST_NODES);
  /** The leaf behind a leaf, or `NONE`. */
  next: Int32Array = new Int32Array(FIRST_NODES);
  /** The leaf before a leaf, or `NONE`. */
  previous: Int32Array = new Int32Array(FIRST_NODES);
  /** What the tree of a root belongs to; see `Sequence.owner`. */
  readonly owners: unknown[] = [];

  #free: number[] = [];
  #nodeCount = 0;

  /** An empty node; what was read from a column before is out of date. */
  allocate(height: number): number {
    let node = this.#free.pop();
    if (node === undefined) {
      if (this.#nodeCount === this.parent.length) this.#grow();
      node = this.#nodeCount++;
    }
    this.parent[node] = NONE;
    this.place[node] = 0;
    this.count[node] = 0;
    this.height[node] = height;
    this.next[node] = NONE;
    this.previous[node] = NONE;
    return node;
  }

  /** Gives a node back, and takes a leaf out of the list of leaves. */
  release(node: number): void {
    const next = this.next[node]!;
    const previous = this.previous[node]!;
    if (next !== NONE) this.previous[next] = previous;
    if (previous !== NONE) this.next[previous] = next;
    this.owners[node] = undefined;
    this.#free.push(node);
  }

  /** Puts the new leaf `second` behind `first`. */
  link(first: number, second: number): void {
    const next = this.next[first]!;
    this.next[first] = second;
    this.previous[second] = first;
    this.next[second] = next;
    if (next !== NONE) this.previous[next] = second;
  }

  #grow(): void {
    const capacity = this.parent.length * 2;
    this.entries = enlarge(this.entries, capacity * FANOUT);
    this.widths = enlarge(this.widths, capacity * FANOUT);
    this.parent = enlarge(this.parent, capacity);
    this.place = enlarge(this.place, capacity);
    this.count = enlarge(this.count, capacity);
    this.height = enlarge(this.height, capacity);
    this.next = enlarge(this.next, capacity);
    this.previous = enlarge(this.previous, capacity);
  }
}
