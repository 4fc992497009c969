import { Branch, type Child } from "../branch.ts";
import { TextSequence } from "../sequence/text_sequence.ts";
import type { Tree } from "../tree.ts";

/**
 * Never names again what is removed from lists and texts now. That may be done
 * at any time; while others name it, runs that are typed at the same time at one
 * place could only come out in another order than its authors thought.
 */
export function retireAll(tree: Tree): void {
  for (const root of tree.roots) retireBelow(tree, root);
}

function retireBelow(tree: Tree, child: Child): void {
  const slot = typeof child === "number" ? child : child.slot;
  retireText(tree.columns.values[slot]);
  if (tree.siblings.size > 0) {
    for (const { value } of tree.siblings.get(slot) ?? []) retireText(value);
  }
  if (typeof child === "number") return;
  for (const below of child.children.values()) retireBelow(tree, below);
  const { list } = child;
  if (list === null) return;
  list.retire(list.removedRanges());
  if (child.elementCount === 0) return;
  for (const { replica, counter, content } of [...list.keptRuns()]) {
    for (const [index, item] of content.entries()) {
      if (item instanceof Branch && item.isBornAs(replica, counter + index)) {
        retireBelow(tree, item);
      }
    }
  }
}

function retireText(value: unknown): void {
  if (value instanceof TextSequence) value.retire(value.removedRanges());
}
