import type { Dot } from "../events.ts";
import type { PART, STATE } from "./frame.ts";

/** States that may wait; each may be large. */
const COUNT_MAX = 8;

/** A state that waits for the wall clock. */
export interface HeldState {
  /** The state, framed. */
  readonly state: Uint8Array;
  /** Whether it is a whole one. */
  readonly kind: typeof STATE | typeof PART;
  /** The greatest stamp that its writer had seen. */
  readonly clockLast: number;
  /** The last operation of its writer. */
  readonly dot: Dot;
}

/** States from too far ahead of the wall clock, of each writer the newest. */
export class HeldStates {
  readonly #states: Map<string, HeldState> = new Map();

  /** Keeps a state; returns one that had to go for it. */
  add(state: HeldState): HeldState | undefined {
    const key = keyOf(state);
    this.#states.delete(key);
    this.#states.set(key, state);
    if (this.#states.size <= COUNT_MAX) return undefined;
    for (const [oldest, dropped] of this.#states) {
      this.#states.delete(oldest);
      return dropped;
    }
  }

  /** Takes out the oldest one whose time has come. */
  take(isReady: (state: HeldState) => boolean): HeldState | undefined {
    for (const [key, state] of this.#states) {
      if (!isReady(state)) continue;
      this.#states.delete(key);
      return state;
    }
  }
}

function keyOf({ kind, dot: [writer] }: HeldState): string {
  return `${kind} ${writer}`;
}
