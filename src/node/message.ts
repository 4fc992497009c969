import { DistflowError } from "../base/errors.ts";
import type { JsonValue } from "../base/json.ts";
import { isTooDeep, mayBeTooDeep } from "../wire/json_text.ts";
import { JSON_DEPTH_MAX } from "../wire/limits.ts";
import { copyJson } from "./json_copy.ts";

/**
 * What the receiver gets of a message; undefined if only its text can tell.
 *
 * @throws {DistflowError} `MESSAGE_NOT_JSON`, if a getter throws.
 * @see {@linkcode copyJson}
 */
export function copyMessage(
  message: unknown,
  bytesMax: number,
): JsonValue | undefined {
  try {
    return copyJson(message, bytesMax);
  } catch (error) {
    throw notJson("it has no JSON form", error);
  }
}

/**
 * The JSON of a message.
 *
 * @throws {DistflowError} `MESSAGE_NOT_JSON`, if it has none.
 */
export function encodeMessage(message: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(message);
  } catch (error) {
    throw notJson("it has no JSON form", error);
  }
  if (text === undefined) throw notJson(`it is ${typeof message}`, undefined);
  if (mayBeTooDeep(text) && isTooDeep(JSON.parse(text))) {
    throw notJson(
      `it is nested deeper than ${JSON_DEPTH_MAX} levels`,
      undefined,
    );
  }
  return text;
}

function notJson(why: string, cause: unknown): DistflowError {
  return new DistflowError(
    "MESSAGE_NOT_JSON",
    `Cannot send a message: ${why}. Send what JSON can carry: no cycles, functions or BigInt`,
    cause === undefined ? {} : { cause },
  );
}
