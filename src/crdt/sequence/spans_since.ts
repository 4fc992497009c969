import { type Content, type InsertedSpan, NONE } from "./ids.ts";
import type { SpanList } from "./span_list.ts";
import { HIDDEN, LEFT } from "./span_table.ts";

/** See `SequenceView.spansSince`. Costs a step for each span of the list. */
export function spansSince<Part extends Content>(
  list: SpanList<Part>,
  known: (replica: number) => number,
): InsertedSpan<Part>[] {
  const { table, tree } = list;
  const wanted = new Set<number>();
  tree.moveToStart();
  for (let span = tree.settle(); span !== NONE; span = tree.stepForward()) {
    if (table.lastCounter(span) > known(table.replica[span]!)) wanted.add(span);
  }
  const spans: InsertedSpan<Part>[] = [];
  const ancestors: number[] = [];
  for (const first of wanted) {
    // Spans leave the set as they are told: what is left of it comes later.
    for (let span = first; wanted.delete(span); span = parentOf(list, span)) {
      ancestors.push(span);
    }
    for (let at = ancestors.length; at > 0; at--) {
      const span = ancestors.pop()!;
      spans.push(describe(list, span, known(table.replica[span]!)));
    }
  }
  return spans;
}

function parentOf<Part extends Content>(
  list: SpanList<Part>,
  span: number,
): number {
  const { table } = list;
  return (table.flags[span]! & LEFT) === 0
    ? list.find(table.leftReplica[span]!, table.leftCounter[span]!)
    : list.find(table.rightReplica[span]!, table.rightCounter[span]!);
}

/** The items of a span above the counter `known`. */
function describe<Part extends Content>(
  { table, store }: SpanList<Part>,
  span: number,
  known: number,
): InsertedSpan<Part> {
  const replica = table.replica[span]!;
  const skipped = Math.max(0, known + 1 - table.counter[span]!);
  const counter = table.counter[span]! + skipped;
  const length = table.length[span]! - skipped;
  const start = table.start[span]!;
  const isLeft = skipped === 0 && (table.flags[span]! & LEFT) !== 0;
  return {
    replica,
    counter,
    length,
    origin: isLeft
      ? {
        side: "left",
        replica: table.rightReplica[span]!,
        counter: table.rightCounter[span]!,
      }
      : skipped > 0
      ? { side: "right", replica, counter: counter - 1 }
      : {
        side: "right",
        replica: table.leftReplica[span]!,
        counter: table.leftCounter[span]!,
      },
    content: start === NONE ? undefined : store.read(start + skipped, length),
    isHidden: (table.flags[span]! & HIDDEN) !== 0,
  };
}
