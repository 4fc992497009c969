import { DistflowError } from "../base/errors.ts";
import { isRecord, type JsonRecord } from "../base/json.ts";

/** A name that people give to a node: letters, digits, `.`, `_` and `-`. */
export const ALIAS_PATTERN: RegExp = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

/** What identifies a node: the same characters as an alias. */
export const NODE_ID_PATTERN: RegExp = ALIAS_PATTERN;

/** Printable ASCII without spaces, quotes and backslashes. */
const TOKEN_PATTERN = /^[!#-[\]-~]+$/;

/**
 * Reports a malformed message; closes the connection that it came on. The
 * other side is told `what` it was.
 */
export function violation(what: string, cause?: unknown): DistflowError {
  const details = { reason: what };
  return new DistflowError(
    "PROTOCOL_VIOLATION",
    `Cannot read ${what}`,
    cause === undefined ? { details } : { details, cause },
  );
}

/** The object that `value` must be; `what` names it in the error. */
export function readRecord(value: unknown, what: string): JsonRecord {
  if (!isRecord(value)) throw violation(`${what}: it is not a JSON object`);
  return value;
}

/** The text in field `key`, 1 to `lengthMax` UTF-16 units. */
export function readText(
  record: JsonRecord,
  key: string,
  lengthMax: number,
): string {
  const value = record[key];
  if (
    typeof value !== "string" || value.length === 0 || value.length > lengthMax
  ) {
    throw violation(`field "${key}": it must be 1 to ${lengthMax} characters`);
  }
  return value;
}

/**
 * The text in field `key`: 1 to `lengthMax` characters of printable ASCII
 * without spaces, quotes and backslashes, so that JSON does not lengthen it and
 * a terminal shows it as it is.
 */
export function readToken(
  record: JsonRecord,
  key: string,
  lengthMax: number,
): string {
  const value = readText(record, key, lengthMax);
  if (!TOKEN_PATTERN.test(value)) {
    throw violation(`field "${key}": it must be printable ASCII, unquoted`);
  }
  return value;
}

/** As {@linkcode readToken}, for a field that may be absent. */
export function readOptionalToken(
  record: JsonRecord,
  key: string,
  lengthMax: number,
): string | undefined {
  return record[key] === undefined
    ? undefined
    : readToken(record, key, lengthMax);
}

/** The text in field `key`, which must match `pattern`. */
export function readName(
  record: JsonRecord,
  key: string,
  pattern: RegExp,
): string {
  const value = record[key];
  if (typeof value !== "string" || !pattern.test(value)) {
    throw violation(`field "${key}": it must match ${pattern.source}`);
  }
  return value;
}

/** The integer in field `key`, from `min` to `max`. */
export function readInteger(
  record: JsonRecord,
  key: string,
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): number {
  const value = record[key];
  if (
    typeof value !== "number" || !Number.isInteger(value) || value < min ||
    value > max
  ) {
    throw violation(`field "${key}": it must be an integer, ${min} to ${max}`);
  }
  return value;
}

/** The array in field `key`, at most `lengthMax` long. */
export function readArray(
  record: JsonRecord,
  key: string,
  lengthMax: number,
): readonly unknown[] {
  const value = record[key];
  if (!Array.isArray(value) || value.length > lengthMax) {
    throw violation(`field "${key}": it must be at most ${lengthMax} items`);
  }
  return value;
}
