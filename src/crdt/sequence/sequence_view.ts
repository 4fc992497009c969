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
import { REMOVED } from "./span_table.ts";

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

  /** All removed items that were not forgotten. */
  removedRanges(): IdRange[] {
    const { table, tree } = this.list;
    const ranges: { replica: number; counter: number; length: number }[] = [];
    tree.moveToStart();
    for (let span = tree.settle(); span !== NONE; span = tree.stepForward()) {
      if ((table.flags[span]! & REMOVED) === 0) continue;
      const replica = table.replica[span]!;
      const counter = table.counter[span]!;
      const length = table.length[span]!;
      const last = ranges[ranges.length - 1];
      if (last?.replica === replica && last.counter + last.length === counter) {
        last.length += length;
      } else ranges.push({ replica, counter, length });
    }
    return ranges;
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
