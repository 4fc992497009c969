import type { Content } from "./ids.ts";

/** A replica that writes in turn with others gets room for so many items. */
const BLOCK_ITEMS = 64;

/** Where the content of all spans of one kind lies. */
export interface ContentStore<Part extends Content> {
  /** How many items the store has room taken for and no span refers to. */
  readonly unusedCount: number;
  /** How many items there is room taken for. */
  readonly size: number;
  /** Keeps `content` and returns where. */
  put(replica: number, content: Part): number;
  /** Forgets `count` items. */
  release(start: number, count: number): void;
  /** A copy of `count` items. */
  read(start: number, count: number): Part;
  /** `first`, which was read before and is now changed, and then `second`. */
  append(first: Part, second: Part): Part;
  /** A part of `content`. */
  slice(content: Part, from: number, to?: number): Part;
  /** Whether there may be items that must not be parted. */
  readonly hasPairs: boolean;
  /** Whether the items at these two places must not be parted. */
  isPair(first: number, second: number): boolean;
  /** Starts anew; `move` is then called for all that is to be kept. */
  beginCompaction(): void;
  /** Keeps `count` items that were at `start`, and returns where. */
  move(start: number, count: number): number;
  /** Gives back the memory of what was not moved. */
  endCompaction(): void;
}

/**
 * Hands out room. Items that one replica makes in a row lie in a row, so that
 * their spans can be joined, also when several replicas write in turn: each has
 * a block of its own to go on in.
 */
export class Blocks {
  #next: number[] = [];
  #limit: number[] = [];
  /** Where the room that was never handed out begins. */
  end = 0;

  /** Room for `count` items of `replica`, behind its last ones if it can be. */
  take(replica: number, count: number): number {
    const limit = this.#limit[replica] ?? 0;
    let start = this.#next[replica] ?? 0;
    if (start + count > limit) {
      if (limit > 0 && limit === this.end) {
        // The last block grows in place: a lone writer wastes nothing.
        this.end = start + count;
      } else {
        start = this.end;
        this.end += start === 0 ? count : Math.max(count, BLOCK_ITEMS);
      }
      this.#limit[replica] = this.end;
    }
    this.#next[replica] = start + count;
    return start;
  }

  /** Forgets all blocks; the room up to `end` is taken. */
  restart(end: number): void {
    this.#next = [];
    this.#limit = [];
    this.end = end;
  }
}
