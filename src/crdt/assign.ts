import { isRecord, type JsonValue } from "../base/json.ts";
import type { Child } from "./branch.ts";
import { makeFlags } from "./columns.ts";
import { coverBelow } from "./cover.ts";
import {
  MAP,
  NOTHING,
  Operation,
  SET,
  type Shape,
  WHOLE,
} from "./operation.ts";
import type { Sibling } from "./register_parts.ts";
import { TextSequence } from "./sequence/text_sequence.ts";
import type { Telling } from "./telling.ts";
import { tellRefused } from "./told.ts";
import type { Tree } from "./tree.ts";
import { walkTo } from "./walk.ts";

/**
 * Joins a set or delete at the end of the walk.
 *
 * @returns Whether anything may show otherwise now.
 */
export function assign(tree: Tree, operation: Operation): boolean {
  const { parent, key } = tree.walk;
  const isHidden = tree.walk.hides(operation);
  let isTaken = false;
  const place = key === null ? parent : parent.children.get(key);
  if (tree.told !== null) noteAtWalk(tree, tree.told, place);
  const { witness } = tree;
  if (typeof place === "object" && !isHidden) {
    witness?.replace(place, operation);
  }
  if (operation.covers !== null || operation.isBarrier) {
    const branch = key === null ? parent : tree.branchAt(parent, key);
    tree.told?.tellWhole(branch);
    isTaken = coverBelow(tree, branch, operation);
  }
  const slot = typeof place === "number"
    ? place
    : key === null
    ? parent.slot
    : tree.slotAt(parent, key);
  if (!isHidden) witness?.meet(slot, operation);
  const isRefused = !isHidden && (tree.judge?.refuses(operation) ?? false);
  const wasLive = tree.isLive(slot);
  const isChanged = join(tree, slot, operation, isHidden, isRefused);
  const isLive = tree.isLive(slot);
  if (wasLive !== isLive) addLiveAtWalk(tree, isLive ? 1 : -1);
  if (isRefused && !isLive) {
    if (wasLive || isTaken) tellRefused(tree, operation);
    return false;
  }
  return isTaken || isChanged && (wasLive || isLive);
}

/** Joins an increment at the end of the walk; returns whether it may show. */
export function increment(tree: Tree, operation: Operation): boolean {
  const { replica, counter, stamp } = operation;
  const { parent, key } = tree.walk;
  const isDead = tree.walk.hides(operation);
  const total = isDead ? 0 : operation.value as number;
  const slot = key === null ? parent.slot : tree.slotAt(parent, key);
  if (tree.told !== null) {
    const place = key === null ? parent : parent.children.get(key);
    noteAtWalk(tree, tree.told, place);
  }
  const cells = tree.counters.get(slot) ?? [];
  const own = cells.find((cell) => cell.replica === replica);
  if (own !== undefined && own.counter >= counter) return false;
  const wasLive = tree.isLive(slot);
  const others = cells.filter((cell) => cell !== own);
  const isRefused = !isDead && (tree.judge?.refuses(operation) ?? false);
  const cell = { replica, counter, stamp, total, isDead, isRefused };
  tree.setCounter(slot, [...others, cell]);
  const isLive = tree.isLive(slot);
  if (wasLive !== isLive) addLiveAtWalk(tree, isLive ? 1 : -1);
  if (wasLive && !isLive) tellRefused(tree, operation);
  return isLive;
}

/** Assigns a map and each entry below it, all under one dot. */
export function plant(tree: Tree, operation: Operation): boolean {
  const { replica, counter, stamp, anchor, value } = operation;
  let isChanged = false;
  const plantPart = (
    shape: Shape,
    value: JsonValue | undefined,
    path: string[],
  ) => {
    const part = new Operation(
      replica,
      counter,
      stamp,
      SET,
      anchor,
      path,
      shape,
      value,
    );
    part.after = operation.after;
    if (path.length === operation.path.length) part.covers = operation.covers;
    if (!walkTo(tree, part)) return;
    if (assign(tree, part)) isChanged = true;
    if (shape !== MAP) return;
    for (const [key, entry] of Object.entries(value ?? {})) {
      plantPart(isRecord(entry) ? MAP : WHOLE, entry, [...path, key]);
    }
  };
  plantPart(MAP, value as JsonValue, [...operation.path]);
  return isChanged;
}

/** Takes note of what the place at the end of the walk shows. */
function noteAtWalk(
  { columns, walk: { parent } }: Tree,
  told: Telling,
  place: Child | undefined,
): void {
  if (typeof place === "object") told.note(place);
  // Who is refused no more claims what is above again.
  if (columns.refused.size > 0) told.noteAbove(parent);
}

/** The register at the end of the walk began or ceased to live. */
function addLiveAtWalk(tree: Tree, count: number): void {
  const { parent, key } = tree.walk;
  const hasMoves = tree.moves.nodes.size > 0;
  const place = key === null
    ? parent
    : hasMoves
    ? parent.children.get(key)
    : undefined;
  // It lives where it was moved to, whatever it is addressed by.
  const isBranch = typeof place === "object";
  const from = isBranch ? place.parent : parent;
  const isElement = isBranch && place.id !== null;
  tree.journal?.addLive(from, isElement, count);
  tree.addLive(from, isElement, count);
}

/** Joins an assignment with what a register and its siblings hold. */
function join(
  tree: Tree,
  slot: number,
  operation: Operation,
  isHidden: boolean,
  isRefused: boolean,
): boolean {
  const { columns } = tree;
  const { stamp, replica, counter, isSibling } = operation;
  const hadSiblings = tree.siblings.size > 0
    ? tree.siblings.get(slot)
    : undefined;
  let siblings: readonly Sibling[] | undefined = hadSiblings?.filter((
    sibling,
  ) => !operation.hasSeen(sibling.replica, sibling.counter));
  if (siblings !== undefined && siblings.length === hadSiblings?.length) {
    siblings = hadSiblings;
  }
  const shape = isHidden ? NOTHING : operation.shape;
  const isNewer = columns.isNewer(slot, stamp, replica, counter);
  if (isNewer) {
    const old = columns.values[slot];
    const loser = siblingIn(tree, slot);
    if (loser !== null && !operation.hasSeen(loser.replica, loser.counter)) {
      siblings = [...siblings ?? [], loser];
    } else if (old instanceof TextSequence) tree.discard(old);
    tree.journal?.addAssign(tree, slot);
    columns.assign(
      slot,
      stamp,
      replica,
      counter,
      makeFlags(shape, isSibling, operation.mode),
      isHidden || shape === MAP ? undefined : operation.value,
    );
    if (isRefused) columns.setRefused(slot, true);
  } else if (isSibling && shape !== NOTHING) {
    const value = operation.value as JsonValue;
    siblings = [
      ...siblings ?? [],
      { replica, counter, stamp, shape, value, isRefused },
    ];
  }
  if (siblings !== hadSiblings) tree.setSiblings(slot, siblings ?? []);
  return isNewer || siblings !== hadSiblings;
}

/** What a register holds, if it is to stay beside others. */
function siblingIn(tree: Tree, slot: number): Sibling | null {
  const { columns } = tree;
  if (!columns.isSibling(slot)) return null;
  const shape = columns.shapeOf(slot);
  if (shape === NOTHING) return null;
  return {
    replica: columns.replicas[slot] as number,
    counter: columns.counters[slot] as number,
    stamp: columns.stamps[slot] as number,
    shape,
    value: columns.values[slot] as Sibling["value"],
    isRefused: columns.isRefused(slot),
  };
}
