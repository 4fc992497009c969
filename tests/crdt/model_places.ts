// Where things are, by definition: places have the names that they were born
// with, and moves are done one after the other, by their stamps.
import type { JsonValue } from "../../src/base/json.ts";
import type { Dot } from "../../src/crdt/events.ts";
import type { OperationJson } from "../../src/crdt/operation_json.ts";
import { shownKey } from "../../src/crdt/values.ts";
import type { ModelItem } from "./model_sequence.ts";

type Operation = OperationJson;

/** Where something was born: keys below the root, or below an element. */
export interface Place {
  readonly anchor: Dot | null;
  readonly keys: readonly string[];
}

/** An element: the insertion that it came with, and what it was born as. */
export interface Element extends ModelItem {
  readonly insert: Operation;
  readonly born: Operation;
}

/** Where something lives that was moved. */
export interface Location {
  readonly parent: Place;
  /** `null` for an element. */
  readonly key: string | null;
  readonly move: Operation;
}

/** When all that was born a value or a container was so. */
export const BORN_STAMP: readonly [number, number] = [Date.UTC(2020, 0, 1), 0];

/** Whether `a` is greater than `b`: by stamp, then name, then counter. */
export function isAbove(a: Operation, b: Operation): boolean {
  for (const index of [0, 1] as const) {
    if (a.stamp[index] !== b.stamp[index]) {
      return a.stamp[index] > b.stamp[index];
    }
  }
  if (a.dot[0] !== b.dot[0]) return a.dot[0] > b.dot[0];
  return a.dot[1] > b.dot[1];
}

const KEYS: WeakMap<Place, string> = new WeakMap();

/** The name of a place, the same for the same place. */
export function keyOf(place: Place): string {
  let key = KEYS.get(place);
  if (key === undefined) {
    key = JSON.stringify([place.anchor, place.keys]);
    KEYS.set(place, key);
  }
  return key;
}

/** The places that operations speak of, and where they are now. */
export class ModelPlaces {
  readonly elements: ReadonlyMap<string, Element>;
  /** The moves of each place that was ever moved. */
  readonly moves: Map<string, Operation[]> = new Map();
  readonly locations: Map<string, Location> = new Map();
  readonly #byDot: Map<string, Operation> = new Map();
  readonly #above: Map<string, Place[]> = new Map();

  constructor(operations: readonly Operation[]) {
    this.elements = new Map(
      operations.flatMap(elementsOf).map((each) => [String(each.dot), each]),
    );
    const moves = operations.filter(({ kind }) => kind === "move");
    for (const move of moves) this.#byDot.set(String(move.dot), move);
    moves.sort((a, b) => (isAbove(a, b) ? 1 : -1));
    for (const move of moves) {
      if (!this.isMove(move)) continue;
      const node = this.placeOf(move);
      const others = this.moves.get(keyOf(node)) ?? [];
      this.moves.set(keyOf(node), [...others, move]);
      const { parent, key } = this.destinationOf(move);
      if (this.#isInside(parent, node)) continue;
      this.locations.set(keyOf(node), { parent, key, move });
    }
  }

  /** The place that an operation or address names, as it was born. */
  placeOf(
    { anchor, path }: { anchor?: Dot; path: readonly string[] },
  ): Place {
    const move = this.#byDot.get(String(anchor));
    if (move === undefined) return { anchor: anchor ?? null, keys: path };
    const node = this.placeOf(move);
    return { anchor: node.anchor, keys: [...node.keys, ...path] };
  }

  /** Where a move goes to. */
  destinationOf(move: Operation): { parent: Place; key: string | null } {
    const to = move.to ?? { path: [] };
    if (move.origin !== undefined) {
      return { parent: this.placeOf(to), key: null };
    }
    const path = to.path.slice(0, -1);
    const key = shownKey(to.path[to.path.length - 1] as string);
    return { parent: this.placeOf({ ...to, path }), key };
  }

  /** Whether a move is one at all: not into or out of what was born a value. */
  isMove(move: Operation): boolean {
    const node = this.placeOf(move);
    const { parent } = this.destinationOf(move);
    const around = node.keys.length > 0 ? [node] : [];
    return [...around, ...this.above(node), parent, ...this.above(parent)]
      .every(({ anchor }) => anchor === null || !this.isPlain(anchor));
  }

  isPlain(dot: Dot): boolean {
    return this.elements.get(String(dot))?.insert.type === undefined;
  }

  /** All places above the birth of one, the nearest first. */
  above(place: Place): Place[] {
    const key = keyOf(place);
    const above = this.#above.get(key) ?? this.#computeAbove(place);
    this.#above.set(key, above);
    return above;
  }

  #computeAbove({ anchor, keys }: Place): Place[] {
    const above = keys.map((_, length) => ({
      anchor,
      keys: keys.slice(0, length),
    })).reverse();
    if (anchor === null) return above;
    const element = this.elements.get(String(anchor));
    if (element === undefined) throw new Error(`${anchor} is missing`);
    const list = this.placeOf(element.insert);
    return [...above, list, ...this.above(list)];
  }

  /** Whether a place lives in another, or is it. */
  #isInside(place: Place, other: Place): boolean {
    let at: Place | undefined = place;
    while (at !== undefined) {
      if (keyOf(at) === keyOf(other)) return true;
      at = this.locations.get(keyOf(at))?.parent ?? this.above(at)[0];
    }
    return false;
  }
}

/** How many counters a value takes: a string one for each unit. */
function lengthOf(value: unknown): number {
  return typeof value === "string" ? Math.max(1, value.length) : 1;
}

/** The elements that an operation inserts. */
export function elementsOf(insert: Operation): Element[] {
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
