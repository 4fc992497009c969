import { Branch, type Child } from "../branch.ts";
import { hidersAbove } from "../conflict_places.ts";
import type { Core } from "../core.ts";
import type { Change } from "../events.ts";
import {
  refreshElement,
  refreshElements,
  removeElements,
} from "../list_edits.ts";
import { DOCUMENT, NOTHING, SETTINGS } from "../operation.ts";
import type { Tree } from "../tree.ts";
import { VersionVector } from "../version_vector.ts";
import {
  type Above,
  isOursGone,
  isTheirsGone,
  JoinContext,
} from "./join_context.ts";
import { joinElements, sweepElements } from "./join_lists.ts";
import { joinMoves } from "./join_moves.ts";
import { isSlotForgettable } from "./forgettable.ts";
import { hideSlot, joinSlots } from "./join_registers.ts";
import { type MovedPair, MovedPairs, unite } from "./moved_pairs.ts";

const NOTHING_ABOVE: Above = {
  cover: null,
  hidesOurs: false,
  hidesTheirs: false,
  isNew: false,
};

/**
 * Joins the state of another document with that of `core`.
 *
 * Each kept part is joined as the README says. What needs a thought is what one
 * state hides and the other has not heard of. A cover names what it hides. A
 * barrier hides what had not seen it; and what one of us applied without having
 * the barrier cannot have, for then it would have waited for it. So a barrier
 * that only one has seen hides all that the other has, but for what both have:
 * there the one that has seen it knows.
 *
 * Costs a step for each place of the other state, and for each of ours that is
 * newly hidden.
 */
export class StateJoin {
  /** The places that are joined on their own, as they were moved. */
  readonly pairs: MovedPairs;
  readonly #context: JoinContext;
  readonly #anchored: readonly Branch[];

  /**
   * Prepares to join `other` into `core`.
   *
   * @param anchored Elements of the other state that stand in no list there.
   */
  constructor(core: Core, other: Core, anchored: readonly Branch[] = []) {
    this.#context = new JoinContext(core, other);
    this.#anchored = anchored;
    this.pairs = new MovedPairs(this.#context, anchored);
  }

  /**
   * Joins everything.
   *
   * @returns What shows otherwise now.
   */
  run(): readonly Change[] {
    const { core } = this.#context;
    core.tell("places", () => this.#run());
    return core.telling.take();
  }

  #run(): void {
    const { core, other, seen } = this.#context;
    const { tree, vector, clock } = core;
    for (const pair of this.pairs.all) {
      if (pair.ours !== null) keepHiding(tree, pair.ours, pair);
    }
    for (const space of [DOCUMENT, SETTINGS]) {
      this.#context.isTold = space === DOCUMENT;
      const ours = tree.roots[space] as Branch;
      const theirs = other.tree.roots[space] as Branch;
      joinSlots(this.#context, ours.slot, theirs.slot, NOTHING_ABOVE);
      this.joinBranches(ours, theirs, NOTHING_ABOVE);
    }
    this.#context.isTold = true;
    this.#joinOthers();
    joinMoves(this.#context, this.pairs);
    vector.join(seen);
    core.stability.take(
      other.stability.report((replica) => this.#context.indexOf(replica)),
    );
    tree.settled.join(this.#context.translate(other.tree.settled));
    clock.receive(other.clock.last);
    core.loadSettings(true, true);
  }

  /**
   * Joins elements without lists, and what was moved, which may be in each
   * other: what is around comes first.
   */
  #joinOthers(): void {
    const { pairs } = this;
    let left: (MovedPair | Branch)[] = [...pairs.all];
    for (const element of this.#anchored) {
      if (!pairs.isMoved(element)) left.push(element);
    }
    while (left.length > 0) {
      const found: [ours: Branch, other: MovedPair | Branch][] = [];
      const missing: (MovedPair | Branch)[] = [];
      for (const other of left) {
        const ours = other instanceof Branch
          ? pairs.ourOf(other)
          : other.ours ?? pairs.ourOf(other.theirs as Branch);
        if (ours === null) missing.push(other);
        else found.push([ours, other]);
      }
      // What is not here even now is gone.
      if (found.length === 0) return;
      found.sort(([a], [b]) => a.depth - b.depth);
      for (const [ours, other] of found) {
        if (other instanceof Branch) this.#joinAnchored(ours, other);
        else this.#joinMoved(ours, other);
      }
      left = missing;
    }
  }

  /** Joins a place that was moved with what is in it. */
  #joinMoved(ours: Branch, pair: MovedPair): void {
    const { tree } = this.#context.core;
    const { theirs, above } = pair;
    const { home, homeId } = ours;
    // It may have gone with its list.
    if (homeId !== null && tree.elementAt(homeId) !== ours) return;
    keepHiding(tree, ours, pair);
    const isGone = pair.ours !== null && ours.isPlain && homeId !== null &&
      isOursGone(above, homeId.replica, homeId.counter);
    if (isGone) {
      const range = { ...homeId, length: 1 };
      const live = -removeElements(tree, home as Branch, range);
      tree.addLive(home, true, live);
      refreshElements(tree, home as Branch);
      return this.#context.note(home as Branch, null);
    }
    this.#context.noteShown(ours);
    let live = 0;
    if (theirs !== null) {
      const slot = typeof theirs === "number" ? theirs : theirs.slot;
      live += this.#joinPlace(ours, ours.slot, slot, null, above);
    } else if (above.isNew) {
      live += this.#hidePlace(ours, ours.slot, null, above);
    }
    if (theirs instanceof Branch) {
      live += this.joinBranches(ours, theirs, above);
    } else if (above.isNew) live += this.hideBranch(ours, above);
    tree.addLive(ours.parent, ours.id !== null, live);
    refreshElements(tree, ours);
  }

  #joinAnchored(ours: Branch, theirs: Branch): void {
    const { tree } = this.#context.core;
    const live = this.joinElement(ours, theirs, this.#above(ours));
    tree.addLive(ours.parent, true, live);
    refreshElements(tree, ours);
  }

  /** What our places above an element hide of theirs. */
  #above(element: Branch): Above {
    let cover: VersionVector | null = null;
    let hidesTheirs = false;
    for (const hider of hidersAbove(element)) {
      cover = unite(cover, hider.cover);
      if (this.#isNews(hider.barrier)) hidesTheirs = true;
    }
    return { ...NOTHING_ABOVE, cover, hidesTheirs };
  }

  /** Joins an element with what is in it; returns how much more lives. */
  joinElement(ours: Branch, theirs: Branch, above: Above): number {
    this.#context.noteShown(ours);
    const live = this.#joinPlace(ours, ours.slot, theirs.slot, null, above) +
      this.joinBranches(ours, theirs, above);
    refreshElement(this.#context.core.tree, ours);
    return live;
  }

  /**
   * Joins what is kept below two branches for one place, and what of the branch
   * itself its own cover and barrier can hide.
   *
   * @returns How many more registers and elements live below it.
   */
  joinBranches(ours: Branch, theirs: Branch, outer: Above): number {
    this.#context.noteShown(ours);
    const above = this.#joinHiding(ours, theirs, outer);
    this.#joinClaims(ours, theirs, above);
    const missed = above.isNew ? new Set(ours.children.keys()) : null;
    let live = 0;
    for (const [key, child] of theirs.children) {
      missed?.delete(key);
      live += this.#joinChild(ours, key, child, above);
    }
    for (const key of missed ?? []) {
      live += this.#hideChild(ours, key, above);
    }
    let elements = above.isNew ? this.#sweep(ours, above) : 0;
    if (theirs.list !== null) {
      elements += joinElements(this.#context, this, ours, theirs.list, above);
    }
    ours.liveCount += live + elements;
    ours.elementLiveCount += elements;
    return live + elements;
  }

  #joinHiding(ours: Branch, theirs: Branch, outer: Above): Above {
    let { cover, hidesOurs, hidesTheirs, isNew } = outer;
    const { core } = this.#context;
    const own = ours.cover;
    if (theirs.cover !== null) {
      const translated = this.#context.translate(theirs.cover);
      if (own === null || !own.includes(translated)) {
        ours.cover = own?.clone() ?? new VersionVector();
        ours.cover.join(translated);
        isNew = true;
      }
    }
    cover = unite(cover, ours.cover);
    const ownBarrier = ours.barrier;
    if (this.#isNews(ownBarrier)) hidesTheirs = true;
    if (theirs.barrier !== null) {
      const joined = ownBarrier?.clone() ?? new VersionVector();
      this.#context.translate(theirs.barrier).forEach((replica, counter) => {
        if (!core.vector.has(replica, counter)) hidesOurs = true;
        joined.raise(replica, counter);
      });
      ours.barrier = joined;
    }
    return { cover, hidesOurs, hidesTheirs, isNew: isNew || hidesOurs };
  }

  /** Whether they have not seen a barrier of ours. */
  #isNews(barrier: VersionVector | null): boolean {
    return barrier !== null && !this.#context.seen.includes(barrier);
  }

  #joinClaims(ours: Branch, theirs: Branch, above: Above): void {
    const { core } = this.#context;
    if (theirs.claimStamp >= 0) {
      const replica = this.#context.indexOf(theirs.claimReplica);
      const order = ours.claimStamp - theirs.claimStamp ||
        core.replicas.compare(ours.claimReplica, replica) ||
        ours.claimCounter - theirs.claimCounter;
      if (order < 0) {
        const isGone = isTheirsGone(above, replica, theirs.claimCounter);
        ours.claimStamp = theirs.claimStamp;
        ours.claimReplica = replica;
        ours.claimCounter = theirs.claimCounter;
        ours.claimShape = isGone ? NOTHING : theirs.claimShape;
        return;
      }
    }
    if (isOursGone(above, ours.claimReplica, ours.claimCounter)) {
      ours.claimShape = NOTHING;
    }
  }

  /** Joins a child of theirs; returns how much more lives in it. */
  #joinChild(parent: Branch, key: string, theirs: Child, above: Above): number {
    const { tree } = this.#context.core;
    const own = parent.children.get(key);
    if (typeof own === "object" && own.moved !== null) return 0;
    if (typeof theirs === "object" && theirs.moved !== null) {
      tree.branchAt(parent, key);
      return 0;
    }
    if (typeof theirs === "number") {
      if (own === undefined && this.#isForgotten(theirs)) return 0;
      // What lives on in a place shows as something else below a tombstone.
      if (typeof own === "object") this.#context.noteShown(own);
      const slot = tree.slotAt(parent, key);
      const live = this.#joinPlace(parent, slot, theirs, key, above);
      const known = parent.children.get(key);
      return typeof known === "object" && above.isNew
        ? live + this.hideBranch(known, above)
        : live;
    }
    const ours = tree.branchAt(parent, key);
    this.#context.noteShown(ours);
    return this.#joinPlace(parent, ours.slot, theirs.slot, key, above) +
      this.joinBranches(ours, theirs, above);
  }

  /** Whether a tombstone of theirs is one that is of no use here any more. */
  #isForgotten(theirSlot: number): boolean {
    const { core, other } = this.#context;
    const { stamps, replicas, counters } = other.tree.columns;
    return isSlotForgettable(other, theirSlot, other.vector) &&
      (stamps[theirSlot] as number) >= 0 &&
      core.tree.settled.has(
        this.#context.indexOf(replicas[theirSlot] as number),
        counters[theirSlot] as number,
      );
  }

  #joinPlace(
    parent: Branch,
    slot: number,
    theirSlot: number,
    key: string | null,
    above: Above,
  ): number {
    const joined = joinSlots(this.#context, slot, theirSlot, above);
    if (joined.isChanged) this.#context.note(parent, key);
    return joined.live;
  }

  /** Hides what newly is to be hidden in a place that they do not have. */
  #hideChild(parent: Branch, key: string, above: Above): number {
    const child = parent.children.get(key) as Child;
    if (typeof child === "object" && child.moved !== null) return 0;
    if (typeof child === "object") this.#context.noteShown(child);
    const slot = typeof child === "number" ? child : child.slot;
    const live = this.#hidePlace(parent, slot, key, above);
    return typeof child === "number"
      ? live
      : live + this.hideBranch(child, above);
  }

  #hidePlace(
    parent: Branch,
    slot: number,
    key: string | null,
    above: Above,
  ): number {
    const hidden = hideSlot(this.#context, slot, above);
    if (hidden.isChanged) this.#context.note(parent, key);
    return hidden.live;
  }

  /** Hides what newly is to be hidden below a branch. */
  hideBranch(branch: Branch, above: Above): number {
    this.#context.noteShown(branch);
    if (isOursGone(above, branch.claimReplica, branch.claimCounter)) {
      branch.claimShape = NOTHING;
    }
    let live = 0;
    for (const key of branch.children.keys()) {
      live += this.#hideChild(branch, key, above);
    }
    const elements = this.#sweep(branch, above);
    branch.liveCount += live + elements;
    branch.elementLiveCount += elements;
    return live + elements;
  }

  /** Hides or removes elements of ours; returns how much more lives. */
  #sweep(branch: Branch, above: Above): number {
    const { tree } = this.#context.core;
    if (branch.list === null) return 0;
    let live = 0;
    const { gone, kept } = sweepElements(branch.list, above);
    for (const element of kept) {
      this.#context.noteShown(element);
      live += this.#hidePlace(element, element.slot, null, above) +
        this.hideBranch(element, above);
      refreshElement(tree, element);
    }
    for (const range of gone) live -= removeElements(tree, branch, range);
    if (gone.length > 0) this.#context.note(branch, null);
    return live;
  }
}

/** A place that was moved in either state keeps what hides things in it. */
function keepHiding(tree: Tree, ours: Branch, { hiding }: MovedPair): void {
  ours.moved ??= { cover: null, barrier: null, records: [] };
  ours.moved.cover = hiding.cover;
  ours.moved.barrier = hiding.barrier;
  tree.moves.nodes.add(ours);
  if (ours.homeKey !== null && ours.home !== null) {
    ours.home.guests ??= new Map();
  }
}
