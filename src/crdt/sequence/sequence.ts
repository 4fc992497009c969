import { dropSpent, retire, spend } from "./collect.ts";
import { Contraction } from "./contract.ts";
import {
  type Change,
  type Content,
  type IdRange,
  type ItemId,
  NONE,
  type Origin,
  type RemovedRange,
} from "./ids.ts";
import { chooseParent, placeLeft, placeRight } from "./placement.ts";
import { addRemoved } from "./removal.ts";
import { SequenceView } from "./sequence_view.ts";
import { HIDDEN, REMOVED, STATE } from "./span_table.ts";

/** A contraction may wait until there are fewer spans for each spent one. */
const SPANS_PER_SPENT = 4;

/** Spans that a patient contraction looks at at once. */
const HANGING_MAX = 1_000;

/**
 * A sequence that many replicas change at once: a text, or a list of values.
 *
 * Replicas that have applied the same operations, each item after its parent,
 * show the same items in the same order. What one replica typed or prepended in
 * a row is never mixed with what others did at the same place.
 *
 * Local edits near the last one cost O(1), others O(log spans); a remote insert
 * costs O(log spans), and a step for each span that was inserted concurrently
 * at the same place.
 */
export abstract class Sequence<Part extends Content>
  extends SequenceView<Part> {
  /** Spans that were spent since chains were last contracted. */
  #spentCount = 0;

  /**
   * Inserts `content` before the visible item at `index`; its items get the ids
   * `(replica, counter)`, `(replica, counter + 1)` and so on.
   *
   * @returns The origin, for the operation.
   * @throws {RangeError} If `index` is not from 0 to `length`, or stands between
   * the halves of a surrogate pair.
   */
  insertAt(
    index: number,
    content: Part,
    replica: number,
    counter: number,
  ): Origin {
    this.#checkEdge("insert", index);
    if (content.length === 0) throw new RangeError("Cannot insert no items");
    const { list } = this;
    const { table } = list;
    const side = chooseParent(
      list,
      this.arena.compareReplicas,
      index,
      replica,
      counter,
    );
    const parent = list.parent;
    const origin = {
      side,
      replica: parent === NONE ? NONE : table.replica[parent]!,
      counter: parent === NONE
        ? 0
        : side === "left"
        ? table.counter[parent]!
        : table.lastCounter(parent),
    };
    const start = this.store.put(replica, content);
    list.insert(replica, counter, content.length, start, 0, side);
    return origin;
  }

  /**
   * Removes `count` visible items from `index` on, and drops their content.
   *
   * @returns What was removed, in order; for the operation, and for undo.
   * @throws {RangeError} If there are not so many items, or if the halves of a
   * surrogate pair would be parted.
   */
  removeAt(index: number, count: number): RemovedRange<Part>[] {
    this.#checkEdge("remove", index);
    this.#checkEdge("remove", index + count);
    const { list } = this;
    const { table, tree } = list;
    const ranges: RemovedRange<Part>[] = [];
    while (count > 0) {
      const span = tree.seek(index);
      const from = tree.offset;
      const to = Math.min(from + count, table.length[span]!);
      const start = table.start[span]! + from;
      const content = this.store.read(start, to - from);
      const counter = table.counter[span]! + from;
      addRemoved(ranges, this.store, table.replica[span]!, counter, content);
      this.store.release(start, to - from);
      list.setState(span, from, to, REMOVED, NONE);
      count -= to - from;
    }
    return ranges;
  }

  /**
   * Applies another replica's insertion of `length` items. What is there already
   * is left as it is, also if it is only the first of the items.
   *
   * @param content `undefined` for items that are known to be removed.
   * @returns What became visible, if anything.
   * @throws {RangeError} If the parent is not there (see `hasOrigin`), or if other
   * items have such ids; nothing is changed then.
   */
  integrateInsert(
    replica: number,
    counter: number,
    length: number,
    content: Part | undefined,
    origin: Origin,
  ): Change | undefined {
    const { list } = this;
    let known = list.find(replica, counter);
    if (known !== NONE) {
      let skipped = 0;
      while (known !== NONE && skipped < length) {
        skipped = list.table.lastCounter(known) + 1 - counter;
        known = list.find(replica, counter + skipped);
      }
      if (skipped >= length) return undefined;
      counter += skipped;
      length -= skipped;
      content = content && this.store.slice(content, skipped);
      origin = { side: "right", replica, counter: counter - 1 };
    }
    this.#checkNew(replica, counter, length);
    const parent = this.#isolateParent(origin);
    if (origin.side === "right") {
      placeRight(list, this.arena.compareReplicas, replica, counter);
    } else placeLeft(list, this.arena.compareReplicas, replica, counter);
    const state = content === undefined ? REMOVED : 0;
    const start = content === undefined
      ? NONE
      : this.store.put(replica, content);
    const span = list.insert(
      replica,
      counter,
      length,
      start,
      state,
      origin.side,
    );
    const index = content === undefined
      ? NONE
      : list.tree.index() + list.table.length[span]! - length;
    if (parent !== NONE) {
      list.tree.moveTo(parent);
      list.joinAround(parent);
    }
    return content === undefined ? undefined : { index, count: length };
  }

  /**
   * Applies another replica's removal; items that are removed already, or
   * forgotten, are passed over.
   *
   * @returns What ceased to be visible, each as it was found in turn.
   */
  integrateRemove(range: IdRange): Change[] {
    const { list } = this;
    const { table, tree } = list;
    const { replica } = range;
    const changes: Change[] = [];
    const end = range.counter + range.length;
    let counter = range.counter;
    while (counter < end) {
      const span = list.findFrom(replica, counter, end);
      if (span === NONE) break;
      const first = table.counter[span]!;
      counter = Math.max(counter, first);
      if (counter >= end) break;
      const from = counter - first;
      const to = Math.min(table.length[span]!, end - first);
      counter += to - from;
      if ((table.flags[span]! & REMOVED) !== 0) continue;
      if (table.isVisible(span)) {
        tree.moveTo(span);
        changes.push({ index: tree.index() + from, count: to - from });
      }
      this.store.release(table.start[span]! + from, to - from);
      list.setState(span, from, to, REMOVED, NONE);
    }
    return changes;
  }

  /**
   * Hides an item, which keeps its content, or shows it again.
   *
   * @returns What changed, if anything; a removed item stays removed.
   */
  setHidden(id: ItemId, isHidden: boolean): Change | undefined {
    const { list } = this;
    const { table, tree } = list;
    const span = list.find(id.replica, id.counter);
    const state = isHidden ? HIDDEN : 0;
    const expected = isHidden ? 0 : HIDDEN;
    if (span === NONE || (table.flags[span]! & STATE) !== expected) {
      return undefined;
    }
    const offset = id.counter - table.counter[span]!;
    tree.moveTo(span);
    const index = tree.index() + (isHidden ? offset : 0);
    const start = table.start[span]! + offset;
    list.setState(span, offset, offset + 1, state, start);
    return { index, count: 1 };
  }

  /**
   * Takes back the last local insertion that was not taken back, as if it had
   * never been.
   */
  undoInsert({ replica, counter, length }: IdRange): void {
    const { list } = this;
    for (let end = counter + length; end > counter;) {
      const span = list.find(replica, end - 1);
      const offset = Math.max(counter - list.table.counter[span]!, 0);
      end = list.table.counter[span]! + offset;
      list.drop(span, offset);
    }
  }

  /** Takes back the last local removal that was not taken back. */
  undoRemove(ranges: readonly RemovedRange<Part>[]): void {
    for (const range of ranges) {
      const { replica, counter, length, isReversed, content } = range;
      for (let done = 0; done < length;) {
        const at = isReversed ? counter + length - 1 - done : counter + done;
        const span = this.list.find(replica, at);
        const offset = at - this.list.table.counter[span]!;
        const count = isReversed
          ? 1
          : Math.min(this.list.table.length[span]! - offset, length - done);
        const part = this.store.slice(content, done, done + count);
        const start = this.store.put(replica, part);
        this.list.setState(span, offset, offset + count, 0, start);
        done += count;
      }
    }
  }

  /**
   * Never names these removed items again in what is inserted here. The caller
   * knows that each replica has applied their removal, and that what each had
   * done before that was applied here.
   */
  retire(ranges: Iterable<IdRange>): void {
    retire(this.list, ranges);
  }

  /**
   * Forgets removed items. The caller promises that no operation to come names
   * them: each replica has retired them, and what each had done before that was
   * applied here. An item that others depend on is forgotten later, with the last
   * of them, and need not be given again.
   *
   * @returns How many items were forgotten.
   */
  collect(ranges: Iterable<IdRange>): number {
    const waiting: ItemId[] = [];
    this.spend(ranges, waiting);
    return this.dropSpent(waiting);
  }

  /**
   * The first half of {@linkcode Sequence.collect}: adds to `waiting` what the
   * other half goes on with.
   */
  spend(ranges: Iterable<IdRange>, waiting: ItemId[]): void {
    const before = waiting.length;
    spend(this.list, ranges, waiting);
    this.#spentCount += waiting.length - before;
  }

  /**
   * The second half, in about `budget` steps: to be called until nothing waits.
   *
   * @returns How many items were forgotten.
   */
  dropSpent(waiting: ItemId[], budget: number = Infinity): number {
    return dropSpent(this.list, waiting, budget);
  }

  /**
   * Begins to let the first item of each chain that nobody will name stand for
   * all of it; `null` if nothing was spent since the last time that was done.
   *
   * @param isPatient Whether it can wait until a good part of the spans were
   * spent.
   */
  beginContraction(isPatient: boolean): Contraction<Part> | null {
    const count = this.list.tree.isDisposed ? 0 : this.#spentCount;
    if (count === 0) return null;
    return isPatient
      ? new Contraction(this.list, SPANS_PER_SPENT * count, HANGING_MAX)
      : new Contraction(this.list, Infinity, Infinity);
  }

  /** All chains were contracted. */
  endContraction(): void {
    this.#spentCount = 0;
  }

  /** Contracts all chains at once; returns how many items were forgotten. */
  contract(): number {
    const contraction = this.beginContraction(false);
    contraction?.step(Infinity);
    this.endContraction();
    return contraction?.count ?? 0;
  }

  /**
   * Forgets everything, and gives the room in the arena back; the sequence must
   * not be used afterwards. Costs a step for each span.
   */
  dispose(): void {
    this.list.dispose();
  }

  /**
   * Finds the parent and cuts its span beside it. Returns the span that it was
   * cut from, to be joined again, or `NONE`.
   */
  #isolateParent({ side, replica, counter }: Origin): number {
    const { list } = this;
    list.parent = NONE;
    if (replica === NONE && side === "right") return NONE;
    const span = list.parent = list.find(replica, counter);
    if (span === NONE) {
      throw new RangeError(
        `Cannot integrate items as their parent is not there: (${replica}, ${counter})`,
      );
    }
    const offset = counter - list.table.counter[span]!;
    const cut = side === "left" ? offset : offset + 1;
    if (cut === 0 || cut === list.table.length[span]) return NONE;
    list.tree.moveTo(span);
    const second = list.split(cut);
    if (side === "left") list.parent = second;
    return span;
  }

  /** Nobody may give items the ids of others, of this sequence or another. */
  #checkNew(replica: number, counter: number, length: number): void {
    const end = counter + length;
    if (!this.arena.isTaken(replica, counter, end)) return;
    throw new RangeError(
      `Cannot integrate items as their ids are taken: (${replica}, ${counter} to ${
        end - 1
      })`,
    );
  }

  #checkEdge(act: string, index: number): void {
    if (!Number.isInteger(index) || index < 0 || index > this.length) {
      throw new RangeError(
        `Cannot ${act} items as the index must be from 0 to ${this.length}: current value is ${index}`,
      );
    }
    if (index === 0 || index === this.length || !this.store.hasPairs) return;
    const { tree, table } = this.list;
    const first = table.start[tree.seek(index - 1)]! + tree.offset;
    const second = table.start[tree.seek(index)]! + tree.offset;
    if (!this.store.isPair(first, second)) return;
    throw new RangeError(
      `Cannot ${act} text at ${index} as a surrogate pair stands there`,
    );
  }
}
