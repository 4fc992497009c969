/** Where documents are kept when the process has ended. @module */
export { FileStore } from "./file_store.ts";
export { SqliteStore } from "./sqlite_store.ts";
export {
  DOCUMENT_NAME_LENGTH_MAX,
  type SnapshotStore,
  type StoredDocument,
  type StoreOptions,
} from "./snapshot_store.ts";
