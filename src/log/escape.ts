/**
 * What could start a line, move a terminal's cursor or turn text around: the
 * control characters (C0, DEL, C1), the Unicode line and paragraph separators,
 * the marks of writing direction, and halves of surrogate pairs.
 */
const UNSAFE =
  // deno-lint-ignore no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|\p{Surrogate}/gu;

const SHORT: Readonly<Record<string, string>> = {
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

/**
 * `text` as a single line that does nothing to a terminal: unsafe characters
 * are written as `\n` or `\u001b`.
 *
 * Backslashes stay as they are, so the result is for reading only.
 */
export function escapeLine(text: string): string {
  return text.replace(UNSAFE, (unit) => SHORT[unit] ?? escapeUnit(unit));
}

/**
 * A JSON text without the unsafe characters that `JSON.stringify` leaves in
 * strings; it means the same.
 */
export function escapeJson(json: string): string {
  return json.replace(UNSAFE, escapeUnit);
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
