import type { JsonValue } from "../base/json.ts";
import { Branch } from "./branch.ts";
import type { MoveRecord } from "./move_log.ts";
import { NOTHING } from "./operation.ts";
import type { Path, Step } from "./pattern.ts";
import { valueOf } from "./reader.ts";
import type { Tree } from "./tree.ts";
import { shownKey } from "./values.ts";
import type { VersionVector } from "./version_vector.ts";

/** An assignment that is kept, as another one meets it. */
export interface Met {
  /** Who made it. */
  readonly replica: number;
  /** Its counter. */
  readonly counter: number;
  /** When; 0 for a value that was born as an element of a list. */
  readonly stamp: number;
  /** What it assigned; `undefined` for nothing, and for a container. */
  readonly value: JsonValue | undefined;
  /** Whether it assigned nothing. */
  readonly isDelete: boolean;
}

/** What the register at `slot` was assigned. */
export function metAt({ columns }: Tree, slot: number): Met {
  return {
    replica: columns.replicas[slot] as number,
    counter: columns.counters[slot] as number,
    stamp: columns.stamps[slot] as number,
    value: valueOf(columns.values[slot]),
    isDelete: columns.shapeOf(slot) === NOTHING,
  };
}

/** What hides things below it. */
export interface Hider {
  /** See `Branch.cover`. */
  readonly cover: VersionVector | null;
  /** See `Branch.barrier`. */
  readonly barrier: VersionVector | null;
}

/** All that may hide what is at a place: where it was born, or since it moved. */
export function hidersAbove(place: Branch): Hider[] {
  const hiders: Hider[] = [];
  let branch = place;
  while (branch.moved === null) {
    if (branch.home === null) return hiders;
    branch = branch.home;
    hiders.push(branch);
  }
  hiders.push(branch.moved);
  return hiders;
}

/** Where a place is, shown or not; an element by the index that it has now. */
export function addressOf(place: Branch): Path {
  const path: Step[] = [];
  for (let branch = place; branch.parent !== null; branch = branch.parent) {
    const { id, key, parent } = branch;
    path.push(
      id === null ? shownKey(key as string) : parent.list?.indexOf(id) ?? 0,
    );
  }
  return path.reverse();
}

/** Where a move goes to; an element has the index that it has, or would have. */
export function destinationOf(move: MoveRecord): Path {
  const { parent, key } = move;
  return [...addressOf(parent), key ?? parent.list?.indexOf(move) ?? 0];
}

/**
 * Calls `visit` for what lives below a place, with the way there, until it
 * answers `false`.
 *
 * @returns Whether it never did.
 */
export function forEachBelow(
  tree: Tree,
  branch: Branch,
  path: Step[],
  visit: (met: Met, path: Path) => boolean,
): boolean {
  const at = (step: Step, child: Branch | number): boolean => {
    // Nothing that happens here reaches what lives elsewhere.
    if (typeof child === "object" && child.moved !== null) return true;
    const slot = typeof child === "number" ? child : child.slot;
    path.push(step);
    const goesOn = (!tree.isLive(slot) || visit(metAt(tree, slot), path)) &&
      (typeof child === "number" || forEachBelow(tree, child, path, visit));
    path.pop();
    return goesOn;
  };
  for (const [key, child] of branch.children) {
    if (!at(key, child)) return false;
  }
  const { list } = branch;
  if (list === null) return true;
  // Looking elements up moves the position that the runs are read from.
  for (const { replica, counter, content } of [...list.keptRuns()]) {
    for (const [offset, item] of content.entries()) {
      const id = { replica, counter: counter + offset };
      const index = list.indexOf(id);
      if (item instanceof Branch) {
        if (!at(index, item)) return false;
        continue;
      }
      const value = item as JsonValue;
      path.push(index);
      const goesOn = visit({ ...id, stamp: 0, value, isDelete: false }, path);
      path.pop();
      if (!goesOn) return false;
    }
  }
  return true;
}
