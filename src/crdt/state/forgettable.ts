import { Branch, type Child } from "../branch.ts";
import type { Core } from "../core.ts";
import { compareTimes } from "../entries.ts";
import { NOTHING } from "../operation.ts";
import type { Tree } from "../tree.ts";
import type { VersionVector } from "../version_vector.ts";

/**
 * Whether a register holds nothing that anyone still has to know: whatever comes
 * is newer than the stable tombstone that it holds.
 */
export function isRegisterForgettable(
  { tree }: Core,
  slot: number,
  stable: VersionVector,
): boolean {
  const { columns, siblings, counters } = tree;
  if (columns.shapeOf(slot) !== NOTHING) return false;
  if (columns.values[slot] !== undefined) return false;
  if (siblings.size > 0 && siblings.has(slot)) return false;
  if ((columns.stamps[slot] as number) < 0) return true;
  const isStable = stable.has(
    columns.replicas[slot] as number,
    columns.counters[slot] as number,
  );
  if (!isStable || counters.size === 0) return isStable;
  // A total that is older than the tombstone shows nothing by itself.
  return counters.get(slot)?.every(({ isDead, stamp, replica, counter }) =>
    isDead || columns.isNewer(slot, stamp, replica, counter)
  ) ?? true;
}

/**
 * Whether the same holds for all that is beside the register. Counters are kept,
 * since what a replica will add is told as its total.
 */
export function isSlotForgettable(
  core: Core,
  slot: number,
  stable: VersionVector,
): boolean {
  return !core.tree.counters.has(slot) &&
    isRegisterForgettable(core, slot, stable);
}

/**
 * Whether a cover hides nothing that is still to come, and everyone knows it.
 *
 * Each of the deletes in it had the counter after the one that it has seen of
 * its own replica, so the cover tells up to where they may be.
 */
export function isCoverForgettable(
  { vector }: Core,
  cover: VersionVector,
  stable: VersionVector,
): boolean {
  if (!stable.includes(cover)) return false;
  let isStable = true;
  vector.forEach((replica, counter) => {
    const last = Math.min(counter, cover.get(replica) + 1);
    if (!stable.has(replica, last)) isStable = false;
  });
  return isStable;
}

/**
 * Whether a branch keeps nothing that is still needed but its register. Places
 * that were ever moved, or moved to, are kept.
 */
export function isBare(
  branch: Branch,
  destinations: ReadonlySet<Branch>,
): boolean {
  const { children, list, cover, barrier, claimStamp, moved } = branch;
  return children.size === 0 && list === null && cover === null &&
    barrier === null && claimStamp < 0 && moved === null &&
    !destinations.has(branch);
}

/**
 * Whether a claim changes neither what a place shows nor since when; the latter
 * is of use where the place shows something, or may do so again.
 */
export function isClaimForgettable(
  core: Core,
  branch: Branch,
  stable: VersionVector,
  destinations: ReadonlySet<Branch>,
): boolean {
  const { claimStamp, claimReplica, claimCounter, claimShape } = branch;
  if (claimStamp < 0 || !stable.has(claimReplica, claimCounter)) return false;
  if (!isClaimNewer(core, branch)) return true;
  if (claimShape !== NOTHING) return false;
  return isCounterNewer(core, branch) || isIdle(core, branch, destinations);
}

/** Whether a place shows nothing, and nothing that is kept in it ever will. */
export function isIdle(
  { tree }: Core,
  branch: Branch,
  destinations: ReadonlySet<Branch>,
): boolean {
  return branch.children.size === 0 && branch.list === null &&
    !destinations.has(branch) && tree.shown(branch) === NOTHING &&
    !tree.columns.isRefused(branch.slot);
}

/** Whether something was added since the register was assigned. */
export function isRegisterOlder({ tree }: Core, slot: number): boolean {
  return tree.counters.get(slot)?.some(({ stamp, replica, counter }) =>
    tree.columns.isNewer(slot, stamp, replica, counter)
  ) ?? false;
}

/** Whether something was added since a place was last claimed. */
function isCounterNewer({ tree }: Core, branch: Branch): boolean {
  const claim = {
    stamp: branch.claimStamp,
    replica: branch.claimReplica,
    counter: branch.claimCounter,
  };
  return tree.counters.get(branch.slot)?.some((cell) =>
    compareTimes(tree, cell, claim) > 0
  ) ?? false;
}

/** Whether what a branch shows does not depend on its register. */
export function isClaimNewer({ tree }: Core, branch: Branch): boolean {
  const { slot, claimStamp, claimReplica, claimCounter } = branch;
  return claimStamp >= 0 &&
    tree.columns.isNewer(slot, claimStamp, claimReplica, claimCounter);
}

/** Whether a schema hides anything in a place. */
export function holdsRefused(tree: Tree, child: Child): boolean {
  const { columns, siblings, counters } = tree;
  if (columns.refused.size === 0) return false;
  const slot = typeof child === "number" ? child : child.slot;
  const parts = [...siblings.get(slot) ?? [], ...counters.get(slot) ?? []];
  if (columns.isRefused(slot)) return true;
  if (parts.some(({ isRefused }) => isRefused === true)) return true;
  if (typeof child === "number") return false;
  for (const below of child.children.values()) {
    if (holdsRefused(tree, below)) return true;
  }
  for (const { content } of [...child.list?.keptRuns() ?? []]) {
    for (const item of content) {
      if (item instanceof Branch && holdsRefused(tree, item)) return true;
    }
  }
  return false;
}

/** Whether a place, or one that was born in it, was ever moved, or moved to. */
export function holdsMoved(
  branch: Branch,
  destinations: ReadonlySet<Branch>,
): boolean {
  if (branch.moved !== null || destinations.has(branch)) return true;
  for (const below of branch.children.values()) {
    if (below instanceof Branch && holdsMoved(below, destinations)) return true;
  }
  for (const { content } of [...branch.list?.keptRuns() ?? []]) {
    for (const item of content) {
      if (item instanceof Branch && holdsMoved(item, destinations)) return true;
    }
  }
  return false;
}
