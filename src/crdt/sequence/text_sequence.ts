import type { SequenceArena } from "./arena.ts";
import { countLive, loadSpans, readFor } from "./load_spans.ts";
import { Sequence } from "./sequence.ts";
import type { SequenceReader, SequenceWriter } from "./span_columns.ts";
import { writeSpans } from "./write_spans.ts";

const LONE_SURROGATE = /\p{Surrogate}/u;

/** A replicated text; its items are UTF-16 code units. */
export class TextSequence extends Sequence<string> {
  /** An empty text of `arena`. */
  constructor(arena: SequenceArena) {
    super(arena, arena.texts);
  }

  /** The visible text. */
  override toString(): string {
    let text = "";
    for (const { content } of this.runs()) text += content;
    return text;
  }

  /** The visible text from `from` to before `to`, as of a string. */
  slice(from: number, to: number = this.length): string {
    let text = "";
    for (const { content } of this.runs(from)) {
      text += content;
      if (text.length >= to - from) break;
    }
    return text.slice(0, Math.max(0, to - from));
  }

  /** Writes everything: the spans in columns, then all text in one piece. */
  exportTo(writer: SequenceWriter): void {
    writeSpans(this.list, writer);
    let text = "";
    for (const part of this.liveParts()) text += part;
    const isWellFormed = !LONE_SURROGATE.test(text);
    writer.byte(isWellFormed ? 0 : 1);
    if (isWellFormed) return writer.text(text);
    // Somebody's removal parted a pair, and UTF-8 cannot say so.
    for (let at = 0; at < text.length; at++) writer.varint(text.charCodeAt(at));
  }

  /**
   * Fills an empty text with what {@linkcode exportTo} wrote. Changes nothing if
   * the reader fails, which it is told to if the data makes no sense.
   *
   * @param replicas What each replica of the writer is here.
   * @throws {RangeError} If the text has items, also removed ones.
   */
  importFrom(reader: SequenceReader, replicas: readonly number[]): void {
    const columns = readFor(this.list, this.arena, reader, replicas);
    const count = countLive(columns);
    let text = "";
    if (reader.byte() === 0) text = reader.text();
    else {while (text.length < count) {
        text += String.fromCharCode(
          reader.varint(0xffff),
        );
      }}
    if (text.length !== count) reader.fail(`a text of ${count} units`);
    loadSpans(this.list, this.arena, columns, text);
  }
}
