import { NONE } from "./ids.ts";
import {
  HIDDEN,
  LEFT,
  REMOVED,
  RETIRED,
  type SpanTable,
  SPENT,
  STATE,
} from "./span_table.ts";

/** What {@linkcode writeSpans} writes to; a document has one for all it saves. */
export interface SequenceWriter {
  /** Writes a number from 0 to 255. */
  byte(value: number): void;
  /** Writes a whole number from 0 on. */
  varint(value: number): void;
  /** Writes a well-formed text. */
  text(value: string): void;
}

/**
 * Reads what a {@linkcode SequenceWriter} wrote. Each method throws its user's
 * error for damaged data if there is nothing left, or not what was asked for.
 */
export interface SequenceReader {
  /** Reads a number from 0 to 255. */
  byte(): number;
  /** Reads a whole number from 0 to `max`. */
  varint(max: number): number;
  /** Reads how many things follow, of at least a byte each. */
  count(): number;
  /** Reads a text. */
  text(): string;
  /** Throws that the data is not what it should be, which is `what`. */
  fail(what: string): never;
}

/** In the first byte of a span, above two bits of state: it is a left child. */
export const LEFT_BIT: number = 1 << 2;
/** Above that: how far up its left anchor is, in two bits. */
export const LEFT_UPS_SHIFT = 3;
/** Above that: how far up its right anchor is. */
export const RIGHT_UPS_SHIFT = 5;
/** Its counter does not follow from the spans before, and is told. */
export const COUNTER_BIT: number = 1 << 7;
/** The anchor is told in a column of its own. */
export const FAR = 3;

/**
 * The states of a span, in the order of their numbers in the first byte. There
 * the last number stands for all states from there on, which a column tells.
 */
export const STATES: readonly number[] = [
  0,
  HIDDEN,
  REMOVED,
  REMOVED | RETIRED,
  REMOVED | RETIRED | SPENT,
];
/** The number in the first byte that stands for several states. */
export const STATE_MAX = 3;

/**
 * The spans of a sequence as they are saved, in order.
 *
 * Neighbours that differ in nothing but where their content lies are one span
 * here, so that equal states make equal bytes. The anchors are told by *ups*. All
 * left anchors that the next span can have stand in one chain: the last item
 * before it, that one's left anchor, and so on; an item that was passed never
 * comes again. So a stack and a count say which it is, mostly 0 or 1, instead of
 * an id. The right anchors are told in the same way from the other end.
 */
export class SpanColumns {
  /** Who made the items. */
  readonly replica: number[] = [];
  /** The counter of the first item. */
  readonly counter: number[] = [];
  /** How many items there are. */
  readonly length: number[] = [];
  /** One of {@linkcode STATES}. */
  readonly state: number[] = [];
  /** Whether the first item is a left child. */
  readonly isLeft: boolean[] = [];
  /** The left anchor of the first item. */
  readonly leftReplica: number[] = [];
  /** The left anchor's counter; 0 for the root. */
  readonly leftCounter: number[] = [];
  /** The right anchor of all items. */
  readonly rightReplica: number[] = [];
  /** The right anchor's counter; 0 for the root. */
  readonly rightCounter: number[] = [];

  /** How many spans there are. */
  get count(): number {
    return this.length.length;
  }

  /** Adds the span in a row of `table`, or makes the last one longer. */
  add(table: SpanTable, span: number): void {
    const last = this.count - 1;
    const replica = table.replica[span]!;
    const counter = table.counter[span]!;
    const state = table.flags[span]! & STATE;
    const isLeft = (table.flags[span]! & LEFT) !== 0;
    if (
      last >= 0 && !isLeft && this.isNext(last, replica, counter) &&
      this.state[last] === state &&
      table.leftReplica[span] === replica &&
      table.leftCounter[span] === counter - 1
    ) {
      this.length[last]! += table.length[span]!;
      return;
    }
    this.replica.push(replica);
    this.counter.push(counter);
    this.length.push(table.length[span]!);
    this.state.push(state);
    this.isLeft.push(isLeft);
    this.leftReplica.push(table.leftReplica[span]!);
    this.leftCounter.push(table.leftCounter[span]!);
    this.rightReplica.push(table.rightReplica[span]!);
    this.rightCounter.push(table.rightCounter[span]!);
  }

  /** Whether an id is the one behind the last of the span `at`. */
  isNext(at: number, replica: number, counter: number): boolean {
    return this.replica[at] === replica &&
      this.counter[at]! + this.length[at]! === counter;
  }
}

/** The chain of anchors that the next span can have, the nearest on top. */
export class AnchorStack {
  readonly #columns: SpanColumns;
  /** Places of spans in the columns. */
  readonly #spans: number[] = [];
  /** The counter of the item of each that is in the chain. */
  readonly #counters: number[] = [];

  /** A stack of anchors in `columns`. */
  constructor(columns: SpanColumns) {
    this.#columns = columns;
  }

  /** How many anchors there are, apart from the root. */
  get size(): number {
    return this.#spans.length;
  }

  /** The place of the span on top, or `NONE`. */
  get span(): number {
    return this.#spans[this.size - 1] ?? NONE;
  }

  /** The counter of the item on top; 0 for the root. */
  get counter(): number {
    return this.#counters[this.size - 1] ?? 0;
  }

  /** The replica of the item on top, or `NONE`. */
  get replica(): number {
    return this.#columns.replica[this.span] ?? NONE;
  }

  /** Puts the item `counter` of the span at the place `span` on top. */
  push(span: number, counter: number): void {
    this.#spans.push(span);
    this.#counters.push(counter);
  }

  /** Takes `count` items off. */
  pop(count: number): void {
    this.#spans.length -= count;
    this.#counters.length -= count;
  }

  /** Goes back `count` items in the span on top. */
  goBack(count: number): void {
    this.#counters[this.size - 1]! -= count;
  }

  /**
   * Takes items off up to the span that holds an item, which is in the chain,
   * and returns how many that were.
   */
  popTo(replica: number, counter: number): number {
    const { size } = this;
    while (this.size > 0 && !this.#holds(replica, counter)) this.pop(1);
    return size - this.size;
  }

  #holds(replica: number, counter: number): boolean {
    const first = this.#columns.counter[this.span]!;
    return this.replica === replica && counter >= first &&
      counter <= this.counter;
  }
}
