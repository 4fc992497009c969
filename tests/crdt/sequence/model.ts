// Fugue as its paper tells it, and nothing else: a tree of items, and a walk
// through all of it for each answer.
import type { ItemId, Origin } from "../../../src/crdt/sequence/ids.ts";

/** An item of the model. */
interface Item {
  readonly name: string;
  readonly counter: number;
  readonly value: unknown;
  readonly parent: Item | undefined;
  readonly leftChildren: Item[];
  readonly rightChildren: Item[];
  isRemoved: boolean;
  isHidden: boolean;
  isRetired: boolean;
}

/** An item's place and name: who made it is told by name. */
export interface Place {
  readonly name: string | undefined;
  readonly counter: number;
  readonly side: "left" | "right";
}

/** A sequence as simple as possible. */
export class ModelSequence {
  readonly #root: Item = makeItem("", 0, undefined, undefined);

  /** All items in order, removed ones too. */
  items(): Item[] {
    const items: Item[] = [];
    const walk = (item: Item) => {
      item.leftChildren.forEach(walk);
      if (item !== this.#root) items.push(item);
      item.rightChildren.forEach(walk);
    };
    walk(this.#root);
    return items;
  }

  /** The items that are shown, in order. */
  visible(): Item[] {
    return this.items().filter((item) => !item.isRemoved && !item.isHidden);
  }

  /** The values that are shown, in order. */
  values(): unknown[] {
    return this.visible().map((item) => item.value);
  }

  /** An item by its name. */
  find(name: string, counter: number): Item | undefined {
    return this.items().find((item) =>
      item.name === name && item.counter === counter
    );
  }

  /** Where an author would put items before the visible one at `index`. */
  place(index: number): Place {
    const visible = this.visible();
    const left = visible[index - 1] ?? this.#root;
    // The item behind it, removed or not, but for those that are passed over.
    const items = this.items().filter((item) =>
      item.isRemoved ? !item.isRetired : !item.isHidden
    );
    const right = items[items.indexOf(left) + 1];
    for (let above = right?.parent; above; above = above.parent) {
      if (above === left) {
        return { name: right!.name, counter: right!.counter, side: "left" };
      }
    }
    const name = left === this.#root ? undefined : left.name;
    return { name, counter: left.counter, side: "right" };
  }

  /** Adds items, each but the first the right child of the one before. */
  insert(
    place: Place,
    name: string,
    counter: number,
    values: readonly unknown[],
  ): void {
    const found = place.name === undefined
      ? this.#root
      : this.find(place.name, place.counter);
    if (found === undefined) throw new Error("The parent is missing");
    let parent = found;
    let side = place.side;
    for (const [offset, value] of values.entries()) {
      const item = makeItem(name, counter + offset, value, parent);
      const siblings = side === "left"
        ? parent.leftChildren
        : parent.rightChildren;
      siblings.push(item);
      siblings.sort((a, b) =>
        a.name < b.name ? -1 : a.name > b.name ? 1 : a.counter - b.counter
      );
      parent = item;
      side = "right";
    }
  }

  /** The visible index of an item, or where it would be. */
  indexOf(name: string, counter: number): number {
    let index = 0;
    for (const item of this.items()) {
      if (item.name === name && item.counter === counter) return index;
      if (!item.isRemoved && !item.isHidden) index++;
    }
    return -1;
  }
}

function makeItem(
  name: string,
  counter: number,
  value: unknown,
  parent: Item | undefined,
): Item {
  return {
    name,
    counter,
    value,
    parent,
    leftChildren: [],
    rightChildren: [],
    isRemoved: false,
    isHidden: false,
    isRetired: false,
  };
}

/** Names an item by its author's name instead of by an index of a table. */
export function nameOf(id: ItemId, names: readonly string[]): string {
  return names[id.replica]!;
}

/** An origin with the author's name instead of an index. */
export function placeOf(origin: Origin, names: readonly string[]): Place {
  return {
    name: origin.replica < 0 ? undefined : names[origin.replica]!,
    counter: origin.counter,
    side: origin.side,
  };
}
