import type { JsonValue } from "../base/json.ts";
import type { Branch, Child } from "./branch.ts";
import { foldValues, type NamedMerge } from "./fold.ts";
import { MAP, NOTHING } from "./operation.ts";
import type { Path, Step } from "./pattern.ts";
import type { ReplicaTable } from "./replica_table.ts";
import type { Candidate, Strategies } from "./strategies.ts";
import type { Tree } from "./tree.ts";
import { defineEntry } from "./values.ts";

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

  /** The place that shows at `path` below `root`, or `undefined`. */
  find(root: Branch, path: Path): Child | undefined {
    let child: Child | undefined = root;
    for (const step of path) {
      if (typeof child !== "object") return undefined;
      child = this.step(child, step);
    }
    return child;
  }

  /** The place that shows one step below, or `undefined`. */
  step(branch: Branch, step: Step): Child | undefined {
    if (this.#tree.shown(branch) !== MAP) return undefined;
    return branch.children.get(String(step));
  }

  /** What a place shows, containers with all that is in them. */
  read(child: Child, path: Step[]): JsonValue | undefined {
    const shape = this.#tree.shown(child);
    if (shape === NOTHING) return undefined;
    if (shape === MAP) {
      // A map that nothing was ever put into is no branch yet.
      return typeof child === "number" ? {} : this.#readMap(child, path);
    }
    return this.readLeaf(typeof child === "number" ? child : child.slot, path);
  }

  #readMap(branch: Branch, path: Step[]): JsonValue {
    const { columns, siblings, counters } = this.#tree;
    const isPlain = siblings.size === 0 && counters.size === 0;
    const object: Record<string, JsonValue> = {};
    for (const [key, child] of branch.children) {
      let value: JsonValue | undefined;
      if (isPlain && typeof child === "number") {
        const shape = columns.shapeOf(child);
        if (shape === NOTHING) continue;
        value = shape === MAP ? {} : columns.values[child] as JsonValue;
      } else {
        path.push(key);
        value = this.read(child, path);
        path.pop();
      }
      if (value !== undefined) defineEntry(object, key, value);
    }
    return object;
  }

  /** What a register shows by itself. */
  readLeaf(slot: number, path: Path): JsonValue {
    const { columns, siblings, counters } = this.#tree;
    const value = columns.values[slot] as JsonValue | undefined;
    if (this.isCounter(slot)) {
      const base = typeof value === "number" ? value : 0;
      // Totals are integers, so the order of the sum does not matter.
      return (counters.get(slot) ?? [])
        .reduce((sum, { total }) => sum + total, base);
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
    const isNumber = typeof columns.values[slot] === "number";
    return counters.get(slot)?.some((cell) =>
      !cell.isDead &&
      (isNumber ||
        columns.isNewer(slot, cell.stamp, cell.replica, cell.counter))
    ) ?? false;
  }

  /** All values of a register that nobody has replaced, sorted by dot. */
  candidates(slot: number): Candidate[] {
    const { columns } = this.#tree;
    const all: Candidate[] = [];
    if (columns.shapeOf(slot) !== NOTHING) {
      all.push({
        replica: this.#replicas.nameOf(columns.replicas[slot] as number),
        counter: columns.counters[slot] as number,
        stamp: columns.stamps[slot] as number,
        value: columns.values[slot] as JsonValue,
      });
    }
    const siblings = columns.isSibling(slot)
      ? this.#tree.siblings.get(slot) ?? []
      : [];
    for (const { replica, counter, stamp, value } of siblings) {
      if (value === undefined) continue;
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
    for (const [key, child] of branch.children) {
      if (this.#tree.shown(child) !== NOTHING) keys.push(key);
    }
    return keys.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  }
}
