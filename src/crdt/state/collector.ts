import { Branch, type Child, type Item } from "../branch.ts";
import type { Core } from "../core.ts";
import type { Moved } from "../move_log.ts";
import { NOTHING } from "../operation.ts";
import type { IdRange, ItemId } from "../sequence/ids.ts";
import type { ListSequence } from "../sequence/list_sequence.ts";
import { TextSequence } from "../sequence/text_sequence.ts";
import type { VersionVector } from "../version_vector.ts";
import {
  isBare,
  isClaimForgettable,
  isClaimNewer,
  isCoverForgettable,
  isIdle,
  isRegisterForgettable,
  isRegisterOlder,
  isSlotForgettable,
} from "./forgettable.ts";
import { type Collected, isThere, Retirement } from "./retirement.ts";
import type { Stability } from "./stability.ts";

/** From how many registers on a walk waits until it is worth its steps. */
const PATIENCE_MIN = 10_000;

/** Operations after which tombstones are counted again, even if none can go. */
const COUNTING_MIN = 1_000;

/** Spans and elements of a list that are looked at together. */
const LIST_CHUNK = 256;

/** A branch on the way down, and what of it is still to be visited. */
interface Frame {
  readonly branch: Branch;
  readonly entries: Iterator<[string, Child]>;
  /** Whether all entries, or all items of the list, were visited. */
  areEntriesDone: boolean;
  isListDone: boolean;
  /** The last item that was visited. */
  item: ItemId | null;
  /** Elements that are next. */
  elements: Branch[];
}

/**
 * Forgets what no operation to come can need, a few steps at a time.
 *
 * A walk through all places frees the registers and branches that are stable and
 * show nothing, and finds what was removed from lists and texts, which takes
 * longer to forget: see {@linkcode Retirement}.
 */
export class Collector {
  /** Tombstones that the last walk left. */
  tombstoneCount = 0;
  /** Walks that have ended. */
  walkCount = 0;
  readonly #core: Core;
  readonly #stability: Stability;
  readonly #retirement: Retirement;
  #stack: Frame[] = [];
  /** Texts that are next, and the last unit that was visited. */
  #texts: TextSequence[] = [];
  #unit: ItemId | null = null;
  #stable: VersionVector;
  #seenTombstones = 0;
  #isWalking = false;
  /** What was stable, retired by all, and applied when the last walk began. */
  #last: readonly VersionVector[] | null = null;

  /** Makes the collector of `core`. */
  constructor(core: Core) {
    this.#core = core;
    this.#stability = core.stability;
    this.#retirement = new Retirement(core);
    this.#stable = core.vector;
  }

  /** Begins again: the places are not those that were walked through. */
  reset(): void {
    this.#stop();
    this.#retirement.reset();
  }

  /** What was forgotten since this was last called. */
  takeCollected(): Collected {
    const { collected } = this.#retirement;
    this.#retirement.collected = { registers: 0, items: 0 };
    return collected;
  }

  /** Makes a walk worth its steps: old places may have come with a state. */
  wake(): void {
    this.#last = null;
    this.#retirement.onJoined();
  }

  #stop(): void {
    this.#stack = [];
    this.#texts = [];
    this.#unit = null;
    this.#isWalking = false;
    this.#last = null;
  }

  /**
   * Does about `budget` steps of work.
   *
   * @param isPatient Whether a walk can wait until it is worth its steps.
   * @returns Whether there is more to do now.
   */
  step(budget: number, isPatient: boolean): boolean {
    const left = this.#retirement.step(budget, isPatient);
    if (this.#retirement.isNews) this.#last = null;
    this.#retirement.isNews = false;
    if (left <= 0) return true;
    if (!this.#isWalking && !this.#begin(isPatient)) return false;
    this.#walk(left);
    return true;
  }

  /** Begins a walk, if there is more to forget or to count than at the last. */
  #begin(isPatient: boolean): boolean {
    const { tree, vector } = this.#core;
    const stable = this.#stability.stable();
    const retired = this.#stability.retiredByAll();
    const state = [stable, retired, vector.clone()];
    if (this.#last !== null) {
      const news = this.#last.map((old, at) =>
        distance(old, state[at] as VersionVector)
      );
      const [stableNews = 0, retiredNews = 0, appliedNews = 0] = news;
      const { count } = tree.columns;
      const worth = isPatient && count > PATIENCE_MIN ? count / 16 : 0;
      const isWorth = stableNews + retiredNews > worth ||
        appliedNews > (isPatient ? Math.max(COUNTING_MIN, worth) : 0);
      if (!isWorth) return false;
    }
    this.#last = state;
    this.#stable = stable;
    this.#stability.forgetNewcomers(stable);
    this.#retirement.beginNotes();
    this.#seenTombstones = 0;
    this.#isWalking = true;
    this.#stack = [...tree.roots].map((root) => frameOf(root));
    return true;
  }

  #walk(budget: number): void {
    if (!this.#isValid()) return this.#stop();
    let left = budget;
    while (left > 0) {
      const frame = this.#stack[this.#stack.length - 1];
      if (this.#texts.length > 0) {
        left -= this.#visitText();
      } else if (frame === undefined) return this.#finishWalk();
      else left -= this.#visitNext(frame);
    }
  }

  /** The branches on the way may have been given back since the last step. */
  #isValid(): boolean {
    return this.#stack.every(({ branch }) => {
      const { home, homeKey } = branch;
      if (home === null) return true;
      return homeKey === null
        ? isThere(branch)
        : home.children.get(homeKey) === branch;
    });
  }

  /** Visits what is next in a branch; returns how many steps that took. */
  #visitNext(frame: Frame): number {
    const { branch } = frame;
    if (!frame.areEntriesDone) {
      const { done, value } = frame.entries.next();
      if (done === true) frame.areEntriesDone = true;
      else this.#visitEntry(branch, value[0], value[1]);
      return 1;
    }
    const element = frame.elements.pop();
    if (element !== undefined) {
      // An element that was there when it was found may be gone by now.
      if (isThere(element)) {
        this.#noteText(element.slot);
        this.#stack.push(frameOf(element));
      }
      return 1;
    }
    const { list } = branch;
    if (!frame.isListDone && list !== null) return this.#visitList(frame, list);
    this.#stack.pop();
    this.#end(branch);
    return 1;
  }

  #visitEntry(branch: Branch, key: string, child: Child): void {
    if (typeof child === "object") {
      this.#noteText(child.slot);
      this.#stack.push(frameOf(child));
      return;
    }
    const core = this.#core;
    const { tree } = core;
    if (isSlotForgettable(core, child, this.#stable)) {
      tree.forgetChild(branch, key, child);
      this.#forgot();
    } else if (isRegisterForgettable(core, child, this.#stable)) {
      this.#unassign(child);
    } else {
      this.#noteText(child);
      if (!tree.isLive(child)) this.#seenTombstones++;
    }
  }

  /** A branch is left: all that is below it was visited. */
  #end(branch: Branch): void {
    const core = this.#core;
    const { moved, home, homeKey, slot } = branch;
    this.#unhide(branch);
    if (moved !== null) this.#unhide(moved);
    if (branch.list?.isForgotten ?? false) {
      branch.list?.dispose();
      branch.list = null;
    }
    const { destinations } = core.tree.moves;
    if (
      isClaimForgettable(core, branch, this.#stable, destinations) &&
      !this.#isCovered(branch)
    ) {
      branch.claimStamp = -1;
      branch.claimShape = NOTHING;
      this.#raiseFloor();
    }
    if (home === null || homeKey === null) {
      if (home !== null && branch.isHidden) this.#seenTombstones++;
      return;
    }
    const { tree } = core;
    const isBareNow = isBare(branch, destinations);
    if (isBareNow && isSlotForgettable(core, slot, this.#stable)) {
      tree.forgetChild(home, homeKey, slot);
      this.#forgot();
      return;
    }
    if (isBareNow) {
      this.#raiseFloor();
      home.children.set(homeKey, slot);
    }
    // A claim that the register hides would show without it.
    const isUnclaimed = branch.claimShape === NOTHING;
    const isVain = isBareNow || isClaimNewer(core, branch) ||
      isUnclaimed &&
        (isRegisterOlder(core, slot) || isIdle(core, branch, destinations));
    if (isVain && isRegisterForgettable(core, slot, this.#stable)) {
      this.#unassign(slot);
    } else if (!tree.isLive(slot)) this.#seenTombstones++;
  }

  /**
   * Forgets a cover that hides nothing that is still to come. A barrier stays: who
   * learns of it later has to be told which operations had seen it.
   */
  #unhide(holder: Branch | Moved): void {
    const { cover } = holder;
    if (cover === null) return;
    if (!isCoverForgettable(this.#core, cover, this.#stable)) return;
    holder.cover = null;
    this.#raiseFloor();
    // What it hides may be forgotten in another walk.
    this.#retirement.isNews = true;
  }

  /** Whether a delete may hide what is in a place from some, and not from all. */
  #isCovered(branch: Branch): boolean {
    return isHiding(branch) ||
      this.#stack.some((frame) => isHiding(frame.branch));
  }

  /** Forgets a tombstone that what a place shows does not depend on. */
  #unassign(slot: number): void {
    const { columns } = this.#core.tree;
    if ((columns.stamps[slot] as number) < 0) return;
    columns.unassign(slot);
    this.#raiseFloor();
  }

  #forgot(): void {
    this.#retirement.collected.registers++;
    this.#raiseFloor();
  }

  #raiseFloor(): void {
    this.#stability.floor.join(this.#stable);
  }

  /** Notes what was removed from a part of a list, and finds the places in it. */
  #visitList(frame: Frame, list: ListSequence<Item>): number {
    const removed: IdRange[] = [];
    const { elements, branch } = frame;
    frame.item = list.scan(
      frame.item,
      LIST_CHUNK,
      removed,
      branch.elementCount === 0 ? null : (content, replica, counter) => {
        for (const [index, item] of content.entries()) {
          // A place is visited where it was born.
          if (
            item instanceof Branch && item.isBornAs(replica, counter + index)
          ) elements.push(item);
        }
      },
    );
    frame.isListDone = frame.item === null;
    const hidden = elements.filter(({ isHidden, moved }) =>
      isHidden && moved === null
    );
    this.#retirement.note(list, removed, hidden);
    return LIST_CHUNK;
  }

  #noteText(slot: number): void {
    const { columns, siblings } = this.#core.tree;
    const value = columns.values[slot];
    if (value instanceof TextSequence) this.#texts.push(value);
    if (siblings.size === 0) return;
    for (const { value } of siblings.get(slot) ?? []) {
      if (value instanceof TextSequence) this.#texts.push(value);
    }
  }

  /** Notes what was removed from a part of a text. */
  #visitText(): number {
    const text = this.#texts[this.#texts.length - 1] as TextSequence;
    const removed: IdRange[] = [];
    this.#unit = text.scan(this.#unit, LIST_CHUNK, removed, null);
    if (this.#unit === null) this.#texts.pop();
    this.#retirement.note(text, removed, []);
    return LIST_CHUNK;
  }

  #finishWalk(): void {
    this.#isWalking = false;
    this.walkCount++;
    this.tombstoneCount = this.#seenTombstones;
    this.#core.tree.settled.join(this.#stable);
    this.#retirement.endNotes();
  }
}

function isHiding({ cover, moved }: Branch): boolean {
  return cover !== null || moved !== null && moved.cover !== null;
}

function frameOf(branch: Branch): Frame {
  return {
    branch,
    entries: branch.children.entries(),
    areEntriesDone: false,
    isListDone: false,
    item: null,
    elements: [],
  };
}

/** How many dots `to` has that `from` has not. */
function distance(from: VersionVector, to: VersionVector): number {
  let count = 0;
  to.forEach((replica, counter) => {
    count += Math.max(0, counter - from.get(replica));
  });
  return count;
}
