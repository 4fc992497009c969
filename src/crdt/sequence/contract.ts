import { type Content, NONE } from "./ids.ts";
import type { SpanList } from "./span_list.ts";
import { LEFT, SPENT } from "./span_table.ts";

/** The tree of a sequence, as arrays by the place of a span in the order. */
interface SpanTree {
  /** The rows of the spans. */
  readonly spans: readonly number[];
  /** The place of the parent's span; `NONE` for the root. */
  readonly parent: Int32Array;
  /** The counter of the parent. */
  readonly parentCounter: Int32Array;
  /** Whether the first item is a left child. */
  readonly isLeft: boolean[];
  /** The only child, if there is one; `NONE`: none, or several. */
  readonly child: Int32Array;
}

/**
 * Lets one item stand for each chain of items that nobody will name.
 *
 * Such an item that has children keeps their place among its siblings, some of
 * which may be yet to come. But if it is the only child of another such item, it
 * has no siblings, and never will have any: its own only child takes its place.
 * What is left of a chain is the first of it. What is shown stays in its order,
 * wherever a replica has done this and another one has not.
 *
 * Costs a step for each span of the list.
 *
 * @param spanCountMax Nothing is done if there are more spans.
 * @returns How many items were forgotten; `null` if there are too many spans.
 */
export function contract<Part extends Content>(
  list: SpanList<Part>,
  spanCountMax: number,
): number | null {
  const tree = readTree(list, spanCountMax);
  if (tree === null) return null;
  const gone = contractChains(list, tree);
  if (gone.size === 0) return 0;
  writeAnchors(list, tree, gone);
  let count = 0;
  for (const at of gone) {
    const span = tree.spans[at]!;
    count += list.table.length[span]!;
    list.drop(span, 0);
  }
  return count;
}

function readTree<Part extends Content>(
  list: SpanList<Part>,
  spanCountMax: number,
): SpanTree | null {
  const { table, tree } = list;
  const spans: number[] = [];
  const places = new Map<number, number>();
  tree.moveToStart();
  for (let span = tree.settle(); span !== NONE; span = tree.stepForward()) {
    if (spans.length >= spanCountMax) return null;
    places.set(span, spans.length);
    spans.push(span);
  }
  const parent = new Int32Array(spans.length).fill(NONE);
  const parentCounter = new Int32Array(spans.length);
  const child = new Int32Array(spans.length).fill(NONE);
  const childCount = new Int32Array(spans.length);
  const isLeft = spans.map((span) => (table.flags[span]! & LEFT) !== 0);
  for (let at = 0; at < spans.length; at++) {
    const span = spans[at]!;
    const replica = isLeft[at]
      ? table.rightReplica[span]!
      : table.leftReplica[span]!;
    if (replica === NONE) continue;
    const counter = isLeft[at]
      ? table.rightCounter[span]!
      : table.leftCounter[span]!;
    const above = list.find(replica, counter);
    const place = places.get(above)!;
    parent[at] = place;
    parentCounter[at] = counter;
    // Another item than the last one has the next of its run as a child, too.
    const isOfLast = isLeft[at] || counter === table.lastCounter(above);
    childCount[place]! += isOfLast ? 1 : 2;
    child[place] = childCount[place] === 1 ? at : NONE;
  }
  return { spans, parent, parentCounter, isLeft, child };
}

/** Lets the child of each link of a chain take its place; returns the links. */
function contractChains<Part extends Content>(
  { table }: SpanList<Part>,
  { spans, parent, parentCounter, isLeft, child }: SpanTree,
): Set<number> {
  const isLink = (at: number) =>
    child[at] !== NONE && (table.flags[spans[at]!]! & SPENT) !== 0;
  const gone = new Set<number>();
  for (let at = 0; at < spans.length; at++) {
    const above = parent[at]!;
    if (above === NONE || !isLink(at) || !isLink(above)) continue;
    const below = child[at]!;
    parent[below] = above;
    parentCounter[below] = parentCounter[at]!;
    isLeft[below] = isLeft[at]!;
    child[above] = below;
    gone.add(at);
  }
  return gone;
}

/** Writes the anchors that follow from the parents. */
function writeAnchors<Part extends Content>(
  { table }: SpanList<Part>,
  { spans, parent, parentCounter, isLeft }: SpanTree,
  gone: ReadonlySet<number>,
): void {
  const isWritten = new Uint8Array(spans.length);
  const way: number[] = [];
  for (let start = 0; start < spans.length; start++) {
    if (gone.has(start)) continue;
    for (
      let at = start;
      at !== NONE && isWritten[at] === 0;
      at = parent[at]!
    ) way.push(at);
    while (way.length > 0) {
      const at = way.pop()!;
      isWritten[at] = 1;
      const span = spans[at]!;
      const above = spans[parent[at]!] ?? NONE;
      if (above === NONE) continue;
      const replica = table.replica[above]!;
      const counter = parentCounter[at]!;
      if (isLeft[at]) {
        table.flags[span]! |= LEFT;
        table.leftReplica[span] = table.leftReplica[above]!;
        table.leftCounter[span] = table.leftCounter[above]!;
        table.rightReplica[span] = replica;
        table.rightCounter[span] = counter;
      } else {
        table.flags[span]! &= ~LEFT;
        table.leftReplica[span] = replica;
        table.leftCounter[span] = counter;
        table.rightReplica[span] = table.rightReplica[above]!;
        table.rightCounter[span] = table.rightCounter[above]!;
      }
    }
  }
}
