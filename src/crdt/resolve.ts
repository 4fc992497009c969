import { DistflowError } from "../base/errors.ts";
import { Branch, type Child, type Item } from "./branch.ts";
import type { Core } from "./core.ts";
import { type Entry, entryAt } from "./entries.ts";
import {
  DOCUMENT,
  LIST,
  MAP,
  NOTHING,
  type Shape,
  WHOLE,
} from "./operation.ts";
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
 * What a path names: indexes become the dots of the elements that stand there,
 * and places that were moved are named by the dot of a move.
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
  /** How deep the anchor was born, which moves do not change. */
  let bornDepth = 0;
  /** The keys from the anchor on, if they are not the steps themselves. */
  let keys: string[] | null = null;
  const { tree } = core;
  let place: Child | undefined = tree.roots[DOCUMENT];
  /** What is kept below a value does not show, and is in nobody's way. */
  let isShown = true;
  /** The value of an element in which nothing has happened yet. */
  let item: Item;
  for (let depth = 0; depth < path.length; depth++) {
    const step = path[depth] as Step;
    const branch: Branch | null = typeof place === "object" ? place : null;
    const shape: Shape = place !== undefined && isShown
      ? tree.shown(place)
      : NOTHING;
    const isList = shape === LIST;
    if (typeof step === "number") {
      const list: ListSequence<Item> | null = branch?.list ?? null;
      if (!isList || list === null) {
        refusePath(act, path, `${step} is an index, and there is no item`);
      }
      checkIndex(act, path, step, list.length - 1);
      anchor = list.idAt(step);
      anchorDepth = depth + 1;
      keys = null;
      bornDepth = (branch?.depth ?? 0) + 1;
      item = list.at(step);
      place = item instanceof Branch ? item : undefined;
      if (place !== undefined) bornDepth = (place as Branch).depth;
    } else {
      if (!isKey(step)) {
        refusePath(act, path, `${JSON.stringify(step)} is not a key of a map`);
      }
      if (isList) {
        refusePath(act, path, `"${step}" is a key, and there is a list`);
      }
      if (shape === WHOLE || isWhole(item)) {
        refusePath(act, path, `"${step}" is in a value that is set as a whole`);
      }
      item = undefined;
      isShown = shape === MAP;
      if (branch === null || branch.guests === null) {
        keys?.push(step);
        place = branch?.children.get(step);
        continue;
      }
      // What was moved away has another place, shown or not.
      const entry: Entry = entryAt(tree, branch, step);
      place = entry.child;
      if (entry.move === null) {
        keys ??= path.slice(anchorDepth, depth) as string[];
        keys.push(entry.key as string);
      } else {
        const { replica, counter } = entry.move;
        anchor = { replica, counter };
        anchorDepth = depth + 1;
        keys = null;
        bornDepth = (place as Branch).depth;
      }
    }
  }
  const steps = path.slice();
  keys ??= (anchorDepth === 0 ? steps : steps.slice(anchorDepth)) as string[];
  if (bornDepth + keys.length > DEPTH_MAX) {
    refusePath(act, path, `that was born below ${DEPTH_MAX} levels`);
  }
  return { anchor, keys, path: steps };
}

/** Whether an item of a list is a value that is no scalar. */
function isWhole(item: Item): boolean {
  return typeof item === "object" && item !== null &&
    !(item instanceof Branch);
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

/**
 * Checks which part of a list or text is to go.
 *
 * @throws {DistflowError} `INVALID_PATH` if there is not so much.
 */
export function checkRange(
  act: string,
  path: Path,
  index: number,
  count: number,
  length: number,
): void {
  if (!Number.isInteger(count) || count < 0) {
    refusePath(act, path, `the count must be a whole number: it is ${count}`);
  }
  checkIndex(act, path, index, length);
  if (index + count <= length) return;
  const left = `${length - index} from index ${index} on`;
  refusePath(act, path, `there are ${left}: current count is ${count}`);
}

/** What the place of `target` shows. */
export function shownAt(core: Core, target: Target): number {
  const { reader, tree } = core;
  const place = reader.find(tree.roots[DOCUMENT], target.path);
  return place === undefined ? NOTHING : reader.shown(place);
}
