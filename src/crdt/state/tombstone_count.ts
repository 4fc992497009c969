import { countTombstones } from "../metrics.ts";
import type { Tree } from "../tree.ts";

/**
 * Counts the registers that hold nothing, some of them at a time.
 *
 * Where nothing can be forgotten, as no replica has told what it applied, there
 * are no walks that would count them.
 */
export class TombstoneCount {
  /** How many there were when the last pass ended. */
  count = 0;
  readonly #tree: Tree;
  #slot = 0;
  #seen = 0;

  /** Makes one that has counted nothing. */
  constructor(tree: Tree) {
    this.#tree = tree;
  }

  /** Begins again: the registers are others. */
  reset(): void {
    this.#slot = this.#seen = 0;
  }

  /** Looks at `slotCount` registers; returns whether a pass has ended. */
  step(slotCount: number): boolean {
    const end = this.#slot + slotCount;
    this.#seen += countTombstones(this.#tree, this.#slot, end);
    this.#slot = end;
    if (end < this.#tree.columns.values.length) return false;
    this.count = this.#seen;
    this.reset();
    return true;
  }
}
