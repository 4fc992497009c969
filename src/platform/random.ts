import type { Random } from "../base/random.ts";

/** The system's cryptographically strong random source. */
export const systemRandom: Random = {
  below(limit) {
    const fair = 2 ** 32 - (2 ** 32 % limit);
    const word = new Uint32Array(1);
    for (;;) {
      const [value = 0] = crypto.getRandomValues(word);
      if (value < fair) return value % limit;
    }
  },

  hex(byteCount) {
    const bytes = crypto.getRandomValues(new Uint8Array(byteCount));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"))
      .join("");
  },
};
