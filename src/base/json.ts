/**
 * A value that JSON can carry.
 *
 * The type lets entries of an object be `undefined`, so that interfaces with
 * optional fields fit. A message leaves such an entry out, as `JSON.stringify`
 * does; a document that many replicas change refuses it with `INVALID_VALUE`.
 */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined };

/** An object that came out of a JSON text; its fields are still unknown. */
export type JsonRecord = { readonly [key: string]: unknown };

/** Whether `value` is a JSON object: not `null` and not an array. */
export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
