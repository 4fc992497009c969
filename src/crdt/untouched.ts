import { Branch, type Item } from "./branch.ts";
import { NOTHING } from "./operation.ts";
import { TextSequence } from "./sequence/text_sequence.ts";
import type { Tree } from "./tree.ts";

/** Whether nothing has happened in an element that is a place already. */
export function isUntouched(tree: Tree, element: Branch): boolean {
  const { slot, list, children, cover, barrier, claimStamp } = element;
  return element.isPlain && tree.columns.stamps[slot] === 0 &&
    tree.columns.shapeOf(slot) !== NOTHING && !tree.counters.has(slot) &&
    list === null && children.size === 0 && claimStamp < 0 &&
    cover === null && barrier === null && element.moved === null;
}

/** Whether all that an element is, is the value that it was born as. */
export function isMereValue(tree: Tree, element: Branch): boolean {
  return isUntouched(tree, element) &&
    !(tree.columns.values[element.slot] instanceof TextSequence);
}

/** An item as it is written: if that tells all, as a value. */
export function writtenItem(tree: Tree, item: Item): Item {
  // Sequences are written with what is hidden in them, which only places are.
  return item instanceof Branch && !item.isHidden && isMereValue(tree, item)
    ? tree.columns.values[item.slot]
    : item;
}
