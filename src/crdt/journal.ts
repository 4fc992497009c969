import { Branch, type Child, type ClaimShape } from "./branch.ts";
import { keepHiddenClass } from "./hidden_class.ts";
import type { IdRange, RemovedRange } from "./sequence/ids.ts";
import type { ListSequence } from "./sequence/list_sequence.ts";
import type { TextSequence } from "./sequence/text_sequence.ts";
import type { Tree } from "./tree.ts";

/** Undoes one mutation. */
export type Undo = () => void;

const ADD = 0;
const ASSIGN = 1;
const LIVE = 2;
const CLAIM = 3;
const FRESH = 4;

/**
 * How to go back: what was changed, in order, each with what stood there.
 *
 * A transaction may set a hundred thousand registers. What it does often is
 * written down flat in one array, the number of its kind last; what is rare is a
 * function.
 */
export class Journal {
  readonly #entries: unknown[] = [];
  /** Texts and elements that nothing leads to any more, unless it is undone. */
  readonly #discarded: (TextSequence | Branch)[] = [];

  /** Where it stands. */
  mark(): { readonly entryCount: number; readonly discardedCount: number } {
    return {
      entryCount: this.#entries.length,
      discardedCount: this.#discarded.length,
    };
  }

  /** `undo` takes back what is done now. */
  add(undo: Undo): void {
    this.#entries.push(undo);
  }

  /** `parent` gets a place at `key`, where `child` stood. */
  addChild(parent: Branch, key: string, child: Child | undefined): void {
    this.#entries.push(parent, key, child, ADD);
  }

  /** The register at `slot` is assigned. */
  addAssign(tree: Tree, slot: number): void {
    const { stamps, replicas, counters, flags, values } = tree.columns;
    if ((stamps[slot] as number) < 0) {
      this.#entries.push(slot, FRESH);
      return;
    }
    this.#entries.push(
      stamps[slot],
      replicas[slot],
      counters[slot],
      flags[slot],
      values[slot],
      slot,
      ASSIGN,
    );
  }

  /** `count` is added below a place; see `addLive`. */
  addLive(branch: Branch | null, isElement: boolean, count: number): void {
    this.#entries.push(branch, isElement, count, LIVE);
  }

  /** The claim of `branch` changes. */
  addClaim(branch: Branch): void {
    const { claimStamp, claimReplica, claimCounter, claimShape } = branch;
    this.#entries.push(
      claimStamp,
      claimReplica,
      claimCounter,
      claimShape,
      branch,
      CLAIM,
    );
  }

  /** Items are inserted. */
  addInsert(
    sequence: TextSequence | ListSequence<unknown>,
    range: IdRange,
  ): void {
    this.#entries.push(() => sequence.undoInsert(range));
  }

  /** Items are removed. */
  addRemove<Part extends string | readonly unknown[]>(
    sequence: { undoRemove(ranges: readonly RemovedRange<Part>[]): void },
    ranges: readonly RemovedRange<Part>[],
  ): void {
    this.#entries.push(() => sequence.undoRemove(ranges));
  }

  /** Nothing leads to a text or an element any more. */
  discard(item: TextSequence | Branch): void {
    this.#discarded.push(item);
  }

  /** Undoes all since `mark`, the last first. */
  rollBack(tree: Tree, mark: ReturnType<Journal["mark"]>): void {
    const entries = this.#entries;
    while (entries.length > mark.entryCount) {
      const kind = entries.pop();
      switch (kind) {
        case ADD:
          this.#undoAdd(tree);
          break;
        case ASSIGN: {
          const slot = entries.pop() as number;
          const value = entries.pop();
          const flags = entries.pop() as number;
          const counter = entries.pop() as number;
          const replica = entries.pop() as number;
          const stamp = entries.pop() as number;
          tree.columns.assign(slot, stamp, replica, counter, flags, value);
          break;
        }
        case FRESH:
          tree.columns.assign(entries.pop() as number, -1, 0, 0, 0, undefined);
          break;
        case LIVE: {
          const count = entries.pop() as number;
          const isElement = entries.pop() as boolean;
          tree.addLive(entries.pop() as Branch | null, isElement, -count);
          break;
        }
        case CLAIM: {
          const branch = entries.pop() as Branch;
          branch.claimShape = entries.pop() as ClaimShape;
          branch.claimCounter = entries.pop() as number;
          branch.claimReplica = entries.pop() as number;
          branch.claimStamp = entries.pop() as number;
          break;
        }
        default:
          (kind as Undo)();
      }
    }
    this.#discarded.length = mark.discardedCount;
  }

  #undoAdd(tree: Tree): void {
    const entries = this.#entries;
    const child = entries.pop() as Child | undefined;
    const key = entries.pop() as string;
    const parent = entries.pop() as Branch;
    if (child !== undefined) {
      parent.children.set(key, child);
      return;
    }
    const added = parent.children.get(key) as Child;
    tree.forgetChild(
      parent,
      key,
      typeof added === "number" ? added : added.slot,
    );
  }

  /** Ends it: what was discarded will not come back. */
  close(tree: Tree): void {
    for (const item of this.#discarded) {
      // It is not in its list any more.
      const above = item instanceof Branch ? item.parent : null;
      if (above !== null) tree.told?.noteAbove(above);
      tree.dispose(item);
    }
  }
}

keepHiddenClass(new Journal());
