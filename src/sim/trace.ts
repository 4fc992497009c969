/** One thing that happened in a simulated world. */
interface TraceEntry {
  readonly atUs: number;
  readonly who: string;
  readonly what: string;
}

const LOW_FACTOR = 0x01000193;
const HIGH_FACTOR = 0x85ebca6b;

/**
 * What happened, and to whom: the last lines to read, and a digest of all.
 *
 * The digest covers every line and all bytes that were delivered, so that two
 * runs with the same digest did the same. It is a checksum, not a proof.
 */
export class Trace {
  readonly #linesMax: number;
  readonly #ring: TraceEntry[] = [];
  #count = 0;
  #low = 0x811c9dc5 | 0;
  #high = 0x9e3779b9 | 0;

  /** Makes a trace that keeps the last `linesMax` lines. */
  constructor(linesMax: number) {
    this.#linesMax = linesMax;
  }

  /** How many lines there were in all. */
  get count(): number {
    return this.#count;
  }

  /** Notes that `what` happened to `who` at `atUs`. */
  add(atUs: number, who: string, what: string): void {
    this.#mix(atUs | 0);
    this.#mixText(who);
    this.#mixText(what);
    if (this.#linesMax > 0) {
      this.#ring[this.#count % this.#linesMax] = { atUs, who, what };
    }
    this.#count++;
  }

  /** Makes `bytes` a part of the digest. */
  addBytes(bytes: Uint8Array): void {
    const wordsEnd = bytes.length & ~3;
    let [low, high] = [this.#low, this.#high];
    for (let index = 0; index < wordsEnd; index += 4) {
      const word = (bytes[index] as number) |
        (bytes[index + 1] as number) << 8 |
        (bytes[index + 2] as number) << 16 |
        (bytes[index + 3] as number) << 24;
      low = Math.imul(low ^ word, LOW_FACTOR);
      high = Math.imul(rotate(high) ^ word ^ (low >>> 15), HIGH_FACTOR);
    }
    [this.#low, this.#high] = [low, high];
    for (const byte of bytes.subarray(wordsEnd)) this.#mix(byte);
    this.#mix(bytes.length);
  }

  /** The last lines, oldest first: time in milliseconds, who, what. */
  lines(): string[] {
    const start = Math.max(0, this.#count - this.#linesMax);
    const lines: string[] = [];
    for (let number = start; number < this.#count; number++) {
      const entry = this.#ring[number % this.#linesMax];
      if (entry !== undefined) lines.push(formatEntry(entry));
    }
    return lines;
  }

  /** Sixteen hexadecimal digits that depend on all that happened so far. */
  digest(): string {
    return [this.#high, this.#low]
      .map((half) => (half >>> 0).toString(16).padStart(8, "0"))
      .join("");
  }

  #mixText(text: string): void {
    for (let index = 0; index < text.length; index++) {
      this.#mix(text.charCodeAt(index));
    }
    this.#mix(0x110000);
  }

  /** Two multiplicative hashes; the second also sees the first. */
  #mix(value: number): void {
    this.#low = Math.imul(this.#low ^ value, LOW_FACTOR);
    this.#high = Math.imul(
      rotate(this.#high) ^ value ^ (this.#low >>> 15),
      HIGH_FACTOR,
    );
  }
}

function rotate(value: number): number {
  return value << 5 | value >>> 27;
}

function formatEntry({ atUs, who, what }: TraceEntry): string {
  const time = (atUs / 1000).toFixed(3).padStart(12);
  return who === "" ? `${time} ${what}` : `${time} ${who}: ${what}`;
}
