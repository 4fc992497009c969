import { DistflowError } from "../base/errors.ts";
import { Branch, type Child, type Item } from "./branch.ts";
import type { Core } from "./core.ts";
import { DOCUMENT, LIST, MAP, NOTHING } from "./operation.ts";
import type { Target } from "./maker.ts";
import type { Path, Step } from "./pattern.ts";
import type { ItemId } from "./sequence/ids.ts";
import type { ListSequence } from "./sequence/list_sequence.ts";
import { DEPTH_MAX, isKey } from "./values.ts";

/** Ends an act: the path does not lead where it should. */
export function refusePath(act: string, path: Path, why: string): never {
  throw new DistflowError(
    "INVALID_PATH",
    `Cannot ${act} at ${JSON.stringify(path)}: ${why}`,
  );
}

/**
 * What a path names: indexes become the dots of the elements that stand there.
 *
 * @throws {DistflowError} `INVALID_PATH` if it is none, or if an index is of no
 * list, or not below its length.
 */
export function resolve(core: Core, act: string, path: Path): Target {
  if (!Array.isArray(path) || path.length > DEPTH_MAX) {
    throw new DistflowError(
      "INVALID_PATH",
      `Cannot ${act} as the path must be an array of at most ${DEPTH_MAX} steps`,
    );
  }
  let anchor: ItemId | null = null;
  let anchorDepth = 0;
  const { tree } = core;
  let place: Child | undefined = tree.roots[DOCUMENT];
  for (let depth = 0; depth < path.length; depth++) {
    const step = path[depth] as Step;
    const branch: Branch | null = typeof place === "object" ? place : null;
    const isList = place !== undefined && tree.shown(place) === LIST;
    if (typeof step === "number") {
      const list: ListSequence<Item> | null = branch?.list ?? null;
      if (!isList || list === null) {
        refusePath(act, path, `${step} is an index, and there is no item`);
      }
      checkIndex(act, path, step, list.length - 1);
      anchor = list.idAt(step);
      anchorDepth = depth + 1;
      const item: Item = list.at(step);
      place = item instanceof Branch ? item : undefined;
    } else {
      if (!isKey(step)) {
        refusePath(act, path, `${JSON.stringify(step)} is not a key of a map`);
      }
      if (isList) {
        refusePath(act, path, `"${step}" is a key, and there is a list`);
      }
      // What is kept below a value does not show, and is in nobody's way.
      place = branch !== null && tree.shown(branch) === MAP
        ? branch.children.get(step)
        : undefined;
    }
  }
  const steps = path.slice();
  if (anchor === null) return { anchor, keys: steps as string[], path: steps };
  return { anchor, keys: steps.slice(anchorDepth) as string[], path: steps };
}

/**
 * Checks an index of a list or text.
 *
 * @throws {DistflowError} `INVALID_PATH` if it is not from 0 to `max`.
 */
export function checkIndex(
  act: string,
  path: Path,
  index: number,
  max: number,
): void {
  if (Number.isInteger(index) && index >= 0 && index <= max) return;
  refusePath(
    act,
    path,
    max < 0
      ? `the index is ${index}, and there is nothing`
      : `the index must be from 0 to ${max}: current value is ${index}`,
  );
}

/** What the place of `target` shows. */
export function shownAt(core: Core, target: Target): number {
  const { reader, tree } = core;
  const place = reader.find(tree.roots[DOCUMENT], target.path);
  return place === undefined ? NOTHING : reader.shown(place);
}
