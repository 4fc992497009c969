import { Blocks, type ContentStore } from "./content_store.ts";

const FIRST_UNITS = 256;
const CHUNK_UNITS = 8192;

/**
 * UTF-16 text: one byte a unit until the first unit above 255 comes, then two.
 *
 * There are no strings to concatenate and to flatten: a character that is typed
 * is one number that is written behind the last one.
 */
export class TextStore implements ContentStore<string> {
  unusedCount = 0;
  #units: Uint8Array | Uint16Array = new Uint8Array(FIRST_UNITS);
  #isWide = false;
  #old: Uint8Array | Uint16Array = this.#units;
  readonly #blocks = new Blocks();

  /** Only units of two bytes can be halves of surrogate pairs. */
  get hasPairs(): boolean {
    return this.#isWide;
  }

  get size(): number {
    return this.#blocks.end;
  }

  put(replica: number, content: string): number {
    const { length } = content;
    const start = this.#blocks.take(replica, length);
    if (this.#blocks.end > this.#units.length) {
      this.#reserve(this.#blocks.end);
    }
    const units = this.#units;
    for (let index = 0; index < length; index++) {
      const unit = content.charCodeAt(index);
      if (unit > 255 && !this.#isWide) {
        this.#widen();
        return this.#write(start, content);
      }
      units[start + index] = unit;
    }
    return start;
  }

  release(_start: number, count: number): void {
    this.unusedCount += count;
  }

  read(start: number, count: number): string {
    const units = this.#units;
    if (count === 1) return String.fromCharCode(units[start]!);
    let text = "";
    for (let at = start; at < start + count; at += CHUNK_UNITS) {
      const end = Math.min(at + CHUNK_UNITS, start + count);
      // `apply` takes any array-like object; its declaration does not say so.
      const chunk = units.subarray(at, end) as unknown as number[];
      text += String.fromCharCode.apply(null, chunk);
    }
    return text;
  }

  append(first: string, second: string): string {
    return first + second;
  }

  slice(content: string, from: number, to?: number): string {
    return content.slice(from, to);
  }

  isPair(first: number, second: number): boolean {
    return (this.#units[first]! & 0xfc00) === 0xd800 &&
      (this.#units[second]! & 0xfc00) === 0xdc00;
  }

  beginCompaction(): void {
    this.#old = this.#units;
    this.#units = this.#isWide
      ? new Uint16Array(this.#old.length)
      : new Uint8Array(this.#old.length);
    this.#blocks.restart(0);
  }

  move(start: number, count: number): number {
    const moved = this.#blocks.end;
    this.#units.set(this.#old.subarray(start, start + count), moved);
    this.#blocks.restart(moved + count);
    return moved;
  }

  endCompaction(): void {
    this.#units = this.#units.slice(0, this.#blocks.end + FIRST_UNITS);
    this.#old = this.#units;
    this.unusedCount = 0;
  }

  #write(start: number, content: string): number {
    const units = this.#units;
    for (let index = 0; index < content.length; index++) {
      units[start + index] = content.charCodeAt(index);
    }
    return start;
  }

  #reserve(size: number): void {
    let capacity = this.#units.length * 2;
    while (capacity < size) capacity *= 2;
    const larger = this.#isWide
      ? new Uint16Array(capacity)
      : new Uint8Array(capacity);
    larger.set(this.#units);
    this.#units = larger;
  }

  #widen(): void {
    this.#units = Uint16Array.from(this.#units);
    this.#isWide = true;
  }
}
