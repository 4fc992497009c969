import { Emitter } from "../base/emitter.ts";
import type { DocumentEvents } from "./events.ts";
import type { Tree } from "./tree.ts";

/** How many transactions took how long to be applied. */
export interface LatencyBucket {
  /** Less than this many milliseconds, and no less than half of it. */
  readonly belowMs: number;
  /** How many. */
  readonly count: number;
}

/** What a document holds, and what has happened to it since it was made. */
export interface DocumentMetrics {
  /** Replicas that it knows, itself included. */
  readonly replicaCount: number;
  /** Registers: entries of maps, and elements of lists that are places. */
  readonly registerCount: number;
  /** Those of them that hold nothing, and are kept as deletes. */
  readonly tombstoneCount: number;
  /** Values that are kept, and that the schema does not let show. */
  readonly hiddenCount: number;
  /** Operations in the log. */
  readonly logLength: number;
  /** Operations of others that wait for something. */
  readonly pendingCount: number;
  /** Bytes of memory that these take, as estimated. */
  readonly pendingByteCount: number;
  /** Operations made here. */
  readonly localCount: number;
  /** Operations of others that were applied; those in merged states are not. */
  readonly remoteCount: number;
  /** How often each event was told, to whoever listened. */
  readonly events: { readonly [Name in keyof DocumentEvents]?: number };
  /**
   * How long transactions of others took to be applied; empty for a document
   * whose clock has no `monotonicMs`.
   */
  readonly applyLatency: readonly LatencyBucket[];
}

/** An emitter that counts what it emits. */
export class CountingEmitter extends Emitter<DocumentEvents> {
  /** How often each event was emitted. */
  readonly counts: { [Name in keyof DocumentEvents]?: number } = {};

  /** See {@linkcode Emitter.emit}. */
  override emit<Name extends keyof DocumentEvents>(
    event: Name,
    ...args: DocumentEvents[Name]
  ): void {
    this.counts[event] = (this.counts[event] ?? 0) + 1;
    super.emit(event, ...args);
  }
}

/** The shortest time that is told apart, in milliseconds. */
const BUCKET_MIN_MS = 2 ** -10;
/** Each bucket goes twice as far as the one before; the last one for ever. */
const BUCKET_COUNT = 24;

/** Counts what is applied, and measures how long it takes. */
export class Meter {
  /** Operations made here, and operations of others. */
  readonly applied: { local: number; remote: number } = { local: 0, remote: 0 };
  /** Reads a clock to measure with; without it nothing is measured. */
  monotonicMs: (() => number) | undefined;
  readonly #buckets: number[] = new Array(BUCKET_COUNT).fill(0);

  /** The time, for {@linkcode Meter.stop}. */
  start(): number {
    return this.monotonicMs?.() ?? 0;
  }

  /** Counts something that was begun at `startMs`. */
  stop(startMs: number): void {
    if (this.monotonicMs === undefined) return;
    const ratio = (this.monotonicMs() - startMs) / BUCKET_MIN_MS;
    const index = ratio < 1 ? 0 : Math.floor(Math.log2(ratio)) + 1;
    (this.#buckets[Math.min(index, BUCKET_COUNT - 1)] as number)++;
  }

  /** Those buckets that have anything. */
  latency(): LatencyBucket[] {
    return this.#buckets
      .map((count, index) => ({
        belowMs: index === BUCKET_COUNT - 1
          ? Infinity
          : BUCKET_MIN_MS * 2 ** index,
        count,
      }))
      .filter(({ count }) => count > 0);
  }
}

/**
 * How many registers hold nothing, of those from `start` to before `end`; costs a
 * step for each.
 */
export function countTombstones(
  tree: Tree,
  start = 0,
  end: number = Infinity,
): number {
  const { columns } = tree;
  const last = Math.min(end, columns.values.length);
  let count = 0;
  for (let slot = start; slot < last; slot++) {
    const isAssigned = (columns.stamps[slot] as number) >= 0;
    // What a schema hides is nothing to be forgotten.
    if (isAssigned && !tree.isLive(slot) && !columns.isRefused(slot)) count++;
  }
  return count;
}
