import { Branch, type Child, type Item } from "../branch.ts";
import type { Core } from "../core.ts";
import type { Sibling } from "../register_parts.ts";
import type { ItemId } from "../sequence/ids.ts";
import type { ListSequence } from "../sequence/list_sequence.ts";
import { TextSequence } from "../sequence/text_sequence.ts";

/**
 * Tells whether the items that two states have stand in the same list, or the
 * same text, in both. They do unless two documents have written under one name,
 * or one of the two was forged; then the join would fail in the middle.
 *
 * Costs a step for each place of the other state, and O(log spans) for each
 * span of its lists and texts.
 */
export class ItemCheck {
  readonly #core: Core;
  readonly #other: Core;
  /** What each of their replicas is here; negative: unknown. */
  readonly #replicas: readonly number[];

  /** Prepares to check the state of `other` against that of `core`. */
  constructor(core: Core, other: Core) {
    this.#core = core;
    this.#other = other;
    this.#replicas = other.replicas.names.map((name) =>
      core.replicas.find(name)
    );
  }

  /**
   * Whether all items stand in the same list or text in both.
   *
   * @param anchored Elements of the other state that stand in no list there.
   */
  isSound(anchored: readonly Branch[]): boolean {
    const { roots } = this.#other.tree;
    return roots.every((root, space) =>
      this.#isPlaceSound(this.#core.tree.roots[space], root)
    ) && anchored.every((element) => this.#isElementSound(element));
  }

  #isPlaceSound(ours: Child | undefined, theirs: Branch): boolean {
    if (!this.#isSlotSound(ours, theirs.slot)) return false;
    const own = typeof ours === "object" ? ours : null;
    if (theirs.list !== null && !this.#isListSound(own, theirs.list)) {
      return false;
    }
    for (const [key, child] of theirs.children) {
      const ourChild = own?.children.get(key);
      const isSound = typeof child === "number"
        ? this.#isSlotSound(ourChild, child)
        : this.#isPlaceSound(ourChild, child);
      if (!isSound) return false;
    }
    return true;
  }

  #isListSound(ours: Branch | null, theirs: ListSequence<Item>): boolean {
    const { lists } = this.#core.tree;
    if (theirs.isElsewhere(lists, ours?.list ?? null, this.#indexOf)) {
      return false;
    }
    for (const { replica, counter, content } of theirs.keptRuns()) {
      for (let at = 0; at < content.length; at++) {
        const item = content[at];
        const isBornHere = item instanceof Branch &&
          item.isBornAs(replica, counter + at);
        if (isBornHere && !this.#isElementSound(item)) return false;
      }
    }
    return true;
  }

  #isElementSound(theirs: Branch): boolean {
    const { replica, counter } = theirs.homeId as ItemId;
    const index = this.#indexOf(replica);
    const found = index < 0
      ? undefined
      : this.#core.tree.lists.find(index, counter)?.value;
    const ours = found instanceof Branch ? found : undefined;
    return this.#isPlaceSound(ours, theirs);
  }

  /** Checks the texts in a register, and beside it. */
  #isSlotSound(ours: Child | undefined, theirSlot: number): boolean {
    const { columns, siblings } = this.#other.tree;
    const value = columns.values[theirSlot];
    const isText = value instanceof TextSequence;
    const isRegisterSound = !isText || this.#isTextSound(ours, value, {
      replica: columns.replicas[theirSlot] as number,
      counter: columns.counters[theirSlot] as number,
    });
    return isRegisterSound &&
      (siblings.get(theirSlot) ?? []).every((each) =>
        !(each.value instanceof TextSequence) ||
        this.#isTextSound(ours, each.value, each)
      );
  }

  #isTextSound(
    ours: Child | undefined,
    theirs: TextSequence,
    { replica, counter }: Pick<Sibling, "replica" | "counter">,
  ): boolean {
    const { tree } = this.#core;
    const slot = typeof ours === "object" ? ours.slot : ours;
    const dot = { replica: this.#indexOf(replica), counter };
    const value = slot === undefined ? undefined : tree.valueAt(slot, dot);
    const text = value instanceof TextSequence ? value : null;
    return !theirs.isElsewhere(tree.texts, text, this.#indexOf);
  }

  readonly #indexOf = (replica: number): number =>
    this.#replicas[replica] as number;
}
