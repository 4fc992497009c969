import { Branch } from "./branch.ts";
import type { Core } from "./core.ts";
import { DOCUMENT, LIST, MAP, NOTHING } from "./operation.ts";
import type { Kind } from "./overlay_value.ts";
import type { Path } from "./pattern.ts";
import type { Found } from "./reader.ts";
import type { ItemId } from "./sequence/ids.ts";
import { shownKey } from "./values.ts";

/** What a document shows along a path. */
export interface Trail {
  /**
   * The steps by name: an element has one of its own, wherever in its list it is.
   * They end before an index of no list, or of no element.
   */
  readonly names: string[];
  /** What shows at the root, after the first step, and so on to the end. */
  readonly kinds: Kind[];
}

/** Looks along a path. */
export function look({ tree, reader }: Core, path: Path): Trail {
  const names: string[] = [];
  let place: Found | undefined = tree.roots[DOCUMENT];
  const kindNow = (): Kind => {
    const shape = place === undefined ? NOTHING : reader.shown(place);
    if (shape === MAP) return "map";
    if (shape === LIST) return "list";
    return shape === NOTHING ? "nothing" : "leaf";
  };
  const kinds = [kindNow()];
  for (const [index, step] of path.entries()) {
    const branch: Branch | null = place instanceof Branch ? place : null;
    if (names.length === index) {
      if (typeof step === "string") names.push(nameOfKey(step));
      else if (kinds[index] === "list") {
        const list = branch?.list ?? null;
        const isThere = list !== null && Number.isInteger(step) && step >= 0 &&
          step < list.length;
        if (isThere) names.push(nameOfItem(list.idAt(step)));
      }
    }
    place = branch === null ? undefined : reader.step(branch, step);
    kinds.push(kindNow());
  }
  return { names, kinds };
}

/** The names of the steps to where a place lives, shown or not. */
export function namesTo(place: Branch): string[] {
  const names: string[] = [];
  for (
    let branch = place;
    branch.parent !== null;
    branch = branch.parent
  ) {
    names.push(
      branch.id === null
        ? nameOfKey(shownKey(branch.key as string))
        : nameOfItem(branch.id),
    );
  }
  return names.reverse();
}

/** The name of a step to an entry of a map, which is no name of an element. */
export function nameOfKey(key: string): string {
  return `.${key}`;
}

/** The name of a step to an element of a list. */
export function nameOfItem({ replica, counter }: ItemId): string {
  return `${replica},${counter}`;
}
