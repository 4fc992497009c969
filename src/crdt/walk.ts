import type { Branch, ClaimShape } from "./branch.ts";
import type { Moved } from "./move_log.ts";
import {
  type Address,
  INCREMENT,
  INSERT,
  LIST,
  MAP,
  MOVE,
  NOTHING,
  type Operation,
  SET,
} from "./operation.ts";
import type { Container } from "./operation.ts";
import type { Telling } from "./telling.ts";
import type { Tree } from "./tree.ts";
import { DEPTH_BORN_MAX } from "./values.ts";
import type { VersionVector } from "./version_vector.ts";

/** Where an operation leads, and whether what it does is hidden there. */
export class Walk {
  /** The place above; the place itself if there is no key. */
  parent: Branch;
  /** The key in it; `null` for a root and for an element. */
  key: string | null = null;
  /** Counters of the author up to this one are covered there. */
  coveredTo = 0;
  /** Whether a barrier hides it. */
  isBarred = false;

  /** Makes one that leads to `parent`. */
  constructor(parent: Branch) {
    this.parent = parent;
  }

  /** Whether what `operation` does first is hidden. */
  hides(operation: Operation): boolean {
    return this.isBarred || this.coveredTo >= operation.counter;
  }
}

/**
 * Goes to the place of an operation, makes what is missing above it, claims
 * what it passes, and notes whether the operation is hidden there.
 *
 * What hides things below a place does not hide the place itself. Claims end at
 * the anchor.
 *
 * @returns Whether the anchor is there, and the place not too deep.
 */
export function walkTo(
  tree: Tree,
  operation: Operation,
  { anchor, path }: Address = operation,
): boolean {
  const { walk } = tree;
  const steps = path.length - 1;
  walk.coveredTo = 0;
  walk.isBarred = false;
  let branch: Branch = tree.roots[operation.space];
  if (anchor !== null) {
    const element = tree.elementAt(anchor);
    if (element === null) return false;
    meetAbove(tree, element, operation);
    branch = element;
  }
  const isBelow = operation.kind === INSERT;
  if (branch.depth + path.length + (isBelow ? 1 : 0) > DEPTH_BORN_MAX) {
    return false;
  }
  if (steps >= 0) meet(tree, branch, operation);
  if (anchor !== null && steps >= 0) claim(tree, branch, operation, MAP);
  for (let index = 0; index < steps; index++) {
    branch = tree.branchAt(branch, path[index] as string);
    if (branch.moved !== null) leave(tree, branch.moved, operation);
    meet(tree, branch, operation);
    claim(tree, branch, operation, MAP);
  }
  walk.parent = branch;
  walk.key = steps < 0 ? null : path[steps] as string;
  if (walk.key === null) return true;
  // Who took over from a place that was moved may be known before the move.
  tree.told?.noteEntry(branch, walk.key);
  if (tree.moves.nodes.size > 0) {
    const child = branch.children.get(walk.key);
    if (typeof child === "object" && child.moved !== null) {
      leave(tree, child.moved, operation);
    }
  }
  return true;
}

/** Notes what hides below the places above `from`, up to one that was moved. */
function meetAbove(tree: Tree, from: Branch, operation: Operation): void {
  let branch = from;
  while (branch.moved === null) {
    if (branch.home === null) return;
    branch = branch.home;
    meet(tree, branch, operation);
  }
  const { cover, barrier } = branch.moved;
  const { walk } = tree;
  const coveredTo = cover?.get(operation.replica) ?? 0;
  walk.coveredTo = Math.max(walk.coveredTo, coveredTo);
  if (barrier !== null && isBarred(barrier, operation)) {
    walk.isBarred = true;
  }
}

/** What hides things above the home of a place does not follow its moves. */
function leave(
  { walk }: Tree,
  { cover, barrier }: Moved,
  operation: Operation,
): void {
  walk.coveredTo = cover?.get(operation.replica) ?? 0;
  walk.isBarred = barrier !== null && isBarred(barrier, operation);
}

/** Goes on from the place of a list to its elements; returns the place. */
export function walkIntoList(tree: Tree, operation: Operation): Branch {
  const { walk } = tree;
  const branch = walk.key === null
    ? walk.parent
    : tree.branchAt(walk.parent, walk.key);
  meet(tree, branch, operation);
  claim(tree, branch, operation, LIST);
  return branch;
}

/** Notes whether a cover or barrier of `branch` hides the operation below. */
function meet(tree: Tree, branch: Branch, operation: Operation): void {
  const { walk, witness } = tree;
  const { cover, barrier } = branch;
  witness?.pass(branch, operation);
  if (cover !== null) {
    walk.coveredTo = Math.max(walk.coveredTo, cover.get(operation.replica));
  }
  if (barrier !== null && isBarred(barrier, operation)) {
    walk.isBarred = true;
  }
}

function isBarred(barrier: VersionVector, operation: Operation): boolean {
  let isBarred = false;
  barrier.forEach((replica, counter) => {
    if (!operation.hasSeen(replica, counter)) isBarred = true;
  });
  return isBarred;
}

/** Joins a claim; the greatest is kept, even if it is hidden. */
function claim(
  tree: Tree,
  branch: Branch,
  operation: Operation,
  shape: Container,
): void {
  const { kind, stamp, replica, counter } = operation;
  if (
    kind !== SET && kind !== INCREMENT && kind !== INSERT && kind !== MOVE
  ) return;
  const { claimStamp, claimReplica, claimCounter } = branch;
  if (stamp < claimStamp) return;
  if (stamp === claimStamp) {
    const order = tree.replicas.compare(replica, claimReplica);
    if (order < 0 || (order === 0 && counter <= claimCounter)) return;
  }
  const claimed = tree.walk.hides(operation) ? NOTHING : shape;
  if (tree.told !== null) noteClaim(tree, tree.told, branch, claimed);
  tree.journal?.addClaim(branch);
  branch.claimStamp = stamp;
  branch.claimReplica = replica;
  branch.claimCounter = counter;
  branch.claimShape = claimed;
}

/** Takes note of what a place shows, unless a new claim says what the old did. */
function noteClaim(
  { columns, judge }: Tree,
  told: Telling,
  branch: Branch,
  shape: ClaimShape,
): void {
  const { slot, claimShape, claimStamp, claimReplica, claimCounter } = branch;
  if (branch.parent?.guests != null && branch.key !== null) {
    told.noteEntry(branch.parent, branch.key);
  }
  if (
    // What is refused claims nothing.
    judge !== null || columns.refused.size > 0 || shape !== claimShape ||
    !columns.isNewer(slot, claimStamp, claimReplica, claimCounter)
  ) told.note(branch);
}
