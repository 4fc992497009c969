// Runs the worlds that it is asked for, line by line, until its input ends.
import process from "node:process";
import { createInterface } from "node:readline";
import { kindOf } from "./fuzz_kinds.ts";
import { runWorld } from "./run_worlds.ts";

/** What became of a world. */
export interface FuzzResult {
  readonly seed: number;
  /** `null` if all went well. */
  readonly failure: string | null;
}

function run(seed: number): FuzzResult {
  try {
    runWorld(kindOf(seed).kind, seed);
    return { seed, failure: null };
  } catch (error) {
    return {
      seed,
      failure: error instanceof Error ? error.message : `${error}`,
    };
  }
}

if (import.meta.main) {
  // A terminal interrupts all; what was begun is brought to its end.
  process.on("SIGINT", () => {});
  for await (const line of createInterface({ input: process.stdin })) {
    for (const seed of JSON.parse(line) as number[]) {
      process.stdout.write(`${JSON.stringify(run(seed))}\n`);
    }
  }
}
