import type { Branch, Child } from "./branch.ts";
import { livingAt, shownEntries } from "./entries.ts";
import type { Change } from "./events.ts";
import { LIST, MAP, NOTHING, type Shape } from "./operation.ts";
import type { Path } from "./pattern.ts";
import { changeNow, pathOf } from "./told.ts";
import type { Tree } from "./tree.ts";
import { shownKey } from "./values.ts";

const NONE: readonly never[] = [];

/**
 * What is to be told: `all`, `rest` where an author tells of what it does itself,
 * or `places` that show otherwise, but not which elements of a list.
 */
export type Scope = "all" | "rest" | "places";

/** Which of several places was shown at a key. */
interface Rivals {
  readonly parent: Branch;
  readonly key: string;
  readonly shown: Child | undefined;
}

/**
 * What a document shows otherwise, as operations are joined with it.
 *
 * Most of it is told at once. But what is done in a place can make each place
 * above it another container, let it go, or let it be shown instead of another
 * one at its key; and while that is under way, nothing is where it will be in the
 * end. So whoever is about to change what a place shows lets it be noted before;
 * when the operation has been joined, the places that show otherwise are told as
 * a whole, and what was told of their insides is not.
 */
export class Telling {
  /** What is asked for. */
  scope: Scope = "all";
  /** Where the author tells of a change itself, if it does. */
  own: Path | null = null;
  readonly #tree: Tree;
  #changes: Change[] = [];
  /** In which place each of the changes is; those of one operation only. */
  readonly #places: (Branch | null)[] = [];
  /** What places showed before the operation. */
  readonly #shapes: Map<Branch, Shape> = new Map();
  readonly #rivals: Rivals[] = [];
  /** Places that are told as a whole, whatever else is told of them. */
  readonly #whole: Set<Branch> = new Set();
  /** Lists of whose items something was not told, as they were not shown then. */
  readonly #missed: Set<Branch> = new Set();
  readonly #wanted: [
    parent: Branch,
    key: string | null,
    place: Branch | null,
  ][] = [];

  /** Tells of what `tree` shows. */
  constructor(tree: Tree) {
    this.#tree = tree;
  }

  /**
   * Tells of a change.
   *
   * @param place What is set, shown or removed is in it; `null` for the root.
   */
  push(change: Change, place: Branch | null): void {
    if (this.scope === "places") return;
    this.#changes.push(change);
    this.#places.push(place);
  }

  /** Leaves out what is told of the inside of `place`, which is told as one. */
  tellWhole(place: Branch): void {
    this.#whole.add(place);
  }

  /** Something of a list that is not shown, for now at least, is not told. */
  miss(list: Branch): void {
    this.#missed.add(list);
  }

  /** Tells in the end what is at `key` of `parent`, or there. */
  want(parent: Branch, key: string | null, place: Branch | null = null): void {
    this.#wanted.push([parent, key, place]);
  }

  /** Takes note of what `place` shows, before that may change. */
  note(place: Branch): void {
    const { parent, key } = place;
    if (parent === null || this.#shapes.has(place)) return;
    this.#shapes.set(place, this.#tree.shown(place));
    if (key !== null) this.noteEntry(parent, key);
  }

  /** Takes note of a place and all above it, and above where it was born. */
  noteAbove(place: Branch): void {
    for (let above: Branch | null = place; above; above = above.parent) {
      this.note(above);
      if (above.move === null) continue;
      for (let home = above.home; home !== null; home = home.home) {
        this.note(home);
      }
    }
  }

  /** Takes note of which place is shown at a key, before that may change. */
  noteEntry(parent: Branch, key: string): void {
    if (parent.guests === null) return;
    const [shown] = livingAt(this.#tree, parent, shownKey(key));
    this.#rivals.push({ parent, key, shown: shown?.child });
  }

  /** Lets `act` happen while something else is asked for. */
  within(scope: Scope, act: () => void): void {
    const outer = this.scope;
    this.scope = scope;
    act();
    this.scope = outer;
  }

  /** Ends an operation. */
  end(): void {
    if (
      this.#shapes.size > 0 || this.#rivals.length > 0 ||
      this.#wanted.length > 0 || this.#whole.size > 0 ||
      this.#missed.size > 0
    ) this.#settle();
    else this.#forgetPlaces();
  }

  #forgetPlaces(): void {
    const places = this.#places;
    // There is one, mostly: setting the length would be a call of the runtime's.
    while (places.length > 0) places.pop();
  }

  /** Lets go of what was noted of an operation. */
  forget(): void {
    this.#forgetPlaces();
    this.#shapes.clear();
    this.#rivals.length = 0;
    this.#whole.clear();
    this.#missed.clear();
    this.#wanted.length = 0;
  }

  /** Hands out what was told of all operations since the last time. */
  take(): readonly Change[] {
    const changes = this.#changes;
    if (changes.length === 0) return NONE;
    this.#changes = [];
    return changes;
  }

  #settle(): void {
    const appeared = new Set<Branch>();
    for (const [place, before] of this.#shapes) {
      const now = this.#tree.shown(place);
      // A list tells which of its elements come and go.
      const comesOrGoes = before === NOTHING || now === NOTHING;
      if (now === before) {
        // Whatever came and went in it was never shown.
        if (now === NOTHING) this.#whole.add(place);
        continue;
      }
      if (comesOrGoes && place.id !== null) continue;
      if (before === NOTHING && now !== LIST && this.scope !== "places") {
        appeared.add(place);
        continue;
      }
      this.#whole.add(place);
      this.want(place.parent as Branch, place.key, place);
    }
    for (const list of this.#missed) {
      // It was a list, and is one again.
      const before = this.#shapes.get(list) ?? LIST;
      if (before !== LIST || this.#tree.shown(list) !== LIST) continue;
      this.#whole.add(list);
      this.want(list.parent as Branch, list.key, list);
    }
    for (const { parent, key, shown } of this.#rivals) {
      const [now] = livingAt(this.#tree, parent, shownKey(key));
      if (now?.child === shown || isPromoted(shown, now?.child)) continue;
      for (const place of [shown, now?.child]) {
        if (typeof place === "object") this.#whole.add(place);
      }
      this.want(parent, key);
    }
    const changes = this.#changes;
    const told = changes.splice(changes.length - this.#places.length)
      .filter((change, index) => {
        const place = this.#places[index] ?? null;
        // Nothing was there of what appears: only what is set can be told.
        return !isIn(this.#whole, place) && !this.#isOwn(change.path) &&
          (isRead(change.kind) || !isIn(appeared, place));
      });
    // There can be more than a call may have arguments.
    for (const change of told) changes.push(change);
    // What the author tells is told, whoever does that.
    if (this.own !== null) told.push({ kind: "set", path: this.own });
    for (const change of this.#changesWanted(told, appeared)) {
      told.push(change);
      changes.push(change);
    }
    for (const place of appeared) {
      for (const change of this.#appearances(place, told, appeared)) {
        told.push(change);
        changes.push(change);
      }
    }
    this.forget();
  }

  /** Whether an author tells of what is at a path. */
  #isOwn(path: Path): boolean {
    return this.own !== null && startsWith(path, this.own);
  }

  /** What is told as it is in the end, but for what is told so already. */
  #changesWanted(
    told: readonly Change[],
    appeared: ReadonlySet<Branch>,
  ): Change[] {
    // What was told first need not be so in the end.
    const known = new Map<string, Change["kind"]>();
    if (this.#wanted.length > 0) {
      for (const { kind, path } of told) {
        if (isWhole(kind)) known.set(JSON.stringify(path), kind);
      }
    }
    const changes: Change[] = [];
    for (const [parent, key, place] of this.#wanted) {
      if (isIn(this.#whole, parent)) continue;
      const change = changeNow(this.#tree, parent, key, place);
      if (change === null || this.#isOwn(change.path)) continue;
      if (change.kind === "delete" && isIn(appeared, parent)) continue;
      const text = JSON.stringify(change.path);
      if (known.get(text) !== change.kind) changes.push(change);
      known.set(text, change.kind);
    }
    // What is around comes first.
    return changes.sort((a, b) => a.path.length - b.path.length);
  }

  /**
   * What is shown of a place, as it is shown again, and that nothing tells of:
   * what is below may have been there all the time.
   */
  #appearances(
    place: Branch,
    told: readonly Change[],
    appeared: ReadonlySet<Branch>,
  ): Change[] {
    const path = pathOf(this.#tree, place);
    if (path === null || isSet(told, path)) return [];
    const changes: Change[] = [];
    let count = 0;
    if (this.#tree.shown(place) === MAP) {
      for (const [key, child] of shownEntries(this.#tree, place)) {
        count++;
        const at = [...path, key];
        const isNew = typeof child === "number" || appeared.has(child);
        const isTold = isSet(told, at) ||
          isNew && told.some((change) => startsWith(change.path, at));
        if (!isTold) changes.push({ kind: "set", path: at });
      }
    }
    return count > 0 ? changes : [{ kind: "set", path }];
  }
}

/** Whether what is at a path is to be read, as the changes say in the end. */
function isSet(changes: readonly Change[], place: Path): boolean {
  const last = changes.findLast(({ kind, path }) =>
    isWhole(kind) && startsWith(place, path)
  );
  return last?.kind === "set";
}

function startsWith(path: Path, start: Path): boolean {
  return path.length >= start.length &&
    start.every((step, at) => path[at] === step);
}

function isWhole(kind: Change["kind"]): boolean {
  return kind === "set" || kind === "delete";
}

function isRead(kind: Change["kind"]): boolean {
  return kind === "set" || kind === "increment";
}

/** Whether a place is one of several, or inside of one. */
function isIn(places: ReadonlySet<Branch>, place: Branch | null): boolean {
  if (places.size === 0) return false;
  for (let above: Branch | null = place; above; above = above.parent) {
    if (places.has(above)) return true;
  }
  return false;
}

/** Whether a register became a branch, which stands for the same place. */
function isPromoted(before: Child | undefined, now: Child | undefined) {
  return typeof before === "number" && typeof now === "object" &&
    now.slot === before;
}
