import type { JsonValue } from "../base/json.ts";
import type { LogLevel } from "./level.ts";

/**
 * An error as data; see {@linkcode LogRecord.error}.
 *
 * Something thrown that is not an error has the name `NonError` and its text
 * as the message.
 */
export type LoggedError = {
  /** The name of the error's class. */
  readonly name: string;
  /** Its text. */
  readonly message: string;
  /** Its code, as in a `DistflowError` or a system error. */
  readonly code?: string | number;
  /** Its further fields, those that are text, numbers or booleans. */
  readonly details?: { readonly [key: string]: string | number | boolean };
  /** Where it was made, as the runtime writes it. */
  readonly stack?: string;
  /** The error that led to this one; at most 8 in a chain. */
  readonly cause?: LoggedError;
  /** What an `AggregateError` holds; at most 10. */
  readonly errors?: readonly LoggedError[];
};

/**
 * One thing that was logged, as plain frozen data that `JSON.stringify` takes.
 *
 * It is a snapshot: what the caller changes later does not show, and a
 * transport may keep it. What JSON cannot carry is written as text, such as
 * `"[Circular]"`, `"12n"` or `"[Function name]"`; a field that is `undefined` is
 * left out.
 *
 * It is bounded, and what was cut says so: 8 levels deep, 100 entries per
 * object or list, 1,000 values, 8,192 characters per text and 65,536 in all.
 */
export interface LogRecord {
  /** When, as wall time in milliseconds since 1970-01-01 UTC. */
  readonly time: number;
  /** How much it matters. */
  readonly level: LogLevel;
  /** The name of the logger. */
  readonly name: string;
  /** What happened, in words. */
  readonly message: string;
  /** The values that go with it; empty if there are none. */
  readonly context: { readonly [key: string]: JsonValue };
  /** What was caught, if the record is about that. */
  readonly error?: LoggedError;
}
