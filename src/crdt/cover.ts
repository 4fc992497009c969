import { Branch, type Child } from "./branch.ts";
import { makeFlags } from "./columns.ts";
import { refreshElement, removeElements } from "./list_edits.ts";
import { NOTHING, type Operation } from "./operation.ts";
import type { IdRange } from "./sequence/ids.ts";
import { TextSequence } from "./sequence/text_sequence.ts";
import type { Tree } from "./tree.ts";
import { VersionVector } from "./version_vector.ts";

/** Whether a dot is hidden by what is swept. */
type IsGone = (replica: number, counter: number) => boolean;

/**
 * Joins the cover and the barrier of a set or delete with those of its place,
 * and clears what they hide.
 *
 * @returns Whether anything ceased to live.
 */
export function coverBelow(
  tree: Tree,
  branch: Branch,
  operation: Operation,
): boolean {
  const { cover, barrier } = branch;
  tree.journal?.add(() => {
    branch.cover = cover;
    branch.barrier = barrier;
  });
  if (operation.covers !== null) {
    const joined = cover?.clone() ?? operation.covers.clone();
    joined.join(operation.covers);
    branch.cover = joined;
  }
  const { replica, counter } = operation;
  const isRaised = operation.isBarrier &&
    !(barrier?.has(replica, counter) ?? false);
  if (isRaised) {
    branch.barrier = barrier?.clone() ?? new VersionVector();
    branch.barrier.raise(replica, counter);
  }
  const covered = branch.cover;
  // Whatever had seen a barrier that was just raised would have waited for it.
  const isGone: IsGone = isRaised
    ? () => true
    : (replica, counter) => covered?.has(replica, counter) ?? false;
  const liveCount = branch.liveCount;
  sweep(tree, branch, isGone);
  const count = branch.liveCount - liveCount;
  if (count === 0) return false;
  const isElement = branch.id !== null;
  tree.journal?.addLive(branch.parent, isElement, count);
  tree.addLive(branch.parent, isElement, count);
  return true;
}

/** Clears what is hidden below `branch`, and counts there what lives on. */
function sweep(tree: Tree, branch: Branch, isGone: IsGone): void {
  if (
    branch.claimShape !== NOTHING &&
    isGone(branch.claimReplica, branch.claimCounter)
  ) {
    tree.journal?.addClaim(branch);
    branch.claimShape = NOTHING;
  }
  let change = 0;
  for (const child of branch.children.values()) {
    change += sweepChild(tree, child, isGone);
  }
  addLiveHere(tree, branch, change, 0);
  if (branch.list !== null) sweepElements(tree, branch, isGone);
}

/** Clears a place and what is below; returns by how much it lives less. */
function sweepChild(tree: Tree, child: Child, isGone: IsGone): number {
  if (typeof child === "number") return clear(tree, child, isGone) ? -1 : 0;
  const { liveCount } = child;
  const isCleared = clear(tree, child.slot, isGone);
  sweep(tree, child, isGone);
  return child.liveCount - liveCount - (isCleared ? 1 : 0);
}

function sweepElements(tree: Tree, branch: Branch, isGone: IsGone): void {
  const gone: IdRange[] = [];
  const kept: Branch[] = [];
  for (const { replica, counter, content } of branch.list?.keptRuns() ?? []) {
    let length = 0;
    for (let index = 0; index <= content.length; index++) {
      const value = content[index];
      const isPlain = index < content.length &&
        (!(value instanceof Branch) || value.isPlain);
      if (isPlain && isGone(replica, counter + index)) {
        length++;
        continue;
      }
      if (length > 0) {
        gone.push({ replica, counter: counter + index - length, length });
        length = 0;
      }
      if (value instanceof Branch) kept.push(value);
    }
  }
  let change = 0;
  for (const element of kept) {
    change += sweepChild(tree, element, isGone);
    refreshElement(tree, element);
  }
  for (const range of gone) change -= removeElements(tree, branch, range);
  addLiveHere(tree, branch, change, change);
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
function clear(tree: Tree, slot: number, isGone: IsGone): boolean {
  const { columns } = tree;
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
    tree.journal?.addAssign(tree, slot);
    columns.assign(slot, stamp, replica, counter, flags, undefined);
  }
  const siblings = tree.siblings.get(slot);
  if (siblings !== undefined) {
    const left = siblings.filter((item) => !isGone(item.replica, item.counter));
    tree.setSiblings(slot, left);
  }
  const cells = tree.counters.get(slot);
  if (cells !== undefined) {
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
