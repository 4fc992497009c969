// The document by definition: operations are a set, and what they show is
// computed from scratch, in the words of src/crdt/README.md.
import type { JsonValue } from "../../src/base/json.ts";
import type { OperationJson } from "../../src/crdt/operation_json.ts";
import { Strategies } from "../../src/crdt/strategies.ts";
import { foldValues } from "../../src/crdt/fold.ts";
import type { MergeFunction } from "../../src/crdt/strategies.ts";
import { defineEntry } from "../../src/crdt/values.ts";

type Operation = OperationJson;
type Keys = readonly string[];

/** What a place is; a leaf has its value. */
type Shown =
  | { readonly kind: "nothing" | "map" | "list" }
  | { readonly kind: "leaf"; readonly value: JsonValue };

const NOTHING: Shown = { kind: "nothing" };

/** Whether `a` is greater than `b`: by stamp, then name, then counter. */
function isAbove(a: Operation, b: Operation): boolean {
  for (const index of [0, 1] as const) {
    if (a.stamp[index] !== b.stamp[index]) {
      return a.stamp[index] > b.stamp[index];
    }
  }
  if (a.dot[0] !== b.dot[0]) return a.dot[0] > b.dot[0];
  return a.dot[1] > b.dot[1];
}

function greatest(operations: readonly Operation[]): Operation | undefined {
  return operations.reduce<Operation | undefined>(
    (best, each) => best === undefined || isAbove(each, best) ? each : best,
    undefined,
  );
}

function hasSeen(
  operation: Operation,
  [name, counter]: readonly [string, number],
) {
  if (operation.dot[0] === name) return counter < operation.dot[1];
  return (operation.after ?? []).some(([other, seen]) =>
    other === name && counter <= seen
  );
}

function isPrefix(prefix: Keys, path: Keys): boolean {
  return prefix.length <= path.length &&
    prefix.every((key, index) => key === path[index]);
}

function isSame(a: Keys, b: Keys): boolean {
  return a.length === b.length && isPrefix(a, b);
}

/** The state of a document that has applied exactly `operations`. */
export class Model {
  readonly #operations: readonly Operation[];
  readonly #strategies = new Strategies();
  readonly #merges: { readonly [name: string]: MergeFunction };

  constructor(
    operations: readonly Operation[],
    merges: { readonly [name: string]: MergeFunction } = {},
  ) {
    this.#merges = merges;
    const settings = operations.filter((each) => each.settings === true);
    this.#operations = settings;
    const { strategy } = this.#read([]) as Record<string, never>;
    this.#strategies.load(strategy ?? {});
    this.#operations = operations.filter((each) => each.settings !== true);
  }

  toJSON(): JsonValue {
    return this.#read([]) ?? {};
  }

  /** Whether something at `above`, or above that, hides `operation`. */
  #isHidden(operation: Operation, above: Keys): boolean {
    const [name, counter] = operation.dot;
    return this.#operations.some((other) =>
      isPrefix(other.path, above) && (
        counter <= (other.covers?.[name] ?? 0) ||
        (other.barrier === true && other !== operation &&
          !hasSeen(operation, other.dot))
      )
    );
  }

  /** Whether it is hidden where it is: by something strictly above. */
  #isGone(operation: Operation): boolean {
    return operation.path.length > 0 &&
      this.#isHidden(operation, operation.path.slice(0, -1));
  }

  #leaf(path: Keys): Shown {
    const here = this.#operations.filter((each) => isSame(each.path, path));
    const assigns = here.filter(({ kind }) =>
      kind === "set" || kind === "delete"
    );
    const winner = greatest(assigns);
    const living = winner !== undefined && !this.#isGone(winner)
      ? winner
      : undefined;
    const cells = [...new Set(here.map(({ dot }) => dot[0]))].flatMap(
      (name) => {
        const own = here.filter((each) =>
          each.kind === "increment" && each.dot[0] === name
        );
        const last = own.reduce<Operation | undefined>(
          (best, each) => best && best.dot[1] > each.dot[1] ? best : each,
          undefined,
        );
        return last === undefined || this.#isGone(last) ? [] : [last];
      },
    );
    const isCounted = cells.some((cell) =>
      winner === undefined || isAbove(cell, winner)
    );
    const base = living?.value;
    const siblings = winner?.sibling !== true
      ? []
      : assigns.filter((each) =>
        each !== winner && each.sibling === true && each.kind === "set" &&
        !this.#isGone(each) &&
        !assigns.some((other) => hasSeen(other, each.dot))
      );
    const isLive = living?.kind === "set" || siblings.length > 0 || isCounted;
    if (!isLive) return NOTHING;
    if (living?.type === "map") return { kind: "map" };
    if (cells.length > 0 && (typeof base === "number" || isCounted)) {
      const start = typeof base === "number" ? base : 0;
      return {
        kind: "leaf",
        value: cells.reduce((sum, { value }) => sum + Number(value), start),
      };
    }
    if (winner?.sibling !== true) {
      return { kind: "leaf", value: base as JsonValue };
    }
    const values = [...living?.kind === "set" ? [living] : [], ...siblings]
      .sort((a, b) =>
        a.dot[0] === b.dot[0]
          ? a.dot[1] - b.dot[1]
          : a.dot[0] < b.dot[0]
          ? -1
          : 1
      )
      .map(({ dot: [replica, counter], stamp, value }) => ({
        replica,
        counter,
        stamp: stamp[0] * 4096 + stamp[1] - 1577836800000 * 4096,
        value: value as JsonValue,
      }));
    const value = foldValues(
      this.#strategies.valueAt(path),
      values,
      (name, values) => this.#merges[name]?.(values),
    );
    return { kind: "leaf", value };
  }

  #below(path: Keys): Operation[] {
    return this.#operations.filter((each) =>
      each.path.length > path.length && isPrefix(path, each.path)
    );
  }

  #shown(path: Keys): Shown {
    if (path.length === 0) return { kind: "map" };
    const claim = greatest(
      this.#below(path).filter(({ kind }) =>
        kind === "set" || kind === "increment"
      ),
    );
    const winner = greatest(
      this.#operations.filter((each) =>
        isSame(each.path, path) &&
        (each.kind === "set" || each.kind === "delete")
      ),
    );
    const isClaimed = claim !== undefined && !this.#isHidden(claim, path) &&
      (winner === undefined || isAbove(claim, winner));
    if (isClaimed) return { kind: "map" };
    const leaf = this.#leaf(path);
    if (leaf.kind === "map") return leaf;
    const isYielding = leaf.kind === "nothing" ||
      (winner?.hierarchy ?? "merge") !== "merge";
    if (isYielding && this.#lives(path)) return { kind: "map" };
    return leaf;
  }

  /** Whether any register below `path` holds anything. */
  #lives(path: Keys): boolean {
    return this.#below(path).some((each) =>
      this.#leaf(each.path).kind !== "nothing"
    );
  }

  #read(path: Keys): JsonValue | undefined {
    const shown = this.#shown(path);
    if (shown.kind === "nothing") return undefined;
    if (shown.kind === "leaf") return shown.value;
    const object: Record<string, JsonValue> = {};
    const keys = new Set(
      this.#below(path).map((each) => each.path[path.length] as string),
    );
    for (const key of keys) {
      const value = this.#read([...path, key]);
      if (value !== undefined) defineEntry(object, key, value);
    }
    return object;
  }
}
