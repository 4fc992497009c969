import type { JsonValue } from "../base/json.ts";
import { Branch, type Item } from "./branch.ts";
import { makeFlags } from "./columns.ts";
import { dropMoved } from "./move_edits.ts";
import {
  type Address,
  type Container,
  DOCUMENT,
  lengthOf,
  LIST,
  MERGE,
  NOTHING,
  type Operation,
  type Shape,
} from "./operation.ts";
import type { Change, IdRange, ItemId, Origin } from "./sequence/ids.ts";
import type { ListSequence } from "./sequence/list_sequence.ts";
import { tellElements } from "./told.ts";
import type { Tree } from "./tree.ts";
import { walkIntoList } from "./walk.ts";

/**
 * Joins an insertion at the end of the walk. What is covered of values goes for
 * good at once; containers are kept, for what may live on in them.
 *
 * @returns Whether it is to be told, as no list was shown before.
 */
export function insertElements(tree: Tree, operation: Operation): boolean {
  const shownBefore = tree.told === null ? NOTHING : shownAtWalk(tree);
  const branch = walkIntoList(tree, operation);
  const { replica, value } = operation;
  const hiddenTo = tree.walk.isBarred ? Infinity : tree.walk.coveredTo;
  const sequence = tree.listOf(branch);
  let origin = operation.edit?.origin as Origin;
  // Nearly always one item is inserted, which is one run.
  let change: Change | undefined;
  const others: (Change | undefined)[] = [];
  let liveCount = 0;
  const put = (
    first: number,
    length: number,
    counter: number,
    isHidden: boolean,
  ) => {
    const content = typeof value === "number"
      ? makeElements(tree, branch, operation, first, first + length, isHidden)
      : isHidden
      ? undefined
      : partOf(value as readonly JsonValue[], first, length);
    const put = sequence.integrateInsert(
      replica,
      counter,
      length,
      content,
      origin,
    );
    origin = { side: "right", replica, counter: counter + length - 1 };
    if (isHidden) return hideAll(sequence, content as Branch[] | undefined);
    if (liveCount === 0) change = put;
    else others.push(put);
    liveCount += length;
  };
  forEachRun(operation, (first, length, counter) => {
    const hidden = Math.min(length, Math.max(0, hiddenTo - counter + 1));
    if (hidden > 0) put(first, hidden, counter, true);
    if (hidden === length) return;
    put(first + hidden, length - hidden, counter + hidden, false);
  });
  if (liveCount === 0) return false;
  tree.addLive(branch, true, liveCount);
  if (shownBefore !== LIST) {
    tree.told?.tellWhole(branch);
    return true;
  }
  tellElements(tree, "insert", branch, change);
  for (const other of others) tellElements(tree, "insert", branch, other);
  return false;
}

/** Whether a list has the item that an insertion names, or needs none. */
export function hasOriginIn(
  tree: Tree,
  { anchor, path }: Address,
  origin: Origin,
): boolean {
  if (origin.replica < 0) return true;
  const branch = tree.childAt(DOCUMENT, anchor, path);
  return typeof branch === "object" && branch.list !== null &&
    branch.list.hasOrigin(origin);
}

/** What the place at the end of the walk shows. */
function shownAtWalk(tree: Tree): Shape {
  const { parent, key } = tree.walk;
  const child = key === null ? parent : parent.children.get(key);
  return child === undefined ? NOTHING : tree.shown(child);
}

/** The same for an insertion made here, which is hidden by nothing. */
export function insertElementsAt(
  tree: Tree,
  operation: Operation,
  index: number,
): Origin {
  const branch = walkIntoList(tree, operation);
  const { journal } = tree;
  const { replica, value } = operation;
  const sequence = tree.listOf(branch);
  let origin: Origin | null = null;
  forEachRun(operation, (first, length, counter) => {
    const content = typeof value === "number"
      ? makeElements(tree, branch, operation, 0, length, false)
      : partOf(value as readonly JsonValue[], first, length);
    const put = sequence.insertAt(index + first, content, replica, counter);
    journal?.addInsert(sequence, { replica, counter, length });
    journal?.addLive(branch, true, length);
    tree.addLive(branch, true, length);
    origin ??= put;
  });
  return origin as unknown as Origin;
}

function partOf(
  values: readonly JsonValue[],
  first: number,
  length: number,
): readonly JsonValue[] {
  return length === values.length
    ? values
    : values.slice(first, first + length);
}

/**
 * Calls `visit` for each run of items whose counters ascend by one: a string
 * takes a counter for each unit, so that it can become a text.
 */
function forEachRun(
  { value, counter }: Operation,
  visit: (first: number, length: number, counter: number) => void,
): void {
  if (typeof value === "number") return visit(0, value, counter);
  const values = value as readonly JsonValue[];
  let first = 0;
  for (let index = 0; index < values.length; index++) {
    const length = lengthOf(values[index]);
    if (length === 1 && index < values.length - 1) continue;
    const count = index + 1 - first;
    visit(first, count, counter);
    counter += count - 1 + length;
    first = index + 1;
  }
}

/** Elements that are born containers, with their born assignments. */
function makeElements(
  tree: Tree,
  parent: Branch,
  operation: Operation,
  from: number,
  to: number,
  isHidden: boolean,
): Branch[] {
  const { columns, journal } = tree;
  const { replica } = operation;
  const shape = isHidden ? NOTHING : operation.shape as Container;
  const flags = makeFlags(shape, false, MERGE);
  const elements: Branch[] = [];
  for (let index = from; index < to; index++) {
    const counter = operation.counter + index;
    const slot = columns.add();
    columns.assign(slot, 0, replica, counter, flags, undefined);
    const element = new Branch(slot, parent, null, { replica, counter });
    element.isHidden = isHidden;
    elements.push(element);
  }
  parent.elementCount += elements.length;
  journal?.add(() => {
    parent.elementCount -= elements.length;
    for (const { slot } of elements) columns.release(slot);
  });
  return elements;
}

function hideAll(
  sequence: ListSequence<Item>,
  elements: readonly Branch[] | undefined,
): void {
  for (const { id } of elements ?? []) {
    if (id !== null) sequence.setHidden(id, true);
  }
}

/**
 * Joins a removal at the end of the walk.
 *
 * @returns Whether anything ceased to live.
 */
export function removeRanges(tree: Tree, operation: Operation): boolean {
  const { parent, key } = tree.walk;
  const branch = key === null ? parent : parent.children.get(key);
  if (typeof branch !== "object" || branch.list === null) return false;
  let count = 0;
  for (const range of operation.edit?.ranges ?? []) {
    for (const part of withoutGuests(branch, range)) {
      count += removeElements(tree, branch, part);
    }
  }
  tree.journal?.addLive(branch, true, -count);
  tree.addLive(branch, true, -count);
  return count > 0;
}

/** The parts of a range that were born in the list, which alone are removed. */
export function withoutGuests(branch: Branch, range: IdRange): IdRange[] {
  if (branch.elementCount === 0) return [range];
  const { replica, counter, length } = range;
  const sequence = branch.list as ListSequence<Item>;
  const parts: IdRange[] = [];
  let from = counter;
  for (let at = counter; at < counter + length; at++) {
    const [item] = sequence.get({ replica, counter: at }) ?? [];
    if (!(item instanceof Branch) || item.isBornAs(replica, at)) continue;
    if (at > from) parts.push({ replica, counter: from, length: at - from });
    from = at + 1;
  }
  const left = counter + length - from;
  if (left > 0) parts.push({ replica, counter: from, length: left });
  return parts;
}

/**
 * Takes elements out of a list for good, with all that is in them. While a
 * transaction may be undone, they must all be there and stand in a row.
 *
 * @returns By how much the place lives less, which is the caller's to count.
 */
export function removeElements(
  tree: Tree,
  branch: Branch,
  range: IdRange,
): number {
  const sequence = branch.list as ListSequence<Item>;
  const { journal } = tree;
  const elements = branch.elementCount === 0 ? [] : elementsIn(sequence, range);
  // What was refused is forgotten with it, and claims what is above again.
  if (tree.columns.refused.size > 0) tree.told?.noteAbove(branch);
  let liveCount = 0;
  let shownCount = 0;
  for (const element of elements) {
    if (element.moved !== null) dropMoved(tree, element);
    liveCount += element.liveCount + (tree.isLive(element.slot) ? 1 : 0);
    if (!element.isHidden) shownCount++;
    else if (journal !== null) setHidden(tree, branch, element, false);
    tree.discard(element);
  }
  branch.elementCount -= elements.length;
  if (journal === null) {
    for (const change of sequence.integrateRemove(range)) {
      liveCount += change.count;
      if (tree.told?.scope !== "rest") {
        tellElements(tree, "remove", branch, change);
      }
    }
    return liveCount - shownCount;
  }
  journal.add(() => branch.elementCount += elements.length);
  const index = sequence.indexOf(range);
  journal.addRemove(sequence, sequence.removeAt(index, range.length));
  if (tree.told?.scope !== "rest") {
    const change = { index, count: range.length };
    tellElements(tree, "remove", branch, change);
  }
  return liveCount + range.length - elements.length;
}

/** Takes values out of a list here; no place may be among its elements. */
export function removePlainAt(
  tree: Tree,
  branch: Branch,
  index: number,
  count: number,
): IdRange[] {
  const sequence = branch.list as ListSequence<Item>;
  const removed = sequence.removeAt(index, count);
  tree.journal?.addRemove(sequence, removed);
  tree.journal?.addLive(branch, true, -count);
  tree.addLive(branch, true, -count);
  refreshElements(tree, branch);
  return removed.map(({ replica, counter, length }) => ({
    replica,
    counter,
    length,
  }));
}

/** The places among the elements of a range. */
function elementsIn(
  sequence: ListSequence<Item>,
  { replica, counter, length }: IdRange,
): Branch[] {
  const elements: Branch[] = [];
  for (let index = 0; index < length; index++) {
    const [item] = sequence.get({ replica, counter: counter + index }) ?? [];
    if (item instanceof Branch) elements.push(item);
  }
  return elements;
}

/** Hides the elements above and at `from` that show nothing, and no others. */
export function refreshElements(tree: Tree, from: Branch): void {
  for (
    let branch: Branch | null = from;
    branch !== null;
    branch = branch.parent
  ) {
    refreshElement(tree, branch);
    if (branch.move !== null) refreshHomes(tree, branch);
  }
}

/** What was done in a place before it was moved claims what it was born in. */
function refreshHomes(tree: Tree, node: Branch): void {
  for (let branch = node.home; branch !== null; branch = branch.home) {
    refreshElement(tree, branch);
  }
}

/** Hides an element if it shows nothing, or shows it again. */
export function refreshElement(tree: Tree, element: Branch): void {
  if (element.id === null) return;
  element.isQuiet = false;
  const isHidden = tree.shown(element) === NOTHING;
  if (isHidden === element.isHidden) return;
  const parent = element.parent as Branch;
  const change = setHidden(tree, parent, element, isHidden);
  element.isHidden = isHidden;
  tree.journal?.add(() => element.isHidden = !isHidden);
  if (isHidden) tellElements(tree, "remove", parent, change);
  else tellElements(tree, "insert", parent, change);
}

/** Hides an element or shows it, whatever it was taken for. */
export function settleElement(tree: Tree, element: Branch): void {
  const { id, parent } = element;
  if (id === null || parent === null) return;
  element.isHidden = tree.shown(element) === NOTHING;
  parent.list?.setHidden(id, element.isHidden);
}

function setHidden(
  tree: Tree,
  parent: Branch,
  element: Branch,
  isHidden: boolean,
): Change | undefined {
  const sequence = parent.list as ListSequence<Item>;
  const id = element.id as ItemId;
  tree.journal?.add(() => sequence.setHidden(id, !isHidden));
  return sequence.setHidden(id, isHidden);
}
