import { type BufferPool, LARGE_BYTES } from "./buffers.ts";

/**
 * What a connection has still to write, in order.
 *
 * Neighbours that fit into one write together are copied into one: a write
 * costs some 10 µs whatever its size, copying 64 KiB about as much.
 */
export class WriteQueue {
  readonly #pool: BufferPool;
  readonly #onWritten: () => void;
  #chunks: Uint8Array[] = [];
  #nextIndex = 0;
  #byteCount = 0;
  #borrowed: Uint8Array | undefined;
  /** What `next` returned is as it was pushed. */
  #isLent = false;

  /**
   * Makes an empty queue that borrows from `pool`, and tells `onWritten` when
   * one more of what was pushed is needed no longer.
   */
  constructor(pool: BufferPool, onWritten: () => void = () => {}) {
    this.#pool = pool;
    this.#onWritten = onWritten;
  }

  /** How many bytes were pushed and not yet `taken`. */
  get byteCount(): number {
    return this.#byteCount;
  }

  /** Adds bytes behind all others. */
  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#chunks.push(bytes);
    this.#byteCount += bytes.length;
  }

  /**
   * What to write next; undefined if there is nothing. Valid until the next
   * call.
   */
  next(): Uint8Array | undefined {
    this.#giveBack();
    const first = this.#shift();
    if (first === undefined) return undefined;
    const second = this.#chunks[this.#nextIndex];
    if (second === undefined || first.length + second.length > LARGE_BYTES) {
      this.#isLent = true;
      return first;
    }
    const target = this.#borrowed = this.#pool.take();
    target.set(first);
    this.#onWritten();
    let length = first.length;
    for (let chunk: Uint8Array | undefined = second; chunk !== undefined;) {
      if (length + chunk.length > LARGE_BYTES) break;
      target.set(chunk, length);
      length += chunk.length;
      this.#shift();
      this.#onWritten();
      chunk = this.#chunks[this.#nextIndex];
    }
    return target.subarray(0, length);
  }

  /** The system has taken this many bytes of what `next` returned. */
  taken(byteCount: number): void {
    this.#byteCount -= byteCount;
  }

  /** Drops everything; what `next` returned stays as it is. */
  clear(): void {
    this.#chunks = [];
    this.#nextIndex = 0;
    this.#byteCount = 0;
    this.#borrowed = undefined;
    this.#isLent = false;
  }

  /** Ends the use of what `next` returned. */
  #giveBack(): void {
    if (this.#borrowed !== undefined) this.#pool.give(this.#borrowed);
    this.#borrowed = undefined;
    if (this.#isLent) this.#onWritten();
    this.#isLent = false;
  }

  #shift(): Uint8Array | undefined {
    const chunk = this.#chunks[this.#nextIndex];
    if (chunk === undefined) return undefined;
    this.#nextIndex++;
    // One chunk after the other would cost a move of all the rest each time.
    if (this.#nextIndex * 2 >= this.#chunks.length) {
      this.#chunks.splice(0, this.#nextIndex);
      this.#nextIndex = 0;
    }
    return chunk;
  }
}
