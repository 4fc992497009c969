import { isRecord, type JsonValue } from "../base/json.ts";
import { applyOperation } from "./apply.ts";
import type { Author, Entries } from "./author.ts";
import { Branch, type Item } from "./branch.ts";
import type { Core } from "./core.ts";
import type { Change } from "./events.ts";
import { removePlainAt } from "./list_edits.ts";
import type { Maker, Target } from "./maker.ts";
import {
  DOCUMENT,
  Edit,
  LIST,
  MAP,
  NOTHING,
  REMOVE,
  SCALAR,
} from "./operation.ts";
import type { Path } from "./pattern.ts";
import { countNewPlaces, countPlaces } from "./places.ts";
import { checkIndex, checkRange, refusePath, resolve } from "./resolve.ts";
import type { IdRange, ItemId } from "./sequence/ids.ts";
import type { ListSequence } from "./sequence/list_sequence.ts";
import { isSamePath, pathOf } from "./told.ts";
import type { Transaction } from "./transaction.ts";
import { checkValue, DEPTH_MAX, Register } from "./values.ts";

/** Tells of elements that are removed. */
type Removal = Extract<Change, { kind: "insert" | "remove" }>;

/** Something to put into a list, checked. */
type NewItem = JsonValue | Register;

/** A list that nothing was ever put into is no branch yet. */
const EMPTY = { list: null, elementCount: 0 };

/** Edits lists. */
export class ListAuthor {
  readonly #core: Core;
  readonly #maker: Maker;
  readonly #author: Author;

  /** Makes the list half of `author`. */
  constructor(core: Core, maker: Maker, author: Author) {
    this.#core = core;
    this.#maker = maker;
    this.#author = author;
  }

  /** Puts `values` before the element at `index`, or at the end without one. */
  insert(
    transaction: Transaction,
    act: string,
    path: Path,
    index: number | undefined,
    values: readonly unknown[],
  ): void {
    const target = resolve(this.#core, act, path);
    if (path.length >= DEPTH_MAX) {
      refusePath(act, path, `an element would be below ${DEPTH_MAX} levels`);
    }
    const shown = this.#shownAt(act, target);
    const length = shown?.list?.length ?? 0;
    const at = index ?? length;
    checkIndex(act, path, at, length);
    const items: NewItem[] = [];
    let isPlain = true;
    let count = 0;
    for (let each = 0; each < values.length; each++) {
      const value = values[each];
      if (value instanceof Register) {
        items.push(value);
        isPlain = false;
      } else if (typeof value === "object" && value !== null) {
        const item = checkValue(value, [...path, at + each]);
        items.push(item);
        isPlain = false;
        count += countPlaces(item);
      } else items.push(checkValue(value));
    }
    if (items.length === 0) return;
    this.#author.checkRoom(
      count + (shown === null ? path.length + 1 : 0),
      () =>
        count +
        (shown === null ? countNewPlaces(this.#core.tree, target, []) : 0),
    );
    if (isPlain) {
      const all = items as JsonValue[];
      this.#maker.insert(transaction, target, at, SCALAR, all);
    } else {
      this.fill(transaction, target, at, items);
    }
    this.#author.tell(
      transaction,
      target,
      shown !== null
        ? { kind: "insert", path: target.path, index: at, count: items.length }
        : { kind: "set", path: target.path },
    );
  }

  /** Removes `count` elements from `index` on. */
  removeAt(
    transaction: Transaction,
    path: Path,
    index: number,
    count: number,
  ): void {
    const act = "remove";
    const target = resolve(this.#core, act, path);
    const branch = this.#shownAt(act, target);
    const list = branch?.list ?? null;
    const length = list?.length ?? 0;
    checkRange(act, path, index, count, length);
    if (!(branch instanceof Branch) || list === null || count === 0) return;
    const { tree } = this.#core;
    if (branch.elementCount === 0) {
      const operation = this.#maker.begin(
        transaction,
        REMOVE,
        target,
        NOTHING,
        undefined,
      );
      const ranges = this.#maker.change(
        transaction,
        "rest",
        () => removePlainAt(tree, branch, index, count),
      );
      operation.edit = new Edit(null, ranges, null);
      this.#maker.finish(transaction, operation);
      // It may be shown no more, if it lived on by these elements alone.
      const shown = tree.shown(branch) === LIST ? pathOf(tree, branch) : null;
      if (shown === null) return;
      transaction.addChange({ kind: "remove", path: shown, index, count });
      return;
    }
    const from = transaction.changes.length;
    this.#removeMixed(transaction, target, list, index, count);
    const change = { kind: "remove", path: target.path, index, count } as const;
    const told = transaction.changes.slice(from);
    if (told.length > 1 && isAll(told, change)) {
      transaction.replaceChanges(from, change);
    }
  }

  /** Puts checked items before the element at `index`, and all in them. */
  fill(
    transaction: Transaction,
    target: Target,
    index: number,
    items: readonly NewItem[],
  ): void {
    const nested: [id: ItemId, index: number, item: JsonValue][] = [];
    let from = 0;
    while (from < items.length) {
      const shape = this.#shapeOf(target, index + from, items[from]);
      let to = from + 1;
      while (
        to < items.length &&
        this.#shapeOf(target, index + to, items[to]) === shape
      ) to++;
      const part = items.slice(from, to);
      const value = shape === SCALAR ? part.map(valueOfItem) : part.length;
      const { replica, counter } = this.#maker.insert(
        transaction,
        target,
        index + from,
        shape,
        value,
      );
      if (shape !== SCALAR) {
        part.forEach((item, offset) =>
          nested.push([
            { replica, counter: counter + offset },
            index + from + offset,
            item as JsonValue,
          ])
        );
      }
      from = to;
    }
    const { path } = target;
    for (const [anchor, index, item] of nested) {
      const below = { anchor, keys: [], path: [...path, index] };
      if (Array.isArray(item)) this.fill(transaction, below, 0, item);
      else this.#author.fillMap(transaction, below, item as Entries);
    }
  }

  #shapeOf(
    target: Target,
    index: number,
    item: NewItem | undefined,
  ): typeof SCALAR | typeof MAP | typeof LIST {
    if (typeof item !== "object" || item instanceof Register) return SCALAR;
    if (isRecord(item)) return MAP;
    const isList = Array.isArray(item) &&
      this.#author.isList([...target.path, index]);
    return isList ? LIST : SCALAR;
  }

  /** The place, if a list shows there; `null` if nothing does. */
  #shownAt(act: string, target: Target): Branch | typeof EMPTY | null {
    const { reader, tree } = this.#core;
    const place = reader.find(tree.roots[DOCUMENT], target.path);
    const shape = place === undefined ? NOTHING : reader.shown(place);
    if (shape === NOTHING) return null;
    if (shape !== LIST) refusePath(act, target.path, "there is no list");
    return place instanceof Branch ? place : EMPTY;
  }

  /** Containers are deleted as places are; what else there is goes for good. */
  #removeMixed(
    transaction: Transaction,
    target: Target,
    list: ListSequence<Item>,
    index: number,
    count: number,
  ): void {
    const ranges: IdRange[] = [];
    const places: [place: Branch, id: ItemId][] = [];
    let left = count;
    for (const { replica, counter, content } of list.runs(index)) {
      const items = content.slice(0, left);
      let length = 0;
      for (let offset = 0; offset <= items.length; offset++) {
        const item = items[offset];
        const isPlace = item instanceof Branch &&
          (!item.isPlain || item.moved !== null);
        if (isPlace) {
          places.push([item, { replica, counter: counter + offset }]);
        }
        if (offset < items.length && !isPlace) length++;
        else if (length > 0) {
          ranges.push({ replica, counter: counter + offset - length, length });
          length = 0;
        }
      }
      left -= items.length;
      if (left === 0) break;
    }
    for (const [place, anchor] of places) {
      const path = [...target.path, list.indexOf(anchor)];
      this.#author.deletePlace(transaction, { anchor, keys: [], path }, place);
    }
    if (ranges.length === 0) return;
    const operation = this.#maker.begin(
      transaction,
      REMOVE,
      target,
      NOTHING,
      undefined,
    );
    operation.edit = new Edit(null, ranges, null);
    this.#maker.change(
      transaction,
      "all",
      () => applyOperation(this.#core.tree, operation),
    );
    this.#maker.finish(transaction, operation);
  }
}

/** Whether changes are the parts of a removal, and nothing else. */
function isAll(parts: readonly Change[], whole: Removal): boolean {
  let count = 0;
  for (const part of parts) {
    if (part.kind !== "remove" || !isSamePath(part.path, whole.path)) {
      return false;
    }
    count += part.count;
  }
  return count === whole.count;
}

function valueOfItem(item: NewItem): JsonValue {
  return item instanceof Register ? item.value : item;
}
