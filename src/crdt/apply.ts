import type { Branch } from "./branch.ts";
import { assign, increment, plant } from "./assign.ts";
import {
  hasOriginIn,
  insertElements,
  insertElementsAt,
  refreshElements,
  removeRanges,
} from "./list_edits.ts";
import { applyMove } from "./move_edits.ts";
import {
  DELETE,
  INCREMENT,
  INSERT,
  MOVE,
  type Operation,
  REMOVE,
  SET,
  SKIP,
  TEXT_INSERT,
  TEXT_REMOVE,
  TREE,
} from "./operation.ts";
import type { Origin } from "./sequence/ids.ts";
import { editText } from "./text_edits.ts";
import { tellRegister } from "./told.ts";
import type { Tree } from "./tree.ts";
import { walkTo } from "./walk.ts";

/**
 * Joins an operation with a state: the outcome is a function of the set of
 * operations. What happens in an element that was removed does nothing.
 *
 * @returns Whether it makes sense; one that does not has changed nothing shown.
 */
export function applyOperation(tree: Tree, operation: Operation): boolean {
  const isSensible = joinOperation(tree, operation);
  tree.told?.end();
  return isSensible;
}

function joinOperation(tree: Tree, operation: Operation): boolean {
  const { kind } = operation;
  if (kind === SKIP) return true;
  if (kind === TEXT_INSERT || kind === TEXT_REMOVE) {
    return editText(tree, operation);
  }
  if (kind === MOVE) return applyMove(tree, operation);
  const origin = operation.edit?.origin ?? null;
  if (kind === INSERT && !hasOriginIn(tree, operation, origin as Origin)) {
    // What was inserted into an element that is gone never came.
    return isGone(tree, operation);
  }
  if (!walkTo(tree, operation)) return true;
  const { parent, key } = tree.walk;
  join(tree, operation);
  refreshFrom(tree, operation, parent, key);
  return true;
}

/** Hides or shows the elements at and above a place, if there can be any. */
function refreshFrom(
  tree: Tree,
  { anchor }: Operation,
  parent: Branch,
  key: string | null,
): void {
  if (anchor === null && tree.moves.nodes.size === 0) return;
  const child = key === null ? parent : parent.children.get(key);
  refreshElements(tree, typeof child === "object" ? child : parent);
}

function isGone(tree: Tree, { anchor }: Operation): boolean {
  if (anchor === null) return false;
  return tree.lists.find(anchor.replica, anchor.counter)?.value === undefined;
}

/**
 * Joins an insertion made here, before the element at `index`; its place is
 * there. Returns its origin.
 */
export function applyInsertAt(
  tree: Tree,
  operation: Operation,
  index: number,
): Origin {
  walkTo(tree, operation);
  const { parent, key } = tree.walk;
  const origin = insertElementsAt(tree, operation, index);
  refreshFrom(tree, operation, parent, key);
  return origin;
}

function join(tree: Tree, operation: Operation): void {
  switch (operation.kind) {
    case SET: {
      const isChanged = operation.shape === TREE
        ? plant(tree, operation)
        : assign(tree, operation);
      if (isChanged) tellRegister(tree, operation);
      return;
    }
    case DELETE: {
      const { parent, key } = tree.walk;
      const isChanged = assign(tree, operation);
      refreshFrom(tree, operation, parent, key);
      // An element that is hidden now was told as one that is removed.
      if (isChanged) tellRegister(tree, operation);
      return;
    }
    case INCREMENT:
      if (increment(tree, operation)) tellRegister(tree, operation);
      return;
    case INSERT: {
      const isNew = insertElements(tree, operation);
      tree.judge?.judgeElements(operation);
      // There may be nothing to tell of, if a schema refuses all of them.
      if (isNew) tellRegister(tree, operation);
      return;
    }
    case REMOVE:
      removeRanges(tree, operation);
  }
}
