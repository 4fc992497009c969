import { DistflowError } from "../base/errors.ts";
import type { Author } from "./author.ts";
import type { Branch } from "./branch.ts";
import type { Core } from "./core.ts";
import type { Change } from "./events.ts";
import type { Maker, Target } from "./maker.ts";
import {
  DOCUMENT,
  Edit,
  type Kind,
  NOTHING,
  type Operation,
  SCALAR,
  TEXT_INSERT,
  TEXT_REMOVE,
} from "./operation.ts";
import type { Path } from "./pattern.ts";
import { Plain, valueOf } from "./reader.ts";
import { checkIndex, checkRange, refusePath, resolve } from "./resolve.ts";
import type { ItemId } from "./sequence/ids.ts";
import { TextSequence } from "./sequence/text_sequence.ts";
import { isFolded } from "./told.ts";
import type { Transaction } from "./transaction.ts";
import { STRING_LENGTH_MAX } from "./values.ts";

/** Edits texts. */
export class TextAuthor {
  readonly #core: Core;
  readonly #maker: Maker;
  readonly #author: Author;

  /** Makes the text half of `author`. */
  constructor(core: Core, maker: Maker, author: Author) {
    this.#core = core;
    this.#maker = maker;
    this.#author = author;
  }

  /** Writes `units` before the UTF-16 unit at `index`. */
  insert(
    transaction: Transaction,
    path: Path,
    index: number,
    units: string,
  ): void {
    const act = "insert text";
    const place = this.#find(act, path);
    const { target, id } = place;
    checkIndex(act, path, index, place.length);
    if (typeof units !== "string" || !units.isWellFormed()) {
      throw new DistflowError(
        "INVALID_VALUE",
        `Cannot ${act}: it must be a string without lone surrogates`,
      );
    }
    if (place.length + units.length > STRING_LENGTH_MAX) {
      throw new DistflowError(
        "INVALID_VALUE",
        `Cannot ${act}: the text would have more than ${STRING_LENGTH_MAX} units`,
      );
    }
    if (units === "") return;
    const text = this.#open(act, path, place, index, index);
    const operation = this.#begin(transaction, TEXT_INSERT, target, units);
    const { replica, counter } = operation;
    const origin = guard(
      act,
      path,
      () => text.insertAt(index, units, replica, counter),
    );
    const range = { replica, counter, length: units.length };
    this.#core.tree.journal?.addInsert(text, range);
    operation.edit = new Edit(origin, null, id);
    this.#maker.finish(transaction, operation);
    this.#tell(transaction, target, {
      kind: "text-insert",
      path: target.path,
      index,
      text: units,
    });
  }

  /** Takes `count` UTF-16 units out, from `index` on. */
  remove(
    transaction: Transaction,
    path: Path,
    index: number,
    count: number,
  ): void {
    const act = "delete text";
    const place = this.#find(act, path);
    const { target, id } = place;
    checkRange(act, path, index, count, place.length);
    if (count === 0) return;
    const text = this.#open(act, path, place, index, index + count);
    const operation = this.#begin(transaction, TEXT_REMOVE, target, undefined);
    const removed = guard(act, path, () => text.removeAt(index, count));
    this.#core.tree.journal?.addRemove(text, removed);
    const ranges = removed.map(({ replica, counter, length }) => ({
      replica,
      counter,
      length,
    }));
    operation.edit = new Edit(null, ranges, id);
    this.#maker.finish(transaction, operation);
    this.#tell(transaction, target, {
      kind: "text-remove",
      path: target.path,
      index,
      count,
    });
  }

  /** Tells of an edit, after which a strategy may show another value. */
  #tell(transaction: Transaction, target: Target, change: Change): void {
    const { tree } = this.#core;
    const { anchor, keys, path } = target;
    const slot = tree.siblings.size + tree.counters.size === 0
      ? undefined
      : tree.registerAt(DOCUMENT, anchor, keys);
    transaction.addChange(
      isFolded(tree, slot) ? { kind: "set", path } : change,
    );
  }

  /** The text that shows at `path`. */
  #find(act: string, path: Path): TextPlace {
    const { tree, reader } = this.#core;
    const target = resolve(this.#core, act, path);
    const found = reader.find(tree.roots[DOCUMENT], target.path);
    if (found === undefined || reader.shown(found) !== SCALAR) {
      refusePath(act, path, "there is no text");
    }
    if (found instanceof Plain && typeof found.value !== "string") {
      refusePath(act, path, "there is no text");
    }
    if (found instanceof Plain) {
      const string = found.value as string;
      const id = target.anchor as ItemId;
      return { target, slot: null, id, string, length: string.length };
    }
    const slot = typeof found === "number" ? found : found.slot;
    const id = this.#idOf(slot, target.path);
    const value = id === null ? undefined : tree.valueAt(slot, id);
    if (
      id === null ||
      (typeof value !== "string" && !(value instanceof TextSequence))
    ) return refusePath(act, path, "there is no text");
    const string = typeof value === "string" ? value : null;
    return { target, slot, id, string, length: value.length };
  }

  /**
   * The text at a place, which becomes one that can be edited, now that it will
   * be, from `start` to `end`. An edit that is refused must not leave one.
   */
  #open(
    act: string,
    path: Path,
    { slot, id, string }: TextPlace,
    start: number,
    end: number,
  ): TextSequence {
    if (string !== null) {
      for (const index of [start, end]) {
        if (!splitsPair(string, index)) continue;
        refusePath(act, path, `index ${index} is inside a surrogate pair`);
      }
    }
    const { tree } = this.#core;
    if (slot !== null) return tree.textAt(slot, id) as TextSequence;
    this.#author.checkRoom(1);
    const element = tree.elementAt(id) as Branch;
    return tree.textAt(element.slot, id) as TextSequence;
  }

  /** The dot of the string that a register shows. */
  #idOf(slot: number, path: Path): ItemId | null {
    const { tree, reader } = this.#core;
    const { columns } = tree;
    const own = {
      replica: columns.replicas[slot] as number,
      counter: columns.counters[slot] as number,
    };
    const siblings = tree.siblings.get(slot) ?? [];
    if (!isFolded(tree, slot)) return own;
    const shown = reader.readLeaf(slot, path);
    if (typeof shown !== "string") return null;
    if (valueOf(columns.values[slot]) === shown) return own;
    return siblings.find(({ value }) => valueOf(value) === shown) ?? null;
  }

  #begin(
    transaction: Transaction,
    kind: Kind,
    target: Target,
    units: string | undefined,
  ): Operation {
    return this.#maker.begin(transaction, kind, target, NOTHING, units);
  }
}

/** Where a text is. */
interface TextPlace {
  readonly target: Target;
  /** Its register; `null` for an element in which nothing has happened. */
  readonly slot: number | null;
  readonly id: ItemId;
  /** The text, if it was never edited. */
  readonly string: string | null;
  readonly length: number;
}

function splitsPair(text: string, index: number): boolean {
  return index > 0 && (text.codePointAt(index - 1) ?? 0) > 0xffff;
}

/** Does an edit that the sequence refuses between the halves of a pair. */
function guard<Result>(act: string, path: Path, edit: () => Result): Result {
  try {
    return edit();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return refusePath(act, path, error.message);
  }
}
