import type { Unit } from "../message.ts";
import { DELETE, type Operation } from "../operation.ts";

/**
 * Steps of collecting that are done at once. In a document of a million
 * registers they took 0.1 to 0.7 ms (Deno 2, November 2026).
 */
export const STEPS_AT_ONCE = 2_000;

/** Operations after which they are done without being asked for. */
const OPERATIONS_PER_TURN = 2_000;

/**
 * How many times as often they are done while much that was removed can go: the
 * steps of one operation take about 10 µs then.
 */
const HURRY = 64;

/** Steps that it takes to forget something that was removed, at most, nearly. */
const STEPS_PER_REMOVED = 256;

/**
 * When steps of collecting are done, as operations are applied.
 *
 * Now and then, as long as little is removed. But whoever fills and empties a
 * queue removes as much as all others do, and forgetting has to keep up.
 */
export class Pace {
  #untilTurn = OPERATIONS_PER_TURN;
  /** Steps that what was removed lately takes. */
  #debt = 0;
  /** Whether there is perhaps something to do. */
  #isBusy = false;

  /** More is known of what others have. */
  wake(): void {
    this.#isBusy = true;
  }

  /** A transaction was applied; returns whether it is time for some steps. */
  take(unit: Unit): boolean {
    for (let at = 0; at < unit.length; at++) {
      this.#debt += STEPS_PER_REMOVED * removedBy(unit[at] as Operation);
    }
    const isHurried = this.#isBusy && this.#debt > 0;
    this.#untilTurn -= unit.length * (isHurried ? HURRY : 1);
    if (this.#untilTurn > 0) return false;
    this.#untilTurn = OPERATIONS_PER_TURN;
    return true;
  }

  /** Steps were done; `isMore` if there are more to do. */
  onStepped(isMore: boolean): void {
    this.#isBusy = isMore;
    // What is left is perhaps yet to be seen by others, or was taken for more.
    this.#debt = isMore
      ? Math.max(0, this.#debt - STEPS_AT_ONCE)
      : Math.floor(this.#debt / 2);
  }
}

/** How many things an operation removes, nearly. */
function removedBy({ kind, edit, covers }: Operation): number {
  if (kind === DELETE) return 1;
  if (edit === null) return covers === null ? 0 : 1;
  let count = 0;
  for (const { length } of edit.ranges ?? []) count += length;
  return count;
}
