import type { JsonValue } from "../base/json.ts";
import { escapeJson, escapeLine } from "./escape.ts";
import type { LogLevel } from "./level.ts";
import type { LoggedError, LogRecord } from "./record.ts";

/** Options for {@linkcode formatRecordAsText}. */
export interface TextFormatOptions {
  /**
   * Colours the text with ANSI escape sequences; for a terminal.
   *
   * @default {false}
   */
  colors?: boolean;
}

/** Wide enough for distflow's own loggers; longer names push the rest. */
const NAME_COLUMNS = 14;
const LEVEL_COLUMNS = 5;
const INDENT = "    ";
const DATE_MS_MAX = 8.64e15;

/** Numbers of ANSI's "select graphic rendition". */
const DIM = 2;
const LEVEL_COLORS: Readonly<Record<LogLevel, number>> = {
  debug: DIM,
  info: 36,
  warn: 33,
  error: 31,
};

type Paint = (text: string, color: number) => string;

/**
 * A record as text for people, without a line break at its end: one line, and
 * below it an indented line for each error of the chain and of its stack.
 *
 * What came from outside can neither begin a line nor reach the terminal:
 * control characters and line breaks are escaped wherever they appear.
 *
 * @example
 * ```ts
 * import { formatRecordAsText } from "@distflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const text = formatRecordAsText({
 *   time: 1_700_000_000_000,
 *   level: "info",
 *   name: "shop",
 *   message: "Paid\nby card",
 *   context: { cents: 250, by: "Ann B." },
 * });
 * assertEquals(
 *   text,
 *   '2023-11-14T22:13:20.000Z INFO  shop           Paid\\nby card  cents=250 by="Ann B."',
 * );
 * ```
 */
export function formatRecordAsText(
  record: LogRecord,
  options: TextFormatOptions = {},
): string {
  const paint: Paint = options.colors
    ? (text, color) => `\x1b[${color}m${text}\x1b[0m`
    : (text) => text;
  const { level, context, error } = record;
  const columns = [
    paint(formatTime(record.time), DIM),
    paint(level.toUpperCase().padEnd(LEVEL_COLUMNS), LEVEL_COLORS[level]),
    escapeLine(record.name).padEnd(NAME_COLUMNS),
    escapeLine(record.message) + formatFields(context, paint),
  ];
  const lines = [columns.join(" ")];
  if (error !== undefined) pushError(lines, error, INDENT, "", paint);
  return lines.join("\n");
}

function formatTime(time: number): string {
  return Math.abs(time) <= DATE_MS_MAX
    ? new Date(time).toISOString()
    : String(time);
}

function formatFields(
  fields: { readonly [key: string]: JsonValue },
  paint: Paint,
): string {
  const texts = Object.entries(fields).map(([key, value]) =>
    paint(`${formatWord(key)}=`, DIM) + formatValue(value)
  );
  return texts.length === 0 ? "" : `  ${texts.join(" ")}`;
}

function formatValue(value: JsonValue): string {
  // Text that reads as another value is quoted, to tell "1" from 1.
  const isWord = typeof value === "string" && Number.isNaN(Number(value)) &&
    !["true", "false", "null"].includes(value);
  return isWord ? formatWord(value) : escapeJson(JSON.stringify(value));
}

/** Text as it is, or quoted if it could be taken for more than one word. */
function formatWord(text: string): string {
  return /^[^\s"'=,\\{}]+$/u.test(text) && escapeLine(text) === text
    ? text
    : escapeJson(JSON.stringify(text));
}

function pushError(
  lines: string[],
  error: LoggedError,
  indent: string,
  prefix: string,
  paint: Paint,
): void {
  const code = error.code === undefined ? "" : ` [${error.code}]`;
  const head = escapeLine(`${error.name}${code}: ${error.message}`);
  lines.push(
    indent + prefix + paint(head, LEVEL_COLORS.error) +
      formatFields(error.details ?? {}, paint),
  );
  for (const frame of framesOf(error)) {
    lines.push(`${indent}  ${paint(escapeLine(frame), DIM)}`);
  }
  for (const part of error.errors ?? []) {
    pushError(lines, part, `${indent}  `, "With ", paint);
  }
  if (error.cause !== undefined) {
    pushError(lines, error.cause, indent, "Caused by ", paint);
  }
}

/**
 * The lines of the stack below the error's name and message, which it repeats.
 *
 * A message may have several lines, so the frames begin after the whole of it.
 */
function framesOf(error: LoggedError): string[] {
  const { stack = "", message } = error;
  const start = stack.indexOf(message);
  const isHead = start >= 0 && !stack.slice(0, start).includes("\n");
  return stack
    .slice(isHead ? start + message.length : 0)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line.startsWith("at "));
}
