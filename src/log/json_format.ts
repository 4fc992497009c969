import { escapeJson } from "./escape.ts";
import type { LogRecord } from "./record.ts";

/**
 * A record as one line of JSON, without a line break at its end.
 *
 * Parsing the line gives an equal record. Characters that some programs take
 * for the end of a line, or some terminals for a command, are escaped.
 *
 * @example
 * ```ts
 * import { formatRecordAsJson } from "@distflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const line = formatRecordAsJson({
 *   time: 1_700_000_000_000,
 *   level: "info",
 *   name: "shop",
 *   message: "Paid",
 *   context: { cents: 250 },
 * });
 * assertEquals(
 *   line,
 *   '{"time":1700000000000,"level":"info","name":"shop","message":"Paid","context":{"cents":250}}',
 * );
 * ```
 */
export function formatRecordAsJson(record: LogRecord): string {
  const { time, level, name, message, context, error } = record;
  return escapeJson(
    JSON.stringify({ time, level, name, message, context, error }),
  );
}
