import { Branch, type Child } from "./branch.ts";
import { NOTHING } from "./operation.ts";
import type { ItemId } from "./sequence/ids.ts";
import type { Tree } from "./tree.ts";
import { heirKey, shownKey } from "./values.ts";

/** What stands at a key of a map, and how an operation names it. */
export interface Entry {
  /** The place; `undefined` if there is none yet. */
  readonly child: Child | undefined;
  /** The key that it was born at here; `null` if it was moved here. */
  readonly key: string | null;
  /** The move that brought it here; `null` if it was born here. */
  readonly move: ItemId | null;
}

/**
 * What `parent` shows at `key`: where moves come and go several places can be at
 * one key, and the one shown is the newest. If nothing is shown it is the place
 * to put something: the last one that was never moved away.
 */
export function entryAt(tree: Tree, parent: Branch, key: string): Entry {
  if (parent.guests === null) {
    return { child: parent.children.get(key), key, move: null };
  }
  const [shown] = livingAt(tree, parent, key);
  if (shown !== undefined) return shown;
  const heirs = parent.heirs?.get(key) ?? [];
  const last = heirs[heirs.length - 1] ?? key;
  // As a rule the second is free; someone else may have counted otherwise.
  for (let inner = last, number = heirs.length + 1;; number++) {
    const child = parent.children.get(inner);
    if (typeof child !== "object" || child.moved === null) {
      return { child, key: inner, move: null };
    }
    inner = heirKey(key, number);
  }
}

/** All that would show at `key`, if it were alone; the newest first. */
export function livingAt(tree: Tree, parent: Branch, key: string): Entry[] {
  const entries: Entry[] = [];
  for (const inner of [key, ...parent.heirs?.get(key) ?? []]) {
    const child = parent.children.get(inner);
    if (child === undefined) continue;
    const isHere = typeof child === "number" || child.move === null;
    if (isHere && tree.shown(child) !== NOTHING) {
      entries.push({ child, key: inner, move: null });
    }
  }
  for (const guest of parent.guests?.get(key) ?? []) {
    if (tree.shown(guest) === NOTHING) continue;
    entries.push({ child: guest, key: null, move: guest.move });
  }
  if (entries.length < 2) return entries;
  const depthOf = ({ child }: Entry) =>
    child instanceof Branch ? child.depth : parent.depth + 1;
  // What is done in a place claims what it was born in, and is at that time
  // there, too: then the place itself is shown.
  return entries.sort((a, b) =>
    compareTimes(tree, timeOf(tree, b), timeOf(tree, a)) ||
    depthOf(b) - depthOf(a)
  );
}

/** The keys of the entries that show at `parent`, each with its place. */
export function shownEntries(tree: Tree, parent: Branch): Map<string, Child> {
  const keys = new Set<string>();
  for (const key of parent.children.keys()) keys.add(shownKey(key));
  for (const key of parent.guests?.keys() ?? []) keys.add(key);
  const entries = new Map<string, Child>();
  for (const key of keys) {
    const [entry] = livingAt(tree, parent, key);
    if (entry?.child !== undefined) entries.set(key, entry.child);
  }
  return entries;
}

interface Time extends ItemId {
  readonly stamp: number;
}

/**
 * The newest of what was assigned, added or done in a place, and of its coming.
 */
function timeOf(tree: Tree, { child, move }: Entry): Time {
  const { columns } = tree;
  const slot = typeof child === "object" ? child.slot : child as number;
  let time: Time = {
    stamp: columns.stamps[slot] as number,
    replica: columns.replicas[slot] as number,
    counter: columns.counters[slot] as number,
  };
  if (tree.counters.size > 0) {
    for (const cell of tree.counters.get(slot) ?? []) {
      if (compareTimes(tree, cell, time) > 0) time = cell;
    }
  }
  if (!(child instanceof Branch)) return time;
  const { claimStamp, claimReplica, claimCounter } = child;
  const claim = {
    stamp: claimStamp,
    replica: claimReplica,
    counter: claimCounter,
  };
  if (compareTimes(tree, claim, time) > 0) time = claim;
  if (move === null) return time;
  const coming = child.move as Time;
  return compareTimes(tree, coming, time) > 0 ? coming : time;
}

/** Which of two times is the later one: below 0 for the second. */
export function compareTimes({ replicas }: Tree, a: Time, b: Time): number {
  if (a.stamp !== b.stamp) return a.stamp - b.stamp;
  return replicas.compare(a.replica, b.replica) || a.counter - b.counter;
}
