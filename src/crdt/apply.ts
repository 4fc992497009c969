import { assign, increment, plant } from "./assign.ts";
import {
  hasOrigin,
  insertElements,
  insertElementsAt,
  refreshElements,
  removeRanges,
} from "./list_edits.ts";
import {
  DELETE,
  INCREMENT,
  INSERT,
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
  const { kind } = operation;
  if (kind === SKIP) return true;
  if (kind === TEXT_INSERT || kind === TEXT_REMOVE) {
    return editText(tree, operation);
  }
  if (kind === INSERT && !hasOrigin(tree, operation)) {
    // What was inserted into an element that is gone never came.
    return isGone(tree, operation);
  }
  if (!walkTo(tree, operation)) return true;
  const { parent } = tree.walk;
  join(tree, operation);
  if (operation.anchor !== null) refreshElements(tree, parent);
  return true;
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
  const { parent } = tree.walk;
  const origin = insertElementsAt(tree, operation, index);
  if (operation.anchor !== null) refreshElements(tree, parent);
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
      const { parent } = tree.walk;
      const isChanged = assign(tree, operation);
      refreshElements(tree, parent);
      // An element that is hidden now was told as one that is removed.
      if (isChanged) tellRegister(tree, operation);
      return;
    }
    case INCREMENT:
      if (increment(tree, operation)) tellRegister(tree, operation);
      return;
    case INSERT:
      insertElements(tree, operation);
      tree.judge?.judgeElements(operation);
      return;
    case REMOVE:
      removeRanges(tree, operation);
  }
}
