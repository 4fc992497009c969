import type { Change } from "../events.ts";
import type { Path, Step } from "../pattern.ts";

/** Elements of a list, by where they are now. */
interface Range {
  readonly kind: "range";
  readonly list: Step[];
  from: number;
  to: number;
}

/** A place, by where it is now. */
interface Place {
  readonly kind: "place";
  readonly path: Step[];
  /** Whether what is in it may be another now, too. */
  readonly isDeep: boolean;
}

/**
 * What a transaction has changed, by where it is when that is over: the index of
 * an element changes with what is inserted and removed before it.
 *
 * What is inserted in a row is one range. Beyond that, a change of a list costs a
 * step for each other thing that the transaction has changed.
 */
export class TouchedPaths {
  #touched: (Range | Place)[] = [];

  /** Follows changes in their order. */
  constructor(changes: readonly Change[]) {
    for (const change of changes) this.#add(change);
  }

  /** Places whose value, or all that is in them, was changed. */
  *places(): Generator<{ readonly path: Path; readonly isDeep: boolean }> {
    for (const each of this.#touched) {
      if (each.kind === "place") {
        yield each;
        continue;
      }
      for (let index = each.from; index < each.to; index++) {
        yield { path: [...each.list, index], isDeep: true };
      }
    }
  }

  #add(change: Change): void {
    const { kind, path } = change;
    if (kind !== "insert" && kind !== "remove") {
      this.#touched.push({ kind: "place", path: [...path], isDeep: true });
      return;
    }
    const { index, count } = change;
    if (kind === "remove") this.#remove(path, index, count);
    else if (!this.#insert(path, index, count)) {
      this.#touched.push({
        kind: "range",
        list: [...path],
        from: index,
        to: index + count,
      });
    }
    const isKnown = this.#touched.some((each) =>
      each.kind === "place" && isSame(each.path, path)
    );
    if (isKnown) return;
    this.#touched.push({ kind: "place", path: [...path], isDeep: false });
  }

  /** Shifts what is behind; returns whether a range took the elements in. */
  #insert(list: Path, index: number, count: number): boolean {
    let isTaken = false;
    for (const each of this.#touched) {
      if (each.kind === "range" && isSame(each.list, list)) {
        if (!isTaken && each.from <= index && index <= each.to) {
          isTaken = true;
          each.to += count;
        } else if (each.from >= index) {
          each.from += count;
          each.to += count;
        }
        continue;
      }
      const path = each.kind === "range" ? each.list : each.path;
      const at = indexIn(path, list);
      if (at >= index) path[list.length] = at + count;
    }
    return isTaken;
  }

  #remove(list: Path, index: number, count: number): void {
    const end = index + count;
    const moved = (at: number) =>
      at <= index ? at : Math.max(index, at - count);
    this.#touched = this.#touched.filter((each) => {
      if (each.kind === "range" && isSame(each.list, list)) {
        each.from = moved(each.from);
        each.to = moved(each.to);
        return each.from < each.to;
      }
      const path = each.kind === "range" ? each.list : each.path;
      const at = indexIn(path, list);
      if (at >= index && at < end) return false;
      if (at >= end) path[list.length] = at - count;
      return true;
    });
  }
}

/** The index in `list` that `path` leads through; -1 if it does not. */
function indexIn(path: Path, list: Path): number {
  const step = path[list.length];
  const isBelow = typeof step === "number" &&
    list.every((each, at) => each === path[at]);
  return isBelow ? step : -1;
}

function isSame(first: Path, second: Path): boolean {
  return first.length === second.length &&
    first.every((step, at) => step === second[at]);
}
