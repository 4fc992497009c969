import type { SequenceArena } from "./arena.ts";
import { type Content, NONE } from "./ids.ts";
import { orderOfIds, readSpans } from "./read_spans.ts";
import type { SequenceReader, SpanColumns } from "./span_columns.ts";
import type { SpanList } from "./span_list.ts";
import { LEFT, REMOVED } from "./span_table.ts";

/**
 * Reads the spans of a saved sequence for an empty list; changes nothing.
 *
 * @throws {RangeError} If the list is not empty.
 */
export function readFor<Part extends Content>(
  list: SpanList<Part>,
  arena: SequenceArena,
  reader: SequenceReader,
  replicas: readonly number[],
): SpanColumns {
  list.tree.moveToStart();
  if (list.tree.settle() !== NONE) {
    throw new RangeError("Cannot import into a sequence that has items");
  }
  const columns = readSpans(reader, replicas, arena.compareReplicas);
  const { replica, counter, length, count } = columns;
  for (let at = 0; at < count; at++) {
    const end = counter[at]! + length[at]!;
    if (arena.isTaken(replica[at]!, counter[at]!, end)) {
      reader.fail("ids that no other sequence has");
    }
  }
  return columns;
}

/** How many items of saved spans have content. */
export function countLive({ state, length, count }: SpanColumns): number {
  let live = 0;
  for (let at = 0; at < count; at++) {
    if ((state[at]! & REMOVED) === 0) live += length[at]!;
  }
  return live;
}

/** Fills an empty list with spans and the content of all that have some. */
export function loadSpans<Part extends Content>(
  list: SpanList<Part>,
  arena: SequenceArena,
  columns: SpanColumns,
  content: Part,
): void {
  const { table, tree } = list;
  const rows: number[] = [];
  let start = content.length === 0 ? 0 : list.store.put(0, content);
  for (let at = 0; at < columns.count; at++) {
    const span = table.allocate();
    const state = columns.state[at]!;
    const isLive = (state & REMOVED) === 0;
    rows.push(span);
    table.replica[span] = columns.replica[at]!;
    table.counter[span] = columns.counter[at]!;
    table.length[span] = columns.length[at]!;
    table.start[span] = isLive ? start : NONE;
    table.flags[span] = state | list.kind | (columns.isLeft[at] ? LEFT : 0);
    table.leftReplica[span] = columns.leftReplica[at]!;
    table.leftCounter[span] = columns.leftCounter[at]!;
    table.rightReplica[span] = columns.rightReplica[at]!;
    table.rightCounter[span] = columns.rightCounter[at]!;
    if (isLive) start += columns.length[at]!;
    tree.moveToEnd();
    tree.insert(span, table.width(span));
  }
  for (const at of orderOfIds(columns)) arena.ids.add(rows[at]!);
}
