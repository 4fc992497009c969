import type { JsonValue } from "../base/json.ts";
import { Branch, type Child } from "./branch.ts";
import { entryAt, shownEntries } from "./entries.ts";
import { foldValues, type NamedMerge } from "./fold.ts";
import { LIST, MAP, NOTHING, SCALAR, type Shape, WHOLE } from "./operation.ts";
import type { Path, Step } from "./pattern.ts";
import type { CounterCell } from "./register_parts.ts";
import type { ReplicaTable } from "./replica_table.ts";
import { TextSequence } from "./sequence/text_sequence.ts";
import type { Candidate, Strategies } from "./strategies.ts";
import type { Tree } from "./tree.ts";
import { defineEntry } from "./values.ts";

/**
 * Levels that are read. Moves can put what is deep below what is deep; so many
 * levels are no document, but an attack on whoever reads it.
 */
const DEPTH_READ_MAX = 1024;

/** A value in a list in which nothing has happened yet. */
export class Plain {
  /** The value. */
  readonly value: JsonValue;

  /** Makes one of a frozen value. */
  constructor(value: JsonValue) {
    this.value = value;
  }
}

/** What stands at a path. */
export type Found = Child | Plain;

/**
 * What a document shows: values, keys and whole subtrees.
 *
 * A look-up costs one step of a `Map` for each step of its path.
 */
export class Reader {
  readonly #tree: Tree;
  readonly #replicas: ReplicaTable;
  readonly #strategies: Strategies;
  readonly #mergeNamed: NamedMerge;

  /** Makes a reader of `tree`. */
  constructor(
    tree: Tree,
    replicas: ReplicaTable,
    strategies: Strategies,
    mergeNamed: NamedMerge,
  ) {
    this.#tree = tree;
    this.#replicas = replicas;
    this.#strategies = strategies;
    this.#mergeNamed = mergeNamed;
  }

  /** What shows at `path` below `root`, or `undefined`. */
  find(root: Branch, path: Path): Found | undefined {
    let found: Found | undefined = root;
    for (const step of path) {
      if (!(found instanceof Branch)) return undefined;
      found = this.step(found, step);
    }
    return found;
  }

  /** What shows one step below, or `undefined`. */
  step(branch: Branch, step: Step): Found | undefined {
    const shape = this.#tree.shown(branch);
    if (typeof step === "string") {
      if (shape !== MAP) return undefined;
      return branch.guests === null
        ? branch.children.get(step)
        : entryAt(this.#tree, branch, step).child;
    }
    if (shape !== LIST) return undefined;
    const item = branch.list?.at(step);
    return item === undefined || item instanceof Branch
      ? item
      : new Plain(item as JsonValue);
  }

  /** What a place shows: a container, a leaf's shape, or nothing. */
  shown(found: Found): Shape {
    if (!(found instanceof Plain)) return this.#tree.shown(found);
    return typeof found.value === "object" && found.value !== null
      ? WHOLE
      : SCALAR;
  }

  /** What a place shows, containers with all that is in them. */
  read(found: Found, path: Step[]): JsonValue | undefined {
    if (found instanceof Plain) return found.value;
    const shape = this.#tree.shown(found);
    if (shape === NOTHING || path.length > DEPTH_READ_MAX) return undefined;
    if (shape === MAP) {
      // A map that nothing was ever put into is no branch yet.
      return typeof found === "number" ? {} : this.#readMap(found, path);
    }
    if (shape === LIST) {
      return typeof found === "number" ? [] : this.#readList(found, path);
    }
    return this.readLeaf(typeof found === "number" ? found : found.slot, path);
  }

  #readMap(branch: Branch, path: Step[]): JsonValue {
    const { columns, siblings, counters } = this.#tree;
    const isPlain = siblings.size === 0 && counters.size === 0;
    const object: Record<string, JsonValue> = {};
    for (const [key, child] of this.#entries(branch)) {
      let value: JsonValue | undefined;
      if (isPlain && typeof child === "number") {
        const shape = columns.shownShapeOf(child);
        if (shape === NOTHING) continue;
        value = shape === MAP
          ? {}
          : shape === LIST
          ? []
          : valueOf(columns.values[child]);
      } else {
        path.push(key);
        value = this.read(child, path);
        path.pop();
      }
      if (value !== undefined) defineEntry(object, key, value);
    }
    return object;
  }

  /** The places by key; where moves came and went, those that show. */
  #entries(branch: Branch): Iterable<[string, Child]> {
    return branch.guests === null
      ? branch.children
      : shownEntries(this.#tree, branch);
  }

  #readList(branch: Branch, path: Step[]): JsonValue {
    const items: JsonValue[] = [];
    if (branch.list === null) return items;
    // Reading below moves the position that the runs are read from.
    for (const { content } of [...branch.list.runs()]) {
      for (const item of content) {
        if (!(item instanceof Branch)) {
          items.push(item as JsonValue);
          continue;
        }
        path.push(items.length);
        items.push(this.read(item, path) ?? null);
        path.pop();
      }
    }
    return items;
  }

  /**
   * How many UTF-16 units the string has that a place shows, which costs nothing
   * for a text; 0 if it shows none.
   */
  stringLength(found: Found, path: Path): number {
    if (!(found instanceof Plain)) {
      const { columns, siblings } = this.#tree;
      const slot = typeof found === "number" ? found : found.slot;
      const value = columns.values[slot];
      const isAlone = !siblings.has(slot) && !columns.isRefused(slot) &&
        !this.isCounter(slot);
      if (value instanceof TextSequence && isAlone) return value.length;
    }
    const value = this.read(found, [...path]);
    return typeof value === "string" ? value.length : 0;
  }

  /** What a register shows by itself. */
  readLeaf(slot: number, path: Path): JsonValue {
    const { columns, siblings, counters } = this.#tree;
    const value = columns.isRefused(slot)
      ? undefined
      : valueOf(columns.values[slot]);
    if (this.isCounter(slot)) {
      const base = typeof value === "number" ? value : 0;
      // The base may be a fraction: it comes last, everywhere.
      return sumTotals(counters.get(slot) ?? []) + base;
    }
    if (!columns.isSibling(slot) || !siblings.has(slot)) {
      return value as JsonValue;
    }
    return foldValues(
      this.#strategies.valueAt(path),
      this.candidates(slot),
      this.#mergeNamed,
    );
  }

  /** Whether a register shows the sum of what was added to it. */
  isCounter(slot: number): boolean {
    const { columns, counters } = this.#tree;
    if (counters.size === 0) return false;
    const isNumber = typeof columns.values[slot] === "number" &&
      !columns.isRefused(slot);
    return counters.get(slot)?.some((cell) =>
      !cell.isDead && cell.isRefused !== true &&
      (isNumber ||
        columns.isNewer(slot, cell.stamp, cell.replica, cell.counter))
    ) ?? false;
  }

  /** All values of a register that nobody has replaced, sorted by dot. */
  candidates(slot: number): Candidate[] {
    const { columns } = this.#tree;
    const all: Candidate[] = [];
    if (columns.shownShapeOf(slot) !== NOTHING) {
      all.push({
        replica: this.#replicas.nameOf(columns.replicas[slot] as number),
        counter: columns.counters[slot] as number,
        stamp: columns.stamps[slot] as number,
        value: valueOf(columns.values[slot]) as JsonValue,
      });
    }
    const siblings = columns.isSibling(slot)
      ? this.#tree.siblings.get(slot) ?? []
      : [];
    for (
      const { replica, counter, stamp, value: kept, isRefused } of siblings
    ) {
      const value = valueOf(kept);
      if (value === undefined || isRefused === true) continue;
      const name = this.#replicas.nameOf(replica);
      all.push({ replica: name, counter, stamp, value });
    }
    return all.sort((a, b) =>
      a.replica === b.replica
        ? a.counter - b.counter
        : a.replica < b.replica
        ? -1
        : 1
    );
  }

  /** The keys of the map that shows at `branch`, in code unit order. */
  keys(branch: Branch): string[] {
    const keys: string[] = [];
    for (const [key, child] of this.#entries(branch)) {
      if (this.#tree.shown(child) !== NOTHING) keys.push(key);
    }
    return keys.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  }
}

/** What all cells add to their counter, rounded once: in any order the same. */
export function sumTotals(cells: readonly CounterCell[]): number {
  let sum = 0;
  for (const cell of cells) {
    sum += shownTotal(cell);
    if (!Number.isSafeInteger(sum)) return sumLargeTotals(cells);
  }
  return sum;
}

function sumLargeTotals(cells: readonly CounterCell[]): number {
  return Number(
    cells.reduce((sum, cell) => sum + BigInt(shownTotal(cell)), 0n),
  );
}

function shownTotal({ total, isRefused }: CounterCell): number {
  return isRefused === true ? 0 : total;
}

/** A value as it is read: a text that was edited is a string. */
export function valueOf(value: unknown): JsonValue | undefined {
  return value instanceof TextSequence
    ? value.toString()
    : value as JsonValue | undefined;
}
