import type { Branch } from "./branch.ts";
import { entryAt } from "./entries.ts";
import { refreshElements } from "./list_edits.ts";
import type { Location, MoveRecord } from "./move_log.ts";
import { LIST, NOTHING } from "./operation.ts";
import type { ListSequence } from "./sequence/list_sequence.ts";
import { pathOf, tellElements } from "./told.ts";
import type { Tree } from "./tree.ts";

/**
 * Puts a move into effect, unless the place would come to be inside itself.
 *
 * @see Kleppmann, Mulligan, Gomes, Beresford, "A highly-available move operation
 * for replicated trees", IEEE TPDS 33(7), 2022.
 */
export function doMove(tree: Tree, record: MoveRecord): void {
  const { node, parent, key } = record;
  if (node === null) return;
  for (
    let branch: Branch | null = parent;
    branch !== null;
    branch = branch.parent
  ) if (branch === node) return;
  record.before = {
    parent: node.parent,
    key: node.key,
    id: node.id,
    move: node.move,
  };
  const id = key === null ? record : null;
  relocate(tree, node, { parent, key, id, move: record });
}

/** Takes a move back, which was the last one to be put into effect. */
export function undoMove(tree: Tree, record: MoveRecord): void {
  const { before, node } = record;
  record.before = null;
  if (before !== null && node !== null) relocate(tree, node, before);
}

/** Lets a place live elsewhere, with all that lives in it. */
export function relocate(tree: Tree, node: Branch, to: Location): void {
  if (tree.told?.scope === "places") {
    tree.told.want(node.parent as Branch, node.key);
    tree.told.want(to.parent as Branch, to.key);
  }
  const isTold = tree.told !== null && tree.shown(node) !== NOTHING;
  const left = isTold && node.id === null ? pathOf(tree, node) : null;
  const from = node.parent as Branch;
  const count = node.liveCount + (tree.isLive(node.slot) ? 1 : 0);
  if (node.id !== null) {
    if (!node.isHidden) {
      const list = from.list as ListSequence<unknown>;
      tellElements(tree, "remove", from, list.setHidden(node.id, true));
    }
  } else if (node.move !== null) removeGuest(node);
  tree.addLive(from, node.id !== null, -count);
  node.parent = to.parent;
  node.key = to.key;
  node.id = to.id;
  node.move = to.move;
  tree.moves.movedCount++;
  node.isHidden = true;
  refreshElements(tree, from);
  if (left !== null) tell(tree, left, from);
  arrive(tree, node, count, isTold);
}

function arrive(
  tree: Tree,
  node: Branch,
  count: number,
  isTold: boolean,
): void {
  const parent = node.parent as Branch;
  const wasList = tree.told !== null && tree.shown(parent) === LIST;
  tree.addLive(parent, node.id !== null, count);
  if (node.id === null) {
    node.isHidden = false;
    if (node.move !== null) addGuest(node);
    refreshElements(tree, parent);
    const path = isTold ? pathOf(tree, node) : null;
    if (path !== null) tree.told?.push({ kind: "set", path }, parent);
    return;
  }
  node.isHidden = tree.shown(node) === NOTHING;
  refreshElements(tree, parent);
  if (node.isHidden) return;
  const list = parent.list as ListSequence<unknown>;
  const change = list.setHidden(node.id, false);
  if (wasList) return tellElements(tree, "insert", parent, change);
  tree.told?.tellWhole(parent);
  // It may be on its way from there, or not suffice to show the list.
  tree.told?.want(parent.parent as Branch, parent.key, parent);
}

/** Tells what became of the entry that a place left. */
function tell(tree: Tree, path: (string | number)[], from: Branch): void {
  const key = path[path.length - 1] as string;
  const above = pathOf(tree, from);
  // It may show again once the place has arrived elsewhere in what is above.
  if (above === null) return tree.told?.want(from, key);
  const shown = entryAt(tree, from, key).child;
  const kind = shown === undefined || tree.shown(shown) === NOTHING
    ? "delete"
    : "set";
  tree.told?.push({ kind, path: [...above, key] }, from);
}

function addGuest(node: Branch): void {
  const { parent, key } = node;
  if (parent === null || key === null) return;
  parent.guests ??= new Map();
  const guests = parent.guests.get(key);
  if (guests === undefined) parent.guests.set(key, [node]);
  else guests.push(node);
}

function removeGuest(node: Branch): void {
  const guests = node.parent?.guests?.get(node.key as string) ?? [];
  guests.splice(guests.indexOf(node), 1);
  if (guests.length === 0) node.parent?.guests?.delete(node.key as string);
}
