import { type CompareReplicas, type Content, NONE, type Side } from "./ids.ts";
import type { SpanList } from "./span_list.ts";
import { HIDDEN, LEFT, RETIRED } from "./span_table.ts";

/** Items that are not named. */
const PASSED = RETIRED | HIDDEN;

/**
 * Chooses the parent of new items before the visible item at `index`, leaves it
 * in `list.parent`, moves the position of the tree to the place of the items,
 * and returns which child they are.
 *
 * The left neighbour is a visible item, the right one is the item behind it,
 * removed or not. The parent is the left one if the right one does not belong to
 * its right subtree, else the right one: the rule of Fugue. Passing over retired
 * and hidden items is ours: nobody names them, so that they can be forgotten.
 */
export function chooseParent<Part extends Content>(
  list: SpanList<Part>,
  compare: CompareReplicas,
  index: number,
  replica: number,
  counter: number,
): Side {
  const { tree, table } = list;
  const left = index === 0 ? NONE : tree.seek(index - 1);
  if (left !== NONE && tree.offset + 1 < table.length[left]!) {
    // The next item is the right child of this one, and has no left child.
    list.parent = list.split(tree.offset + 1);
    return "left";
  }
  if (left === NONE) tree.moveToStart();
  else tree.entry++;
  const { leaf, entry } = tree;
  const next = tree.settle();
  let right = next;
  while (right !== NONE && (table.flags[right]! & PASSED) !== 0) {
    right = tree.stepForward();
  }
  const side = right !== NONE && descends(list, right, left) ? "left" : "right";
  list.parent = side === "left" ? right : left;
  if (right === next) {
    tree.leaf = leaf;
    tree.entry = entry;
  } else if (side === "left") placeLeft(list, compare, replica, counter);
  else placeRight(list, compare, replica, counter);
  return side;
}

/**
 * Moves the position of the tree to where a new right child belongs: behind its
 * parent and behind all that belongs to siblings with a lower id.
 *
 * The subtree of a right child begins with the span that has the parent as its
 * left anchor, and has the child itself as its last span with that anchor. It
 * ends before the next such span, or where something is anchored before the
 * parent. Nobody writes at the same place at once in nearly all cases: then the
 * first look says that there is no sibling.
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
  if (parent === NONE) tree.moveToStart();
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

/**
 * Whether the first item of span `right` belongs to the right subtree of the
 * last item of `left` (`NONE`: of the root), when all items between the two are
 * passed over.
 *
 * The left anchors of an item, and of its anchors, are all its ancestors that
 * stand before it. The nearest that is not passed over is `left`, or before `left`.
 */
export function descends<Part extends Content>(
  list: SpanList<Part>,
  right: number,
  left: number,
): boolean {
  const { table } = list;
  if (left === NONE) return true;
  for (let span = right;;) {
    if (table.isBehind(span, left)) return true;
    const replica = table.leftReplica[span]!;
    if (replica === NONE) return false;
    span = list.find(replica, table.leftCounter[span]!);
    if ((table.flags[span]! & PASSED) === 0) return false;
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
