/**
 * Returns what is to be kept if it is bytes.
 *
 * @throws {TypeError} If it is not a `Uint8Array`, as a `Buffer` is one.
 */
export function checkBytes(
  act: "save" | "append",
  bytes: unknown,
): Uint8Array {
  if (bytes instanceof Uint8Array) return bytes;
  throw new TypeError(
    `Cannot ${act} what is no Uint8Array: current value is ${
      bytes === null ? "null" : `of type ${typeof bytes}`
    }`,
  );
}
