import type { Change, ChangeEvent } from "../events.ts";
import type { OperationJson } from "../operation_json.ts";

/** What changed as a state was merged: there are no operations to pass on. */
export class MergedChange implements ChangeEvent {
  /** See {@linkcode ChangeEvent.origin}. */
  readonly origin = "remote";
  /** The replica whose state it was. */
  readonly replica: string;
  /** The places whose registers changed, as they are now. */
  readonly changes: readonly Change[];
  readonly #save: () => Uint8Array;

  /**
   * Makes the event of a state of `replica`.
   *
   * @param save Gives the whole document.
   */
  constructor(
    replica: string,
    changes: readonly Change[],
    save: () => Uint8Array,
  ) {
    this.replica = replica;
    this.changes = changes;
    this.#save = save;
  }

  /** The whole document, as what came had all of another one. */
  message(): Uint8Array {
    return this.#save();
  }

  /** None. */
  operations(): OperationJson[] {
    return [];
  }
}
