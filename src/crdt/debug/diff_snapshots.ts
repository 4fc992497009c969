import { hasCode } from "../../base/errors.ts";
import { checkBytes } from "../../base/options.ts";
import { JsonCrdt } from "../document.ts";
import type { JsonCrdtOptions } from "../options.ts";
import { diffStates, type StateDifference } from "./diff_states.ts";

/** How far two snapshots have come with the operations of one replica. */
export interface ReplicaDifference {
  /** The replica. */
  readonly replicaId: string;
  /** The counter of its last operation in the first; 0 for none. */
  readonly before: number;
  /** The same in the second. */
  readonly after: number;
}

/** How two snapshots differ. */
export interface SnapshotDifference {
  /** Where they show something else. */
  readonly state: readonly StateDifference[];
  /** The replicas of which one has more operations, in the order of names. */
  readonly replicas: readonly ReplicaDifference[];
}

/**
 * What is different between two snapshots, as `snapshot` gives them, or files
 * that begin with one and go on with diffs: what they show, and which operations
 * they have. One that was only saved anew, or has forgotten more, is no other.
 *
 * @param options Options of the documents, such as `merges`.
 * @throws {DistflowError} `CORRUPT_DATA` if one of them is no snapshot.
 * @throws {TypeError} If one is no `Uint8Array`.
 *
 * @example What a day brought
 * ```ts
 * import { diffSnapshots, JsonCrdt } from "@distflow/core/crdt";
 * import { assertEquals } from "@std/assert";
 *
 * const doc = new JsonCrdt("ann");
 * doc.set(["a"], 1);
 * const before = doc.snapshot();
 * doc.set(["a"], 2);
 * assertEquals(diffSnapshots(before, doc.snapshot()), {
 *   state: [{ kind: "changed", path: ["a"], before: 1, after: 2 }],
 *   replicas: [{ replicaId: "ann", before: 1, after: 2 }],
 * });
 * ```
 */
export function diffSnapshots(
  before: Uint8Array,
  after: Uint8Array,
  options: Omit<JsonCrdtOptions, "initial"> = {},
): SnapshotDifference {
  const act = "compare snapshots";
  const first = read(checkBytes(act, "before", before), options);
  const second = read(checkBytes(act, "after", after), options);
  const [own, other] = [first.clock(), second.clock()];
  const names = new Set([...Object.keys(own), ...Object.keys(other)]);
  return {
    state: diffStates(first.toJSON(), second.toJSON()),
    replicas: [...names].sort().map((replicaId) => ({
      replicaId,
      before: own[replicaId] ?? 0,
      after: other[replicaId] ?? 0,
    })).filter(({ before, after }) => before !== after),
  };
}

/** A saved document, under a name that nobody in it has. */
function read(
  bytes: Uint8Array,
  options: Omit<JsonCrdtOptions, "initial">,
): JsonCrdt {
  for (let count = 0;; count++) {
    try {
      return JsonCrdt.restore(`reader-${count}`, bytes, options);
    } catch (error) {
      if (!hasCode(error, "DUPLICATE_REPLICA")) throw error;
    }
  }
}
