/** Bytes queued in a connection above which its `write` returns false. */
export const HIGH_WATER_BYTES: number = 256 * 1024;
