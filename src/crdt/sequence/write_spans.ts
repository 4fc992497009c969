import { type Content, NONE } from "./ids.ts";
import {
  AnchorStack,
  COUNTER_BIT,
  FAR,
  LEFT_BIT,
  LEFT_UPS_SHIFT,
  RIGHT_UPS_SHIFT,
  type SequenceWriter,
  SpanColumns,
  STATE_MAX,
  STATES,
} from "./span_columns.ts";
import type { SpanList } from "./span_list.ts";

/**
 * Writes all spans of `list` but their content, column by column, in about four
 * bytes a span.
 */
export function writeSpans<Part extends Content>(
  list: SpanList<Part>,
  writer: SequenceWriter,
): void {
  const columns = new SpanColumns();
  const { tree, table } = list;
  tree.moveToStart();
  for (let span = tree.settle(); span !== NONE; span = tree.stepForward()) {
    columns.add(table, span);
  }
  const { count, length } = columns;
  const heads = columns.state.map((state, at) =>
    Math.min(STATES.indexOf(state), STATE_MAX) |
    (columns.isLeft[at] ? LEFT_BIT : 0)
  );
  const jumps = findJumps(columns, heads);
  const far = [...findLeftUps(columns, heads), ...findRightUps(columns, heads)];
  writer.varint(count);
  for (const head of heads) writer.byte(head);
  for (const state of columns.state) {
    const number = STATES.indexOf(state);
    if (number >= STATE_MAX) writer.varint(number - STATE_MAX);
  }
  for (let at = 0; at < count; at++) writer.varint(length[at]! - 1);
  writeReplicas(columns, writer);
  for (const number of jumps) writer.varint(number);
  for (const number of far) writer.varint(number);
}

/** Runs of spans of one replica. */
function writeReplicas(
  { replica, count }: SpanColumns,
  writer: SequenceWriter,
): void {
  for (let from = 0, to = 0; from < count; from = to) {
    while (to < count && replica[to] === replica[from]) to++;
    writer.varint(replica[from]!);
    writer.varint(to - from - 1);
  }
}

/** How far each counter is from where the last span of its replica ended. */
function findJumps(columns: SpanColumns, heads: number[]): number[] {
  const { replica, counter, length, count } = columns;
  const ends: number[] = [];
  const jumps: number[] = [];
  for (let at = 0; at < count; at++) {
    const jump = counter[at]! - (ends[replica[at]!] ?? 1);
    ends[replica[at]!] = counter[at]! + length[at]!;
    if (jump === 0) continue;
    heads[at]! |= COUNTER_BIT;
    jumps.push(jump < 0 ? -jump * 2 - 1 : jump * 2);
  }
  return jumps;
}

function findLeftUps(columns: SpanColumns, heads: number[]): number[] {
  const { counter, length, leftReplica, leftCounter, count } = columns;
  const stack = new AnchorStack(columns);
  const far: number[] = [];
  for (let at = 0; at < count; at++) {
    const ups = stack.popTo(leftReplica[at]!, leftCounter[at]!);
    const back = stack.size === 0 ? 0 : stack.counter - leftCounter[at]!;
    if (back > 0) stack.goBack(back);
    if (ups >= FAR || back > 0) {
      heads[at]! |= FAR << LEFT_UPS_SHIFT;
      far.push(ups, back);
    } else heads[at]! |= ups << LEFT_UPS_SHIFT;
    stack.push(at, counter[at]! + length[at]! - 1);
  }
  return far;
}

function findRightUps(columns: SpanColumns, heads: number[]): number[] {
  const { counter, rightReplica, rightCounter, count } = columns;
  const stack = new AnchorStack(columns);
  const far: number[] = [];
  for (let at = count - 1; at >= 0; at--) {
    const ups = stack.popTo(rightReplica[at]!, rightCounter[at]!);
    heads[at]! |= Math.min(ups, FAR) << RIGHT_UPS_SHIFT;
    if (ups >= FAR) far.push(ups);
    stack.push(at, counter[at]!);
  }
  return far;
}
