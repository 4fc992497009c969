import type { Branch, Child } from "./branch.ts";
import { Columns } from "./columns.ts";
import type { Core } from "./core.ts";
import { keepHiddenClass } from "./hidden_class.ts";
import { LIST, MAP, type Space } from "./operation.ts";
import { ReplicaTable } from "./replica_table.ts";
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
  const past = new Past(columns, self, anchor);
  let child: Child | null | undefined = tree.roots[space];
  if (anchor !== null) {
    let above = child = tree.elementAt(anchor);
    while (above !== null && above.moved === null) {
      above = above.home;
      if (above !== null) past.pass(above);
    }
    if (above !== null) past.leave(above);
  }
  for (let index = 0; index < keys.length; index++) {
    if (child === null || typeof child !== "object") break;
    past.pass(child);
    child = child.children.get(keys[index] as string);
    if (typeof child === "object") past.leave(child);
  }
  if (child === undefined || child === null) return past.flat();
  if (isBelow && typeof child === "object") {
    past.pass(child);
    return past.flat();
  }
  const slot = typeof child === "object" ? child.slot : child;
  past.addAssigned(slot);
  if (siblings.size > 0) {
    for (const { replica, counter } of siblings.get(slot) ?? []) {
      past.add(replica, counter);
    }
  }
  if (counters.size > 0) {
    for (const { replica, counter } of counters.get(slot) ?? []) {
      past.add(replica, counter);
    }
  }
  return past.flat();
}

/** Dots that are named, at most one of each replica. */
class Past {
  /** Counters by replica; `null` for none, as it mostly is. */
  #dots: Map<number, number> | null = null;
  readonly #columns: Columns;
  readonly #self: number;
  readonly #anchor: ItemId | null;

  constructor(columns: Columns, self: number, anchor: ItemId | null) {
    this.#columns = columns;
    this.#self = self;
    this.#anchor = anchor;
  }

  add(replica: number, counter: number): void {
    if (replica === this.#self) return;
    const anchor = this.#anchor;
    // The anchor is implied.
    if (anchor?.replica === replica && counter <= anchor.counter) return;
    if (counter <= (this.#dots?.get(replica) ?? 0)) return;
    this.#dots ??= new Map();
    this.#dots.set(replica, counter);
  }

  /** Replicas and counters by turns. */
  flat(): number[] | null {
    return this.#dots === null ? null : [...this.#dots].flat();
  }

  /** Adds what was assigned last to a register. */
  addAssigned(slot: number): void {
    const { stamps, replicas, counters } = this.#columns;
    if ((stamps[slot] as number) < 0) return;
    this.add(replicas[slot] as number, counters[slot] as number);
  }

  /** What stands in the way of what is in a place that was moved. */
  leave({ moved }: Branch): void {
    moved?.barrier?.forEach((replica, counter) => this.add(replica, counter));
  }

  /** Adds what is replaced, or stands in the way, where the path goes on. */
  pass(branch: Branch): void {
    branch.barrier?.forEach((replica, counter) => this.add(replica, counter));
    const { slot, claimStamp, claimReplica, claimCounter } = branch;
    const columns = this.#columns;
    const shape = columns.shapeOf(slot);
    const isReplaced = shape !== MAP && shape !== LIST &&
      !columns.isNewer(slot, claimStamp, claimReplica, claimCounter);
    if (isReplaced) this.addAssigned(slot);
  }
}

keepHiddenClass(new Past(new Columns(new ReplicaTable()), 0, null));
