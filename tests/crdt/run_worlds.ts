// Runs worlds; those that fail tell it in as few steps as they can.
import process from "node:process";
import { chooseSeeds } from "../sim/support/sim_test.ts";
import type { WorldKind } from "./kinds.ts";
import { shrinkPart } from "./shrink.ts";
import type { Part, World } from "./world.ts";

/**
 * Runs the world of each seed: of `SEED` alone, or from 1 to `--seeds`, or to
 * `seedCount`. With `SEED`, `STEPS` and `REPLICAS` are the numbers of those that
 * are not left out.
 */
export function runWorlds<Kind extends World>(
  kind: WorldKind<Kind>,
  seedCount: number,
  onEnd: (world: Kind) => void = () => {},
): void {
  const part = partOf(process.env);
  for (const seed of chooseSeeds(seedCount, process.env, process.argv)) {
    onEnd(runWorld(kind, seed, part));
  }
}

/** The part of a history that the environment names; all by default. */
export function partOf(
  { SEED, STEPS, REPLICAS }: Readonly<Record<string, string | undefined>>,
): Part {
  if (!SEED) return {};
  const numbers = (list: string) => list.split(",").map(Number);
  return {
    ...STEPS ? { steps: numbers(STEPS) } : {},
    ...REPLICAS ? { replicas: numbers(REPLICAS) } : {},
  };
}

/**
 * Lets the world of a seed run to its end.
 *
 * @throws {Error} What went wrong, and in which steps; then the command that runs
 * them again.
 */
export function runWorld<Kind extends World>(
  kind: WorldKind<Kind>,
  seed: number,
  part: Part = {},
): Kind {
  const world = kind.make(seed, part);
  try {
    world.run();
    return world;
  } catch (error) {
    const isWhole = part.steps === undefined && part.replicas === undefined;
    throw failureOf(
      kind,
      seed,
      isWhole
        ? shrinkPart(world.size, (less) => fails(kind, seed, less))
        : part,
      error,
    );
  }
}

function fails(kind: WorldKind, seed: number, part: Part): boolean {
  try {
    kind.make(seed, part).run();
    return false;
  } catch {
    return true;
  }
}

/** The error of a world, told again with a story. */
function failureOf(
  kind: WorldKind,
  seed: number,
  part: Part,
  first: unknown,
): Error {
  const world = kind.make(seed, part);
  world.story = [];
  let error = first;
  let text = "";
  try {
    world.run();
    text = "It does not fail again\n";
  } catch (again) {
    error = again;
  }
  const { steps, replicas } = part;
  const names = [
    `SEED=${seed}`,
    ...steps === undefined ? [] : [`STEPS=${steps}`],
    ...replicas === undefined ? [] : [`REPLICAS=${replicas}`],
  ].join(" ");
  text += `${error instanceof Error ? error.message : error}
${world.story.join("\n")}
Run it again: ${names} deno test -A ${kind.file}`;
  return new Error(`Seed ${seed} fails: ${text}`, { cause: error });
}
