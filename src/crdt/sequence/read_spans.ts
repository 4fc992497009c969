import { type CompareReplicas, COUNTER_MAX, NONE } from "./ids.ts";
import {
  AnchorStack,
  COUNTER_BIT,
  FAR,
  LEFT_BIT,
  LEFT_UPS_SHIFT,
  RIGHT_UPS_SHIFT,
  type SequenceReader,
  SpanColumns,
  STATE_MAX,
  STATES,
} from "./span_columns.ts";

/**
 * Reads what `writeSpans` wrote, and makes sure that it is a sequence: a tree
 * whose siblings are in order, of items with ids of their own.
 *
 * @param replicas What each replica of the writer is here.
 */
export function readSpans(
  reader: SequenceReader,
  replicas: readonly number[],
  compare: CompareReplicas,
): SpanColumns {
  const columns = new SpanColumns();
  const count = reader.count();
  const heads: number[] = [];
  for (let at = 0; at < count; at++) {
    const head = reader.byte();
    heads.push(head);
    columns.isLeft.push((head & LEFT_BIT) !== 0);
  }
  for (const head of heads) {
    const number = head & (LEFT_BIT - 1);
    const more = number < STATE_MAX
      ? 0
      : reader.varint(STATES.length - 1 - STATE_MAX);
    columns.state.push(STATES[number + more]!);
  }
  for (let at = 0; at < count; at++) {
    columns.length.push(reader.varint(COUNTER_MAX - 1) + 1);
  }
  readReplicas(columns, reader, replicas);
  readCounters(columns, heads, reader);
  checkIds(columns, reader);
  readLeftAnchors(columns, heads, reader, compare);
  readRightAnchors(columns, heads, reader, compare);
  checkParents(columns, reader);
  return columns;
}

function readReplicas(
  { replica, count }: SpanColumns,
  reader: SequenceReader,
  replicas: readonly number[],
): void {
  while (replica.length < count) {
    const index = replicas[reader.varint(COUNTER_MAX)];
    if (index === undefined) return reader.fail("a replica of the table");
    let left = reader.varint(count - replica.length - 1) + 1;
    while (left-- > 0) replica.push(index);
  }
}

function readCounters(
  columns: SpanColumns,
  heads: readonly number[],
  reader: SequenceReader,
): void {
  const { replica, counter, length, count } = columns;
  const ends = new Map<number, number>();
  for (let at = 0; at < count; at++) {
    let first = ends.get(replica[at]!) ?? 1;
    if ((heads[at]! & COUNTER_BIT) !== 0) {
      const jump = reader.varint(2 * COUNTER_MAX);
      first += jump % 2 === 1 ? -(jump + 1) / 2 : jump / 2;
    }
    const end = first + length[at]!;
    if (first < 1 || end - 1 > COUNTER_MAX) reader.fail("a counter");
    counter.push(first);
    ends.set(replica[at]!, end);
  }
}

/** No two items may have one id. */
function checkIds(columns: SpanColumns, reader: SequenceReader): void {
  const order = orderOfIds(columns);
  const { replica, counter, length } = columns;
  for (let place = 1; place < order.length; place++) {
    const [before, at] = [order[place - 1]!, order[place]!];
    if (
      replica[before] === replica[at] &&
      counter[before]! + length[before]! > counter[at]!
    ) reader.fail("an id of its own for each item");
  }
}

/** The places of all spans, by replica and counter. */
export function orderOfIds({ replica, counter }: SpanColumns): number[] {
  return [...replica.keys()].sort((a, b) =>
    replica[a]! - replica[b]! || counter[a]! - counter[b]!
  );
}

function readLeftAnchors(
  columns: SpanColumns,
  heads: readonly number[],
  reader: SequenceReader,
  compare: CompareReplicas,
): void {
  const { replica, counter, length, isLeft, count, state } = columns;
  const stack = new AnchorStack(columns);
  /** The last right child of the item of each span that is in the chain. */
  const children: number[] = [];
  let rootChild = NONE;
  for (let at = 0; at < count; at++) {
    let ups = (heads[at]! >> LEFT_UPS_SHIFT) & FAR;
    let back = 0;
    if (ups === FAR) {
      ups = reader.varint(COUNTER_MAX);
      back = reader.varint(COUNTER_MAX);
    }
    if (ups > stack.size) reader.fail("a left anchor");
    stack.pop(ups);
    const { span } = stack;
    if (back > 0) {
      if (span === NONE || back > stack.counter - counter[span]!) {
        reader.fail("a left anchor");
      }
      stack.goBack(back);
      // The next item of the run is a right child too, and stands before.
      children[span] = span;
    }
    columns.leftReplica.push(stack.replica);
    columns.leftCounter.push(stack.counter);
    if (!isLeft[at]) {
      const sibling = span === NONE ? rootChild : children[span] ?? NONE;
      const order = sibling === NONE ? -1 : compareIds(
        columns,
        compare,
        sibling,
        sibling === span ? stack.counter + 1 : counter[sibling]!,
        at,
      );
      if (order >= 0) reader.fail("siblings in order");
      if (span === NONE) rootChild = at;
      else children[span] = at;
      const isChained = span !== NONE && span === at - 1 && back === 0 &&
        columns.isNext(span, replica[at]!, counter[at]!);
      if (isChained && state[span] === state[at]) reader.fail("whole spans");
    }
    stack.push(at, counter[at]! + length[at]! - 1);
  }
}

function readRightAnchors(
  columns: SpanColumns,
  heads: readonly number[],
  reader: SequenceReader,
  compare: CompareReplicas,
): void {
  const { counter, isLeft, count, rightReplica, rightCounter } = columns;
  const stack = new AnchorStack(columns);
  const children: number[] = [];
  for (let at = count - 1; at >= 0; at--) {
    let ups = (heads[at]! >> RIGHT_UPS_SHIFT) & FAR;
    if (ups === FAR) ups = reader.varint(COUNTER_MAX);
    if (ups > stack.size) reader.fail("a right anchor");
    stack.pop(ups);
    const { span } = stack;
    rightReplica[at] = stack.replica;
    rightCounter[at] = stack.counter;
    if (isLeft[at]) {
      const sibling = children[span] ?? NONE;
      if (
        span === NONE || sibling !== NONE &&
          compareIds(columns, compare, at, counter[at]!, sibling) >= 0
      ) reader.fail("siblings in order");
      children[span] = at;
    }
    stack.push(at, counter[at]!);
  }
}

/** Compares the item `counter` of the span `first` with the first of `second`. */
function compareIds(
  columns: SpanColumns,
  compare: CompareReplicas,
  first: number,
  counter: number,
  second: number,
): number {
  const one = columns.replica[first]!;
  const other = columns.replica[second]!;
  return one === other
    ? counter - columns.counter[second]!
    : compare(one, other);
}

/**
 * An item shares its left anchor with a parent on its right, and its right anchor
 * with a parent on its left. If that holds for each, they are a tree: what
 * descends from an item stays between its anchors.
 */
function checkParents(columns: SpanColumns, reader: SequenceReader): void {
  const { isLeft, leftReplica, leftCounter, rightReplica, rightCounter } =
    columns;
  const order = orderOfIds(columns);
  for (let at = 0; at < columns.count; at++) {
    const replica = isLeft[at] ? rightReplica[at]! : leftReplica[at]!;
    const counter = isLeft[at] ? rightCounter[at]! : leftCounter[at]!;
    const parent = find(columns, order, replica, counter);
    const replicas = isLeft[at] ? leftReplica : rightReplica;
    const counters = isLeft[at] ? leftCounter : rightCounter;
    const isTree = replicas[at] === (replicas[parent] ?? NONE) &&
      counters[at] === (counters[parent] ?? 0);
    if (!isTree) reader.fail("a tree of items");
  }
}

function find(
  { replica, counter }: SpanColumns,
  order: readonly number[],
  wanted: number,
  wantedCounter: number,
): number {
  if (wanted === NONE) return NONE;
  let low = 0;
  let high = order.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    const at = order[middle]!;
    const difference = replica[at]! - wanted || counter[at]! - wantedCounter;
    if (difference <= 0) low = middle;
    else high = middle - 1;
  }
  return order[low]!;
}
