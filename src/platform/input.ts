/**
 * All bytes of a stream.
 *
 * @throws {RangeError} If there are more than `byteCountMax`.
 */
export async function collectBytes(
  stream: AsyncIterable<Uint8Array>,
  byteCountMax: number,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let byteCount = 0;
  for await (const chunk of stream) {
    byteCount += chunk.length;
    if (byteCount > byteCountMax) {
      throw new RangeError(
        `Cannot read standard input: it has more than ${byteCountMax} bytes`,
      );
    }
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(byteCount);
  let start = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, start);
    start += chunk.length;
  }
  return bytes;
}
