import type { SequenceArena } from "./arena.ts";
import type { ContentStore } from "./content_store.ts";
import {
  type Content,
  type IdRange,
  type InsertedSpan,
  type ItemId,
  NONE,
  type Origin,
  type VisibleRun,
} from "./ids.ts";
import { SpanList } from "./span_list.ts";
import { spansSince } from "./spans_since.ts";
import { REMOVED, SPENT } from "./span_table.ts";

/** What can be asked of a sequence; see `Sequence` for how it changes. */
export abstract class SequenceView<Part extends Content> {
  /** What it shares with the other sequences of the document. */
  protected readonly arena: SequenceArena;
  /** Where the content lies. */
  protected readonly store: ContentStore<Part>;
  /** The spans in order. */
  protected readonly list: SpanList<Part>;

  /** An empty sequence of `arena`, with its content in `store`. */
  protected constructor(arena: SequenceArena, store: ContentStore<Part>) {
    this.arena = arena;
    this.store = store;
    this.list = new SpanList(arena, store);
  }

  /** What the sequence belongs to; `arena.find` tells it of an item. */
  get owner(): unknown {
    return this.list.tree.owner;
  }

  set owner(owner: unknown) {
    this.list.tree.owner = owner;
  }

  /** How many items are visible. */
  get length(): number {
    return this.list.tree.length;
  }

  /**
   * The id of the visible item at `index`.
   *
   * @throws {RangeError} If there is none.
   */
  idAt(index: number): ItemId {
    if (!Number.isInteger(index) || index < 0 || index >= this.length) {
      throw new RangeError(
        `Cannot find an item as the index must be below ${this.length}: current value is ${index}`,
      );
    }
    const { table, tree } = this.list;
    const span = tree.seek(index);
    return {
      replica: table.replica[span]!,
      counter: table.counter[span]! + tree.offset,
    };
  }

  /**
   * The visible index of an item; of one that is not shown, the index where it
   * would be; -1 if it is unknown or forgotten.
   */
  indexOf({ replica, counter }: ItemId): number {
    const { table, tree } = this.list;
    const span = this.list.find(replica, counter);
    if (span === NONE) return -1;
    tree.moveTo(span);
    const offset = table.isVisible(span) ? counter - table.counter[span]! : 0;
    return tree.index() + offset;
  }

  /**
   * Whether the arena of another document has an item of this sequence in
   * another one than `other`.
   *
   * @param indexOf What a replica of this sequence is there; negative: unknown.
   */
  isElsewhere(
    { ids, table: others }: SequenceArena,
    other: SequenceView<Part> | null,
    indexOf: (replica: number) => number,
  ): boolean {
    const { table, tree } = this.list;
    tree.moveToStart();
    for (let span = tree.settle(); span !== NONE; span = tree.stepForward()) {
      const replica = indexOf(table.replica[span]!);
      if (replica < 0) continue;
      const first = table.counter[span]!;
      let counter = table.lastCounter(span);
      while (counter >= first) {
        const found = ids.findUpTo(replica, counter);
        if (found === NONE || others.lastCounter(found) < first) break;
        if (!(other?.list.tree.has(found) ?? false)) return true;
        counter = others.counter[found]! - 1;
      }
    }
    return false;
  }

  /** Whether an item is here, shown or not. */
  has({ replica, counter }: ItemId): boolean {
    return this.list.find(replica, counter) !== NONE;
  }

  /** Whether items can be put at an origin: its item is here, or it is the root. */
  hasOrigin({ replica, counter, side }: Origin): boolean {
    if (replica === NONE) return side === "right";
    return this.list.find(replica, counter) !== NONE;
  }

  /** Whether an item is here and was removed. */
  isRemoved({ replica, counter }: ItemId): boolean {
    const span = this.list.find(replica, counter);
    return span !== NONE && (this.list.table.flags[span]! & REMOVED) !== 0;
  }

  /** The content of an item, also a hidden one; `undefined` if it has none. */
  get({ replica, counter }: ItemId): Part | undefined {
    const { table } = this.list;
    const span = this.list.find(replica, counter);
    if (span === NONE || table.start[span] === NONE) return undefined;
    const offset = counter - table.counter[span]!;
    return this.store.read(table.start[span]! + offset, 1);
  }

  /**
   * The visible items from `index` on, in order, each run with the id of its first
   * item. The sequence must not change meanwhile.
   */
  *runs(index = 0): Generator<VisibleRun<Part>, void> {
    if (index >= this.length) return;
    const { table, tree } = this.list;
    let span = tree.seek(index);
    let offset = tree.offset;
    while (span !== NONE) {
      const { leaf, entry } = tree;
      if (table.isVisible(span)) {
        const length = table.length[span]! - offset;
        yield {
          replica: table.replica[span]!,
          counter: table.counter[span]! + offset,
          length,
          content: this.store.read(table.start[span]! + offset, length),
        };
      }
      offset = 0;
      tree.leaf = leaf;
      tree.entry = entry;
      span = tree.stepForward();
    }
  }

  /**
   * All items that were not removed, in order, hidden ones, too. The sequence must
   * not change meanwhile.
   */
  *keptRuns(): Generator<VisibleRun<Part>, void> {
    const { table, tree } = this.list;
    tree.moveToStart();
    for (let span = tree.settle(); span !== NONE; span = tree.stepForward()) {
      const start = table.start[span]!;
      if (start === NONE) continue;
      const { leaf, entry } = tree;
      const length = table.length[span]!;
      yield {
        replica: table.replica[span]!,
        counter: table.counter[span]!,
        length,
        content: this.store.read(start, length),
      };
      tree.leaf = leaf;
      tree.entry = entry;
    }
  }

  /**
   * What `replica` made above `counter`, for each replica, with each item's
   * parent before it. A removed item comes without content.
   *
   * @param known The highest counter that is known of a replica; 0 for none.
   */
  spansSince(known: (replica: number) => number): InsertedSpan<Part>[] {
    return spansSince(this.list, known);
  }

  /** Whether nothing is left, also of what was removed. */
  get isForgotten(): boolean {
    const { tree } = this.list;
    tree.moveToStart();
    return tree.settle() === NONE;
  }

  /** Removed items that were not forgotten, and that someone may still name. */
  nameableRanges(): IdRange[] {
    const { table, tree } = this.list;
    const ranges: IdRange[] = [];
    tree.moveToStart();
    for (let span = tree.settle(); span !== NONE; span = tree.stepForward()) {
      if ((table.flags[span]! & (REMOVED | SPENT)) !== REMOVED) continue;
      ranges.push({
        replica: table.replica[span]!,
        counter: table.counter[span]!,
        length: table.length[span]!,
      });
    }
    return ranges;
  }

  /** All removed items that were not forgotten. */
  removedRanges(): IdRange[] {
    const ranges: IdRange[] = [];
    this.scan(null, Infinity, ranges, null);
    return ranges;
  }

  /**
   * Goes through the items behind `after`, or from the first one on, which costs
   * about `budget` steps. The sequence may change before it goes on.
   *
   * @param removed Gets what was removed and not forgotten.
   * @param visit Gets the content of all others, if it is wanted, with the id of
   * its first item.
   * @returns The last item that was visited; `null` at the end.
   */
  scan(
    after: ItemId | null,
    budget: number,
    removed: IdRange[],
    visit:
      | ((content: Part, replica: number, counter: number) => void)
      | null,
  ): ItemId | null {
    const { table, tree } = this.list;
    if (tree.isDisposed) return null;
    let span = after === null
      ? NONE
      : this.list.find(after.replica, after.counter);
    let offset = 0;
    if (after === null || span === NONE) {
      tree.moveToStart();
      span = tree.settle();
    } else {
      tree.moveTo(span);
      offset = after.counter - table.counter[span]! + 1;
    }
    let replica = after?.replica ?? NONE;
    let end = (after?.counter ?? 0) + 1;
    for (let left = budget; span !== NONE; span = tree.stepForward()) {
      let length = table.length[span]! - offset;
      const start = table.start[span]! + offset;
      const counter = table.counter[span]! + offset;
      offset = 0;
      if (length === 0) continue;
      if (left <= 0) break;
      left--;
      replica = table.replica[span]!;
      end = counter + length;
      if ((table.flags[span]! & REMOVED) !== 0) {
        const last = removed[removed.length - 1];
        if (
          last?.replica === replica && last.counter + last.length === counter
        ) {
          removed[removed.length - 1] = {
            ...last,
            length: last.length + length,
          };
        } else removed.push({ replica, counter, length });
      } else if (visit !== null) {
        const isLong = length > left;
        if (isLong) length = Math.max(1, left);
        const { leaf, entry } = tree;
        visit(this.store.read(start, length), replica, counter);
        tree.leaf = leaf;
        tree.entry = entry;
        left -= length;
        end = counter + length;
        if (isLong) break;
      }
    }
    return span === NONE ? null : { replica, counter: end - 1 };
  }

  /** The content of each span that has some, hidden or not, in order. */
  protected *liveParts(): Generator<Part, void> {
    const { table, tree } = this.list;
    tree.moveToStart();
    for (let span = tree.settle(); span !== NONE; span = tree.stepForward()) {
      const start = table.start[span]!;
      if (start === NONE) continue;
      const { leaf, entry } = tree;
      yield this.store.read(start, table.length[span]!);
      tree.leaf = leaf;
      tree.entry = entry;
    }
  }
}
