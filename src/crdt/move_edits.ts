import type { Branch, Item } from "./branch.ts";
import { hasOriginIn, refreshElements, settleElement } from "./list_edits.ts";
import { type Moved, MoveRecord } from "./move_log.ts";
import { type Address, DOCUMENT, type Operation } from "./operation.ts";
import { doMove, relocate, undoMove } from "./relocate.ts";
import type { Origin } from "./sequence/ids.ts";
import type { ListSequence } from "./sequence/list_sequence.ts";
import type { Tree } from "./tree.ts";
import { shownKey } from "./values.ts";
import { VersionVector } from "./version_vector.ts";
import { walkIntoList, walkTo } from "./walk.ts";

/** Places in what is moved that are looked at to find that nothing led there. */
const ASIDE_COUNT_MAX = 256;

/**
 * Joins a move. It claims its destination; whether it is in effect depends on
 * all moves, in the order of their stamps.
 *
 * Nothing is moved into or out of an element that was born a value: that goes
 * for good when it is removed, with all that is in it.
 *
 * @returns Whether it makes sense: `false` if its origin is not in the list.
 */
export function applyMove(tree: Tree, operation: Operation): boolean {
  const { edit, anchor, path } = operation;
  const to = edit?.to as Address;
  const origin = edit?.origin ?? null;
  const isKept = anchor !== null && path.length === 0
    ? isElementKept(tree, operation)
    : isOutside(tree, operation);
  if (!isKept || !isOutside(tree, to)) return true;
  if (origin !== null && !hasOriginIn(tree, to, origin)) return false;
  const node = nodeAt(tree, operation);
  const parent = walkToDestination(tree, operation);
  if (parent === null) return true;
  if (origin !== null) putItem(tree, operation, parent, node, origin);
  addMove(tree, operation, parent, node);
  return true;
}

/** The same for a move made here; returns the origin of a move to a list. */
export function applyMoveAt(
  tree: Tree,
  operation: Operation,
  index: number | null,
): Origin | null {
  const node = nodeAt(tree, operation) as Branch;
  const parent = walkToDestination(tree, operation) as Branch;
  let origin: Origin | null = null;
  if (index !== null) {
    const sequence = tree.listOf(parent);
    const { replica, counter } = operation;
    origin = sequence.insertAt(index, [node], replica, counter);
    tree.journal?.addInsert(sequence, { replica, counter, length: 1 });
    countItem(tree, parent, 1);
    sequence.setHidden(operation, true);
  }
  addMove(tree, operation, parent, node);
  return origin;
}

/** Whether an address is not inside an element that was born a value. */
export function isOutside(tree: Tree, { anchor }: Address): boolean {
  if (anchor === null) return true;
  const branch = tree.childAt(DOCUMENT, anchor, []);
  return typeof branch === "object" && !isInValue(branch);
}

/** Whether a place is an element that was born a value, or inside one. */
export function isInValue(place: Branch | null): boolean {
  for (let branch = place; branch !== null; branch = branch.home) {
    if (branch.isPlain) return true;
  }
  return false;
}

/** Whether an element, shown or gone, can be moved with all that is in it. */
function isElementKept(tree: Tree, { anchor }: Operation): boolean {
  if (anchor === null) return false;
  const branch = tree.childAt(DOCUMENT, anchor, []);
  if (typeof branch === "object") return !isInValue(branch.home);
  const found = tree.lists.find(anchor.replica, anchor.counter);
  if (found !== null) return !isInValue(found.owner as Branch);
  return tree.moves.get(anchor.replica, anchor.counter) !== undefined;
}

/** The place that is moved, made if need be; `null` if it is gone. */
function nodeAt(tree: Tree, { anchor, path }: Operation): Branch | null {
  let branch = anchor === null ? tree.roots[DOCUMENT] : tree.elementAt(anchor);
  if (branch === null) return null;
  for (const key of path) branch = tree.branchAt(branch, key);
  return branch;
}

/** The place to be moved to: the parent of an entry, or the list. */
function walkToDestination(tree: Tree, operation: Operation): Branch | null {
  const to = operation.edit?.to as Address;
  if (!walkTo(tree, operation, to)) return null;
  return operation.edit?.origin === null
    ? tree.walk.parent
    : walkIntoList(tree, operation);
}

/** Puts an item where a place is moved to; it shows when the move does. */
function putItem(
  tree: Tree,
  { replica, counter }: Operation,
  parent: Branch,
  node: Branch | null,
  origin: Origin,
): void {
  const sequence = tree.listOf(parent);
  const content = node === null ? undefined : [node];
  sequence.integrateInsert(replica, counter, 1, content, origin);
  if (node === null) return;
  countItem(tree, parent, 1);
  sequence.setHidden({ replica, counter }, true);
}

/**
 * Lets an item that only marks a place for a move stand for what it moves; it
 * shows when the move is in effect.
 */
export function placeGuest(tree: Tree, record: MoveRecord): void {
  const { parent, node } = record;
  const sequence = tree.listOf(parent);
  sequence.replace(record, node);
  sequence.setHidden(record, true);
  parent.elementCount++;
}

function countItem(tree: Tree, parent: Branch, count: number): void {
  parent.elementCount += count;
  tree.journal?.add(() => parent.elementCount -= count);
}

/** Takes later moves back, puts this one into effect, and then them again. */
function addMove(
  tree: Tree,
  operation: Operation,
  parent: Branch,
  node: Branch | null,
): void {
  const { moves } = tree;
  const { edit } = operation;
  const isEntry = edit?.origin === null;
  const key = isEntry ? shownKey(tree.walk.key as string) : null;
  if (node !== null) markMoved(tree, node);
  const record = new MoveRecord(operation, node, parent, key);
  const index = moves.add(record);
  const current = node?.move ?? null;
  if (node !== null) {
    // This is undone last, when it is back among what was there before.
    tree.journal?.add(() => settleElement(tree, node));
  }
  if (joinAside(tree, record)) {
    if (tree.witness !== null && current !== null) {
      tree.witness.meetMoves(record, current, operation);
    }
    refreshElements(tree, parent);
    return;
  }
  const later = moves.records.slice(index + 1);
  const effective = later.filter(({ before }) => before !== null);
  const takeTurns = () => {
    for (const other of later.toReversed()) undoMove(tree, other);
    doMove(tree, record);
    for (const other of later) doMove(tree, other);
  };
  // Where there is much coming and going, only what comes of it is told.
  if (tree.told === null || later.length === 0) takeTurns();
  else tree.told.within("places", takeTurns);
  if (tree.witness !== null && node !== null) {
    const rivals = effective.filter(({ before, node }) =>
      before === null && node !== record.node
    );
    const rival = record.before === null ? rivalOf(record, operation) : current;
    for (const other of rival === null ? rivals : [rival, ...rivals]) {
      tree.witness.meetMoves(record, other, operation);
    }
  }
  tree.journal?.add(() => {
    undoMove(tree, record);
    moves.remove(record);
  });
  // It claims where it goes to, also if nothing comes there.
  refreshElements(tree, parent);
}

/**
 * Puts a move into effect without the later ones being taken back, where none of
 * them can tell the difference: with n moves on either side, each of n would
 * take back n.
 *
 * @returns Whether it could be done.
 */
function joinAside(tree: Tree, record: MoveRecord): boolean {
  const { moves } = tree;
  const { node, parent, key } = record;
  const isLast = moves.records[moves.records.length - 1] === record;
  if (isLast || node === null || tree.journal !== null) return false;
  // Nothing led into what is moved, at any time: no cycle depends on it.
  if (!isAside(tree, node, { count: ASIDE_COUNT_MAX })) return false;
  // What is above the destination has not been moved since.
  let above: Branch | null = parent;
  for (; above !== null; above = above.parent) {
    if (above === node || isMovedAfter(tree, above, record)) return false;
  }
  const next = nextMove(tree, record);
  if (next === null) doMove(tree, record);
  else {
    record.before = next.before;
    const id = key === null ? record : null;
    next.before = { parent, key, id, move: record };
  }
  return true;
}

/** Whether no move leads to a place or into it, as far as is soon found out. */
function isAside(tree: Tree, place: Branch, left: { count: number }): boolean {
  const { children, elementCount } = place;
  left.count -= 1 + children.size;
  if (left.count < 0 || elementCount > 0) return false;
  if (tree.moves.destinations.has(place)) return false;
  for (const child of children.values()) {
    if (typeof child === "object" && !isAside(tree, child, left)) return false;
  }
  return true;
}

function isMovedAfter(tree: Tree, place: Branch, record: MoveRecord): boolean {
  return place.moved?.records.some((other) =>
    tree.moves.isAbove(other, record)
  ) ?? false;
}

/** The first move in effect that took the same place on from there. */
function nextMove({ moves }: Tree, record: MoveRecord): MoveRecord | null {
  let next: MoveRecord | null = null;
  for (const other of record.node?.moved?.records ?? []) {
    if (other.before === null || !moves.isAbove(other, record)) continue;
    if (next === null || moves.isAbove(next, other)) next = other;
  }
  return next;
}

/** The last move that was not known by which the destination of one is inside what it moves. */
function rivalOf(
  { node, parent }: MoveRecord,
  operation: Operation,
): MoveRecord | null {
  let rival: MoveRecord | null = null;
  let branch: Branch | null = parent;
  for (; branch !== null && branch !== node; branch = branch.parent) {
    const { move } = branch;
    if (move === null || operation.hasSeen(move.replica, move.counter)) {
      continue;
    }
    if (move.stamp >= (rival?.stamp ?? 0)) rival = move;
  }
  return rival;
}

/** A place keeps what hid things above it when its first move came. */
function markMoved(tree: Tree, node: Branch): void {
  if (node.moved !== null) return;
  const moved: Moved = { cover: null, barrier: null, records: [] };
  const add = (from: Branch | Moved) => {
    for (const part of ["cover", "barrier"] as const) {
      const vector = from[part];
      if (vector === null) continue;
      moved[part] ??= new VersionVector();
      moved[part].join(vector);
    }
  };
  for (let branch = node.home; branch !== null; branch = branch.home) {
    add(branch);
    if (branch.moved === null) continue;
    add(branch.moved);
    break;
  }
  node.moved = moved;
  const { home } = node;
  const guests = home?.guests ?? null;
  if (home !== null && node.homeKey !== null) home.guests ??= new Map();
  tree.journal?.add(() => {
    node.moved = null;
    if (home !== null) home.guests = guests;
  });
}

/** A place that was moved is gone for good: nothing stands for it any more. */
export function dropMoved(tree: Tree, node: Branch): void {
  const { home, homeKey, homeId } = node;
  if (node.move !== null) {
    relocate(tree, node, {
      parent: home,
      key: homeKey,
      id: homeId,
      move: null,
    });
  }
  for (const record of node.moved?.records ?? []) {
    record.node = null;
    record.before = null;
    if (record.key !== null) continue;
    const { replica, counter, parent } = record;
    const sequence = parent.list as ListSequence<Item>;
    if (sequence.get(record) !== undefined) parent.elementCount--;
    sequence.integrateRemove({ replica, counter, length: 1 });
  }
  tree.moves.nodes.delete(node);
}
