import { DistflowError } from "../base/errors.ts";
import { utf8Length } from "./frame.ts";

/** The brackets of the frame that a message is in. */
const BRACKETS_BYTES = 2;

/**
 * Checks that the JSON `text` of a message fits into a frame of its own.
 *
 * @param frameBytesMax The longest body that the receiver accepts, in bytes.
 * @throws {DistflowError} `MESSAGE_TOO_LARGE`.
 */
export function checkMessageSize(text: string, frameBytesMax: number): void {
  // UTF-8 has at most three bytes for a UTF-16 unit.
  if (text.length * 3 + BRACKETS_BYTES <= frameBytesMax) return;
  const byteCount = utf8Length(text) + BRACKETS_BYTES;
  if (byteCount <= frameBytesMax) return;
  throw new DistflowError(
    "MESSAGE_TOO_LARGE",
    `Cannot send a message of ${byteCount} bytes: the receiver accepts ${frameBytesMax}. Send it in parts, or raise the receiver's 'messageBytesMax'`,
    { details: { byteCount, byteCountMax: frameBytesMax } },
  );
}
