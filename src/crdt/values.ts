import { DistflowError } from "../base/errors.ts";
import type { JsonValue } from "../base/json.ts";

/** Levels that a value or a path may have; the same everywhere, see README. */
export const DEPTH_MAX = 128;

/**
 * Levels that a place may be born below. An author keeps to half of them with a
 * path; its value may go as deep again, where it is in what was moved.
 */
export const DEPTH_BORN_MAX: number = 2 * DEPTH_MAX;

/** UTF-16 units that a key may have; the same everywhere. */
export const KEY_LENGTH_MAX = 4096;

/** The same of one that may be the key of an heir, with its mark and number. */
export const INNER_KEY_LENGTH_MAX: number = KEY_LENGTH_MAX + 11;

/** UTF-16 units that a string may have; the same everywhere. */
export const STRING_LENGTH_MAX: number = 16 * 1024 * 1024;

/** A noncharacter that no key of a user has; see {@linkcode heirKey}. */
const HEIR_MARK = "\u{10ffff}";
const MARK_END: number = HEIR_MARK.charCodeAt(HEIR_MARK.length - 1);

/** What {@linkcode asRegister} makes: a value that is kept as a whole. */
export class Register {
  /** The value, checked and copied. */
  readonly value: JsonValue;

  /** Makes one of a value that was checked. */
  constructor(value: JsonValue) {
    this.value = value;
  }
}

/**
 * Marks `value` to be stored as one opaque register: nobody changes a part of
 * it, and concurrent sets replace it as a whole. A scalar in a list is one
 * without a mark.
 *
 * @example A point is no map
 * ```ts
 * import { asRegister, JsonCrdt } from "@distflow/core/crdt";
 * import { assertEquals } from "@std/assert";
 *
 * const doc = new JsonCrdt("ann");
 * doc.set(["point"], asRegister({ x: 1, y: 2 }));
 * assertEquals(doc.keys(["point"]), []);
 * ```
 *
 * @throws {DistflowError} `INVALID_VALUE` if it is not JSON: `undefined` is not,
 * also as an entry, where the type permits it.
 */
export function asRegister(value: JsonValue): Register {
  return new Register(checkValue(value));
}

function refuse(what: string, trail: readonly (string | number)[]): never {
  const at = trail.length === 0 ? "" : ` at ${JSON.stringify(trail)}`;
  throw new DistflowError("INVALID_VALUE", `Cannot store ${what}${at}`);
}

/** Adds an entry as data, whatever the key: `__proto__` is one like others. */
export function defineEntry(
  object: Record<string, JsonValue>,
  key: string,
  value: JsonValue,
): void {
  if (key === "__proto__") {
    Object.defineProperty(object, key, {
      value,
      configurable: true,
      enumerable: true,
      writable: true,
    });
  } else object[key] = value;
}

/**
 * Returns a copy of `value` that nobody else can change, if it is JSON.
 *
 * Negative zero becomes zero, which is what it becomes in a JSON text.
 *
 * @throws {DistflowError} `INVALID_VALUE` on NaN, infinities, `undefined`,
 * cycles and anything too deep, holes, lone surrogates, and objects of classes.
 */
export function checkValue(
  value: unknown,
  trail: (string | number)[] = [],
): JsonValue {
  switch (typeof value) {
    case "boolean":
      return value;
    case "string":
      return checkString(value, trail);
    case "number":
      if (!Number.isFinite(value)) return refuse(String(value), trail);
      return value === 0 ? 0 : value;
    case "object":
      break;
    default:
      return refuse(`a value of type ${typeof value}`, trail);
  }
  if (value === null) return null;
  if (trail.length >= DEPTH_MAX) {
    return refuse(
      `a cycle, or more than ${DEPTH_MAX} levels`,
      trail.slice(0, 3),
    );
  }
  if (Array.isArray(value)) return checkArray(value, trail);
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    const name = value.constructor?.name ?? "a class";
    return refuse(`an object of ${String(name)}`, trail);
  }
  const copy: Record<string, JsonValue> = {};
  for (const [key, entry] of Object.entries(value)) {
    checkKey(key, trail);
    trail.push(key);
    defineEntry(copy, key, checkValue(entry, trail));
    trail.pop();
  }
  return Object.freeze(copy);
}

function checkArray(
  value: readonly unknown[],
  trail: (string | number)[],
): JsonValue {
  const copy: JsonValue[] = [];
  for (let index = 0; index < value.length; index++) {
    if (!Object.hasOwn(value, index)) {
      return refuse("a hole", [...trail, index]);
    }
    trail.push(index);
    copy.push(checkValue(value[index], trail));
    trail.pop();
  }
  return Object.freeze(copy);
}

function checkString(
  value: string,
  trail: readonly (string | number)[],
): string {
  if (value.length > STRING_LENGTH_MAX) {
    return refuse(`a string of ${value.length} UTF-16 units`, trail);
  }
  if (!value.isWellFormed()) return refuse("a lone surrogate", trail);
  return value;
}

function checkKey(key: string, trail: readonly (string | number)[]): void {
  if (!isKey(key)) {
    refuse(
      `a key with a lone surrogate, or above ${KEY_LENGTH_MAX} UTF-16 units, or with U+10FFFF and a number at its end`,
      trail,
    );
  }
}

/** Whether `key` can be a step of a path. */
export function isKey(key: unknown): key is string {
  return typeof key === "string" && key.length <= KEY_LENGTH_MAX &&
    key.isWellFormed() && !isHeirKey(key);
}

/**
 * The key of the place that takes over from one that was moved away: the first
 * is number 1.
 */
export function heirKey(key: string, number: number): string {
  return `${key}${HEIR_MARK}${number}`;
}

/** Whether a key is that of a place that took over from another one. */
export function isHeirKey(key: string): boolean {
  return markIn(key) >= 0;
}

/** The key under which a place, or its heir, is shown. */
export function shownKey(key: string): string {
  const end = markIn(key);
  return end < 0 ? key : key.slice(0, end);
}

/** Where the mark and number of an heir begin; -1 if it is none. */
function markIn(key: string): number {
  let at = key.length - 1;
  while (at > 0 && isDigit(key.charCodeAt(at))) at--;
  // Most keys are none: the last unit of the mark tells it.
  if (at === key.length - 1 || key.charCodeAt(at) !== MARK_END) return -1;
  const start = at + 1 - HEIR_MARK.length;
  return start >= 0 && key.startsWith(HEIR_MARK, start) ? start : -1;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** Whether `key` can be a key in an operation: that of a place, or of an heir. */
export function isInnerKey(key: unknown): key is string {
  if (isKey(key)) return true;
  if (typeof key !== "string" || !isHeirKey(key)) return false;
  const shown = shownKey(key);
  const number = key.slice(shown.length + HEIR_MARK.length);
  return isKey(shown) && /^[1-9]\d{0,8}$/.test(number);
}

/** Whether two JSON values are the same, whatever the order of their keys. */
export function isSameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object") return false;
  if (a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length &&
      a.every((item, index) => isSameValue(item, b[index]));
  }
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length &&
    keys.every((key) =>
      Object.hasOwn(b, key) &&
      isSameValue(Reflect.get(a, key), Reflect.get(b, key))
    );
}

/** The JSON text of `value` with sorted keys: the same for the same values. */
export function canonicalText(value: JsonValue): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(",")}]`;
  const entries = Object.entries(value as { [key: string]: JsonValue })
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, entry]) => `${JSON.stringify(key)}:${canonicalText(entry)}`);
  return `{${entries.join(",")}}`;
}
