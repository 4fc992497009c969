import { DistflowError } from "../../base/errors.ts";
import type { Core } from "../core.ts";
import { PART, type STATE } from "./frame.ts";

/**
 * Whether the state of `other` cannot be joined with that of `core`, but only
 * take its place.
 *
 * What one of two has forgotten, the other must have seen, and so must all have
 * of whom the other has operations. Else only the one that has all can go on.
 *
 * @throws {DistflowError} `SNAPSHOT_REQUIRED` if it cannot take its place, too.
 */
export function mustReplace(
  core: Core,
  other: Core,
  kind: typeof STATE | typeof PART,
): boolean {
  const refuse = (what: string): never => {
    throw new DistflowError(
      "SNAPSHOT_REQUIRED",
      `Cannot merge a state of "${other.name}": ${what}`,
    );
  };
  if (!hasSeen(other, core, core.stability.floor)) {
    refuse("it lacks what was forgotten here, and has to begin anew");
  }
  if (hasStrangers(core, other)) {
    refuse("it has forgotten what is needed here, and has to take a state");
  }
  const canJoin = hasSeen(core, other, other.stability.floor) &&
    !hasStrangers(other, core);
  if (canJoin) return false;
  if (kind === PART) refuse("a whole state is needed");
  if (!hasSeen(other, core, core.vector)) {
    refuse("it has to have all that is here, or this one begins anew from it");
  }
  return true;
}

/**
 * Whether `core` has operations of replicas that `other` did not wait for when
 * it forgot something, and that may not have seen that. The two states cannot
 * be joined then: one has forgotten, and so decided, what is not decided.
 */
function hasStrangers(core: Core, other: Core): boolean {
  const { floor, gone } = other.stability;
  if (floor.isEmpty) return false;
  let isFound = false;
  core.vector.forEach((replica, counter) => {
    const known = other.replicas.find(core.replicas.nameOf(replica));
    if (known >= 0 && other.vector.has(known, counter)) return;
    if (known >= 0 && gone.has(known)) isFound = true;
    if (known >= 0 && other.stability.isKnown(known)) return;
    const seen = core.stability.newcomers.get(replica);
    floor.forEach((each, last) => {
      const own = core.replicas.find(other.replicas.nameOf(each));
      if (own < 0 || !(seen?.has(own, last) ?? false)) isFound = true;
    });
  });
  return isFound;
}

/** Whether `core` has applied all that `other` has in `vector`. */
export function hasSeen(
  core: Core,
  other: Core,
  vector: Core["vector"],
): boolean {
  let isSeen = true;
  vector.forEach((replica, counter) => {
    const own = core.replicas.find(other.replicas.nameOf(replica));
    if (own < 0 || !core.vector.has(own, counter)) isSeen = false;
  });
  return isSeen;
}
