import { violation } from "./fields.ts";
import { JSON_DEPTH_MAX } from "./limits.ts";

/**
 * The value of a JSON text that came from outside.
 *
 * @throws {DistflowError} `PROTOCOL_VIOLATION` if it is not JSON, or nested
 * deeper than {@linkcode JSON_DEPTH_MAX}.
 */
export function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw violation("a frame that is not JSON", error);
  }
  if (mayBeTooDeep(text) && isTooDeep(value)) {
    throw violation(
      `a frame that is nested deeper than ${JSON_DEPTH_MAX} levels`,
    );
  }
  return value;
}

/**
 * Whether the JSON `text` may be nested deeper than {@linkcode JSON_DEPTH_MAX}.
 *
 * Depth needs opening brackets, and counting them natively costs 9 ns for a
 * 100-byte message (2026-11); only a text that has enough of them is walked.
 */
export function mayBeTooDeep(text: string): boolean {
  if (text.length < 2 * JSON_DEPTH_MAX) return false;
  const openers = countUpTo(text, "[", JSON_DEPTH_MAX) +
    countUpTo(text, "{", JSON_DEPTH_MAX);
  return openers > JSON_DEPTH_MAX;
}

function countUpTo(text: string, character: string, limit: number): number {
  let count = 0;
  let index = text.indexOf(character);
  while (index >= 0 && count <= limit) {
    count++;
    index = text.indexOf(character, index + 1);
  }
  return count;
}

/**
 * Whether a value that came out of a JSON text is nested deeper than
 * {@linkcode JSON_DEPTH_MAX}. Goes down level by level, as recursion could
 * exhaust the stack.
 */
export function isTooDeep(value: unknown): boolean {
  let level: object[] = typeof value === "object" && value ? [value] : [];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > JSON_DEPTH_MAX) return true;
    const next: object[] = [];
    for (const parent of level) {
      const children: readonly unknown[] = Array.isArray(parent)
        ? parent
        : Object.values(parent);
      for (const child of children) {
        if (typeof child === "object" && child !== null) next.push(child);
      }
    }
    level = next;
  }
  return false;
}
