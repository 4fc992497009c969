import { DistflowError } from "../base/errors.ts";
import { isRecord, type JsonValue } from "../base/json.ts";
import type { Branch, Child } from "./branch.ts";
import type { Core } from "./core.ts";
import { compareValues, uniteValues } from "./fold.ts";
import {
  DELETE,
  DELETE_WINS,
  DOCUMENT,
  INCREMENT,
  MAP,
  NOTHING,
  Operation,
  SCALAR,
  SET,
  SETTINGS,
  type Shape,
  type Space,
  WHOLE,
} from "./operation.ts";
import type { Path } from "./pattern.ts";
import type { ValueStrategy } from "./strategies.ts";
import type { Transaction } from "./transaction.ts";
import { checkValue, DEPTH_MAX, isKey, Register } from "./values.ts";

/** No total of a counter is greater: sums of them stay exact. */
const TOTAL_MAX = 2 ** 51;

/**
 * Makes operations: resolves a path, asks the strategies, and writes down what
 * is needed of the past. Everything is checked before anything changes.
 */
export class Author {
  /** Registers that the document may have, for local operations. */
  readonly registerCountMax: number;
  readonly #core: Core;

  /** Makes the author of `core`. */
  constructor(core: Core, registerCountMax: number) {
    this.#core = core;
    this.registerCountMax = registerCountMax;
  }

  /** Sets what shows at `path`. */
  set(transaction: Transaction, path: Path, value: unknown): void {
    const keys = this.#keys("set", path);
    if (value instanceof Register) {
      this.#checkRoom(1);
      this.#setLeaf(transaction, keys, WHOLE, value.value);
    } else {
      // The path counts, too: no operation goes deeper than others accept.
      const checked = checkValue(value, [...keys]);
      if (isRecord(checked)) {
        this.#checkRoom(countPlaces(checked));
        this.#setTree(transaction, keys, checked as Entries);
      } else if (keys.length === 0) {
        throw new DistflowError(
          "INVALID_VALUE",
          "Cannot set the whole document to anything but an object",
        );
      } else {
        this.#checkRoom(1);
        this.#setLeaf(
          transaction,
          keys,
          Array.isArray(checked) ? WHOLE : SCALAR,
          checked,
        );
      }
    }
    transaction.changes.push({ kind: "set", path: keys });
  }

  /** Deletes what shows at `path`; returns whether anything did. */
  delete(transaction: Transaction, path: Path): boolean {
    const keys = this.#keys("delete", path);
    const { tree, reader } = this.#core;
    const place = reader.find(tree.roots[DOCUMENT], keys);
    if (place === undefined || tree.shown(place) === NOTHING) return false;
    if (keys.length === 0) {
      this.#make(transaction, SET, DOCUMENT, keys, MAP, undefined);
    } else {
      const slot = typeof place === "number" ? place : place.slot;
      const total = this.#total(slot);
      const base = total === 0 ? undefined : -total;
      this.#make(transaction, DELETE, DOCUMENT, keys, NOTHING, base);
    }
    transaction.changes.push({ kind: "delete", path: keys });
    return true;
  }

  /** Adds to the counter at `path`. */
  increment(transaction: Transaction, path: Path, by: number): void {
    const keys = this.#keys("increment", path);
    if (!Number.isSafeInteger(by) || keys.length === 0) {
      throw new DistflowError(
        "INVALID_VALUE",
        `Cannot increment ${
          JSON.stringify(path)
        } by ${by}: it must be a safe integer`,
      );
    }
    const { tree, reader, self } = this.#core;
    const place = reader.find(tree.roots[DOCUMENT], keys);
    const shown = place === undefined
      ? undefined
      : reader.read(place, [...keys]);
    if (shown !== undefined && typeof shown !== "number") {
      throw new DistflowError(
        "INVALID_VALUE",
        `Cannot increment ${JSON.stringify(path)}: it holds no number`,
      );
    }
    this.#checkRoom(1);
    const slot = typeof place === "object" ? place.slot : place;
    const own = slot === undefined ? undefined : tree.counters.get(slot)
      ?.find(({ replica }) => replica === self);
    const total = (own?.total ?? 0) + by;
    if (Math.abs(total) > TOTAL_MAX) {
      throw new DistflowError(
        "INVALID_VALUE",
        `Cannot increment ${
          JSON.stringify(path)
        } by ${by}: the total would not be exact`,
      );
    }
    this.#make(transaction, INCREMENT, DOCUMENT, keys, NOTHING, total);
    transaction.changes.push({ kind: "increment", path: keys });
  }

  /** Writes a setting, which is a register as any other. */
  configure(
    transaction: Transaction,
    keys: readonly string[],
    value: JsonValue,
  ): void {
    this.#make(transaction, SET, SETTINGS, keys, WHOLE, value);
  }

  /** The steps of `path` as keys, copied. */
  #keys(act: string, path: Path): string[] {
    if (!Array.isArray(path) || path.length > DEPTH_MAX) {
      throw new DistflowError(
        "INVALID_PATH",
        `Cannot ${act} as the path must be an array of at most ${DEPTH_MAX} steps`,
      );
    }
    const keys: string[] = [];
    for (const step of path) {
      if (!isKey(step)) {
        throw new DistflowError(
          "INVALID_PATH",
          `Cannot ${act} at ${JSON.stringify(path)}: ${
            JSON.stringify(step)
          } is not a key of a map`,
        );
      }
      keys.push(step);
    }
    return keys;
  }

  #checkRoom(count: number): void {
    const { columns } = this.#core.tree;
    if (columns.count + count <= this.registerCountMax) return;
    throw new DistflowError(
      "LIMIT_REACHED",
      `Cannot add ${count} registers: the document has ${columns.count} of ${this.registerCountMax}`,
      { details: { limit: "registers", max: this.registerCountMax } },
    );
  }

  #setTree(transaction: Transaction, keys: string[], value: Entries): void {
    this.#make(transaction, SET, DOCUMENT, keys, MAP, undefined);
    for (const [key, entry] of Object.entries(value)) {
      const path = [...keys, key];
      if (isRecord(entry)) this.#setTree(transaction, path, entry as Entries);
      else {
        this.#setLeaf(
          transaction,
          path,
          Array.isArray(entry) ? WHOLE : SCALAR,
          entry,
        );
      }
    }
  }

  #setLeaf(
    transaction: Transaction,
    keys: readonly string[],
    shape: Shape,
    value: JsonValue,
  ): void {
    const { strategies } = this.#core;
    const strategy = strategies.isEmpty ? "lww" : strategies.valueAt(keys);
    const written = strategy === "lww"
      ? value
      : this.#fold(strategy, keys, value);
    const slot = this.#core.tree.counters.size === 0
      ? undefined
      : this.#core.slotAt(DOCUMENT, keys);
    const total = slot === undefined || typeof written !== "number"
      ? 0
      : this.#total(slot);
    this.#make(
      transaction,
      SET,
      DOCUMENT,
      keys,
      typeof written === "object" && written !== null ? WHOLE : shape,
      total === 0 ? written : written as number - total,
      strategy !== "lww",
    );
  }

  /** What is written so that a grow-only register never shrinks. */
  #fold(
    strategy: ValueStrategy,
    keys: readonly string[],
    value: JsonValue,
  ): JsonValue {
    if (strategy !== "max" && strategy !== "min" && strategy !== "set-union") {
      return value;
    }
    const { tree, reader } = this.#core;
    const place = reader.find(tree.roots[DOCUMENT], keys);
    const shown = place === undefined
      ? undefined
      : reader.read(place, [...keys]);
    if (shown === undefined) {
      return strategy === "set-union" ? uniteValues([value]) : value;
    }
    if (strategy === "set-union") return uniteValues([shown, value]);
    const order = compareValues(shown, value);
    return (strategy === "max" ? order > 0 : order < 0) ? shown : value;
  }

  /** The sum of all totals of a counter. */
  #total(slot: number): number {
    return this.#core.tree.counters.get(slot)
      ?.reduce((sum, { total }) => sum + total, 0) ?? 0;
  }

  #make(
    transaction: Transaction,
    kind: typeof SET | typeof DELETE | typeof INCREMENT,
    space: Space,
    keys: readonly string[],
    shape: Shape,
    value: JsonValue | undefined,
    isSibling = false,
  ): void {
    const { vector, self, tree, strategies, replicas } = this.#core;
    const counter = vector.get(self) + 1;
    const operation = new Operation(
      self,
      counter,
      transaction.stamp,
      kind,
      keys,
      shape,
      value,
    );
    operation.space = space;
    operation.isSibling = isSibling ||
      (kind === DELETE && !strategies.isEmpty &&
        strategies.valueAt(keys) !== "lww");
    if (replicas.count > 1) operation.after = this.#after(space, keys);
    if (kind !== INCREMENT) {
      if (!strategies.isEmpty && space === DOCUMENT) {
        operation.mode = strategies.hierarchyAt(keys);
      }
      const place = this.#core.childAt(space, keys);
      if (typeof place === "object") this.#takeAway(operation, place);
    }
    tree.apply(operation);
    vector.raise(self, counter + operation.length - 1);
    transaction.operations.push(operation);
    if (space === SETTINGS) this.#core.loadSettings();
  }

  #takeAway(operation: Operation, place: Branch): void {
    if (operation.mode === DELETE_WINS) operation.isBarrier = true;
    else if (place.liveCount > 0) {
      operation.covers = this.#core.vector.clone();
    }
  }

  /** The dots by others that an assignment at a place replaces or must know. */
  #after(space: Space, keys: readonly string[]): readonly number[] | null {
    const { tree, self } = this.#core;
    const { columns, siblings, counters } = tree;
    const dots = new Map<number, number>();
    const add = (replica: number, counter: number) => {
      if (replica === self || counter <= (dots.get(replica) ?? 0)) return;
      dots.set(replica, counter);
    };
    let child: Child | undefined = tree.roots[space];
    for (const key of keys) {
      if (typeof child !== "object") break;
      child.barrier?.forEach(add);
      const { slot, claimStamp, claimReplica, claimCounter } = child;
      const isReplaced = (columns.stamps[slot] as number) >= 0 &&
        columns.shapeOf(slot) !== MAP &&
        !columns.isNewer(slot, claimStamp, claimReplica, claimCounter);
      if (isReplaced) {
        add(columns.replicas[slot] as number, columns.counters[slot] as number);
      }
      child = child.children.get(key);
    }
    const slot = typeof child === "object" ? child.slot : child;
    if (slot !== undefined) {
      if ((columns.stamps[slot] as number) >= 0) {
        add(columns.replicas[slot] as number, columns.counters[slot] as number);
      }
      for (const { replica, counter } of siblings.get(slot) ?? []) {
        add(replica, counter);
      }
      for (const { replica, counter } of counters.get(slot) ?? []) {
        add(replica, counter);
      }
    }
    return dots.size === 0 ? null : [...dots].flat();
  }
}

type Entries = { readonly [key: string]: JsonValue };

/** How many registers an object makes at most. */
function countPlaces(value: JsonValue): number {
  if (!isRecord(value)) return 1;
  return Object.values(value as Entries)
    .reduce((sum: number, entry) => sum + countPlaces(entry), 1);
}
