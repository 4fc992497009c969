import { randomBytes, randomInt } from "node:crypto";
import type { Random } from "../base/random.ts";

/** The system's cryptographically strong random source. */
export const systemRandom: Random = {
  below: (limit) => randomInt(limit),
  hex: (byteCount) => randomBytes(byteCount).toString("hex"),
};
