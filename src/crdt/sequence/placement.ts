import { type CompareReplicas, type Content, NONE, type Side } from "./ids.ts";
import type { SpanList } from "./span_list.ts";
import { LEFT, PASSED } from "./span_table.ts";

/** Siblings from which on a replica's last one is noted; see `Hint`. */
const SIBLINGS_MIN = 16;

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
  const hinted = hintedChild(list, left, replica, counter, list.revision);
  if (hinted !== NONE && (table.flags[hinted]! & PASSED) !== 0) {
    tree.moveTo(right = hinted);
  }
  while (right !== NONE && (table.flags[right]! & PASSED) !== 0) {
    right = tree.stepForward();
  }
  const side = right !== NONE && descends(list, right, left) ? "left" : "right";
  list.parent = side === "left" ? right : left;
  if (right === next) {
    tree.leaf = leaf;
    tree.entry = entry;
  } else if (side === "left") placeLeft(list, compare, replica, counter);
  else placeRight(list, compare, replica, counter, true);
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
 * first look says that there is no sibling. But a list that runs empty again and
 * again, of elements that can come back, has nothing else to put new ones behind
 * than the root: then it goes on from the last sibling of the same replica.
 *
 * The parent is the last item of the span `list.parent`, or `NONE`: the root.
 *
 * @param isNext Whether all items between the two are passed over.
 */
export function placeRight<Part extends Content>(
  list: SpanList<Part>,
  compare: CompareReplicas,
  replica: number,
  counter: number,
  isNext = false,
): void {
  const { tree, table, parent } = list;
  const hinted = hintedChild(list, parent, replica, counter);
  if (hinted !== NONE) tree.moveTo(hinted);
  else if (parent === NONE) tree.moveToStart();
  else {
    tree.moveTo(parent);
    tree.entry++;
  }
  let { leaf, entry } = tree;
  let isPastSibling = true;
  let before = parent;
  let siblingCount = hinted === NONE ? 0 : SIBLINGS_MIN;
  for (let span = tree.settle(); span !== NONE; span = tree.stepForward()) {
    const isOfParent = parent === NONE
      ? table.leftReplica[span] === NONE
      : table.isBehind(span, parent);
    if (isOfParent) {
      if (isPastSibling) ({ leaf, entry } = tree);
      isPastSibling = (table.flags[span]! & LEFT) === 0;
      siblingCount++;
      if (
        isPastSibling &&
        compareWithFirst(list, compare, replica, counter, span) < 0
      ) {
        tree.leaf = leaf;
        tree.entry = entry;
        break;
      }
    } else if (!isAnchoredBehind(list, span, before, parent)) break;
    before = span;
  }
  if (siblingCount < SIBLINGS_MIN) return;
  // The child will be inserted now.
  keepHint(list, replica, counter, isNext ? list.revision + 1 : -1);
}

/** Notes where a replica puts a right child of `list.parent`. */
function keepHint<Part extends Content>(
  list: SpanList<Part>,
  replica: number,
  counter: number,
  revision: number,
): void {
  const { table, parent } = list;
  list.hints ??= new Map();
  list.hints.set(replica, {
    parentReplica: parent === NONE ? NONE : table.replica[parent]!,
    parentCounter: parent === NONE ? 0 : table.lastCounter(parent),
    counter,
    revision,
  });
}

/**
 * The last right child of the last item of `parent` that a replica has put there,
 * if that was noted, and is one still; else `NONE`. A later one stands behind it.
 *
 * @param revision Nothing else may have come since.
 */
function hintedChild<Part extends Content>(
  list: SpanList<Part>,
  parent: number,
  replica: number,
  counter: number,
  revision?: number,
): number {
  const hint = list.hints?.get(replica);
  if (hint === undefined || hint.counter >= counter) return NONE;
  if (revision !== undefined && hint.revision !== revision) return NONE;
  const { table } = list;
  const { parentReplica, parentCounter } = hint;
  const isSame = parent === NONE
    ? parentReplica === NONE
    : parentReplica === table.replica[parent] &&
      parentCounter === table.lastCounter(parent);
  if (!isSame) return NONE;
  const span = list.find(replica, hint.counter);
  if (span === NONE || table.counter[span] !== hint.counter) return NONE;
  const isChild = (table.flags[span]! & LEFT) === 0 &&
    (parent === NONE
      ? table.leftReplica[span] === NONE
      : table.isBehind(span, parent));
  return isChild ? span : NONE;
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
