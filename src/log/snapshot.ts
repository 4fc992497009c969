import type { JsonValue } from "../base/json.ts";
import type { LoggedError } from "./record.ts";

const DEPTH_MAX = 8;
const ENTRIES_MAX = 100;
const ERRORS_MAX = 10;
const DETAILS_MAX = 32;
const VALUES_MAX = 1000;
const KEY_CHARACTERS_MAX = 256;
const TEXT_CHARACTERS_MAX = 8192;
const CHARACTERS_MAX = 65_536;

/** Turning a greater one into decimal digits costs quadratic time. */
const BIGINT_MAX = 1n << 512n;

/** The fields of an error that a {@linkcode LoggedError} shows by themselves. */
const NAMED_FIELDS: ReadonlySet<string> = new Set([
  "name",
  "message",
  "code",
  "details",
  "stack",
  "cause",
  "errors",
]);

type JsonObject = { readonly [key: string]: JsonValue };
type Details = { [key: string]: string | number | boolean };

/** The context of a record that has none. */
export const NO_CONTEXT: JsonObject = Object.freeze({});

/**
 * Copies whatever a program holds into plain frozen data, within the bounds
 * that {@linkcode LogRecord} documents. Nothing it meets makes it throw: what
 * a getter, a proxy or a `toJSON` method throws is written in its place.
 *
 * One object serves one context or one error: the bounds are on it as a whole.
 */
export class Snapshot {
  #valuesLeft = VALUES_MAX;
  #charactersLeft = CHARACTERS_MAX;
  /** The objects around the one being read, the outermost first. */
  readonly #path: object[] = [];

  /** A copy of a context; what is no object appears in it as `value`. */
  context(input: unknown): JsonObject {
    if (input === undefined || input === null) return NO_CONTEXT;
    const value = this.value(input) ?? null;
    return isJsonObject(value) ? value : Object.freeze({ value });
  }

  /** The text of a message, also of one that is no string. */
  message(input: unknown): string {
    const value = this.value(input);
    return typeof value === "string" ? value : String(JSON.stringify(value));
  }

  /** A copy of something that was thrown. */
  error(input: unknown): LoggedError {
    if (!isErrorLike(input)) return nonError(this.message(input));
    return this.#enter(input, () => this.#openError(input), nonError);
  }

  /** A copy of any value; `undefined` has none. */
  value(input: unknown): JsonValue | undefined {
    this.#valuesLeft--;
    switch (typeof input) {
      case "string":
        return this.#text(input);
      case "number":
        if (input === 0) return 0; // JSON has no negative zero.
        return Number.isFinite(input) ? input : String(input);
      case "boolean":
        return input;
      case "bigint":
        return input > BIGINT_MAX || input < -BIGINT_MAX
          ? "[BigInt of more than 512 bits]"
          : `${input}n`;
      case "symbol":
        return this.#text(String(input));
      case "function":
        return this.#enter(input, () => this.#kind("Function", input.name));
      case "object":
        if (input === null) return null;
        if (isErrorLike(input)) return this.error(input);
        return this.#enter(input, () => this.#open(input));
      default:
        return undefined;
    }
  }

  /** Reads an object unless it is around itself or too far down. */
  #enter<Result>(
    object: object,
    read: () => Result,
    instead: (text: string) => Result,
  ): Result;
  #enter<Result>(object: object, read: () => Result): Result | string;
  #enter<Result>(
    object: object,
    read: () => Result,
    instead: (text: string) => Result | string = (text) => text,
  ): Result | string {
    if (this.#path.includes(object)) return instead("[Circular]");
    if (this.#path.length >= DEPTH_MAX) return instead("[Too deep]");
    this.#path.push(object);
    try {
      return read();
    } catch (error) {
      return instead(this.#thrown(error));
    } finally {
      this.#path.pop();
    }
  }

  #open(input: object): JsonValue | undefined {
    if (Array.isArray(input)) return this.#list(input, input.length);
    if (input instanceof Date) {
      return Number.isNaN(input.getTime())
        ? "Invalid Date"
        : input.toISOString();
    }
    if (input instanceof Map) return this.#map(input);
    if (input instanceof Set) return this.#list(input, input.size);
    if (input instanceof RegExp) return this.#text(String(input));
    if (ArrayBuffer.isView(input) || input instanceof ArrayBuffer) {
      return this.#kind(nameOfClass(input), `of ${input.byteLength} bytes`);
    }
    if ("toJSON" in input && typeof input.toJSON === "function") {
      const json: unknown = input.toJSON();
      if (json !== input) return this.value(json);
    }
    const keys = Object.keys(input);
    const className = nameOfClass(input);
    if (keys.length === 0 && className !== "Object") {
      return this.#kind(className);
    }
    return this.#object(keys, (key) => Reflect.get(input, key));
  }

  #list(items: Iterable<unknown>, count: number): JsonValue {
    const list: JsonValue[] = [];
    for (const item of items) {
      if (list.length >= ENTRIES_MAX || this.#valuesLeft <= 0) {
        list.push(`[${count - list.length} more]`);
        break;
      }
      list.push(this.value(item) ?? null);
    }
    return Object.freeze(list);
  }

  #map(map: ReadonlyMap<unknown, unknown>): JsonValue {
    const keys: string[] = [];
    for (const key of map.keys()) {
      if (typeof key !== "string") return this.#list(map, map.size);
      if (keys.push(key) > ENTRIES_MAX) break;
    }
    return this.#object(keys, (key) => map.get(key), map.size);
  }

  #object(
    keys: readonly string[],
    get: (key: string) => unknown,
    count: number = keys.length,
  ): JsonObject {
    const object: { [key: string]: JsonValue } = {};
    for (const [index, key] of keys.entries()) {
      if (index >= ENTRIES_MAX || this.#valuesLeft <= 0) {
        object["…"] = `[${count - index} more]`;
        break;
      }
      const value = this.#read(() => get(key));
      if (value !== undefined) object[this.#key(key)] = value;
    }
    return Object.freeze(object);
  }

  #openError(error: object): LoggedError {
    const get = (key: string): unknown => Reflect.get(error, key);
    const code = this.#read(() => get("code"));
    const details = this.#details(error);
    const stack = this.#read(() => get("stack"));
    const cause = this.#readRaw(() => get("cause"));
    const errors = this.#readRaw(() => get("errors"));
    return Object.freeze({
      name: String(this.#read(() => get("name"))),
      message: String(this.#read(() => get("message"))),
      ...(typeof code === "string" || typeof code === "number" ? { code } : {}),
      ...(Object.keys(details).length > 0 ? { details } : {}),
      ...(typeof stack === "string" ? { stack } : {}),
      ...(cause === undefined ? {} : { cause: this.error(cause) }),
      ...(Array.isArray(errors) ? { errors: this.#errors(errors) } : {}),
    });
  }

  #errors(errors: readonly unknown[]): readonly LoggedError[] {
    const list: LoggedError[] = [];
    for (const error of errors) {
      if (list.length >= ERRORS_MAX || this.#valuesLeft <= 0) {
        list.push(nonError(`[${errors.length - list.length} more]`));
        break;
      }
      list.push(this.error(error));
    }
    return Object.freeze(list);
  }

  /**
   * The fields of an error beside the named ones, and of its `details`. Only
   * scalars: errors of HTTP clients hold whole requests, with their secrets.
   */
  #details(error: object): Details {
    const details: Details = {};
    const gather = (object: object, isTaken: (key: string) => boolean) => {
      for (const key of Object.keys(object)) {
        if (Object.keys(details).length >= DETAILS_MAX) return;
        if (!isTaken(key)) continue;
        const value = this.#readRaw(() => Reflect.get(object, key));
        if (!isScalar(value)) continue;
        const copy = this.value(value);
        if (isScalar(copy)) details[this.#key(key)] = copy;
      }
    };
    gather(error, (key) => !NAMED_FIELDS.has(key));
    const nested = this.#readRaw(() => Reflect.get(error, "details"));
    if (typeof nested === "object" && nested !== null) {
      gather(nested, () => true);
    }
    return Object.freeze(details);
  }

  #read(get: () => unknown): JsonValue | undefined {
    try {
      return this.value(get());
    } catch (error) {
      return this.#thrown(error);
    }
  }

  #readRaw(get: () => unknown): unknown {
    try {
      return get();
    } catch (error) {
      return this.#thrown(error);
    }
  }

  #text(text: string): string {
    const lengthMax = Math.min(TEXT_CHARACTERS_MAX, this.#charactersLeft);
    const kept = cut(text, lengthMax);
    this.#charactersLeft -= kept.length;
    if (kept.length === text.length) return text;
    return `${kept}… [${text.length - kept.length} more characters]`;
  }

  /** A name for a field: bounded, and never one that sets a prototype. */
  #key(key: string): string {
    if (key === "__proto__") return "[__proto__]";
    const kept = cut(key, KEY_CHARACTERS_MAX);
    this.#charactersLeft = Math.max(0, this.#charactersLeft - kept.length);
    return kept.length === key.length ? key : `${kept}…`;
  }

  #kind(...words: unknown[]): string {
    return this.#text(`[${words.filter((word) => word !== "").join(" ")}]`);
  }

  #thrown(error: unknown): string {
    let message: unknown;
    try {
      message = isErrorLike(error) ? Reflect.get(error, "message") : error;
    } catch {
      // The error's own getter failed; that it did is all there is to tell.
      message = "an error that cannot be read";
    }
    return this.#text(
      `[Thrown: ${typeof message === "string" ? message : typeof message}]`,
    );
  }
}

/** The beginning of `text`, never half a surrogate pair. */
function cut(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text;
  const last = text.charCodeAt(lengthMax - 1);
  const splitsPair = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, Math.max(0, splitsPair ? lengthMax - 1 : lengthMax));
}

function nonError(message: string): LoggedError {
  return Object.freeze({ name: "NonError", message });
}

/**
 * Whether `value` is an error; never throws. Those of another realm, such as a
 * `node:vm` context, are known by their shape.
 */
export function isErrorLike(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  try {
    return value instanceof Error ||
      ["name", "message", "stack"].every((key) =>
        typeof Reflect.get(value, key) === "string"
      );
  } catch {
    // A proxy or a getter refuses to be looked at: it is told as an object is.
    return false;
  }
}

function nameOfClass(object: object): string {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (typeof prototype !== "object" || prototype === null) return "Object";
  const maker: unknown = Reflect.get(prototype, "constructor");
  return typeof maker === "function" && maker.name !== ""
    ? String(maker.name)
    : "Object";
}

function isJsonObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === "string" || typeof value === "number" ||
    typeof value === "boolean";
}
