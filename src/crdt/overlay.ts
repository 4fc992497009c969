import type { JsonValue } from "../base/json.ts";
import type { Core } from "./core.ts";
import type { OptimisticEdit } from "./optimistic.ts";
import type { Path } from "./pattern.ts";
import type { PinnedPath } from "./pinned_path.ts";
import { type Kind, kindOf, patch, valueBelow } from "./overlay_value.ts";
import { look } from "./trail.ts";
import { Register } from "./values.ts";

interface Entry {
  readonly edit: OptimisticEdit;
  readonly pin: PinnedPath;
  /** Greater than that of those that it lies over. */
  readonly level: number;
  /** Where it is in the trie; `null` while its place is gone. */
  node: Node | null;
}

/** A place that edits are at, or below. */
class Node {
  readonly parent: Node | null;
  readonly name: string;
  readonly depth: number;
  readonly children: Map<string, Node> = new Map();
  /** Those at this place, the lowest first. */
  readonly entries: Entry[] = [];

  constructor(parent: Node | null, name: string) {
    this.parent = parent;
    this.name = name;
    this.depth = parent === null ? 0 : parent.depth + 1;
  }

  child(name: string): Node {
    let child = this.children.get(name);
    if (child === undefined) {
      child = new Node(this, name);
      this.children.set(name, child);
    }
    return child;
  }

  add(entry: Entry): void {
    const { entries } = this;
    let index = entries.length;
    while (index > 0 && (entries[index - 1] as Entry).level > entry.level) {
      index--;
    }
    entries.splice(index, 0, entry);
  }

  remove(entry: Entry): void {
    this.entries.splice(this.entries.indexOf(entry), 1);
    for (let node = this as Node; node.parent !== null; node = node.parent) {
      if (node.entries.length > 0 || node.children.size > 0) break;
      node.parent.children.delete(node.name);
    }
  }

  /** All that is below, in no order. */
  *below(): Generator<Entry> {
    for (const child of this.children.values()) {
      yield* child.entries;
      yield* child.below();
    }
  }
}

/** The edits that matter at a path. */
interface Found {
  /** The highest of those at the path, or above it. */
  readonly top: Entry | undefined;
  /** Its value, as far as it is at the path. */
  readonly value: JsonValue | undefined;
  /** What the document shows at the path. */
  readonly kind: Kind;
  /** Those below that lie over all that, in no order. */
  readonly below: Iterable<Entry>;
}

/**
 * Edits that are laid over a document, the later over the earlier. The document
 * does not know of them: taking one away is exact, and what has changed
 * underneath shows.
 *
 * They are kept as a trie of their places, in which elements of lists have their
 * own names and not indexes: only moves change where in it an edit is. What is
 * asked about a path costs as many steps as the path is long, and one for each
 * edit below it.
 */
export class Overlay {
  readonly #core: Core;
  readonly #entries: Map<OptimisticEdit, Entry> = new Map();
  #nextLevel = 0;
  #root: Node = new Node(null, "");
  /** How often places had been moved when the trie was made; -1 to make it anew. */
  #movedCount = -1;
  /** Which edits apply, while the document stays as it is. */
  readonly #applying: Map<Entry, boolean> = new Map();

  /** Makes one without edits, to be laid over a document. */
  constructor(core: Core) {
    this.#core = core;
  }

  /** How many edits there are. */
  get count(): number {
    return this.#entries.size;
  }

  /** Whether an edit is there. */
  has(edit: OptimisticEdit): boolean {
    return this.#entries.has(edit);
  }

  /** Lays an edit over all that are there. */
  add(edit: OptimisticEdit, pin: PinnedPath): void {
    const entry = { edit, pin, level: this.#nextLevel++, node: null };
    this.#entries.set(edit, entry);
    this.#place(entry);
  }

  /** Takes an edit away; returns a function that puts it back where it was. */
  remove(edit: OptimisticEdit): () => void {
    const entry = this.#entries.get(edit) as Entry;
    this.#entries.delete(edit);
    entry.node?.remove(entry);
    return () => {
      this.#entries.set(edit, entry);
      this.#place(entry);
    };
  }

  /** How to find the place of an edit; `undefined` if it is not here. */
  pinOf(edit: OptimisticEdit): PinnedPath | undefined {
    return this.#entries.get(edit)?.pin;
  }

  /** The edits that lapse at `nowMs` or before, the lowest first. */
  lapsed(nowMs: number): OptimisticEdit[] {
    return [...this.#entries.values()]
      .filter(({ edit }) => edit.lapsesAtMs <= nowMs)
      .sort((a, b) => a.level - b.level)
      .map(({ edit }) => edit);
  }

  /** Whether an edit shows at `path`, above it or below. */
  concerns(path: Path): boolean {
    const { top, below } = this.#find(path);
    return top !== undefined || this.#isAnyApplying(below);
  }

  /** What shows at `path`, where the document shows `value`. */
  show(path: Path, value: JsonValue | undefined): JsonValue | undefined {
    const { top, value: laid, below } = this.#find(path);
    let shown = top === undefined ? value : laid;
    const entries = [...below].filter((entry) => this.#applies(entry))
      .sort((a, b) => a.level - b.level);
    const copies = new Set<unknown>();
    for (const { edit, pin } of entries) {
      const rest = (pin.locate() as Path).slice(path.length);
      shown = patch(shown, rest, edit.value, copies);
    }
    return shown;
  }

  /** What kind of thing shows at `path`. */
  kindAt(path: Path): Kind {
    const { top, value, kind, below } = this.#find(path);
    const shown = top === undefined ? kind : kindOf(value);
    if (shown === "map" || shown === "list") return shown;
    // A set makes maps above, of whatever is there.
    return this.#isAnyApplying(below) ? "map" : shown;
  }

  /** Whether what shows at `path` is a value that is laid there as a whole. */
  isWhole(path: Path): boolean {
    const { top, below } = this.#find(path);
    return top?.node?.depth === path.length &&
      top.edit.put instanceof Register && !this.#isAnyApplying(below);
  }

  #isAnyApplying(entries: Iterable<Entry>): boolean {
    for (const entry of entries) if (this.#applies(entry)) return true;
    return false;
  }

  #find(path: Path): Found {
    this.#renew();
    this.#applying.clear();
    const { names, kinds } = look(this.#core, path);
    let node = this.#root;
    for (const name of names) {
      const child = node.children.get(name);
      if (child === undefined) break;
      node = child;
    }
    const top = this.#topOf(node, Infinity);
    return {
      top,
      value: top === undefined ? undefined : valueIn(top, path),
      kind: kinds[path.length] as Kind,
      below: node.depth < path.length ? [] : over(node.below(), top),
    };
  }

  /** The highest edit at a place or above it, below a level. */
  #topOf(place: Node | null, level: number): Entry | undefined {
    let top: Entry | undefined;
    for (let node = place; node !== null; node = node.parent) {
      const lowest = top?.level ?? -1;
      for (let index = node.entries.length - 1; index >= 0; index--) {
        const entry = node.entries[index] as Entry;
        if (entry.level >= level) continue;
        if (entry.level < lowest) break;
        if (!this.#applies(entry)) continue;
        top = entry;
        break;
      }
    }
    return top;
  }

  /**
   * Whether a set would have gone to the place of an edit, when it was laid over
   * those below it: a key leads through anything but a list, and makes a map of
   * it, and an index through the list that the element is in.
   */
  #applies(entry: Entry): boolean {
    const known = this.#applying.get(entry);
    if (known !== undefined) return known;
    const applies = this.#leadsOn(entry);
    this.#applying.set(entry, applies);
    return applies;
  }

  #leadsOn({ pin, node, level }: Entry): boolean {
    const path = pin.locate();
    if (path === null || node === null) return false;
    const top = this.#topOf(node.parent, level);
    if (top === undefined) {
      const { kinds } = look(this.#core, path);
      return path.every((step, index) =>
        (typeof step === "number") === (kinds[index] === "list")
      );
    }
    // The list of the element that it is in, or is, was replaced otherwise.
    const depth = (top.node as Node).depth;
    if (path.findLastIndex((step) => typeof step === "number") >= depth) {
      return false;
    }
    return path.slice(depth).every((_, index) =>
      kindOf(valueBelow(top.edit.value, path.slice(depth, depth + index))) !==
        "list"
    );
  }

  /** Makes the trie anew if something was moved, and names may be others. */
  #renew(): void {
    const { movedCount } = this.#core.tree.moves;
    if (this.#movedCount === movedCount) return;
    this.#movedCount = movedCount;
    this.#root = new Node(null, "");
    for (const entry of this.#entries.values()) this.#place(entry);
  }

  #place(entry: Entry): void {
    const names = entry.pin.names();
    if (names === null) {
      // It may come back with a transaction that is rolled back.
      this.#movedCount = -1;
      entry.node = null;
      return;
    }
    let node = this.#root;
    for (const name of names) node = node.child(name);
    node.add(entry);
    entry.node = node;
  }
}

function valueIn({ edit, node }: Entry, path: Path): JsonValue | undefined {
  const rest = path.slice((node as Node).depth);
  const isInside = edit.put instanceof Register && rest.length > 0;
  return isInside ? undefined : valueBelow(edit.value, rest);
}

function* over(
  entries: Iterable<Entry>,
  top: Entry | undefined,
): Generator<Entry> {
  for (const entry of entries) {
    if (top === undefined || entry.level > top.level) yield entry;
  }
}
