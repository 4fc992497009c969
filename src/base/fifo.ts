/** A queue, first in, first out. All operations are O(1), over time. */
export class Fifo<Item> {
  #items: (Item | undefined)[] = [];
  #index = 0;

  /** Adds an item behind all others. */
  push(item: Item): void {
    this.#items.push(item);
  }

  /** The first item; undefined if there is none. */
  peek(): Item | undefined {
    return this.#items[this.#index];
  }

  /** Takes the first item out; undefined if there is none. */
  shift(): Item | undefined {
    const item = this.#items[this.#index];
    if (item === undefined) return undefined;
    // Let go of the item now: its place is given up together with others, as
    // one after the other would cost a move of all the rest each time.
    this.#items[this.#index++] = undefined;
    if (this.#index === this.#items.length) this.clear();
    else if (this.#index * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#index);
      this.#index = 0;
    }
    return item;
  }

  /** Drops everything. */
  clear(): void {
    this.#items = [];
    this.#index = 0;
  }
}
