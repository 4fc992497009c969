// Leaves out of a history what its failure does not need.
import type { Part, World } from "./world.ts";

/**
 * Some of `items`, none of which can be left out if `fails` is still to hold:
 * runs of them are tried without, from halves to single ones
 * (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input",
 * 2002, without the tries of the subsets alone).
 */
export function shrinkItems<Item>(
  items: readonly Item[],
  fails: (items: readonly Item[]) => boolean,
): readonly Item[] {
  let kept = items;
  let length = Math.ceil(kept.length / 2);
  while (kept.length > 0) {
    const before = kept.length;
    // What comes last is needed least often.
    for (let end = kept.length; end > 0; end -= length) {
      const start = Math.max(0, end - length);
      const fewer = [...kept.slice(0, start), ...kept.slice(end)];
      if (fails(fewer)) kept = fewer;
    }
    if (length > 1) length = Math.ceil(length / 2);
    else if (kept.length === before) break;
  }
  return kept;
}

/** The part of a history that its failure needs: few steps, few replicas. */
export function shrinkPart(
  { steps, replicas }: World["size"],
  fails: (part: Part) => boolean,
): Required<Part> {
  let part: Required<Part> = {
    steps: [...Array(steps).keys()],
    replicas: [...Array(replicas).keys()],
  };
  while (true) {
    const { replicas } = part;
    const steps = shrinkItems(
      part.steps,
      (fewer) => fails({ steps: fewer, replicas }),
    );
    const left = shrinkItems(
      replicas,
      (fewer) => fewer.length > 0 && fails({ steps, replicas: fewer }),
    );
    part = { steps, replicas: left };
    // With fewer replicas some more steps may be needless.
    if (left.length === replicas.length) return part;
  }
}
