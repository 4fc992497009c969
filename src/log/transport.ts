import { checkThreshold, type LogThreshold } from "./level.ts";
import type { LogRecord } from "./record.ts";

/**
 * Takes a record to where it belongs.
 *
 * @param record Plain frozen data; it may be kept.
 * @param format The record as one piece of text without a final line break, in
 * the form that `prettyPrint` chose; made at most once for all transports.
 * @returns Ignored, except that a promise which rejects counts as a failure.
 */
export type LogWrite = (record: LogRecord, format: () => string) => unknown;

/** A destination of records. */
export interface LogTransport {
  /**
   * The least level this destination wants, among the records that their
   * loggers let through.
   *
   * @default {"debug"}
   */
  readonly level?: LogThreshold;
  /**
   * Takes one record. Records come one after the other, in the order of the
   * calls; none comes while the transport is in this call, so what it logs
   * itself does not come back to it.
   *
   * A promise is not waited for: a slow destination keeps its own queue, and
   * bounds it. One that throws or rejects is reported once on standard error;
   * the caller and the other transports do not notice.
   */
  readonly write: LogWrite;
}

/** Options for {@linkcode createTransport}. */
export interface LogTransportOptions {
  /**
   * The least level this destination wants, among the records that their
   * loggers let through.
   *
   * @default {"debug"}
   */
  level?: LogThreshold;
}

/**
 * Makes a destination of records out of a function.
 *
 * @example Keeping the errors of a test
 * ```ts
 * import { createTransport, LoggerHub, type LogRecord } from "@distflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const kept: LogRecord[] = [];
 * const hub = new LoggerHub({
 *   transports: [
 *     createTransport((record) => kept.push(record), { level: "error" }),
 *   ],
 * });
 * const logger = hub.getLogger("shop");
 * logger.warn("Almost sold out");
 * logger.error("Sold out", { article: 7 });
 * assertEquals(kept.map((record) => record.context), [{ article: 7 }]);
 * ```
 *
 * @throws {TypeError} If `write` is not a function, or the level is none.
 */
export function createTransport(
  write: LogWrite,
  options: LogTransportOptions = {},
): LogTransport {
  const act = "create a log transport";
  if (typeof write !== "function") {
    throw new TypeError(
      `Cannot ${act} as 'write' must be a function: current value is ${typeof write}`,
    );
  }
  const level = checkThreshold(act, "level", options.level ?? "debug");
  return Object.freeze({ level, write });
}
