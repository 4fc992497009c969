import { type Content, type ItemId, NONE } from "./ids.ts";
import type { SpanList } from "./span_list.ts";
import { LEFT, SPENT } from "./span_table.ts";

/** The children of a run of items that nobody will name. */
interface Family {
  /** The counter of the first item of the run. */
  readonly first: number;
  /** How many children it has; 2 also stands for more. */
  count: number;
  /** The first item of the child that was seen last. */
  child: ItemId;
}

/** A run of a chain that may go, or that may take another's place. */
interface Link {
  readonly span: number;
  readonly family: Family;
}

/**
 * Lets one item stand for each chain of items that nobody will name, a few steps
 * at a time.
 *
 * Such an item that has children keeps their place among its siblings, some of
 * which may be yet to come. But if it is the only child of another such item, it
 * has no siblings, and never will have any: its own only child takes its place.
 * What is left of a chain is the first of it. What is shown stays in its order,
 * wherever a replica has done this and another one has not.
 *
 * A walk counts the children of all such items, a step for each span; then the
 * chains are contracted, each from its first item down. The sequence may be
 * edited meanwhile: nobody makes a child for such an item, so that no count is
 * too low, and each link is looked at again before it goes. Should somebody who
 * breaks a promise make one, it gives up. Nothing may be spent meanwhile.
 */
export class Contraction<Part extends Content> {
  /** Whether there is no more to do. */
  isDone = false;
  /** Whether something was left as it was, for that takes too long. */
  hasGivenUp = false;
  /** How many items were forgotten. */
  count = 0;
  readonly #list: SpanList<Part>;
  readonly #spanCountMax: number;
  readonly #hangingMax: number;
  readonly #adoptionCount: number;
  readonly #families: Map<number, Family> = new Map();
  #spanCount = 0;
  /** Steps that are left for now. */
  #left = 0;
  /** The last item that the walk has visited. */
  #visited: ItemId | null = null;
  /** The chains that are still to be contracted, each by one of its links. */
  #rest: Iterator<number> | null = null;
  /** The last item of the link that is next. */
  #at: ItemId | null = null;
  /** Whether the link that is next may not be the first one of its chain. */
  #isClimbing = false;

  /**
   * Begins to contract the chains of `list`.
   *
   * @param spanCountMax It gives up if there are more spans.
   * @param hangingMax A link is left as it is if there are more spans between it
   * and its child, as all that hang on it have to be found at once.
   */
  constructor(
    list: SpanList<Part>,
    spanCountMax: number,
    hangingMax: number,
  ) {
    this.#list = list;
    this.#spanCountMax = spanCountMax;
    this.#hangingMax = hangingMax;
    this.#adoptionCount = list.adoptionCount;
  }

  /** Does about `budget` steps of work; returns how many are left. */
  step(budget: number): number {
    this.#left = budget;
    const { tree, adoptionCount } = this.#list;
    if (tree.isDisposed || adoptionCount !== this.#adoptionCount) {
      this.#giveUp();
    }
    if (!this.isDone && this.#rest === null) this.#walk();
    while (this.#left > 0 && !this.isDone && this.#rest !== null) {
      this.#left--;
      this.#contractNext(this.#rest);
    }
    return this.#left;
  }

  #giveUp(): void {
    this.isDone = this.hasGivenUp = true;
  }

  /** Goes on with the walk. */
  #walk(): void {
    const { table, tree } = this.#list;
    let span = NONE;
    if (this.#visited === null) {
      tree.moveToStart();
      span = tree.settle();
    } else {
      const { replica, counter } = this.#visited;
      const last = this.#list.find(replica, counter);
      if (last === NONE) {
        // It was undone: who comes behind it is not known any more.
        return this.#giveUp();
      }
      tree.moveTo(last);
      span = tree.stepForward();
    }
    for (; span !== NONE && this.#left > 0; this.#left--) {
      this.#countChild(span);
      this.#visited = {
        replica: table.replica[span]!,
        counter: table.lastCounter(span),
      };
      if (++this.#spanCount > this.#spanCountMax) return this.#giveUp();
      span = tree.stepForward();
    }
    if (span === NONE) this.#rest = this.#families.keys();
  }

  #countChild(span: number): void {
    const { table } = this.#list;
    const parent = this.#parentOf(span);
    if (parent === null) return;
    const above = this.#list.find(parent.replica, parent.counter);
    if (above === NONE || (table.flags[above]! & SPENT) === 0) return;
    const child = {
      replica: table.replica[span]!,
      counter: table.counter[span]!,
    };
    // Another item than the last one has the next of its run as a child, too.
    const isLeft = (table.flags[span]! & LEFT) !== 0;
    const isOnly = isLeft || parent.counter === table.lastCounter(above);
    const key = keyOf(parent.replica, table.lastCounter(above));
    const family = this.#families.get(key);
    if (family === undefined) {
      const first = table.counter[above]!;
      this.#families.set(key, { first, count: isOnly ? 1 : 2, child });
    } else {
      family.count = 2;
      family.child = child;
    }
  }

  /** Goes up or down in a chain, or to the next one. */
  #contractNext(rest: Iterator<number>): void {
    if (this.#at === null) {
      const { done, value } = rest.next();
      if (done === true) this.isDone = true;
      else {
        this.#at = idOf(value);
        this.#isClimbing = true;
      }
      return;
    }
    const link = this.#linkOf(this.#at);
    if (link === null) {
      this.#at = null;
      return;
    }
    if (this.#isClimbing) {
      // From below, what hangs on the last link would be written for each one.
      const parent = this.#parentOf(link.span);
      const above = parent === null ? null : this.#linkOf(parent);
      if (above === null) this.#isClimbing = false;
      else this.#at = this.#lastOf(above.span);
      return;
    }
    const { replica, counter } = link.family.child;
    const span = this.#list.find(replica, counter);
    const below = span === NONE ? null : this.#linkOf(this.#lastOf(span));
    if (below === null || !this.#contract(link, below)) this.#at = null;
  }

  /** Lets the child of `below`, the only child of `above`, take its place. */
  #contract({ span: top, family }: Link, { span, family: own }: Link): boolean {
    const { table } = this.#list;
    if (!this.#isChild(span, top)) return false;
    const { replica, counter } = own.child;
    const child = this.#list.find(replica, counter);
    if (
      child === NONE || table.counter[child] !== counter ||
      !this.#isChild(child, span)
    ) return false;
    const hanging = this.#hangingOn(span, child);
    if (hanging === null) return false;
    const isLeft = (table.flags[child]! & LEFT) !== 0;
    for (const at of hanging) {
      if (isLeft) {
        table.rightReplica[at] = table.rightReplica[span]!;
        table.rightCounter[at] = table.rightCounter[span]!;
      } else {
        table.leftReplica[at] = table.leftReplica[span]!;
        table.leftCounter[at] = table.leftCounter[span]!;
      }
    }
    table.flags[child] = (table.flags[child]! & ~LEFT) |
      (table.flags[span]! & LEFT);
    family.child = own.child;
    const last = this.#lastOf(span);
    this.#families.delete(keyOf(last.replica, last.counter));
    this.count += table.length[span]!;
    this.#list.drop(span, 0);
    return true;
  }

  /**
   * The spans that have an anchor in `span`, whose only child is `child`: that
   * one, and some between the two. `null` if there are too many to look at.
   */
  #hangingOn(span: number, child: number): number[] | null {
    const { table, tree } = this.#list;
    const isLeft = (table.flags[child]! & LEFT) !== 0;
    const hanging: number[] = [];
    tree.moveTo(span);
    for (let count = 0; count < this.#hangingMax; count++, this.#left--) {
      const at = isLeft ? tree.stepBack() : tree.stepForward();
      if (at === NONE) return null;
      const hangs = isLeft
        ? table.isBefore(at, span)
        : table.isBehind(at, span);
      if (hangs) hanging.push(at);
      if (at === child) return hanging;
    }
    this.hasGivenUp = true;
    return null;
  }

  /** Whether a span is a child of the run of another: see {@linkcode Family}. */
  #isChild(span: number, above: number): boolean {
    const { table } = this.#list;
    return (table.flags[span]! & LEFT) === 0
      ? table.isBehind(span, above)
      : table.isBefore(span, above);
  }

  /** The run with an item, if nobody will name it, and it has one child. */
  #linkOf({ replica, counter }: ItemId): Link | null {
    const { table } = this.#list;
    const span = this.#list.find(replica, counter);
    if (span === NONE || (table.flags[span]! & SPENT) === 0) return null;
    const family = this.#families.get(
      keyOf(replica, table.lastCounter(span)),
    );
    const isLink = family?.count === 1 && family.first === table.counter[span];
    return isLink ? { span, family } : null;
  }

  /** The parent of the first item of a span; `null` for the root. */
  #parentOf(span: number): ItemId | null {
    const { table } = this.#list;
    const isLeft = (table.flags[span]! & LEFT) !== 0;
    const replica = isLeft
      ? table.rightReplica[span]!
      : table.leftReplica[span]!;
    if (replica === NONE) return null;
    const counter = isLeft
      ? table.rightCounter[span]!
      : table.leftCounter[span]!;
    return { replica, counter };
  }

  #lastOf(span: number): ItemId {
    const { table } = this.#list;
    return {
      replica: table.replica[span]!,
      counter: table.lastCounter(span),
    };
  }
}

function keyOf(replica: number, counter: number): number {
  return replica * 2 ** 31 + counter;
}

function idOf(key: number): ItemId {
  return { replica: Math.floor(key / 2 ** 31), counter: key % 2 ** 31 };
}
