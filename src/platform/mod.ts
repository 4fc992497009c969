import type { Platform } from "../transport/platform.ts";
import { systemClock } from "./clock.ts";
import { denoTransport } from "./deno.ts";
import { denoApi } from "./deno_api.ts";
import { nodeTransport } from "./node.ts";
import { currentProcess } from "./process.ts";
import { fillFromCrypto, fillFromSystem, randomFrom } from "./random.ts";
import { nodeStorage } from "./storage.ts";

let platform: Platform | undefined;

/** The platform that this code runs on: Deno or Node.js. */
export function currentPlatform(): Platform {
  if (platform === undefined) {
    const deno = denoApi();
    platform = {
      clock: systemClock,
      random: randomFrom(
        deno === undefined ? (bytes) => fillFromSystem(bytes) : fillFromCrypto,
      ),
      transport: deno === undefined ? nodeTransport : denoTransport(deno),
      process: currentProcess(),
      storage: nodeStorage,
    };
  }
  return platform;
}
