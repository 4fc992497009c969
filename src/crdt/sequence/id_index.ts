import type { SpanTable } from "./span_table.ts";

/** A chunk this full is halved. */
const CHUNK_SPANS_MAX = 512;

/**
 * Finds the span that holds an item.
 *
 * For each replica, its spans stand in the order of their counters, in chunks.
 * Only span numbers are kept and the counters are read from the table: a span
 * that gives items to its neighbour keeps its place. New items have the highest
 * counter, so adding them is a push. Finding costs O(log spans).
 */
export class IdIndex {
  readonly #table: SpanTable;
  readonly #chunks: number[][][] = [];
  /** Most look-ups are near the one before. */
  #lastFound = 0;

  /** An index of the spans of `table`. */
  constructor(table: SpanTable) {
    this.#table = table;
  }

  /** The span that holds the item `(replica, counter)`, or -1. */
  find(replica: number, counter: number): number {
    if (this.#holds(this.#lastFound, replica, counter)) return this.#lastFound;
    const span = this.findUpTo(replica, counter);
    if (span < 0 || !this.#holds(span, replica, counter)) return -1;
    this.#lastFound = span;
    return span;
  }

  /** The last span of `replica` that begins at `counter` or below, or -1. */
  findUpTo(replica: number, counter: number): number {
    const chunks = this.#chunks[replica];
    if (chunks === undefined) return -1;
    const chunk = chunks[this.#chunkOf(chunks, counter)]!;
    const place = this.#placeIn(chunk, counter);
    return place < 0 ? -1 : chunk[place]!;
  }

  /** The first span of `replica` that begins above `counter`, or -1. */
  findAbove(replica: number, counter: number): number {
    const chunks = this.#chunks[replica];
    if (chunks === undefined) return -1;
    const at = this.#chunkOf(chunks, counter);
    const place = this.#placeIn(chunks[at]!, counter) + 1;
    return chunks[at]![place] ?? chunks[at + 1]?.[0] ?? -1;
  }

  /** Adds a span, whose replica and counter are filled in. */
  add(span: number): void {
    const replica = this.#table.replica[span]!;
    const counter = this.#table.counter[span]!;
    const chunks = this.#chunks[replica] ??= [[]];
    let at = chunks.length - 1;
    let chunk = chunks[at]!;
    const last = chunk[chunk.length - 1];
    if (last === undefined || this.#table.counter[last]! < counter) {
      if (chunk.length < CHUNK_SPANS_MAX) chunk.push(span);
      else chunks.push([span]);
      return;
    }
    at = this.#chunkOf(chunks, counter);
    chunk = chunks[at]!;
    chunk.splice(this.#placeIn(chunk, counter) + 1, 0, span);
    if (chunk.length > CHUNK_SPANS_MAX) {
      chunks.splice(at + 1, 0, chunk.splice(CHUNK_SPANS_MAX >> 1));
    }
  }

  /** Removes a span, whose replica and counter are still filled in. */
  remove(span: number): void {
    const counter = this.#table.counter[span]!;
    const chunks = this.#chunks[this.#table.replica[span]!]!;
    const at = this.#chunkOf(chunks, counter);
    const chunk = chunks[at]!;
    chunk.splice(this.#placeIn(chunk, counter), 1);
    if (chunk.length === 0 && chunks.length > 1) chunks.splice(at, 1);
  }

  #holds(span: number, replica: number, counter: number): boolean {
    const { replica: replicas, counter: counters, length } = this.#table;
    const offset = counter - counters[span]!;
    return offset >= 0 && offset < length[span]! && replicas[span] === replica;
  }

  /** The last chunk that begins at `counter` or below, or the first one. */
  #chunkOf(chunks: readonly (readonly number[])[], counter: number): number {
    const counters = this.#table.counter;
    let low = 0;
    let high = chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (counters[chunks[middle]![0]!]! <= counter) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The place of the last span that begins at `counter` or below, or -1. */
  #placeIn(chunk: readonly number[], counter: number): number {
    const counters = this.#table.counter;
    let low = -1;
    let high = chunk.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (counters[chunk[middle]!]! <= counter) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
