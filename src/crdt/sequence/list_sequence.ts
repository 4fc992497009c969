import type { SequenceArena } from "./arena.ts";
import { Sequence } from "./sequence.ts";

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
}
