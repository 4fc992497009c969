/** Bytes queued in a connection above which its `write` returns false. */
export const HIGH_WATER_BYTES: number = 256 * 1024;

/** Bytes queued, at most, when `drain` is told. */
export const LOW_WATER_BYTES: number = 64 * 1024;

/** Bytes that one connection may read before the others have their turn. */
export const TURN_BYTES: number = 128 * 1024;
