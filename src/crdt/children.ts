import type { Child } from "./branch.ts";

/**
 * The places below one, by key: a map that remembers the last look-up.
 *
 * A change looks its key up when the path is resolved, when what it replaces is
 * asked for, and when it is joined. In a large map each of these waits for
 * memory, and the key is the same string every time.
 */
export class Children {
  readonly #map: Map<string, Child> = new Map();
  #lastKey: string | undefined;
  #lastChild: Child | undefined;

  /** How many there are. */
  get size(): number {
    return this.#map.size;
  }

  /** The place at `key`, if there is one. */
  get(key: string): Child | undefined {
    if (key === this.#lastKey) return this.#lastChild;
    this.#lastKey = key;
    return this.#lastChild = this.#map.get(key);
  }

  /** Whether there is a place at `key`. */
  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  /** Puts a place at `key`. */
  set(key: string, child: Child): void {
    this.#lastKey = key;
    this.#lastChild = child;
    this.#map.set(key, child);
  }

  /** Takes the place at `key` out. */
  delete(key: string): void {
    this.#lastKey = undefined;
    this.#lastChild = undefined;
    this.#map.delete(key);
  }

  /** Takes all out. */
  clear(): void {
    this.#lastKey = undefined;
    this.#lastChild = undefined;
    this.#map.clear();
  }

  /** The keys, in the order in which they came. */
  keys(): MapIterator<string> {
    return this.#map.keys();
  }

  /** The places, in the order in which they came. */
  values(): MapIterator<Child> {
    return this.#map.values();
  }

  /** Both, in the order in which they came. */
  entries(): MapIterator<[string, Child]> {
    return this.#map.entries();
  }

  /** See {@linkcode Children.entries}. */
  [Symbol.iterator](): MapIterator<[string, Child]> {
    return this.#map.entries();
  }
}
