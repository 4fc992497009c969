/** Memory that a connection always has, to read into: what an idle one costs. */
const SMALL_BYTES = 2 * 1024;

/** Memory of a busy connection: reads and writes above it are not faster. */
export const LARGE_BYTES: number = 64 * 1024;

/** So many connections may keep large memory while they wait for more. */
const KEPT_MAX = 64;

/** So many reads in a row that needed little end that. */
const SMALL_READS_MAX = 64;

/** Large memory that nobody uses is kept for the next one, up to this. */
const FREE_MAX = 16;

/**
 * Large memory, lent to the connections of a transport while they are busy.
 *
 * A read that is waiting cannot be called back on Deno, and its memory is tied
 * up with it. So only {@linkcode KEPT_MAX} connections may wait with large
 * memory, however many there are that were busy once.
 */
export class BufferPool {
  readonly #free: Uint8Array[] = [];
  #keptCount = 0;

  /** Lends {@linkcode LARGE_BYTES} of memory, with any content. */
  take(): Uint8Array {
    return this.#free.pop() ?? new Uint8Array(LARGE_BYTES);
  }

  /** Takes back what was lent. */
  give(bytes: Uint8Array): void {
    if (this.#free.length < FREE_MAX) this.#free.push(bytes);
  }

  /** Whether one more may keep large memory while it waits. */
  keep(): boolean {
    if (this.#keptCount === KEPT_MAX) return false;
    this.#keptCount++;
    return true;
  }

  /** One less keeps large memory. */
  unkeep(): void {
    this.#keptCount--;
  }
}

/** The memory that one connection reads into: little, until it is busy. */
export class ReadBuffer {
  readonly #pool: BufferPool;
  readonly #small: Uint8Array = new Uint8Array(SMALL_BYTES);
  #large: Uint8Array | undefined;
  #isKept = false;
  #smallReadCount = 0;

  /** Makes a buffer that borrows from `pool`. */
  constructor(pool: BufferPool) {
    this.#pool = pool;
  }

  /** What the next read reads into. */
  get bytes(): Uint8Array {
    return this.#large ?? this.#small;
  }

  /** Chooses memory for the next read, after one of `byteCount` bytes. */
  adapt(byteCount: number): void {
    if (this.#large === undefined) {
      if (byteCount < SMALL_BYTES) return;
      this.#large = this.#pool.take();
      this.#isKept = this.#pool.keep();
      this.#smallReadCount = 0;
      return;
    }
    if (byteCount > SMALL_BYTES) this.#smallReadCount = 0;
    else this.#smallReadCount++;
    // A read that did not fill its memory took all there was: the next waits.
    const staysLarge = this.#isKept
      ? this.#smallReadCount < SMALL_READS_MAX
      : byteCount === LARGE_BYTES;
    if (!staysLarge) this.release();
  }

  /** Gives back what it borrowed. */
  release(): void {
    if (this.#large === undefined) return;
    this.#pool.give(this.#large);
    this.#large = undefined;
    if (this.#isKept) this.#pool.unkeep();
    this.#isKept = false;
  }
}
