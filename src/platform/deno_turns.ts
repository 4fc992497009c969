import type { DenoBell } from "./deno_bell.ts";
import { TURN_BYTES } from "./limits.ts";

/** A turn of the others costs more than on Node.js: no more than one in this. */
const TURN_MS = 2;

/** Who has read so much is worth the two sockets of a bell. */
const FLOOD_BYTES = 2 * 1024 * 1024;

/** Without a bell, so often a timer makes sure. */
const TIMER_MS = 32;

const NOTHING = new Uint8Array(0);
/** As an object: Deno takes twice as long to look at a name. */
const DIGEST = { name: "SHA-1" };

/**
 * Lets Deno look at all other sockets while one is flooded.
 *
 * Deno does so when nothing else is left to do, and as long as reads find
 * bytes, there is: other connections waited for up to 450 MB of one, and could
 * not even open. Turns of the event loop do not change that, as a hundred of
 * them may pass in between. A {@linkcode DenoBell} does, for 16 µs. Work of
 * another thread often does, for 40 µs, unless it is done before Deno has
 * nothing left to do; a timer always does, and stands still for 1 to 3 ms
 * (2026-11, Deno 2.9).
 */
export class DenoTurns {
  readonly #bell: DenoBell;
  #bytes = 0;
  #startMs = 0;
  #floodBytes = 0;
  #holdsBell = false;
  #timerAtMs = 0;

  /** Makes turns that ring `bell` once that is worth it. */
  constructor(bell: DenoBell) {
    this.#bell = bell;
  }

  /** What to wait for after a read of so many bytes; undefined for nothing. */
  after(byteCount: number): Promise<unknown> | undefined {
    this.#bytes += byteCount;
    if (this.#bytes < TURN_BYTES) return undefined;
    const nowMs = performance.now();
    if (nowMs - this.#startMs < TURN_MS) return undefined;
    this.#floodBytes += this.#bytes;
    this.#bytes = 0;
    this.#startMs = nowMs;
    if (this.#floodBytes < FLOOD_BYTES) return digest();
    if (!this.#holdsBell) this.#bell.hold();
    this.#holdsBell = true;
    return this.#ring(nowMs);
  }

  /** No turn is asked for any more. */
  end(): void {
    if (this.#holdsBell) this.#bell.release();
    this.#holdsBell = false;
  }

  async #ring(nowMs: number): Promise<void> {
    if (await this.#bell.ring()) return;
    if (nowMs - this.#timerAtMs < TIMER_MS) await digest();
    else {
      this.#timerAtMs = nowMs;
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }
}

function digest(): Promise<unknown> {
  return crypto.subtle.digest(DIGEST, NOTHING);
}
