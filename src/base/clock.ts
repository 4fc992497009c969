/** A callback that was scheduled on a {@linkcode Clock}. */
export interface Timer {
  /** Prevents the callback; does nothing once it ran or was cancelled. */
  cancel(): void;
}

/**
 * Where all time comes from: the runtime's in production, a virtual one in the
 * simulator.
 */
export interface Clock {
  /** Wall time in milliseconds since 1970-01-01 UTC; only to stamp and show. */
  wallMs(): number;
  /** Milliseconds from an unknown origin that never go back; to measure. */
  monotonicMs(): number;
  /**
   * Calls `callback` once, `delayMs` milliseconds from now.
   *
   * @param delayMs At least 0; at most 2^31 - 1.
   */
  schedule(delayMs: number, callback: () => void): Timer;
  /**
   * Calls `callback` once the current turn of the event loop and the I/O that
   * is ready have been handled. Cheaper than a timer; a flush per turn uses it.
   */
  defer(callback: () => void): void;
}
