import { Branch, type Child } from "./branch.ts";
import { entryAt } from "./entries.ts";
import type { Change } from "./events.ts";
import {
  type Address,
  DOCUMENT,
  INCREMENT,
  INSERT,
  LIST,
  MAP,
  NOTHING,
  type Operation,
} from "./operation.ts";
import type { Path, Step } from "./pattern.ts";
import type { Change as Moved, ItemId } from "./sequence/ids.ts";
import type { ListSequence } from "./sequence/list_sequence.ts";
import type { Telling } from "./telling.ts";
import type { Tree } from "./tree.ts";
import { shownKey } from "./values.ts";

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

/** Whether two paths are the same. */
export function isSamePath(a: Path, b: Path): boolean {
  return a.length === b.length && a.every((step, index) => step === b[index]);
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
export function pathOfOperation(
  tree: Tree,
  { anchor, path, space }: Address & Pick<Operation, "space">,
): Path | null {
  if (path.length === 0) {
    return anchor === null ? path : pathOfElement(tree, anchor);
  }
  const above = tree.childAt(space, anchor, path, path.length - 1);
  if (typeof above !== "object") return null;
  const place = above.children.get(path[path.length - 1] as string);
  // It may live elsewhere than where it was born.
  if (tree.moves.nodes.size > 0 && typeof place === "object") {
    return pathOf(tree, place);
  }
  // Most is in the root, which is shown, as it is.
  if (above.parent === null && above.guests === null) return path;
  return pathOfEntry(tree, above, path[path.length - 1] as string, place);
}

/**
 * Whether what is set at an address shows. What was moved claims nothing around
 * it, and can be below a value or a list.
 */
export function isShownAtAddress(tree: Tree, address: Address): boolean {
  if (address.anchor === null || tree.moves.nodes.size === 0) return true;
  return pathOfOperation(tree, { ...address, space: DOCUMENT }) !== null;
}

/** Where an entry of a map is shown now; `null` if it is not. */
export function pathOfEntry(
  tree: Tree,
  parent: Branch,
  key: string,
  child: Child | undefined,
): Step[] | null {
  const shown = shownKey(key);
  if (tree.shown(parent) !== MAP) return null;
  if (!isShownAt(tree, parent, shown, child)) return null;
  const path = pathOf(tree, parent);
  path?.push(shown);
  return path;
}

/**
 * What is at `key` of `parent` now; `null` if nothing of that is shown.
 *
 * @param element What to look at if there is no key.
 */
export function changeNow(
  tree: Tree,
  parent: Branch,
  key: string | null,
  element: Branch | null = null,
): Change | null {
  if (key !== null) return entryNow(tree, parent, shownKey(key));
  const place = element ?? parent;
  const path = pathOf(tree, place);
  if (path === null) return null;
  return { kind: tree.shown(place) === NOTHING ? "delete" : "set", path };
}

/** What a map shows at `key` now; `null` if nothing of the map is shown. */
export function entryNow(
  tree: Tree,
  parent: Branch,
  key: string,
): Change | null {
  const path = tree.shown(parent) === MAP ? pathOf(tree, parent) : null;
  if (path === null) return null;
  const { child } = entryAt(tree, parent, key);
  const isShown = child !== undefined && tree.shown(child) !== NOTHING;
  return { kind: isShown ? "set" : "delete", path: [...path, key] };
}

/**
 * Whether a register has concurrent values or a counter beside what it holds, so
 * that a strategy says what of it shows.
 */
export function isFolded(
  { siblings, counters }: Tree,
  slot: number | undefined,
): boolean {
  return slot !== undefined && (siblings.has(slot) || counters.has(slot));
}

/** Tells of a set, delete or increment that changed something. */
export function tellRegister(tree: Tree, operation: Operation): void {
  if (tree.told === null || tree.told.scope === "rest") return;
  tellPlace(tree, tree.told, operation);
}

/** Tells that an assignment that a schema refuses took something away. */
export function tellRefused(tree: Tree, operation: Operation): void {
  if (tree.told !== null) tellPlace(tree, tree.told, operation);
}

/**
 * Tells what the place of an operation shows now: a delete can leave something
 * there that its author had not seen.
 */
function tellPlace(tree: Tree, told: Telling, operation: Operation): void {
  const path = pathOfOperation(tree, operation);
  if (path === null) return;
  const { anchor, path: keys, space } = operation;
  const place = tree.childAt(space, anchor, keys);
  if (typeof place === "object") told.tellWhole(place);
  const isShown = place !== undefined && tree.shown(place) !== NOTHING;
  if (isShown) {
    const kind = operation.kind === INCREMENT ? "increment" : "set";
    return tellAt(tree, operation, { kind, path });
  }
  // Of an element that is shown no more its list tells; and a list that a schema
  // does not let come was not there.
  if (typeof path[path.length - 1] === "number") return;
  if (operation.kind === INSERT) return;
  tellAt(tree, operation, { kind: "delete", path });
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
    : tree.childAt(space, anchor, path, path.length - 1) as Branch;
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
  const path = tree.shown(parent) === LIST ? pathOf(tree, parent) : null;
  if (path === null) tree.told.miss(parent);
  else tree.told.push({ kind, path, ...change }, parent);
}
