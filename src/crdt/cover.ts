import { Branch, type Child } from "./branch.ts";
import { makeFlags } from "./columns.ts";
import {
  refreshElement,
  refreshElements,
  removeElements,
} from "./list_edits.ts";
import type { Moved } from "./move_log.ts";
import { NOTHING, type Operation } from "./operation.ts";
import type { IdRange } from "./sequence/ids.ts";
import { TextSequence } from "./sequence/text_sequence.ts";
import type { Tree } from "./tree.ts";
import { VersionVector } from "./version_vector.ts";

/** What hides, and what it concerns besides. */
interface Sweep {
  /** Whether a dot is hidden. */
  readonly isGone: (replica: number, counter: number) => boolean;
  /** The set or delete that hides it. */
  readonly operation: Operation;
  /**
   * Places that live elsewhere, and are cleared afterwards: what lives on in
   * them counts there.
   */
  readonly moved: Branch[];
  /** Whether anything was hidden. */
  isEffective: boolean;
}

/**
 * Joins the cover and the barrier of a set or delete with those of its place,
 * and clears what they hide.
 *
 * @returns Whether anything may show otherwise.
 */
export function coverBelow(
  tree: Tree,
  branch: Branch,
  operation: Operation,
): boolean {
  const { barrier } = branch;
  joinCover(tree, branch, operation);
  const { replica, counter } = operation;
  const isRaised = operation.isBarrier &&
    !(barrier?.has(replica, counter) ?? false);
  const { covers } = operation;
  const moved: Branch[] = [];
  // Whatever had seen a barrier that was just raised would have waited for it.
  const isGone = isRaised
    ? () => true
    : (replica: number, counter: number) =>
      covers?.has(replica, counter) ?? false;
  const { liveCount } = branch;
  const around = { isGone, operation, moved, isEffective: false };
  sweep(tree, branch, around);
  const count = branch.liveCount - liveCount;
  addLiveAt(tree, branch, count);
  // More may come while they are cleared.
  for (const node of moved) {
    clearMoved(tree, node, around);
  }
  return count !== 0 || moved.length > 0 || around.isEffective;
}

/** Adds what a delete carries to a place, or to what a moved one keeps. */
function joinCover(
  tree: Tree,
  holder: Branch | Moved,
  { covers, isBarrier, replica, counter }: Operation,
): void {
  const { cover, barrier } = holder;
  tree.journal?.add(() => {
    holder.cover = cover;
    holder.barrier = barrier;
  });
  if (covers !== null) {
    const joined = cover?.clone() ?? covers.clone();
    joined.join(covers);
    // The author has seen what it did itself; so a cover tells up to where the
    // deletes may be that made it.
    joined.raise(replica, counter - 1);
    holder.cover = joined;
  }
  if (!isBarrier) return;
  holder.barrier = barrier?.clone() ?? new VersionVector();
  holder.barrier.raise(replica, counter);
}

function addLiveAt(tree: Tree, place: Branch, count: number): void {
  if (count === 0) return;
  const isElement = place.id !== null;
  tree.journal?.addLive(place.parent, isElement, count);
  tree.addLive(place.parent, isElement, count);
}

/** Clears what is hidden of a place that was moved, and where it lives. */
function clearMoved(tree: Tree, node: Branch, around: Sweep): void {
  joinCover(tree, node.moved as Moved, around.operation);
  if (tree.told !== null) {
    tree.told.note(node);
    tree.told.tellWhole(node);
    tree.told.want(node.parent as Branch, node.key, node);
  }
  const { homeId, home } = node;
  if (
    homeId !== null && node.isPlain &&
    around.isGone(homeId.replica, homeId.counter)
  ) {
    const range = { ...homeId, length: 1 };
    const count = -removeElements(tree, home as Branch, range);
    tree.journal?.addLive(home, true, count);
    tree.addLive(home, true, count);
    return refreshElements(tree, home as Branch);
  }
  const { liveCount } = node;
  const isCleared = clear(tree, node.slot, around);
  sweep(tree, node, around);
  addLiveAt(tree, node, node.liveCount - liveCount - (isCleared ? 1 : 0));
  refreshElements(tree, node);
}

/** Whether a delete had seen that a place was moved: then it spares it. */
function isSpared(node: Moved, { operation }: Sweep): boolean {
  return node.records.some(({ replica, counter }) =>
    operation.hasSeen(replica, counter)
  );
}

/** Clears what is hidden below `branch`, and counts there what lives on. */
function sweep(tree: Tree, branch: Branch, around: Sweep): void {
  if (
    branch.claimShape !== NOTHING &&
    around.isGone(branch.claimReplica, branch.claimCounter)
  ) {
    around.isEffective = true;
    tree.journal?.addClaim(branch);
    branch.claimShape = NOTHING;
  }
  let change = 0;
  for (const child of branch.children.values()) {
    change += sweepChild(tree, child, around);
  }
  addLiveHere(tree, branch, change, 0);
  if (branch.list !== null) sweepElements(tree, branch, around);
}

/** Clears a place and what is below; returns by how much it lives less. */
function sweepChild(tree: Tree, child: Child, around: Sweep): number {
  if (typeof child === "number") return clear(tree, child, around) ? -1 : 0;
  if (child.moved !== null) {
    if (!isSpared(child.moved, around)) around.moved.push(child);
    return 0;
  }
  const { liveCount } = child;
  const isCleared = clear(tree, child.slot, around);
  sweep(tree, child, around);
  return child.liveCount - liveCount - (isCleared ? 1 : 0);
}

function sweepElements(tree: Tree, branch: Branch, around: Sweep): void {
  const gone: IdRange[] = [];
  const kept: Branch[] = [];
  for (const { replica, counter, content } of branch.list?.keptRuns() ?? []) {
    let length = 0;
    for (let index = 0; index <= content.length; index++) {
      const value = content[index];
      const isPlain = index < content.length &&
        (!(value instanceof Branch) || isPlainHome(value, branch));
      if (isPlain && around.isGone(replica, counter + index)) {
        length++;
        continue;
      }
      if (length > 0) {
        gone.push({ replica, counter: counter + index - length, length });
        length = 0;
      }
      // What was moved here has a home elsewhere, which is where it is swept.
      if (
        value instanceof Branch && value.isBornAs(replica, counter + index)
      ) kept.push(value);
    }
  }
  let change = 0;
  for (const element of kept) {
    change += sweepChild(tree, element, around);
    refreshElement(tree, element);
  }
  for (const range of gone) change -= removeElements(tree, branch, range);
  addLiveHere(tree, branch, change, change);
}

/** Whether an element goes for good if it is hidden. */
function isPlainHome(value: Branch, home: Branch): boolean {
  return value.isPlain && value.moved === null && value.home === home;
}

function addLiveHere(
  tree: Tree,
  branch: Branch,
  change: number,
  elementChange: number,
): void {
  if (change === 0) return;
  branch.liveCount += change;
  branch.elementLiveCount += elementChange;
  tree.journal?.add(() => {
    branch.liveCount -= change;
    branch.elementLiveCount -= elementChange;
  });
}

/** Clears what is hidden of a register; returns whether it ceased to live. */
function clear(tree: Tree, slot: number, around: Sweep): boolean {
  const { columns } = tree;
  const { isGone } = around;
  const wasLive = tree.isLive(slot);
  // Siblings and totals are kept, and so covered, also where they do not show.
  const isAlone = !tree.siblings.has(slot) && !tree.counters.has(slot);
  if (columns.shapeOf(slot) === NOTHING && isAlone) return false;
  const replica = columns.replicas[slot] as number;
  const counter = columns.counters[slot] as number;
  const stamp = columns.stamps[slot] as number;
  if (stamp >= 0 && isGone(replica, counter)) {
    const flags = makeFlags(
      NOTHING,
      columns.isSibling(slot),
      columns.modeOf(slot),
    );
    const value = columns.values[slot];
    if (value instanceof TextSequence) tree.discard(value);
    around.isEffective = true;
    tree.journal?.addAssign(tree, slot);
    columns.assign(slot, stamp, replica, counter, flags, undefined);
  }
  const siblings = tree.siblings.get(slot);
  if (siblings !== undefined) {
    const left = siblings.filter((item) => !isGone(item.replica, item.counter));
    if (left.length < siblings.length) around.isEffective = true;
    tree.setSiblings(slot, left);
  }
  const cells = tree.counters.get(slot);
  if (cells !== undefined) {
    around.isEffective = true;
    tree.setCounter(
      slot,
      cells.map((cell) =>
        isGone(cell.replica, cell.counter)
          ? { ...cell, total: 0, isDead: true, isRefused: false }
          : cell
      ),
    );
  }
  return wasLive && !tree.isLive(slot);
}
