import type { Branch } from "../branch.ts";
import type { Core } from "../core.ts";
import { refreshElements, removeElements } from "../list_edits.ts";
import type { IdRange, ItemId } from "../sequence/ids.ts";
import type { VersionVector } from "../version_vector.ts";
import { type AnySequence, Contracting } from "./contracting.ts";
import { holdsMoved, holdsRefused } from "./forgettable.ts";
import type { Stability } from "./stability.ts";

/** Some items of one sequence that were removed, or show nothing. */
interface Removed {
  readonly sequence: AnySequence;
  readonly ranges: readonly IdRange[];
  readonly elements: readonly Branch[];
}

/** What was removed when a walk ended. */
interface Epoch {
  /** All that was applied when the walk began. */
  readonly start: VersionVector;
  /** All that was applied when it ended. */
  end: VersionVector;
  readonly removed: Removed[];
  /** How much of it is done. */
  done: number;
  /** Items of the last part that can perhaps be forgotten now. */
  readonly waiting: ItemId[];
}

/** What was forgotten. */
export interface Collected {
  /** Registers, with the branches around them. */
  registers: number;
  /** Items of lists, and units of texts. */
  items: number;
}

/**
 * Retires and forgets what walks have found removed.
 *
 * Once all that had been applied when a walk ended is stable, the elements that
 * showed nothing are removed, if nothing has happened in them meanwhile, and all
 * that was removed is retired. It is forgotten once all members are known to have
 * retired it, as the README of `sequence` asks.
 */
export class Retirement {
  /** What was forgotten since it was last told. */
  collected: Collected = { registers: 0, items: 0 };
  /** Whether another walk may find more. */
  isNews = false;
  readonly #core: Core;
  readonly #stability: Stability;
  /** What a walk notes; `null` while the last notes wait to be retired. */
  #notes: Epoch | null = null;
  #retiring: Epoch | null = null;
  /** The oldest that waits to be forgotten, and the newest. */
  #forgetting: Epoch[] = [];
  readonly #contracting: Contracting = new Contracting();

  /** Makes one for `core`. */
  constructor(core: Core) {
    this.#core = core;
    this.#stability = core.stability;
  }

  /** Begins again: the sequences are new. */
  reset(): void {
    this.#notes = this.#retiring = null;
    this.#forgetting = [];
    this.#contracting.reset();
  }

  /** States were joined: sequences may be others than they were. */
  onJoined(): void {
    this.#contracting.restart();
  }

  /** A walk begins. */
  beginNotes(): void {
    const start = this.#core.vector.clone();
    this.#notes = this.#retiring !== null ? null : {
      start,
      end: start,
      removed: [],
      done: 0,
      waiting: [],
    };
  }

  /** A walk has found items that were removed, and elements that show nothing. */
  note(
    sequence: AnySequence,
    ranges: readonly IdRange[],
    elements: readonly Branch[],
  ): void {
    if (this.#notes === null) return;
    if (ranges.length === 0 && elements.length === 0) return;
    for (const element of elements) element.isQuiet = true;
    this.#notes.removed.push({ sequence, ranges, elements });
  }

  /** A walk has ended. */
  endNotes(): void {
    if (this.#notes === null) return;
    this.#notes.end = this.#core.vector.clone();
    this.#retiring = this.#notes;
    this.#notes = null;
  }

  /**
   * Does about `budget` steps of work; returns how many are left.
   *
   * @param isPatient Whether what takes longer at once can wait.
   */
  step(budget: number, isPatient: boolean): number {
    const left = this.#forget(this.#retire(budget), isPatient);
    // Who waits for nothing takes what was left for later, too.
    if (left > 0 && !isPatient) this.#contracting.addAll();
    return this.#contract(left, isPatient);
  }

  /** Retires what was removed; returns what is left of the budget. */
  #retire(budget: number): number {
    const epoch = this.#retiring;
    if (epoch === null) return budget;
    if (!this.#stability.stable().includes(epoch.end)) return budget;
    let left = budget;
    for (; left > 0; epoch.done++) {
      const removed = epoch.removed[epoch.done];
      if (removed === undefined) {
        this.#retiring = null;
        this.#finishRetiring(epoch);
        return left;
      }
      const { sequence, ranges } = removed;
      left -= costOf(removed);
      // Not those that were removed since: others may not know of that.
      const elements = removed.elements.filter((element) =>
        this.#remove(element, epoch)
      );
      sequence.retire(ranges);
      sequence.retire(rangesOf(elements));
      epoch.removed[epoch.done] = { ...removed, elements };
    }
    return left;
  }

  #finishRetiring(epoch: Epoch): void {
    const { start } = epoch;
    this.#core.tree.settled.join(start);
    this.#stability.retired.join(start);
    if (epoch.removed.length > 0) this.#keep(epoch);
  }

  /** Lets an epoch wait to be forgotten; the newest stands for those before. */
  #keep(epoch: Epoch): void {
    epoch.done = 0;
    this.#forgetting.splice(1, 1, epoch);
    if (this.#forgetting.length === 0) this.#forgetting.push(epoch);
  }

  /**
   * Takes an element that still shows nothing out of its list for good.
   *
   * Whatever is kept in it was applied before the epoch ended, and is stable: who
   * makes an operation that is still to come sees the element as it is here.
   * What a schema hides stays, as another one may show it; so does what was ever
   * moved.
   *
   * @returns Whether it was taken out.
   */
  #remove(element: Branch, epoch: Epoch): boolean {
    const { tree } = this.#core;
    const { parent, id, isHidden, isQuiet } = element;
    if (parent === null || id === null || !isHidden || !isQuiet) return false;
    if (!isThere(element)) return false;
    const { records, destinations } = tree.moves;
    if (records.length > 0 && holdsMoved(element, destinations)) return false;
    if (holdsRefused(tree, element)) return false;
    const range = { ...id, length: 1 };
    tree.addLive(parent, true, -removeElements(tree, parent, range));
    refreshElements(tree, parent);
    this.collected.registers++;
    this.#stability.floor.join(epoch.end);
    // What is above may show nothing that is kept any more.
    this.isNews = true;
    return true;
  }

  /** Forgets what all have retired; returns what is left of the budget. */
  #forget(budget: number, isPatient: boolean): number {
    let left = this.#contract(budget, isPatient);
    const [epoch] = this.#forgetting;
    if (epoch === undefined) return left;
    if (!this.#stability.retiredByAll().includes(epoch.end)) return left;
    const { removed, waiting } = epoch;
    while (left > 0) {
      const part = removed[epoch.done];
      if (part === undefined) break;
      const { sequence, ranges, elements } = part;
      if (waiting.length === 0) {
        sequence.spend(ranges, waiting);
        sequence.spend(rangesOf(elements), waiting);
        left -= costOf(part);
      }
      const steps = Math.min(waiting.length, Math.max(1, left >> 2));
      this.#forgot(sequence.dropSpent(waiting, steps), epoch.end);
      left -= 4 * steps;
      if (waiting.length === 0) epoch.done++;
    }
    if (epoch.done < removed.length) return left;
    this.#forgetting.shift();
    for (const { sequence } of removed) {
      this.#contracting.add(sequence, epoch.end);
    }
    return left;
  }

  #contract(budget: number, isPatient: boolean): number {
    return this.#contracting.step(
      budget,
      isPatient,
      (count, end) => this.#forgot(count, end),
    );
  }

  /** Items went that had been removed when all of `end` had been applied. */
  #forgot(count: number, end: VersionVector): void {
    if (count === 0) return;
    this.collected.items += count;
    this.#stability.floor.join(end);
    this.isNews = true;
  }
}

/** Steps that it takes to mark what was removed from a sequence. */
function costOf({ ranges, elements }: Removed): number {
  return 1 + 4 * ranges.length + 16 * elements.length;
}

/** Whether an element stands where it stood. */
export function isThere(element: Branch): boolean {
  return element.home?.list?.get(element.homeId as ItemId)?.[0] === element;
}

function rangesOf(elements: readonly Branch[]): IdRange[] {
  return elements.map(({ homeId }) => ({
    ...homeId as ItemId,
    length: 1,
  }));
}
