import type { ConnectionPair, SimConnection } from "./connection.ts";
import { SimProcess } from "./process.ts";

/**
 * Which connections a fault hits: one, all of a process, all between two
 * processes, or all that a function chooses.
 */
export type SimSelection =
  | SimConnection
  | SimProcess
  | readonly [one: SimProcess, other: SimProcess]
  | ((connection: SimConnection) => boolean);

/** Those of `pairs` that `selection` means. */
export function selectPairs(
  pairs: readonly ConnectionPair[],
  selection: SimSelection,
): ConnectionPair[] {
  return pairs.filter((pair) => {
    const { dialer, acceptor } = pair;
    if (selection instanceof SimProcess) {
      return dialer === selection || acceptor === selection;
    }
    if (typeof selection === "function") return selection(pair);
    if (!isProcessPair(selection)) return pair === selection;
    const [one, other] = selection;
    return dialer === one && acceptor === other ||
      dialer === other && acceptor === one;
  });
}

function isProcessPair(
  selection: SimConnection | readonly [SimProcess, SimProcess],
): selection is readonly [SimProcess, SimProcess] {
  return Array.isArray(selection);
}
