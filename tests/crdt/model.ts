// The document by definition: operations are a set, and what they show is
// computed from scratch, in the words of src/crdt/README.md.
import type { JsonValue } from "../../src/base/json.ts";
import type { OriginJson } from "../../src/crdt/edit_json.ts";
import type { Dot } from "../../src/crdt/events.ts";
import { foldValues } from "../../src/crdt/fold.ts";
import type { OperationJson } from "../../src/crdt/operation_json.ts";
import { ReplicaTable } from "../../src/crdt/replica_table.ts";
import { SchemaHistory } from "../../src/crdt/schema/history.ts";
import type { Put } from "../../src/crdt/schema/own_path.ts";
import { type MergeFunction, Strategies } from "../../src/crdt/strategies.ts";
import { defineEntry } from "../../src/crdt/values.ts";
import { type ModelItem, orderItems } from "./model_sequence.ts";

type Operation = OperationJson;
type Keys = readonly string[];
type Path = readonly (string | number)[];

/** Where something is: keys below the root, or below an element. */
interface Place {
  readonly anchor: Dot | null;
  readonly keys: Keys;
}

/** What a place is; a leaf has its value. */
type Shown =
  | { readonly kind: "nothing" | "map" | "list" }
  | { readonly kind: "leaf"; readonly value: JsonValue };

/** An element: the insertion that it came with, and what it was born as. */
interface Element extends ModelItem {
  readonly insert: Operation;
  readonly born: Operation;
}

const NOTHING: Shown = { kind: "nothing" };
const BORN_STAMP = [Date.UTC(2020, 0, 1), 0] as const;

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

function hasSeen(operation: Operation, [name, counter]: Dot) {
  if (operation.dot[0] === name) return counter < operation.dot[1];
  return [
    ...operation.after ?? [],
    ...operation.anchor ? [operation.anchor] : [],
  ]
    .some(([other, seen]) => other === name && counter <= seen);
}

function isSameDot(a: Dot | null | undefined, b: Dot | null | undefined) {
  return (a ?? null) === (b ?? null) ||
    (a?.[0] === b?.[0] && a?.[1] === b?.[1]);
}

function isPrefix(prefix: Keys, path: Keys): boolean {
  return prefix.length <= path.length &&
    prefix.every((key, index) => key === path[index]);
}

/** How many counters a value takes: a string one for each unit. */
function lengthOf(value: unknown): number {
  return typeof value === "string" ? Math.max(1, value.length) : 1;
}

function placeOf(operation: Operation): Place {
  return { anchor: operation.anchor ?? null, keys: operation.path };
}

function keyOf({ anchor, keys }: Place): string {
  return JSON.stringify([anchor, keys]);
}

function groupByPlace(
  operations: readonly Operation[],
): Map<string, Operation[]> {
  const groups = new Map<string, Operation[]>();
  for (const operation of operations) {
    const key = keyOf(placeOf(operation));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [operation]);
    else group.push(operation);
  }
  return groups;
}

/** The state of a document that has applied exactly `operations`. */
export class Model {
  readonly #operations: readonly Operation[];
  readonly #strategies = new Strategies();
  readonly #merges: { readonly [name: string]: MergeFunction };
  readonly #elements: ReadonlyMap<string, Element>;
  readonly #byPlace: ReadonlyMap<string, Operation[]>;
  readonly #hiders: ReadonlyMap<string, Operation[]>;
  readonly #removals: readonly Operation[];
  readonly #cache: Map<string, unknown> = new Map();
  readonly #replicas = new ReplicaTable();
  readonly #schemas = new SchemaHistory(this.#replicas);

  constructor(
    operations: readonly Operation[],
    merges: { readonly [name: string]: MergeFunction } = {},
    isSettings = false,
  ) {
    this.#merges = merges;
    if (!isSettings) {
      const settings = operations.filter((each) => each.settings === true);
      const shown = new Model(settings, merges, true).toJSON();
      const { strategy, schema } = shown as Record<string, never>;
      this.#strategies.load(strategy ?? {});
      this.#schemas.load(schema ?? {});
    }
    this.#operations = operations.filter((each) =>
      isSettings || each.settings !== true
    );
    this.#elements = new Map(
      this.#operations.flatMap(elementsOf).map((each) => [
        String(each.dot),
        each,
      ]),
    );
    this.#byPlace = groupByPlace(this.#operations);
    this.#hiders = groupByPlace(
      this.#operations.filter((each) => each.covers || each.barrier),
    );
    this.#removals = this.#operations.filter((each) => each.ranges);
  }

  toJSON(): JsonValue {
    return this.#read({ anchor: null, keys: [] }, []) ?? {};
  }

  /** The operations whose place is `place`. */
  #at(place: Place): readonly Operation[] {
    return this.#byPlace.get(keyOf(place)) ?? [];
  }

  /** The operations whose place is below `place`, by keys alone. */
  #below(place: Place): readonly Operation[] {
    return this.#cached(
      "below",
      place,
      () =>
        this.#operations.filter((each) =>
          isSameDot(each.anchor, place.anchor) &&
          each.path.length > place.keys.length &&
          isPrefix(place.keys, each.path)
        ),
    );
  }

  /** All places above one. */
  #above(place: Place): Place[] {
    return this.#cached("above", place, () => this.#computeAbove(place));
  }

  #computeAbove({ anchor, keys }: Place): Place[] {
    const above = keys.map((_, length) => ({
      anchor,
      keys: keys.slice(0, length),
    }));
    if (anchor === null) return above;
    const element = this.#elements.get(String(anchor));
    if (element === undefined) throw new Error("An anchor is missing");
    const list = placeOf(element.insert);
    return [...above, list, ...this.#above(list)];
  }

  /** Whether something at a place hides what `operation` did as `dot` below. */
  #isHidden(operation: Operation, dot: Dot, above: readonly Place[]): boolean {
    const [name, counter] = dot;
    return above.some((place) =>
      (this.#hiders.get(keyOf(place)) ?? []).some((other) =>
        counter <= (other.covers?.[name] ?? 0) ||
        (other.barrier === true && other !== operation &&
          !hasSeen(operation, other.dot))
      )
    );
  }

  /** Whether the schema does not let what `operation` did at `place` show. */
  #isRefused(operation: Operation, place: Place): boolean {
    const { kind, type, dot, value } = operation;
    if (this.#schemas.isEmpty || kind === "delete") return false;
    const isEdited = this.#operations.some(({ text }) =>
      text !== undefined && isSameDot(text, dot)
    );
    const put: Put = kind === "increment"
      ? { kind: "count" }
      : type === "map" || type === "list"
      ? { kind: type }
      : isEdited
      ? { kind: "text" }
      : { kind: "value", value: value as JsonValue };
    const replica = this.#replicas.indexOf(dot[0]);
    return !this.#schemas.permits(replica, dot[1], this.#birthPath(place), put);
  }

  #birthPath({ anchor, keys }: Place): Path {
    if (anchor === null) return keys;
    const { insert } = this.#elements.get(String(anchor)) as Element;
    return [...this.#birthPath(placeOf(insert)), 0, ...keys];
  }

  /** Whether a claim comes from what is kept and refused. */
  #isClaimRefused(claim: Operation): boolean {
    if (this.#schemas.isEmpty) return false;
    const isInsert = claim.kind === "insert";
    const place = isInsert ? { anchor: claim.dot, keys: [] } : placeOf(claim);
    const born = this.#elements.get(String(claim.dot))?.born;
    const operation = isInsert ? born as Operation : claim;
    const isHeld = claim.kind === "increment"
      ? this.#at(place).every(({ kind, dot }) =>
        kind !== "increment" || dot[0] !== claim.dot[0] ||
        dot[1] <= claim.dot[1]
      )
      : this.#isHeld(operation, place);
    const isThere = !isInsert ||
      this.#items(placeOf(claim)).some(({ dot }) => isSameDot(dot, claim.dot));
    return isHeld && isThere && this.#isRefused(operation, place) &&
      !this.#isHidden(operation, operation.dot, this.#above(place));
  }

  /** Whether an assignment is the greatest, or stays beside the greatest. */
  #isHeld(operation: Operation, place: Place): boolean {
    const assigns = this.#assigns(place);
    return greatest(assigns) === operation ||
      operation.sibling === true &&
        !assigns.some((other) => hasSeen(other, operation.dot));
  }

  /** The elements of a list that did not go for good, in order. */
  #items(place: Place): Element[] {
    return this.#cached("items", place, () => this.#computeItems(place));
  }

  #computeItems(place: Place): Element[] {
    const elements = this.#at(place).flatMap(elementsOf);
    const above = [place, ...this.#above(place)];
    return (orderItems(elements) as Element[]).filter(({ dot, insert }) =>
      insert.type !== undefined ||
      !this.#isHidden(insert, dot, above) && !this.#isRemoved(dot, "remove")
    );
  }

  #isRemoved([name, counter]: Dot, kind: string): boolean {
    return this.#removals.some((each) =>
      each.kind === kind &&
      each.ranges?.some(([other, first, length]) =>
        other === name && counter >= first && counter < first + length
      )
    );
  }

  /** What became of the string that an assignment wrote. */
  #textOf(assign: Operation): JsonValue {
    const { value, type } = assign;
    if (typeof value !== "string" || type !== undefined) {
      return value as JsonValue;
    }
    const edits = this.#operations.filter(({ text }) =>
      text !== undefined && isSameDot(text, assign.dot)
    );
    if (edits.length === 0) return value;
    const units = [assign, ...edits].flatMap((each): ModelItem[] => {
      if (typeof each.value !== "string") return [];
      const first: OriginJson = each === assign ? [] : each.origin ?? [];
      return each.value.split("").map((unit, index): ModelItem => ({
        dot: [each.dot[0], each.dot[1] + index],
        origin: index === 0
          ? first
          : ["right", each.dot[0], each.dot[1] + index - 1],
        value: unit,
      }));
    });
    return orderItems(units)
      .filter(({ dot }) => !this.#isRemoved(dot, "text-remove"))
      .map(({ value }) => value)
      .join("");
  }

  #cached<Result>(name: string, place: Place, compute: () => Result): Result {
    const key = name + keyOf(place);
    if (!this.#cache.has(key)) this.#cache.set(key, compute());
    return this.#cache.get(key) as Result;
  }

  /** The sets and deletes of a place, and what an element was born as. */
  #assigns(place: Place): Operation[] {
    const element = place.keys.length > 0
      ? undefined
      : this.#elements.get(String(place.anchor));
    return [
      ...element === undefined ? [] : [element.born],
      ...this.#at(place).filter(({ kind }) =>
        kind === "set" || kind === "delete"
      ),
    ];
  }

  /** What a register holds by itself; `path` says where it is shown. */
  #leaf(place: Place, path: Path): Shown {
    const name = JSON.stringify(path);
    return this.#cached(name, place, () => this.#computeLeaf(place, path));
  }

  #computeLeaf(place: Place, path: Path): Shown {
    const above = this.#above(place);
    const isGone = (each: Operation) =>
      this.#isHidden(each, each.dot, above) || this.#isRefused(each, place);
    const assigns = this.#assigns(place);
    const winner = greatest(assigns);
    const living = winner !== undefined && !isGone(winner) ? winner : undefined;
    const increments = this.#at(place).filter(({ kind }) =>
      kind === "increment"
    );
    const cells = [...new Set(increments.map(({ dot }) => dot[0]))].flatMap(
      (name) => {
        const last = increments.filter(({ dot }) => dot[0] === name).reduce(
          (best, each) => best.dot[1] > each.dot[1] ? best : each,
        );
        return isGone(last) ? [] : [last];
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
        !isGone(each) &&
        !assigns.some((other) => hasSeen(other, each.dot))
      );
    const isLive = living?.kind === "set" || siblings.length > 0 || isCounted;
    if (!isLive) return NOTHING;
    if (living?.type === "map") return { kind: "map" };
    if (living?.type === "list") return { kind: "list" };
    if (cells.length > 0 && (typeof base === "number" || isCounted)) {
      const start = typeof base === "number" ? base : 0;
      return {
        kind: "leaf",
        value: cells.reduce((sum, { value }) => sum + Number(value), start),
      };
    }
    if (winner?.sibling !== true) {
      return { kind: "leaf", value: this.#textOf(living as Operation) };
    }
    const values = [...living?.kind === "set" ? [living] : [], ...siblings]
      .sort((a, b) =>
        a.dot[0] === b.dot[0]
          ? a.dot[1] - b.dot[1]
          : a.dot[0] < b.dot[0]
          ? -1
          : 1
      )
      .map((each) => ({
        replica: each.dot[0],
        counter: each.dot[1],
        stamp: (each.stamp[0] - BORN_STAMP[0]) * 4096 + each.stamp[1],
        value: this.#textOf(each),
      }));
    const value = foldValues(
      this.#strategies.valueAt(path),
      values,
      (name, values) => this.#merges[name]?.(values),
    );
    return { kind: "leaf", value };
  }

  #shown(place: Place, path: Path): Shown {
    const { anchor, keys } = place;
    if (anchor === null && keys.length === 0) return { kind: "map" };
    const inserts = this.#at(place).filter(({ kind }) => kind === "insert");
    const below = this.#below(place).filter(({ kind }) =>
      kind === "set" || kind === "increment" || kind === "insert"
    );
    const claim = greatest([...inserts, ...below]);
    const winner = greatest(this.#assigns(place));
    const isClaimed = claim !== undefined &&
      !this.#isHidden(claim, claim.dot, [place, ...this.#above(place)]) &&
      !this.#isClaimRefused(claim) &&
      (winner === undefined || isAbove(claim, winner));
    if (isClaimed) return { kind: inserts.includes(claim) ? "list" : "map" };
    const leaf = this.#leaf(place, path);
    if (leaf.kind === "map" || leaf.kind === "list") return leaf;
    const isYielding = leaf.kind === "nothing" ||
      (winner?.hierarchy ?? "merge") !== "merge";
    if (!isYielding) return leaf;
    if (this.#entriesLive(place)) return { kind: "map" };
    return this.#elementsLive(place) ? { kind: "list" } : leaf;
  }

  #keys({ anchor, keys }: Place): [key: string, place: Place][] {
    const all = new Set(
      this.#below({ anchor, keys }).map((each) =>
        each.path[keys.length] as string
      ),
    );
    return [...all].map((key) => [key, { anchor, keys: [...keys, key] }]);
  }

  /** Whether a place holds anything, or anything below does. */
  #lives(place: Place): boolean {
    return this.#leaf(place, []).kind !== "nothing" ||
      this.#entriesLive(place) || this.#elementsLive(place);
  }

  #entriesLive(place: Place): boolean {
    return this.#cached(
      "entries",
      place,
      () => this.#keys(place).some(([, below]) => this.#lives(below)),
    );
  }

  #elementsLive(place: Place): boolean {
    return this.#cached(
      "elements",
      place,
      () =>
        this.#items(place).some(({ dot }) =>
          this.#lives({ anchor: dot, keys: [] })
        ),
    );
  }

  #read(place: Place, path: Path): JsonValue | undefined {
    const shown = this.#shown(place, path);
    if (shown.kind === "nothing") return undefined;
    if (shown.kind === "leaf") return shown.value;
    if (shown.kind === "list") {
      const items: JsonValue[] = [];
      for (const { dot } of this.#items(place)) {
        const below = { anchor: dot, keys: [] };
        const value = this.#read(below, [...path, items.length]);
        if (value !== undefined) items.push(value);
      }
      return items;
    }
    const object: Record<string, JsonValue> = {};
    for (const [key, below] of this.#keys(place)) {
      const value = this.#read(below, [...path, key]);
      if (value !== undefined) defineEntry(object, key, value);
    }
    return object;
  }
}

/** The elements that an operation inserts. */
function elementsOf(insert: Operation): Element[] {
  if (insert.kind !== "insert") return [];
  const [name, first] = insert.dot;
  const elements: Element[] = [];
  let counter = first;
  let origin = insert.origin ?? [];
  for (const value of insert.value as readonly JsonValue[]) {
    const dot: Dot = [name, counter];
    const isScalar = typeof value !== "object" || value === null;
    const type = insert.type ?? (isScalar ? undefined : "whole");
    const born: Operation = {
      dot,
      stamp: BORN_STAMP,
      kind: "set",
      path: [],
      value,
      ...type === undefined ? {} : { type },
      ...insert.anchor === undefined ? {} : { anchor: insert.anchor },
      ...insert.after === undefined ? {} : { after: insert.after },
    };
    elements.push({ dot, origin, value, insert, born });
    origin = ["right", name, counter];
    counter += lengthOf(value);
  }
  return elements;
}
