import type { Branch, Child } from "../branch.ts";
import { Core } from "../core.ts";
import { HybridClock } from "../hybrid_clock.ts";
import type { Space } from "../operation.ts";
import { PlaceHasher } from "./place_hash.ts";
import { PART } from "./frame.ts";
import { encodeState } from "./write_state.ts";

/**
 * The state of the places at `positions` alone, or of all for `null`: to join it
 * brings all that `core` has to a replica that lacks nothing of other places.
 */
export function encodePart(
  core: Core,
  positions: ReadonlySet<number> | null,
): Uint8Array {
  if (positions === null) return encodeState(core, PART);
  const part = new Core(core.name, new HybridClock(), new Map());
  for (const name of core.replicas.names) part.replicas.indexOf(name);
  part.vector.join(core.vector);
  part.clock.receive(core.clock.last);
  if (positions.size > 0) {
    new PlaceHasher(core).run({
      visit: (space, position, _content, keys) => {
        if (positions.has(position)) {
          copyPlace(core, part, space as Space, keys);
        }
      },
    });
  }
  return encodeState(part, PART);
}

function copyPlace(
  { tree: from }: Core,
  { tree: to }: Core,
  space: Space,
  keys: readonly string[],
): void {
  let source: Child = from.roots[space];
  let branch: Branch = to.roots[space];
  let slot = branch.slot;
  keys.forEach((key, depth) => {
    source = (source as Branch).children.get(key) as Child;
    if (depth === keys.length - 1 && typeof source === "number") {
      const known = branch.children.get(key);
      slot = known === undefined
        ? to.columns.add()
        : typeof known === "number"
        ? known
        : known.slot;
      if (known === undefined) branch.children.set(key, slot);
    } else {
      branch = to.branchAt(branch, key);
      slot = branch.slot;
    }
  });
  const place = source as Child;
  const own = typeof place === "number" ? place : place.slot;
  to.columns.copy(from.columns, own, slot);
  const siblings = from.siblings.get(own);
  if (siblings !== undefined) to.siblings.set(slot, siblings);
  const cells = from.counters.get(own);
  if (cells !== undefined) to.counters.set(slot, cells);
  if (typeof place === "number") return;
  branch.claimStamp = place.claimStamp;
  branch.claimReplica = place.claimReplica;
  branch.claimCounter = place.claimCounter;
  branch.claimShape = place.claimShape;
  branch.cover = place.cover;
  branch.barrier = place.barrier;
}
