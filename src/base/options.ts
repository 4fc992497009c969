/** Bounds for {@linkcode checkInteger}; both are inclusive. */
export interface IntegerBounds {
  /** The least value that is allowed. */
  min: number;
  /**
   * The greatest value that is allowed.
   *
   * @default {Number.MAX_SAFE_INTEGER}
   */
  max?: number;
}

/**
 * Returns `value` if it is an integer within `bounds`.
 *
 * @param act What was being done, as in "create a mailbox".
 * @param option The option's name, as the caller wrote it.
 * @throws {RangeError} If it is not; the message names all of this.
 */
export function checkInteger(
  act: string,
  option: string,
  value: unknown,
  bounds: IntegerBounds,
): number {
  const max = bounds.max ?? Number.MAX_SAFE_INTEGER;
  if (
    typeof value === "number" && Number.isInteger(value) &&
    value >= bounds.min && value <= max
  ) return value;
  const range = max === Number.MAX_SAFE_INTEGER
    ? `of at least ${bounds.min}`
    : `from ${bounds.min} to ${max}`;
  throw new RangeError(
    `Cannot ${act} as '${option}' must be an integer ${range}: current value is ${
      show(value)
    }`,
  );
}

/**
 * Returns `value` if it is one of `choices`.
 *
 * @throws {TypeError} If it is not; the message lists the choices.
 */
export function checkChoice<Choice extends string>(
  act: string,
  option: string,
  value: unknown,
  choices: readonly Choice[],
): Choice {
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  const list = choices.map((choice) => `"${choice}"`).join(", ");
  throw new TypeError(
    `Cannot ${act} as '${option}' must be one of ${list}: current value is ${
      show(value)
    }`,
  );
}

/**
 * Returns `value` if it is a string of 1 to `lengthMax` UTF-16 units.
 *
 * @throws {TypeError} If it is not.
 */
export function checkText(
  act: string,
  option: string,
  value: unknown,
  lengthMax: number,
): string {
  if (
    typeof value === "string" && value.length > 0 && value.length <= lengthMax
  ) return value;
  throw new TypeError(
    `Cannot ${act} as '${option}' must be a string of 1 to ${lengthMax} characters: current value is ${
      show(value)
    }`,
  );
}

/**
 * Returns `value` if it is bytes, as a `Buffer` is, too; of any realm.
 *
 * @throws {TypeError} If it is not; what is often given instead is named.
 */
export function checkBytes(
  act: string,
  option: string,
  value: unknown,
): Uint8Array {
  if (isBytes(value)) return value;
  const shown = show(value);
  const hint = shown.endsWith("ArrayBuffer")
    ? "; wrap it in new Uint8Array(buffer)"
    : "";
  throw new TypeError(
    `Cannot ${act} as '${option}' must be a Uint8Array: current value is ${shown}${hint}`,
  );
}

/** Whether `value` is bytes, as {@linkcode checkBytes} takes them. */
export function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array ||
    (ArrayBuffer.isView(value) && tagOf(value) === "Uint8Array");
}

/**
 * Returns `value` if it is a function.
 *
 * @throws {TypeError} If it is not.
 */
export function checkFunction<Value>(
  act: string,
  option: string,
  value: Value,
): Value {
  if (typeof value === "function") return value;
  throw new TypeError(
    `Cannot ${act} as '${option}' must be a function: current value is ${
      show(value)
    }`,
  );
}

/** What a wrong value is, for the message of an error: short, whatever it is. */
export function show(value: unknown): string {
  if (typeof value === "string") {
    return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  }
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  const name = tagOf(value);
  return `${/^[AEIOU]/.test(name) ? "an" : "a"} ${name}`;
}

/** The name of a built-in class, also of another realm; `Object` for most. */
function tagOf(value: object): string {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}
