import { type Content, type IdRange, type ItemId, NONE } from "./ids.ts";
import type { SpanList } from "./span_list.ts";
import { LEFT, REMOVED, RETIRED, SPENT, STATE } from "./span_table.ts";

/** Marks the removed items of `ranges` as never to be named again here. */
export function retire<Part extends Content>(
  list: SpanList<Part>,
  ranges: Iterable<IdRange>,
): void {
  for (const range of ranges) mark(list, range, REMOVED | RETIRED, []);
}

/**
 * Marks the removed items of `ranges` as of no use, and adds to `waiting` where
 * some may be dropped.
 */
export function spend<Part extends Content>(
  list: SpanList<Part>,
  ranges: Iterable<IdRange>,
  waiting: ItemId[],
): void {
  const state = REMOVED | RETIRED | SPENT;
  for (const range of ranges) mark(list, range, state, waiting);
}

/**
 * Forgets items of no use that no item depends on, in about `budget` steps, and
 * returns how many it forgot.
 *
 * A removed item without children can go: the order of the others is the order
 * of a tree, and a leaf holds nothing in its place. One with children stays, for
 * a sibling yet to come must find its place among them; it is marked, and goes
 * when its last child does.
 */
export function dropSpent<Part extends Content>(
  list: SpanList<Part>,
  waiting: ItemId[],
  budget: number,
): number {
  let dropped = 0;
  for (let left = budget; left > 0; left--) {
    const id = waiting.pop();
    if (id === undefined) break;
    const span = list.find(id.replica, id.counter);
    if (span !== NONE) dropped += dropChildless(list, span, waiting);
  }
  return dropped;
}

function mark<Part extends Content>(
  list: SpanList<Part>,
  { replica, counter, length }: IdRange,
  state: number,
  marked: ItemId[],
): void {
  const { table } = list;
  const end = counter + length;
  while (counter < end) {
    const span = list.findFrom(replica, counter, end);
    if (span === NONE) return;
    counter = Math.max(counter, table.counter[span]!);
    if (counter >= end) return;
    const from = counter - table.counter[span]!;
    const to = Math.min(table.length[span]!, end - table.counter[span]!);
    counter += to - from;
    const marks = table.flags[span]! & STATE;
    // What is shown, or further already, stays as it is.
    if ((marks & REMOVED) === 0) continue;
    if (marks < state) list.setState(span, from, to, state, NONE);
    marked.push({ replica, counter: counter - 1 });
  }
}

/** Drops what it can of the end of a span, and lets its parent wait then. */
function dropChildless<Part extends Content>(
  list: SpanList<Part>,
  span: number,
  waiting: ItemId[],
): number {
  const { table, tree } = list;
  if ((table.flags[span]! & SPENT) === 0) return 0;
  tree.moveTo(span);
  const replica = table.replica[span]!;
  const counter = table.counter[span]!;
  const next = tree.peekNext();
  const previous = tree.peekPrevious();
  let kept = 0;
  if (previous !== NONE && table.isBefore(previous, span)) kept = 1;
  if (next !== NONE && table.leftReplica[next] === replica) {
    // The last item with other children than the run itself.
    const parent = table.leftCounter[next]! - counter;
    if (parent >= kept && parent < table.length[span]!) kept = parent + 1;
  }
  const dropped = table.length[span]! - kept;
  if (dropped === 0) return 0;
  if (kept === 0) {
    const isLeft = (table.flags[span]! & LEFT) !== 0;
    const parent = isLeft
      ? table.rightReplica[span]!
      : table.leftReplica[span]!;
    if (parent !== NONE) {
      waiting.push({
        replica: parent,
        counter: isLeft ? table.rightCounter[span]! : table.leftCounter[span]!,
      });
    }
  }
  list.drop(span, kept);
  return dropped;
}
