import type { Random } from "../base/random.ts";
import { builtin } from "./builtins.ts";

/** Fills all of `bytes` with what nobody can guess. */
export type FillRandom = (bytes: Uint8Array) => void;

/** A random source that is as strong as `fill` is. */
export function randomFrom(fill: FillRandom): Random {
  return {
    below(limit) {
      const fair = 2 ** 32 - (2 ** 32 % limit);
      const word = new Uint32Array(1);
      for (;;) {
        fill(new Uint8Array(word.buffer));
        const [value = 0] = word;
        if (value < fair) return value % limit;
      }
    },

    hex(byteCount) {
      const bytes = new Uint8Array(byteCount);
      fill(bytes);
      return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"))
        .join("");
    },
  };
}

/** What the runtime's own source gives. */
export function fillFromCrypto(bytes: Uint8Array): void {
  crypto.getRandomValues(bytes);
}

/**
 * What the system's own source gives, read from its file where there is one.
 *
 * The first use of `crypto` loads 2 ms of modules on Node.js 20, and 5 ms on
 * Node.js 24 (2026-11): a third of a node's start is that, or 0.1 ms.
 *
 * @param path Where the system has that file.
 */
export function fillFromSystem(
  bytes: Uint8Array,
  path = "/dev/urandom",
): void {
  const { closeSync, openSync, readSync } = builtin("node:fs");
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    // Windows, a bare root folder, or no permission to read.
    return fillFromCrypto(bytes);
  }
  try {
    if (readSync(file, bytes) < bytes.length) fillFromCrypto(bytes);
  } finally {
    closeSync(file);
  }
}
