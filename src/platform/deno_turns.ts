import { TURN_BYTES } from "./limits.ts";

/** A turn of the others costs more than on Node.js: no more than one in this. */
const TURN_MS = 2;

/** Who reads so much, for at least so long, stands still for the others. */
const FLOOD_BYTES = 2 * 1024 * 1024;
const FLOOD_MS = 32;

const NOTHING = new Uint8Array(0);
/** As an object: Deno takes twice as long to look at a name. */
const DIGEST = { name: "SHA-1" };

/**
 * Lets Deno look at all other sockets while one is flooded.
 *
 * Deno does so when nothing else is left to do, and as long as reads find
 * bytes, there is: other connections waited for up to 450 MB of one, and could
 * not even open. Turns of the event loop do not change that, as a hundred of
 * them may pass in between. Work of another thread does, for 12 to 60 µs,
 * unless it is done before Deno has nothing left to do. A timer always does,
 * and stands still for 1 to 3 ms. So there is much of the one, and a little of
 * the other (2026-11, Deno 2.9).
 */
export class DenoTurns {
  #bytes = 0;
  #startMs = 0;
  #floodBytes = 0;
  #floodStartMs = 0;

  /** What to wait for after a read of so many bytes; undefined for nothing. */
  after(byteCount: number): Promise<unknown> | undefined {
    this.#bytes += byteCount;
    if (this.#bytes < TURN_BYTES) return undefined;
    const nowMs = performance.now();
    if (nowMs - this.#startMs < TURN_MS) return undefined;
    this.#floodBytes += this.#bytes;
    this.#bytes = 0;
    this.#startMs = nowMs;
    const isFlood = this.#floodBytes >= FLOOD_BYTES &&
      nowMs - this.#floodStartMs >= FLOOD_MS;
    if (!isFlood) return crypto.subtle.digest(DIGEST, NOTHING);
    this.#floodBytes = 0;
    this.#floodStartMs = nowMs;
    return new Promise((resolve) => setTimeout(resolve, 0));
  }
}
