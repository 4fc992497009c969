import type { SequenceArena } from "./arena.ts";
import { Sequence } from "./sequence.ts";

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
}
