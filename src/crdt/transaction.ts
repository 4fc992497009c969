import type { Core } from "./core.ts";
import type { Change } from "./events.ts";
import { Journal } from "./journal.ts";
import { type Operation, SETTINGS } from "./operation.ts";

/**
 * Throws if what is to be done within a transaction has only begun.
 *
 * @param result What it has returned.
 * @throws {TypeError} If that is a promise, or anything else to wait for.
 */
export function checkDone(result: unknown): void {
  if (typeof result !== "object" || result === null) return;
  if (!("then" in result) || typeof result.then !== "function") return;
  // What is thrown here is told; of the promise nobody else would hear.
  if (result instanceof Promise) result.catch(() => {});
  throw new TypeError(
    "Cannot end a transaction that returns a promise: transactions are synchronous, so await what it needs before it begins",
  );
}

/** Where a transaction stood, to go back to. */
interface Mark {
  readonly operationCount: number;
  readonly changeCount: number;
  readonly undo: ReturnType<Journal["mark"]> | null;
}

/** Most transactions have one of each: an array of its own is for one, too. */
const NONE: readonly never[] = Object.freeze([]);

/**
 * Local operations under one stamp, which show as one change and travel as one.
 */
export class Transaction {
  /** When it happens; from the start a number of the kind that stamps are. */
  stamp: number = 2 ** 52;
  /** What was made so far. */
  operations: readonly Operation[] = NONE;
  /** What changed so far. */
  changes: readonly Change[] = NONE;
  readonly #core: Core;
  #clockLast: number = 2 ** 52;
  #journal: Journal | null = null;
  #isOpen = false;

  /** Makes one that is to be opened. */
  constructor(core: Core) {
    this.#core = core;
  }

  /** Whether it was opened and not closed. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Opens it anew; only one that `canUndo` writes down how to go back. */
  open(canUndo: boolean): void {
    const core = this.#core;
    this.#clockLast = core.clock.last;
    // The clock is a function of the user's, which may fail.
    this.stamp = core.clock.tick();
    this.#journal = canUndo ? new Journal() : null;
    core.tree.journal = this.#journal;
    this.#isOpen = true;
  }

  /** Takes note of an operation that was made. */
  addOperation(operation: Operation): void {
    if (this.operations === NONE) this.operations = [operation];
    else (this.operations as Operation[]).push(operation);
  }

  /** Takes note of a change of what is shown. */
  addChange(change: Change): void {
    if (this.changes === NONE) this.changes = [change];
    else (this.changes as Change[]).push(change);
  }

  /** Puts one change in place of several, from the `index`-th on. */
  replaceChanges(index: number, change: Change): void {
    const changes = this.changes as Change[];
    changes.splice(index, changes.length, change);
  }

  /** Where it stands. */
  mark(): Mark {
    return {
      operationCount: this.operations.length,
      changeCount: this.changes.length,
      undo: this.#journal?.mark() ?? null,
    };
  }

  /** Does one edit of it, which may fail in the middle. */
  attempt<Result>(act: (transaction: Transaction) => Result): Result {
    const mark = this.mark();
    try {
      return act(this);
    } catch (error) {
      this.rollBack(mark);
      throw error;
    }
  }

  /** Undoes everything since `mark`, the dots included: nobody has seen them. */
  rollBack(mark: Mark): void {
    const { tree, vector, self } = this.#core;
    const undone = this.operations.slice(mark.operationCount);
    const [first] = undone;
    if (first !== undefined) vector.reset(self, first.counter - 1);
    // Undoing writes nothing down.
    tree.journal = null;
    if (mark.undo !== null) this.#journal?.rollBack(tree, mark.undo);
    tree.journal = this.#journal;
    if (undone.some(({ space }) => space === SETTINGS)) {
      this.#core.loadSettings();
    }
    this.operations = this.operations.slice(0, mark.operationCount);
    this.changes = this.changes.slice(0, mark.changeCount);
  }

  /**
   * Ends it, and keeps nothing of what it made; one without operations leaves no
   * trace on the clock.
   *
   * @returns What it has changed.
   */
  close(): readonly Change[] {
    const core = this.#core;
    const { tree, clock } = core;
    const journal = this.#journal;
    let { changes } = this;
    tree.journal = null;
    if (tree.columns.refused.size === 0) journal?.close(tree);
    else {
      // What was refused in an element that goes refuses nothing else any more.
      core.tell("places", () => journal?.close(tree));
      changes = [...changes, ...core.telling.take()];
    }
    if (this.operations.length === 0) clock.reset(this.#clockLast);
    this.operations = NONE;
    this.changes = NONE;
    this.#journal = null;
    this.#isOpen = false;
    return changes;
  }
}
