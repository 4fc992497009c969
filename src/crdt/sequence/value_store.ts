import { Blocks, type ContentStore } from "./content_store.ts";

/** Values of any kind, in one array. */
export class ValueStore implements ContentStore<readonly unknown[]> {
  readonly hasPairs = false;
  unusedCount = 0;
  #values: unknown[] = [];
  #old: unknown[] = [];
  readonly #blocks = new Blocks();

  get size(): number {
    return this.#blocks.end;
  }

  put(replica: number, content: readonly unknown[]): number {
    const values = this.#values;
    const start = this.#blocks.take(replica, content.length);
    while (values.length < start) values.push(undefined);
    for (let index = 0; index < content.length; index++) {
      values[start + index] = content[index];
    }
    return start;
  }

  release(start: number, count: number): void {
    for (let index = start; index < start + count; index++) {
      this.#values[index] = undefined;
    }
    this.unusedCount += count;
  }

  read(start: number, count: number): readonly unknown[] {
    if (count === 1) return [this.#values[start]];
    return this.#values.slice(start, start + count);
  }

  /** The value at `start`. */
  at(start: number): unknown {
    return this.#values[start];
  }

  /** Puts another value at `start`. */
  replace(start: number, value: unknown): void {
    this.#values[start] = value;
  }

  append(
    first: readonly unknown[],
    second: readonly unknown[],
  ): readonly unknown[] {
    // What `read` returned is a copy of ours.
    for (const value of second) (first as unknown[]).push(value);
    return first;
  }

  slice(
    content: readonly unknown[],
    from: number,
    to?: number,
  ): readonly unknown[] {
    return content.slice(from, to);
  }

  isPair(): boolean {
    return false;
  }

  beginCompaction(): void {
    this.#old = this.#values;
    this.#values = [];
  }

  move(start: number, count: number): number {
    const moved = this.#values.length;
    for (let index = start; index < start + count; index++) {
      this.#values.push(this.#old[index]);
    }
    return moved;
  }

  endCompaction(): void {
    this.#old = [];
    this.unusedCount = 0;
    this.#blocks.restart(this.#values.length);
  }
}
