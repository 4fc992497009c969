import type { SequenceArena } from "./arena.ts";
import type { ItemId } from "./ids.ts";
import { countLive, loadSpans, readFor } from "./load_spans.ts";
import { Sequence } from "./sequence.ts";
import type { SequenceReader, SequenceWriter } from "./span_columns.ts";
import { writeSpans } from "./write_spans.ts";

/** A replicated list of values, which are never looked at. */
export class ListSequence<Value> extends Sequence<readonly unknown[]>
  implements Iterable<Value> {
  /** An empty list of `arena`. */
  constructor(arena: SequenceArena) {
    super(arena, arena.values);
  }

  /** The visible value at `index`; `undefined` if there is none. */
  at(index: number): Value | undefined {
    if (!(index >= 0 && index < this.length)) return undefined;
    const { tree, table } = this.list;
    const span = tree.seek(index);
    const [value] = this.store.read(table.start[span]! + tree.offset, 1);
    return value as Value;
  }

  /** Puts `value` in the place of that of an item, which was not removed. */
  replace({ replica, counter }: ItemId, value: Value): void {
    const { table } = this.list;
    const span = this.list.find(replica, counter);
    const offset = counter - table.counter[span]!;
    this.arena.values.replace(table.start[span]! + offset, value);
  }

  /** The visible values in order. The list must not change meanwhile. */
  *[Symbol.iterator](): Generator<Value, void> {
    for (const { content } of this.runs()) {
      yield* content as readonly Value[];
    }
  }

  /** The visible values in order. */
  toArray(): Value[] {
    const values: Value[] = [];
    for (const { content } of this.runs()) {
      for (const value of content) values.push(value as Value);
    }
    return values;
  }

  /**
   * Writes everything: the spans in columns, and then `writeValue` writes each
   * value that was not removed, in order.
   */
  exportTo(writer: SequenceWriter, writeValue: (value: Value) => void): void {
    writeSpans(this.list, writer);
    for (const part of this.liveParts()) {
      for (const value of part) writeValue(value as Value);
    }
  }

  /**
   * Fills an empty list with what {@linkcode exportTo} wrote; `readValue` reads
   * each value. Changes nothing if the reader fails, which it is told to if the
   * data makes no sense, or if `readValue` throws.
   *
   * @param replicas What each replica of the writer is here.
   * @throws {RangeError} If the list has items, also removed ones.
   */
  importFrom(
    reader: SequenceReader,
    replicas: readonly number[],
    readValue: () => Value,
  ): void {
    const columns = readFor(this.list, this.arena, reader, replicas);
    const values: Value[] = [];
    for (let left = countLive(columns); left > 0; left--) {
      values.push(readValue());
    }
    loadSpans(this.list, this.arena, columns, values);
  }
}
