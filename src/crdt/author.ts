import { DistflowError } from "../base/errors.ts";
import { isRecord, type JsonValue } from "../base/json.ts";
import { Branch } from "./branch.ts";
import type { Core } from "./core.ts";
import { entryAt, livingAt } from "./entries.ts";
import type { Change } from "./events.ts";
import { compareValues, uniteValues } from "./fold.ts";
import { ListAuthor } from "./list_author.ts";
import { baseOf, Maker, type Target, totalOf } from "./maker.ts";
import { MoveAuthor } from "./move_author.ts";
import {
  DELETE,
  DOCUMENT,
  INCREMENT,
  LIST,
  MAP,
  NOTHING,
  SCALAR,
  SET,
  SETTINGS,
  type Shape,
  WHOLE,
} from "./operation.ts";
import type { Path, Step } from "./pattern.ts";
import { countNewPlaces, countPlaces } from "./places.ts";
import { Plain } from "./reader.ts";
import { resolve } from "./resolve.ts";
import type { ValueStrategy } from "./strategies.ts";
import { TextAuthor } from "./text_author.ts";
import { entryNow, isShownAtAddress } from "./told.ts";
import type { Transaction } from "./transaction.ts";
import { checkValue, Register } from "./values.ts";

/** No total of a counter is greater: sums of them stay exact. */
const TOTAL_MAX = 2 ** 51;

/**
 * Makes operations: resolves a path, asks the strategies, and writes down what
 * is needed of the past. Everything is checked before anything changes.
 */
export class Author {
  /** Registers that the document may have, for local operations. */
  readonly registerCountMax: number;
  /** Edits lists. */
  readonly lists: ListAuthor;
  /** Edits texts. */
  readonly texts: TextAuthor;
  /** Moves places. */
  readonly moves: MoveAuthor;
  readonly #core: Core;
  readonly #maker: Maker;

  /** Makes the author of `core`. */
  constructor(core: Core, registerCountMax: number) {
    this.#core = core;
    this.#maker = new Maker(core);
    this.registerCountMax = registerCountMax;
    this.lists = new ListAuthor(core, this.#maker, this);
    this.texts = new TextAuthor(core, this.#maker, this);
    this.moves = new MoveAuthor(core, this.#maker, this);
  }

  /** Sets what shows at `path`. */
  set(transaction: Transaction, path: Path, value: unknown): void {
    const target = resolve(this.#core, "set", path);
    if (value instanceof Register) {
      if (path.length === 0) refuseRoot();
      this.checkRoom(1, () => countNewPlaces(this.#core.tree, target, null));
      this.#setLeaf(transaction, target, WHOLE, value.value);
    } else {
      // The path counts, too: no operation goes deeper than others accept.
      const checked = typeof value === "object" && value !== null
        ? checkValue(value, [...path])
        : checkValue(value);
      if (path.length === 0 && !isRecord(checked)) refuseRoot();
      this.checkRoom(
        countPlaces(checked),
        () => countNewPlaces(this.#core.tree, target, checked),
      );
      this.setTree(transaction, target, checked);
    }
    this.tell(transaction, target, { kind: "set", path: target.path });
  }

  /** Deletes what shows at `path`; returns whether anything did. */
  delete(transaction: Transaction, path: Path): boolean {
    const { tree, reader } = this.#core;
    const index = path[path.length - 1];
    const place = reader.find(tree.roots[DOCUMENT], path);
    if (place === undefined || reader.shown(place) === NOTHING) {
      // It may be no path at all.
      if (place === undefined && typeof index !== "number") {
        resolve(this.#core, "delete", path);
      }
      return false;
    }
    if (typeof index === "number") {
      this.lists.removeAt(transaction, path.slice(0, -1), index, 1);
      return true;
    }
    const target = resolve(this.#core, "delete", path);
    if (path.length === 0) {
      this.#maker.make(transaction, SET, target, MAP, undefined);
      transaction.addChange({ kind: "set", path: target.path });
      return true;
    }
    const parent = reader.find(tree.roots[DOCUMENT], path.slice(0, -1));
    if (!this.deleteOthers(transaction, path, null)) {
      this.deletePlace(transaction, target, place as Branch | number);
    }
    // What was above may be shown no more, as it had nothing else.
    const change = entryNow(tree, parent as Branch, index as string);
    if (change !== null) transaction.addChange(change);
    return true;
  }

  /** Deletes a place and what it holds. */
  deletePlace(
    transaction: Transaction,
    target: Target,
    place: Branch | number,
  ): void {
    const slot = typeof place === "number" ? place : place.slot;
    const base = baseOf(this.#core.tree, slot);
    this.#maker.make(transaction, DELETE, target, NOTHING, base);
  }

  /**
   * Deletes all that lives at an entry of a map, shown or not, but for `kept`;
   * returns whether there can be more than one thing.
   */
  deleteOthers(
    transaction: Transaction,
    path: Path,
    kept: Branch | null,
  ): boolean {
    const { tree, reader } = this.#core;
    const above = path.slice(0, -1);
    const parent = reader.find(tree.roots[DOCUMENT], above);
    if (!(parent instanceof Branch) || parent.guests === null) return false;
    const { anchor, keys } = resolve(this.#core, "delete", above);
    const key = path[path.length - 1] as string;
    for (const { child, key: inner, move } of livingAt(tree, parent, key)) {
      if (child === undefined || child === kept) continue;
      const target = move === null
        ? { anchor, keys: [...keys, inner as string], path }
        : {
          anchor: { replica: move.replica, counter: move.counter },
          keys: [],
          path,
        };
      this.deletePlace(transaction, target, child);
    }
    return true;
  }

  /** Tells of a change, unless it is made in something that does not show. */
  tell(
    transaction: Transaction,
    { anchor, keys }: Target,
    change: Change,
  ): void {
    const isShown = isShownAtAddress(this.#core.tree, { anchor, path: keys });
    if (isShown) transaction.addChange(change);
  }

  /** Adds to the counter at `path`. */
  increment(transaction: Transaction, path: Path, by: number): void {
    const target = resolve(this.#core, "increment", path);
    const refuse = (why: string): never => {
      const at = JSON.stringify(path);
      throw new DistflowError(
        "INVALID_VALUE",
        `Cannot increment ${at} by ${by}: ${why}`,
      );
    };
    if (!Number.isSafeInteger(by) || path.length === 0) {
      refuse("it must be a safe integer");
    }
    const { tree, self } = this.#core;
    const shown = this.#shownAt(target.path);
    if (shown !== undefined && typeof shown !== "number") {
      refuse("it holds no number");
    }
    this.checkRoom(1, () => countNewPlaces(this.#core.tree, target, null));
    const slot = this.#core.tree.registerAt(
      DOCUMENT,
      target.anchor,
      target.keys,
    );
    const own = slot === undefined ? undefined : tree.counters.get(slot)
      ?.find(({ replica }) => replica === self);
    const total = (own?.total ?? 0) + by;
    if (Math.abs(total) > TOTAL_MAX) refuse("the total would not be exact");
    this.#maker.make(transaction, INCREMENT, target, NOTHING, total);
    this.tell(transaction, target, { kind: "increment", path: target.path });
  }

  /** Writes a setting, which is a register as any other. */
  configure(
    transaction: Transaction,
    keys: readonly string[],
    value: JsonValue,
  ): void {
    const target = { anchor: null, keys, path: keys };
    this.#maker.make(transaction, SET, target, WHOLE, value, false, SETTINGS);
  }

  /**
   * Refuses to go beyond the limit.
   *
   * @param countMax How many registers an edit adds at most.
   * @param count How many it does; asked near the limit, where keys that are
   * there already may be set all the same.
   * @throws {DistflowError} `LIMIT_REACHED` if there is no room for them.
   */
  checkRoom(countMax: number, count: () => number = () => countMax): void {
    const { registerCount } = this.#core.tree;
    const max = this.registerCountMax;
    if (registerCount + countMax <= max) return;
    const added = count();
    if (added === 0 || registerCount + added <= max) return;
    throw new DistflowError(
      "LIMIT_REACHED",
      `Cannot add ${added} registers: the document has ${registerCount} of ${max}. What was deleted counts until compact() forgets it; or raise registerCountMax`,
      { details: { limit: "registers", max } },
    );
  }

  /** Sets a place to a value that was checked, and all that is in it. */
  setTree(transaction: Transaction, target: Target, value: JsonValue): void {
    if (isRecord(value)) {
      this.#maker.make(transaction, SET, target, MAP, undefined);
      this.fillMap(transaction, target, value as Entries);
    } else if (Array.isArray(value) && this.isList(target.path)) {
      this.#maker.make(transaction, SET, target, LIST, undefined);
      this.lists.fill(transaction, target, 0, value);
    } else {
      const shape = Array.isArray(value) ? WHOLE : SCALAR;
      this.#setLeaf(transaction, target, shape, value);
    }
  }

  /** Sets the entries of an object at a place that was set to a map. */
  fillMap(transaction: Transaction, target: Target, entries: Entries): void {
    for (const [key, value] of Object.entries(entries)) {
      this.setTree(transaction, this.#below(target, key), value);
    }
  }

  /** Where the entry at `key` of a place is set. */
  #below({ anchor, keys, path }: Target, key: string): Target {
    const { tree } = this.#core;
    const place = tree.moves.nodes.size > 0
      ? tree.childAt(DOCUMENT, anchor, keys)
      : undefined;
    if (typeof place !== "object" || place.guests === null) {
      const below = [...keys, key];
      return {
        anchor,
        keys: below,
        path: path === keys ? below : [...path, key],
      };
    }
    const { key: inner, move } = entryAt(tree, place, key);
    return move === null
      ? { anchor, keys: [...keys, inner as string], path: [...path, key] }
      : {
        anchor: { replica: move.replica, counter: move.counter },
        keys: [],
        path: [...path, key],
      };
  }

  /** Whether an array at `path` becomes a list, not one value. */
  isList(path: readonly Step[]): boolean {
    const { strategies } = this.#core;
    return strategies.isEmpty || strategies.valueAt(path) === "lww";
  }

  #setLeaf(
    transaction: Transaction,
    target: Target,
    shape: Shape,
    value: JsonValue,
  ): void {
    const { strategies, tree } = this.#core;
    const strategy = strategies.isEmpty
      ? "lww"
      : strategies.valueAt(target.path);
    const written = strategy === "lww"
      ? value
      : this.#fold(strategy, target.path, value);
    const slot = tree.counters.size === 0
      ? undefined
      : this.#core.tree.registerAt(DOCUMENT, target.anchor, target.keys);
    const total = slot === undefined || typeof written !== "number"
      ? 0
      : totalOf(tree, slot);
    this.#maker.make(
      transaction,
      SET,
      target,
      typeof written === "object" && written !== null ? WHOLE : shape,
      total === 0 ? written : written as number - total,
      strategy !== "lww",
    );
  }

  /** What is written so that a grow-only register never shrinks. */
  #fold(
    strategy: ValueStrategy,
    path: Path,
    value: JsonValue,
  ): JsonValue {
    if (strategy !== "max" && strategy !== "min" && strategy !== "set-union") {
      return value;
    }
    const shown = this.#shownAt(path);
    if (shown === undefined) {
      return strategy === "set-union" ? uniteValues([value]) : value;
    }
    if (strategy === "set-union") return uniteValues([shown, value]);
    const order = compareValues(shown, value);
    return (strategy === "max" ? order > 0 : order < 0) ? shown : value;
  }

  #shownAt(path: Path): JsonValue | undefined {
    const { tree, reader } = this.#core;
    const place = reader.find(tree.roots[DOCUMENT], path);
    if (place === undefined) return undefined;
    return place instanceof Plain ? place.value : reader.read(place, [...path]);
  }
}

function refuseRoot(): never {
  throw new DistflowError(
    "INVALID_VALUE",
    "Cannot set the whole document to anything but an object",
  );
}

/** The entries of an object. */
export type Entries = { readonly [key: string]: JsonValue };
