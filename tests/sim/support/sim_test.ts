import { assertEquals } from "@std/assert";
import process from "node:process";
import {
  SimError,
  SimWorld,
  type SimWorldOptions,
} from "../../../src/sim/mod.ts";

/** What a test does with a simulated world. */
export type SimStory = (world: SimWorld) => void | Promise<void>;

/** Options for {@linkcode simTest}: those of the world. */
export interface SimTestOptions extends Omit<SimWorldOptions, "seed"> {
  /**
   * The seed of the world.
   *
   * @default {1}
   */
  seed?: number;
}

/** Options for {@linkcode simSeeds}: those of each world. */
export interface SimSeedsOptions extends Omit<SimWorldOptions, "seed"> {
  /**
   * How many seeds are run, from 1 on, unless `--seeds` or `SEED` is given.
   *
   * @default {1000}
   */
  seedCount?: number;
  /**
   * Every so many seeds one is run twice, and must do the same again.
   *
   * @default {100}
   */
  repeatEvery?: number;
}

/** One story in one world: a test whose name says what must be so. */
export function simTest(
  name: string,
  story: SimStory,
  options: SimTestOptions = {},
): void {
  const { seed = 1, ...worldOptions } = options;
  Deno.test(name, async () => {
    await runStory(story, seed, worldOptions);
  });
}

/**
 * One story in many worlds, one for each seed. A seed that fails prints itself
 * and the command that runs it again.
 *
 * `SEED=1234 deno task sim` runs that seed alone; `deno task sim --seeds N`
 * runs the seeds from 1 to N.
 */
export function simSeeds(
  name: string,
  story: SimStory,
  options: SimSeedsOptions = {},
): void {
  const { seedCount = 1000, repeatEvery = 100, ...worldOptions } = options;
  Deno.test(name, async () => {
    for (const seed of chooseSeeds(seedCount, process.env, process.argv)) {
      const traceHash = await runStory(story, seed, worldOptions);
      if (seed % repeatEvery !== 0) continue;
      const again = await runStory(story, seed, worldOptions);
      assertEquals(again, traceHash, `Seed ${seed} does not repeat itself`);
    }
  });
}

/** Runs `story` in the world of `seed`; returns the checksum of its trace. */
export async function runStory(
  story: SimStory,
  seed: number,
  options: Omit<SimWorldOptions, "seed"> = {},
): Promise<string> {
  const world = new SimWorld({ ...options, seed });
  const stopListening = onUnhandledRejection((reason) =>
    world.fail(`Nobody heard of the rejection of a promise: ${reason}`, reason)
  );
  try {
    await story(world);
    // What was thrown after the story last looked fails it, too.
    await world.run(0);
    return world.traceHash;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const report = error instanceof SimError ? "" : `\n${world.report()}`;
    throw new Error(
      `Seed ${seed} fails: ${text}${report}\nRun it again: SEED=${seed} deno task sim`,
      { cause: error },
    );
  } finally {
    stopListening();
  }
}

/**
 * Calls `listener`, and nobody else, at each rejection without a listener: it
 * would end a real process, and a test without telling the seed.
 *
 * @returns A function that puts everything back.
 */
function onUnhandledRejection(
  listener: (reason: unknown) => void,
): () => void {
  const event = "unhandledRejection";
  const others = process.listeners(event);
  process.removeAllListeners(event);
  process.on(event, listener);
  return () => {
    process.off(event, listener);
    for (const other of others) process.on(event, other);
  };
}

/**
 * The seeds to run: `SEED` alone, or 1 to `--seeds`, or 1 to `seedCount`.
 *
 * @throws {TypeError} If either is there and not a whole number.
 */
export function chooseSeeds(
  seedCount: number,
  { SEED }: Readonly<Record<string, string | undefined>>,
  args: readonly string[],
): number[] {
  if (SEED !== undefined && SEED !== "") return [wholeNumber("SEED", SEED)];
  const index = args.indexOf("--seeds");
  const count = index < 0 ? seedCount : wholeNumber("--seeds", args[index + 1]);
  return Array.from({ length: count }, (_, number) => number + 1);
}

function wholeNumber(name: string, text: string | undefined): number {
  if (text !== undefined && /^\d+$/.test(text)) return Number(text);
  throw new TypeError(
    `Cannot choose seeds as ${name} must be a whole number: current value is "${text}"`,
  );
}
