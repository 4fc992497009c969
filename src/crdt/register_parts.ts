import type { JsonValue } from "../base/json.ts";
import type { Shape } from "./operation.ts";
import type { TextSequence } from "./sequence/text_sequence.ts";

/** A value beside the one in the register, until one has seen it. */
export interface Sibling {
  /** The dot of the assignment. */
  readonly replica: number;
  /** See {@linkcode Sibling.replica}. */
  readonly counter: number;
  /** When it was made. */
  readonly stamp: number;
  /** {@linkcode SCALAR} or {@linkcode WHOLE}. */
  readonly shape: Shape;
  /** What was assigned; a string that was edited is a text. */
  readonly value: JsonValue | TextSequence | undefined;
  /** Whether a schema does not let it show. */
  readonly isRefused?: boolean;
}

/** What one replica has added to a counter. */
export interface CounterCell {
  /** The dot of the newest increment. */
  readonly replica: number;
  /** See {@linkcode CounterCell.replica}. */
  readonly counter: number;
  /** When it was made. */
  readonly stamp: number;
  /** The replica's total; 0 once it is covered. */
  readonly total: number;
  /** Whether a cover or a barrier hides it. */
  readonly isDead: boolean;
  /** Whether a schema does not let it count. */
  readonly isRefused?: boolean;
}
