import { Branch, type Child } from "./branch.ts";
import { entryAt } from "./entries.ts";
import type { Change } from "./events.ts";
import {
  DELETE,
  INCREMENT,
  LIST,
  MAP,
  NOTHING,
  type Operation,
} from "./operation.ts";
import type { Path, Step } from "./pattern.ts";
import type { Change as Moved, ItemId } from "./sequence/ids.ts";
import type { ListSequence } from "./sequence/list_sequence.ts";
import type { Tree } from "./tree.ts";
import { isHeirKey, shownKey } from "./values.ts";

/** Where a place is shown now; `null` if it is not shown. */
export function pathOf(tree: Tree, place: Branch): Step[] | null {
  const path: Step[] = [];
  let branch = place;
  for (let above = branch.parent; above !== null; above = branch.parent) {
    if (branch.id === null) {
      if (tree.shown(above) !== MAP) return null;
      const key = shownKey(branch.key as string);
      if (!isShownAt(tree, above, key, branch)) return null;
      path.push(key);
    } else {
      if (branch.isHidden || tree.shown(above) !== LIST) return null;
      path.push((above.list as ListSequence<unknown>).indexOf(branch.id));
    }
    branch = above;
  }
  return path.reverse();
}

/** Where an element is shown now; `null` if it is not shown. */
export function pathOfElement(tree: Tree, id: ItemId): Step[] | null {
  const found = tree.lists.find(id.replica, id.counter);
  if (found === null) {
    const node = tree.moves.nodeOf(id);
    return node === null ? null : pathOf(tree, node);
  }
  if (found.value === undefined) return null;
  if (found.value instanceof Branch) return pathOf(tree, found.value);
  const parent = found.owner as Branch;
  const path = tree.shown(parent) === LIST ? pathOf(tree, parent) : null;
  path?.push((parent.list as ListSequence<unknown>).indexOf(id));
  return path;
}

/** Whether `child` is what a map shows at `key`. */
function isShownAt(
  tree: Tree,
  parent: Branch,
  key: string,
  child: Child | undefined,
): boolean {
  if (parent.guests === null) return true;
  const entry = entryAt(tree, parent, key).child;
  // What is deleted leaves nothing to show.
  return entry === child || entry === undefined ||
    tree.shown(entry) === NOTHING;
}

/** Where the place of an operation is shown now; `null` if it is not. */
export function pathOfOperation(tree: Tree, operation: Operation): Path | null {
  const { anchor, path, space } = operation;
  if (tree.moves.nodes.size > 0 && path.length > 0) {
    const place = tree.childAt(space, anchor, path);
    if (typeof place === "object") return pathOf(tree, place);
    const parent = tree.childAt(space, anchor, path.slice(0, -1)) as Branch;
    const key = shownKey(path[path.length - 1] as string);
    const above = isShownAt(tree, parent, key, place)
      ? pathOf(tree, parent)
      : null;
    return above === null ? null : [...above, key];
  }
  // What was moved may be forgotten, and what took over from it be there.
  const keys = path.some(isHeirKey) ? path.map(shownKey) : path;
  if (anchor === null) return keys;
  const above = pathOfElement(tree, anchor);
  return above === null ? null : [...above, ...keys];
}

/**
 * What is at `key` of `parent` now, or at what is above that and is shown.
 *
 * @param element What to look at if there is no key.
 */
export function changeNow(
  tree: Tree,
  parent: Branch,
  key: string | null,
  element: Branch | null = null,
): Change {
  if (key === null && element !== null) parent = element;
  if (key !== null && tree.shown(parent) !== MAP) key = null;
  let path = pathOf(tree, parent);
  while (path === null) {
    parent = parent.parent as Branch;
    key = null;
    path = pathOf(tree, parent);
  }
  const shown = key === null ? null : shownKey(key);
  const place = shown === null ? parent : entryAt(tree, parent, shown).child;
  const isShown = place !== undefined && tree.shown(place) !== NOTHING;
  return {
    kind: isShown ? "set" : "delete",
    path: shown === null ? path : [...path, shown],
  };
}

/** Tells of a set, delete or increment that changed something. */
export function tellRegister(tree: Tree, operation: Operation): void {
  const isAsked = tree.told !== null && tree.told.scope !== "rest";
  const path = isAsked ? pathOfOperation(tree, operation) : null;
  if (path === null) return;
  const { kind } = operation;
  const act = kind === DELETE
    ? "delete"
    : kind === INCREMENT
    ? "increment"
    : "set";
  push(tree, operation, { kind: act, path });
}

/** Tells that an assignment that a schema refuses took a place away. */
export function tellRefused(tree: Tree, operation: Operation): void {
  const path = tree.told === null ? null : pathOfOperation(tree, operation);
  if (path !== null) push(tree, operation, { kind: "delete", path });
}

/** Tells of what an operation does in the register of its place. */
export function tellAt(
  tree: Tree,
  operation: Operation,
  change: Change,
): void {
  tree.told?.push(change, placeAbove(tree, operation));
}

/** The place above that of an operation, where it lives now; `null`: the root. */
export function placeAbove(
  tree: Tree,
  { anchor, path, space }: Operation,
): Branch | null {
  const place = tree.childAt(space, anchor, path);
  return typeof place === "object"
    ? place.parent
    : tree.childAt(space, anchor, path.slice(0, -1)) as Branch;
}

function push(tree: Tree, operation: Operation, change: Change): void {
  const { anchor, path, space } = operation;
  const place = tree.childAt(space, anchor, path);
  if (typeof place === "object") tree.told?.tellWhole(place);
  tellAt(tree, operation, change);
}

/** Tells that elements of `parent` are shown, or are shown no more. */
export function tellElements(
  tree: Tree,
  kind: "insert" | "remove",
  parent: Branch,
  change: Moved | undefined,
): void {
  if (tree.told === null || change === undefined) return;
  if (tree.told.scope === "places") return tree.told.want(parent, null);
  if (tree.shown(parent) !== LIST) return;
  const path = pathOf(tree, parent);
  if (path !== null) tree.told.push({ kind, path, ...change }, parent);
}
