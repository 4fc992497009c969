import { Branch } from "../branch.ts";
import type { Core } from "../core.ts";

/**
 * Takes back how far a state has brought the clock, if that is further ahead of
 * the wall clock than a stamp may be.
 *
 * Else all that this replica did would wait at all others until the wall clock
 * has come there. It goes on after all that the document has of itself, and of
 * others within the bound: what is kept from beyond cannot be outdone before its
 * time comes. Costs a step for each place, if the clock is that far ahead.
 */
export function settleClock(core: Core): void {
  const { clock, tree, self } = core;
  const { columns, siblings, counters, moves, roots } = tree;
  if (!clock.isBeyond(clock.last)) return;
  let last = 0;
  const note = (replica: number, stamp: number) => {
    if (stamp <= last) return;
    if (replica === self || !clock.isBeyond(stamp)) last = stamp;
  };
  for (let slot = 0; slot < columns.values.length; slot++) {
    note(columns.replicas[slot] as number, columns.stamps[slot] as number);
  }
  for (const beside of [...siblings.values(), ...counters.values()]) {
    for (const { replica, stamp } of beside) note(replica, stamp);
  }
  for (const { replica, stamp } of moves.records) note(replica, stamp);
  const branches: Branch[] = [...roots];
  for (const branch of branches) {
    note(branch.claimReplica, branch.claimStamp);
    branches.push(...placesIn(branch));
  }
  clock.leave(last);
}

/** The places that were born in one, and have something in them. */
function* placesIn({ children, list }: Branch): Iterable<Branch> {
  for (const child of children.values()) {
    if (typeof child === "object") yield child;
  }
  for (const { replica, counter, content } of list?.keptRuns() ?? []) {
    for (const [at, item] of content.entries()) {
      if (item instanceof Branch && item.isBornAs(replica, counter + at)) {
        yield item;
      }
    }
  }
}
