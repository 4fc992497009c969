import type { Branch, Child } from "./branch.ts";
import type { Core } from "./core.ts";
import { LIST, MAP, type Space } from "./operation.ts";
import type { ItemId } from "./sequence/ids.ts";

/**
 * What an operation that is made now must name of the past, as dots, flat: the
 * assignments by others that it replaces, and the barriers above it.
 *
 * @param isBelow Whether it acts on elements of the place, not on the place.
 */
export function findPast(
  core: Core,
  space: Space,
  anchor: ItemId | null,
  keys: readonly string[],
  isBelow: boolean,
): readonly number[] | null {
  const { tree, self } = core;
  const { columns, siblings, counters } = tree;
  let dots: Map<number, number> | null = null;
  const add = (replica: number, counter: number) => {
    if (replica === self || counter <= (dots?.get(replica) ?? 0)) return;
    // The anchor is implied.
    if (anchor?.replica === replica && counter <= anchor.counter) return;
    dots ??= new Map();
    dots.set(replica, counter);
  };
  const pass = (branch: Branch) => {
    branch.barrier?.forEach(add);
    const { slot, claimStamp, claimReplica, claimCounter } = branch;
    const shape = columns.shapeOf(slot);
    const isReplaced = (columns.stamps[slot] as number) >= 0 &&
      shape !== MAP && shape !== LIST &&
      !columns.isNewer(slot, claimStamp, claimReplica, claimCounter);
    if (isReplaced) {
      add(columns.replicas[slot] as number, columns.counters[slot] as number);
    }
  };
  let child: Child | null | undefined = tree.roots[space];
  if (anchor !== null) {
    child = tree.elementAt(anchor);
    let above = child?.parent ?? null;
    for (; above !== null; above = above.parent) pass(above);
  }
  for (const key of keys) {
    if (child === null || typeof child !== "object") break;
    pass(child);
    child = child.children.get(key);
  }
  if (child === undefined || child === null) return flatten(dots);
  if (isBelow && typeof child === "object") {
    pass(child);
    return flatten(dots);
  }
  const slot = typeof child === "object" ? child.slot : child;
  if ((columns.stamps[slot] as number) >= 0) {
    add(columns.replicas[slot] as number, columns.counters[slot] as number);
  }
  for (const { replica, counter } of siblings.get(slot) ?? []) {
    add(replica, counter);
  }
  for (const { replica, counter } of counters.get(slot) ?? []) {
    add(replica, counter);
  }
  return flatten(dots);
}

function flatten(dots: Map<number, number> | null): number[] | null {
  return dots === null ? null : [...dots].flat();
}
