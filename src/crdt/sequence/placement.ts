import { type CompareReplicas, type Content, NONE, type Side } from "./ids.ts";
import type { SpanList } from "./span_list.ts";
import { LEFT } from "./span_table.ts";

/**
 * Chooses the parent of new items before the visible item at `index`, leaves it
 * in `list.parent`, moves the position of the tree to the place of the items,
 * and returns which child they are.
 *
 * The parent is one of the two visible neighbours: the left one if the right one
 * does not belong to its right subtree, else the right one. Both are the rule of
 * Fugue. Taking *visible* neighbours is ours: an item that its author knows to
 * be removed is never named again, so that it can be forgotten one day.
 */
export function chooseParent<Part extends Content>(
  list: SpanList<Part>,
  compare: CompareReplicas,
  index: number,
  replica: number,
  counter: number,
): Side {
  const { tree, table } = list;
  if (index === 0) {
    list.parent = tree.length === 0 ? NONE : tree.seek(0);
    if (list.parent === NONE) placeRight(list, compare, replica, counter);
    else placeLeft(list, compare, replica, counter);
    return list.parent === NONE ? "right" : "left";
  }
  const left = list.parent = tree.seek(index - 1);
  if (tree.offset + 1 < table.length[left]!) {
    // The next item is the right child of this one, and has no left child.
    list.parent = list.split(tree.offset + 1);
    return "left";
  }
  const next = tree.peekNext();
  if (next === NONE || !table.isBehind(next, left)) {
    tree.entry++;
    return "right";
  }
  if (table.isVisible(next)) {
    tree.entry++;
    list.parent = next;
    return "left";
  }
  const right = index < tree.length ? tree.seek(index) : NONE;
  if (right !== NONE && descends(list, right, left)) {
    list.parent = right;
    placeLeft(list, compare, replica, counter);
    return "left";
  }
  placeRight(list, compare, replica, counter);
  return "right";
}

/**
 * Moves the position of the tree to where a new right child belongs: behind its
 * parent and behind all that belongs to siblings with a lower id.
 *
 * The subtree of a right child begins with the span that has the parent as its
 * left anchor, and has the child itself as its last span with that anchor. It
 * ends before the next such span, or where something is anchored before the
 * parent. Nobody writes at the same place at once in nearly all cases: then the
 * first look says that there is no sibling. Who adds and removes at one place
 * again and again makes many siblings: the search begins at the writer's last.
 *
 * The parent is the last item of the span `list.parent`, or `NONE`: the root.
 */
export function placeRight<Part extends Content>(
  list: SpanList<Part>,
  compare: CompareReplicas,
  replica: number,
  counter: number,
): void {
  const { tree, table, parent } = list;
  const sibling = list.lowerSibling(replica, counter, "right");
  if (sibling !== NONE) tree.moveTo(sibling);
  else if (parent === NONE) tree.moveToStart();
  else {
    tree.moveTo(parent);
    tree.entry++;
  }
  let { leaf, entry } = tree;
  let isPastSibling = true;
  let before = parent;
  for (let span = tree.settle(); span !== NONE; span = tree.stepForward()) {
    const isOfParent = parent === NONE
      ? table.leftReplica[span] === NONE
      : table.isBehind(span, parent);
    if (isOfParent) {
      if (isPastSibling) ({ leaf, entry } = tree);
      isPastSibling = (table.flags[span]! & LEFT) === 0;
      if (
        isPastSibling &&
        compareWithFirst(list, compare, replica, counter, span) < 0
      ) {
        tree.leaf = leaf;
        tree.entry = entry;
        return;
      }
    } else if (!isAnchoredBehind(list, span, before, parent)) return;
    before = span;
  }
}

/**
 * Moves the position of the tree to where a new left child belongs: before its
 * parent and before all that belongs to siblings with a higher id. It mirrors
 * {@linkcode placeRight}; the parent is the first item of `list.parent`.
 */
export function placeLeft<Part extends Content>(
  list: SpanList<Part>,
  compare: CompareReplicas,
  replica: number,
  counter: number,
): void {
  const { tree, table, parent } = list;
  const sibling = list.lowerSibling(replica, counter, "left");
  if (sibling !== NONE) {
    moveBehind(list, sibling);
    return;
  }
  tree.moveTo(parent);
  let { leaf, entry } = tree;
  let isPastSibling = true;
  for (;;) {
    const span = tree.stepBack();
    if (span === NONE) return;
    if (table.isBefore(span, parent)) {
      if (isPastSibling) ({ leaf, entry } = tree);
      isPastSibling = (table.flags[span]! & LEFT) !== 0;
      if (
        isPastSibling &&
        compareWithFirst(list, compare, replica, counter, span) > 0
      ) break;
    } else if (!isAnchoredBefore(list, span, parent)) {
      ({ leaf, entry } = tree);
      break;
    }
  }
  tree.leaf = leaf;
  tree.entry = entry + 1;
}

/** Moves the position behind all that belongs to `sibling`, a left child. */
function moveBehind<Part extends Content>(
  { tree, table, parent }: SpanList<Part>,
  sibling: number,
): void {
  tree.moveTo(sibling);
  let { leaf, entry } = tree;
  for (;;) {
    const span = tree.stepForward();
    if (span === parent) break;
    if (!table.isBefore(span, parent)) continue;
    if ((table.flags[span]! & LEFT) !== 0) break;
    ({ leaf, entry } = tree);
  }
  tree.leaf = leaf;
  tree.entry = entry + 1;
}

/**
 * Whether the first item of span `right` belongs to the right subtree of the
 * last item of `left`, when all that is visible between them is nothing.
 *
 * The left anchors of an item, and of its anchors, are all its ancestors that
 * stand before it. The nearest visible one is `left`, or stands before `left`.
 */
export function descends<Part extends Content>(
  list: SpanList<Part>,
  right: number,
  left: number,
): boolean {
  const { table } = list;
  for (let span = right;;) {
    if (table.isBehind(span, left)) return true;
    const replica = table.leftReplica[span]!;
    if (replica === NONE) return false;
    span = list.find(replica, table.leftCounter[span]!);
    if (table.isVisible(span)) return false;
  }
}

function compareWithFirst<Part extends Content>(
  { table }: SpanList<Part>,
  compare: CompareReplicas,
  replica: number,
  counter: number,
  span: number,
): number {
  const other = table.replica[span]!;
  return replica === other
    ? counter - table.counter[span]!
    : compare(replica, other);
}

/** Whether the left anchor of `span` stands behind the end of `parent`. */
function isAnchoredBehind<Part extends Content>(
  list: SpanList<Part>,
  span: number,
  before: number,
  parent: number,
): boolean {
  if (parent === NONE) return true;
  const { table, tree } = list;
  const replica = table.leftReplica[span]!;
  if (replica === NONE) return false;
  // Mostly it is the end of the span before; `parent` itself was asked already.
  if (before !== parent && table.isBehind(span, before)) return true;
  const anchor = list.find(replica, table.leftCounter[span]!);
  return anchor !== parent && tree.isInOrder(parent, anchor);
}

/** Whether the right anchor of `span` stands before the start of `parent`. */
function isAnchoredBefore<Part extends Content>(
  list: SpanList<Part>,
  span: number,
  parent: number,
): boolean {
  const { table, tree } = list;
  const replica = table.rightReplica[span]!;
  if (replica === NONE) return false;
  const anchor = list.find(replica, table.rightCounter[span]!);
  return anchor !== parent && tree.isInOrder(anchor, parent);
}
