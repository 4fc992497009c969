// The document by definition: operations are a set, and what they show is
// computed from scratch, in the words of src/crdt/README.md.
import type { JsonValue } from "../../src/base/json.ts";
import type { AddressJson, OriginJson } from "../../src/crdt/edit_json.ts";
import type { Dot } from "../../src/crdt/events.ts";
import { foldValues } from "../../src/crdt/fold.ts";
import type { OperationJson } from "../../src/crdt/operation_json.ts";
import { ReplicaTable } from "../../src/crdt/replica_table.ts";
import { SchemaHistory } from "../../src/crdt/schema/history.ts";
import type { Put } from "../../src/crdt/schema/own_path.ts";
import { type MergeFunction, Strategies } from "../../src/crdt/strategies.ts";
import { defineEntry, shownKey } from "../../src/crdt/values.ts";
import {
  BORN_STAMP,
  type Element,
  elementsOf,
  isAbove,
  keyOf,
  ModelPlaces,
  type Place,
} from "./model_places.ts";
import { type ModelItem, orderItems } from "./model_sequence.ts";

type Operation = OperationJson;
type Path = readonly (string | number)[];

/** What a place is; a leaf has its value. */
type Shown =
  | { readonly kind: "nothing" | "map" | "list" }
  | { readonly kind: "leaf"; readonly value: JsonValue };

/** What a place is taken for by something that was done below. */
interface Claim {
  readonly operation: Operation;
  readonly kind: "map" | "list";
}

const NOTHING: Shown = { kind: "nothing" };

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

/** Adds to the list at a key. */
function append<Item>(map: Map<string, Item[]>, key: string, item: Item): void {
  const items = map.get(key);
  if (items === undefined) map.set(key, [item]);
  else items.push(item);
}

/** The state of a document that has applied exactly `operations`. */
export class Model {
  readonly #operations: readonly Operation[];
  readonly #strategies = new Strategies();
  readonly #merges: { readonly [name: string]: MergeFunction };
  readonly #places: ModelPlaces;
  /** The operations whose place each is. */
  readonly #byPlace: Map<string, Operation[]> = new Map();
  /** Those that hide things below. */
  readonly #hiders: Map<string, Operation[]> = new Map();
  readonly #claims: Map<string, Claim[]> = new Map();
  /** The keys that anyone spoke of, as they were born. */
  readonly #keys: Map<string, Map<string, Place>> = new Map();
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
    this.#places = new ModelPlaces(this.#operations);
    for (const operation of this.#operations) this.#addOperation(operation);
    this.#removals = this.#operations.filter((each) => each.ranges);
  }

  #addOperation(operation: Operation): void {
    const { kind } = operation;
    if (kind === "move" && !this.#places.isMove(operation)) return;
    const place = this.#places.placeOf(operation);
    this.#addKeys(place);
    append(this.#byPlace, keyOf(place), operation);
    if (operation.covers || operation.barrier) {
      append(this.#hiders, keyOf(place), operation);
    }
    const isList = kind === "insert" || operation.origin !== undefined;
    if (kind === "move") {
      this.#addClaims(operation, operation.to ?? { path: [] }, isList);
    } else if (["set", "increment", "insert"].includes(kind)) {
      this.#addClaims(operation, operation, isList);
    }
  }

  /** What is done at an address claims what is above it, up to the anchor. */
  #addClaims(
    operation: Operation,
    address: AddressJson,
    isList: boolean,
  ): void {
    const { path } = address;
    for (let length = 0; length <= path.length; length++) {
      const place = this.#places.placeOf({
        ...address,
        path: path.slice(0, length),
      });
      this.#addKeys(place);
      const kind = length < path.length ? "map" : isList ? "list" : null;
      if (kind !== null) {
        append(this.#claims, keyOf(place), { operation, kind });
      }
    }
  }

  #addKeys({ anchor, keys }: Place): void {
    for (const [length, key] of keys.entries()) {
      const above = keyOf({ anchor, keys: keys.slice(0, length) });
      const places = this.#keys.get(above) ?? new Map();
      places.set(key, { anchor, keys: keys.slice(0, length + 1) });
      this.#keys.set(above, places);
    }
  }

  toJSON(): JsonValue {
    return this.#read({ anchor: null, keys: [] }, []) ?? {};
  }

  /** The operations whose place is `place`. */
  #at(place: Place): readonly Operation[] {
    return this.#byPlace.get(keyOf(place)) ?? [];
  }

  /**
   * Whether something hides what `operation` did as `dot`, at one of the places
   * `above` it, the nearest first. What knew of a move hides nothing below the
   * place that was moved.
   */
  #isHidden(
    operation: Operation,
    dot: Dot,
    above: readonly Place[],
    inside: readonly Place[],
  ): boolean {
    const [name, counter] = dot;
    const { moves } = this.#places;
    const passed: (readonly Operation[])[] = [];
    const pass = (place: Place) => {
      const own = moves.get(keyOf(place));
      if (own !== undefined) passed.push(own);
    };
    inside.forEach(pass);
    for (const place of above) {
      for (const other of this.#hiders.get(keyOf(place)) ?? []) {
        const isKnown = passed.some((own) =>
          own.some(({ dot }) => hasSeen(other, dot))
        );
        if (isKnown) continue;
        if (counter <= (other.covers?.[name] ?? 0)) return true;
        if (
          other.barrier === true && other !== operation &&
          !hasSeen(operation, other.dot)
        ) return true;
      }
      pass(place);
    }
    return false;
  }

  /** Whether a place hides what `operation` did at it, as `dot`. */
  #isHiddenAt(operation: Operation, dot: Dot, place: Place): boolean {
    return this.#isHidden(operation, dot, this.#places.above(place), [place]);
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

  /** Schemas speak of places where they were born, and heirs are born alike. */
  #birthPath({ anchor, keys }: Place): Path {
    const path = keys.map(shownKey);
    if (anchor === null) return path;
    const { elements } = this.#places;
    const { insert } = elements.get(String(anchor)) as Element;
    return [...this.#birthPath(this.#places.placeOf(insert)), 0, ...path];
  }

  /** Whether a claim comes from what is kept and refused. */
  #isClaimRefused(claim: Operation): boolean {
    if (this.#schemas.isEmpty || claim.kind === "move") return false;
    const element = this.#places.elements.get(String(claim.dot));
    const isInsert = claim.kind === "insert";
    const place = isInsert
      ? { anchor: claim.dot, keys: [] }
      : this.#places.placeOf(claim);
    const operation = isInsert ? (element as Element).born : claim;
    const isHeld = claim.kind === "increment"
      ? this.#at(place).every(({ kind, dot }) =>
        kind !== "increment" || dot[0] !== claim.dot[0] ||
        dot[1] <= claim.dot[1]
      )
      : this.#isHeld(operation, place);
    const isThere = !isInsert || !this.#isGone(element as Element);
    return isHeld && isThere && this.#isRefused(operation, place) &&
      !this.#isHiddenAt(operation, operation.dot, place);
  }

  /** Whether an assignment is the greatest, or stays beside the greatest. */
  #isHeld(operation: Operation, place: Place): boolean {
    const assigns = this.#assigns(place);
    return greatest(assigns) === operation ||
      operation.sibling === true &&
        !assigns.some((other) => hasSeen(other, operation.dot));
  }

  /** Whether an element went for good. */
  #isGone({ dot, insert }: Element): boolean {
    return insert.type === undefined &&
      (this.#isRemoved(dot, "remove") ||
        this.#isHiddenAt(insert, dot, { anchor: dot, keys: [] }));
  }

  /** The places that live in a list, in order, but for what went for good. */
  #items(place: Place): Place[] {
    return this.#cached("items", place, () => this.#computeItems(place));
  }

  #computeItems(place: Place): Place[] {
    const born = this.#at(place).flatMap(elementsOf);
    const moved = (this.#claims.get(keyOf(place)) ?? [])
      .filter(({ operation, kind }) =>
        operation.kind === "move" && kind === "list"
      )
      .map(({ operation: { dot, origin }, operation }): ModelItem => ({
        dot,
        origin: origin ?? [],
        value: operation,
      }));
    const { locations, elements } = this.#places;
    return orderItems([...born, ...moved]).flatMap((item): Place[] => {
      const element = elements.get(String(item.dot));
      const node = element === undefined
        ? this.#places.placeOf(item.value as Operation)
        : { anchor: item.dot, keys: [] };
      const location = locations.get(keyOf(node));
      const isHere = element === undefined
        ? location?.move === item.value
        : location === undefined;
      const self = node.keys.length > 0
        ? undefined
        : elements.get(String(node.anchor));
      return isHere && (self === undefined || !this.#isGone(self))
        ? [node]
        : [];
    });
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
      : this.#places.elements.get(String(place.anchor));
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
    const isGone = (each: Operation) =>
      this.#isHiddenAt(each, each.dot, place) || this.#isRefused(each, place);
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
        value: cells.reduce((sum, { value }) => sum + Number(value), 0) + start,
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
    const claims = this.#claims.get(keyOf(place)) ?? [];
    const claim = greatest(claims.map(({ operation }) => operation));
    const winner = greatest(this.#assigns(place));
    const around = [place, ...this.#places.above(place)];
    const isClaimed = claim !== undefined &&
      !this.#isHidden(claim, claim.dot, around, []) &&
      !this.#isClaimRefused(claim) &&
      (winner === undefined || isAbove(claim, winner));
    if (isClaimed) {
      const kind = claims.find(({ operation }) => operation === claim)?.kind;
      return { kind: kind ?? "nothing" };
    }
    const leaf = this.#leaf(place, path);
    if (leaf.kind === "map" || leaf.kind === "list") return leaf;
    const isHeld = winner !== undefined && winner.kind !== "delete" &&
      !this.#isHiddenAt(winner, winner.dot, place) &&
      !this.#isRefused(winner, place);
    const isYielding = leaf.kind === "nothing" ||
      isHeld && (winner.hierarchy ?? "merge") !== "merge";
    if (!isYielding) return leaf;
    if (this.#entriesLive(place)) return { kind: "map" };
    return this.#elementsLive(place) ? { kind: "list" } : leaf;
  }

  /** The places that live in a map, by key: those born there, and guests. */
  #entries(place: Place): Map<string, Place[]> {
    const entries = new Map<string, Place[]>();
    const { locations, elements } = this.#places;
    for (const [key, below] of this.#keys.get(keyOf(place)) ?? []) {
      if (!locations.has(keyOf(below))) append(entries, shownKey(key), below);
    }
    for (const { key, parent, move } of locations.values()) {
      if (key === null || keyOf(parent) !== keyOf(place)) continue;
      const node = this.#places.placeOf(move);
      const element = node.keys.length > 0
        ? undefined
        : elements.get(String(node.anchor));
      if (element === undefined || !this.#isGone(element)) {
        append(entries, key, node);
      }
    }
    return entries;
  }

  /** The newest of what was done in a place, and of its coming. */
  #timeOf(place: Place): Operation | undefined {
    const location = this.#places.locations.get(keyOf(place));
    return greatest([
      ...this.#assigns(place),
      ...this.#at(place).filter(({ kind }) => kind === "increment"),
      ...(this.#claims.get(keyOf(place)) ?? []).map(({ operation }) =>
        operation
      ),
      ...location === undefined ? [] : [location.move],
    ]);
  }

  /** What shows at a key of a map, of all that lives there. */
  #newest(places: readonly Place[], path: Path): Place | undefined {
    let newest: Place | undefined;
    const depthOf = (place: Place) => this.#places.above(place).length;
    const shown = places.filter((place) =>
      this.#shown(place, path).kind !== "nothing"
    ).sort((a, b) => depthOf(b) - depthOf(a));
    for (const place of shown) {
      const time = this.#timeOf(place);
      const best = newest && this.#timeOf(newest);
      const isNewer = best === undefined ||
        time !== undefined && isAbove(time, best);
      if (isNewer) newest = place;
    }
    return newest;
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
      () =>
        [...this.#entries(place).values()].flat().some((below) =>
          this.#lives(below)
        ),
    );
  }

  #elementsLive(place: Place): boolean {
    return this.#cached(
      "elements",
      place,
      () => this.#items(place).some((below) => this.#lives(below)),
    );
  }

  #read(place: Place, path: Path): JsonValue | undefined {
    const shown = this.#shown(place, path);
    if (shown.kind === "nothing") return undefined;
    if (shown.kind === "leaf") return shown.value;
    if (shown.kind === "list") {
      const items: JsonValue[] = [];
      for (const below of this.#items(place)) {
        const value = this.#read(below, [...path, items.length]);
        if (value !== undefined) items.push(value);
      }
      return items;
    }
    const object: Record<string, JsonValue> = {};
    for (const [key, places] of this.#entries(place)) {
      const below = this.#newest(places, [...path, key]);
      const value = below && this.#read(below, [...path, key]);
      if (value !== undefined) defineEntry(object, key, value);
    }
    return object;
  }
}
