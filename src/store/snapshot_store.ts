import type { SavedDocument } from "../base/saved_document.ts";
import type { Platform } from "../transport/platform.ts";

/**
 * Keeps documents when the process has ended: of each a snapshot, and messages
 * that were appended since.
 *
 * A name is any text without lone surrogates that is not empty and takes up to
 * {@linkcode DOCUMENT_NAME_SIZE_MAX} bytes; another one is a `TypeError`.
 *
 * Calls may overlap; those on one document are done one after the other. A
 * promise that resolves means that the bytes are safe. One thread of one
 * process at a time may write to a store, be it through several objects one after
 * the other; others may load what it has.
 */
export interface SnapshotStore {
  /** What there is of the document; `undefined` if it was never saved. */
  load(name: string): Promise<SavedDocument | undefined>;
  /**
   * Replaces the snapshot, and drops what was appended before.
   *
   * Whenever the process dies, the store has the old snapshot or the new one.
   */
  save(name: string, snapshot: Uint8Array): Promise<void>;
  /**
   * Adds a message to the snapshot; cheaper than saving it anew. A message is
   * what a `change` event's `message()` gave, of each such event, or what
   * `encodeDiff` gave since the clock of the last write. Of a merged state it is
   * the whole document: better saved. Whoever is to resume the document waits for
   * this before anything is sent to others.
   */
  append(name: string, message: Uint8Array): Promise<void>;
  /** The names of all documents, in code unit order. */
  names(): Promise<string[]>;
  /** Forgets a document; does nothing if there is none. */
  remove(name: string): Promise<void>;
  /**
   * Waits for what was begun, and lets everything go. All calls that come later
   * fail with `STORE_UNAVAILABLE`; only to close again does nothing.
   */
  close(): Promise<void>;
}

/** Options for the stores. */
export interface StoreOptions {
  /**
   * Where to get files and databases from.
   *
   * @default {currentPlatform()}
   */
  platform?: Pick<Platform, "storage">;
}
