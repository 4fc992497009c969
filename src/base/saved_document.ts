/** A document as a store keeps it, and as `JsonCrdt.restore` takes it. */
export interface SavedDocument {
  /** What `snapshot()` gave; `undefined` if there was none yet. */
  readonly snapshot: Uint8Array | undefined;
  /**
   * What was saved since, in order: messages of `change` events, what
   * `encodeDiff` gave, and acknowledgements. Some may be in the snapshot, too:
   * they change nothing.
   */
  readonly messages: readonly Uint8Array[];
}
