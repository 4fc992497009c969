import type { LogLevel } from "./level.ts";

/** What a record tells beside its message: any values under names. */
export type LogContext = Readonly<Record<string, unknown>>;

/**
 * Where a part of a program tells what happens to it.
 *
 * It is an interface so that distflow can log through what a program already
 * has: an adapter to another logger is a dozen lines. None of the methods may
 * throw, and none may keep or change the context it is given.
 *
 * Every call is `(message, context?, error?)`. The other common order, context
 * first as in pino, makes the part that is always there follow the part that
 * is often absent; taking the error out of a reserved key of the context, as
 * in winston, ties every caller to the name of that key, and a typing mistake
 * loses the stack. Text first reads as a sentence, the context stays free of
 * reserved names, and `unknown` in a `catch` can be passed on as it is.
 *
 * @example Passing distflow's records to another logger
 * ```ts
 * import type { LogContext, Logger } from "@distflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * // A logger that takes the context first.
 * const lines: unknown[] = [];
 * const other = {
 *   debug: () => {},
 *   info: (context: object, text: string) => lines.push([text, context]),
 * };
 *
 * function adapt(context: LogContext): Logger {
 *   const at = (write: (context: object, text: string) => void) =>
 *   (text: string, more?: LogContext, error?: unknown) =>
 *     write({ ...context, ...more, ...(error ? { error } : {}) }, text);
 *   return {
 *     debug: at(other.debug),
 *     info: at(other.info),
 *     warn: at(other.info),
 *     error: at(other.info),
 *     isEnabled: (level) => level !== "debug",
 *     child: (more) => adapt({ ...context, ...more }),
 *   };
 * }
 *
 * adapt({ part: "billing" }).info("Paid", { cents: 250 });
 * assertEquals(lines, [["Paid", { part: "billing", cents: 250 }]]);
 * ```
 */
export interface Logger {
  /** Tells what only somebody who hunts a bug wants to read. */
  debug(message: string, context?: LogContext, error?: unknown): void;
  /** Tells a step in the life of the program, such as a start or an end. */
  info(message: string, context?: LogContext, error?: unknown): void;
  /** Tells what is not right although the program goes on by itself. */
  warn(message: string, context?: LogContext, error?: unknown): void;
  /** Tells what failed and needs somebody. */
  error(message: string, context?: LogContext, error?: unknown): void;
  /**
   * Whether a record at `level` goes anywhere; ask before gathering what is
   * costly to gather.
   */
  isEnabled(level: LogLevel): boolean;
  /**
   * A logger that adds `context` to each of its records, below what the call
   * itself gives. Its values are read once, now.
   */
  child(context: LogContext): Logger;
}

/**
 * A logger that tells nobody anything: pass it as a `logger` option to keep
 * one node, or a test, quiet.
 *
 * @example
 * ```ts
 * import { silentLogger } from "@distflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * silentLogger.error("Nobody reads this");
 * assertEquals(silentLogger.isEnabled("error"), false);
 * ```
 */
export const silentLogger: Logger = Object.freeze({
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  isEnabled: () => false,
  child: () => silentLogger,
});

function ignore(): void {}
