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

function show(value: unknown): string {
  if (typeof value === "string") {
    return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  }
  return String(value);
}
