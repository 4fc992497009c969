import { type Operation, SCALAR, TEXT_INSERT } from "./operation.ts";
import type { IdRange, ItemId, Origin } from "./sequence/ids.ts";
import type { TextSequence } from "./sequence/text_sequence.ts";
import { isFolded, pathOfOperation, tellAt, tellRegister } from "./told.ts";
import type { Tree } from "./tree.ts";

/**
 * Joins an edit of a text; it does nothing if the string is there no more.
 *
 * @returns Whether it makes sense: `false` if its origin is not in the text.
 */
export function editText(tree: Tree, operation: Operation): boolean {
  const { edit, replica, counter, value } = operation;
  const slot = slotOf(tree, operation);
  if (slot === undefined || edit === null) return true;
  const text = tree.textAt(slot, edit.text as ItemId);
  if (text === null) return true;
  if (operation.kind === TEXT_INSERT) {
    const origin = edit.origin as Origin;
    if (!text.hasOrigin(origin)) return false;
    const units = value as string;
    const { length } = units;
    const change = text.integrateInsert(
      replica,
      counter,
      length,
      units,
      origin,
    );
    if (change !== undefined) {
      tellText(tree, operation, text, change.index, change.count);
    }
    tree.judge?.judgeAgain(operation);
    return true;
  }
  for (const range of edit.ranges as readonly IdRange[]) {
    for (const { index, count } of text.integrateRemove(range)) {
      tellText(tree, operation, text, index, count);
    }
  }
  tree.judge?.judgeAgain(operation);
  return true;
}

/** The register of the place of an operation, if there is one. */
function slotOf(
  tree: Tree,
  { anchor, path, space }: Operation,
): number | undefined {
  // A value in a list becomes a place.
  if (anchor !== null) tree.elementAt(anchor);
  return tree.registerAt(space, anchor, path);
}

function tellText(
  tree: Tree,
  operation: Operation,
  text: TextSequence,
  index: number,
  count: number,
): void {
  const { told, columns } = tree;
  if (told === null || told.scope === "rest") return;
  const slot = slotOf(tree, operation);
  const path = pathOfOperation(tree, operation);
  const { anchor, path: keys, space } = operation;
  const place = tree.childAt(space, anchor, keys);
  if (path === null || slot === undefined || place === undefined) return;
  // A container may be shown instead.
  if (tree.shown(place) !== SCALAR) return;
  // It may be what is shown, or decide what is.
  if (columns.values[slot] !== text || isFolded(tree, slot)) {
    return tellRegister(tree, operation);
  }
  tellAt(
    tree,
    operation,
    operation.kind === TEXT_INSERT
      ? { kind: "text-insert", path, index, text: operation.value as string }
      : { kind: "text-remove", path, index, count },
  );
}
