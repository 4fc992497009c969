import type { Core } from "../core.ts";
import type { Operation } from "../operation.ts";
import { retireAll } from "./retire_all.ts";

/**
 * Makes the first operation of a replica name all that it has applied: whoever
 * has forgotten anything takes only replicas in that have seen that. From then
 * on this one names nothing that was removed before.
 */
export function introduce(core: Core, operation: Operation): void {
  retireAll(core.tree);
  const dots: number[] = [];
  core.vector.forEach((replica, counter) => dots.push(replica, counter));
  operation.after = dots;
  core.stability.welcome(operation);
}
