import type { Change, ChangeEvent } from "../events.ts";
import { encodeMessage } from "../message.ts";
import type { OperationJson } from "../operation_json.ts";
import { ReplicaTable } from "../replica_table.ts";

/** What changed as a state was merged: there are no operations to pass on. */
export class MergedChange implements ChangeEvent {
  /** See {@linkcode ChangeEvent.origin}. */
  readonly origin = "remote";
  /** The replica whose state it was. */
  readonly replica: string;
  /** The places whose registers changed, as they are now. */
  readonly changes: readonly Change[];

  /** Makes the event of a state of `replica`. */
  constructor(replica: string, changes: readonly Change[]) {
    this.replica = replica;
    this.changes = changes;
  }

  /** A message of no transactions. */
  message(): Uint8Array {
    return encodeMessage([], new ReplicaTable());
  }

  /** None. */
  operations(): OperationJson[] {
    return [];
  }
}
