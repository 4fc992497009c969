/**
 * Where documents are kept when the process has ended: in files, or in SQLite.
 *
 * @example A document that goes on
 * ```ts
 * import { JsonCrdt } from "@distflow/core/crdt";
 * import { FileStore } from "@distflow/core/store";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * const store = new FileStore(folder);
 * const doc = new JsonCrdt("ann");
 * doc.set(["title"], "Plans");
 * await store.save("plans", doc.snapshot());
 *
 * const saved = await store.load("plans");
 * if (saved === undefined) throw new Error("It was never saved");
 * const again = JsonCrdt.restore("bob", saved);
 * assertEquals(again.toJSON(), { title: "Plans" });
 * await store.close();
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @module
 */
export { DOCUMENT_NAME_SIZE_MAX } from "./document_name.ts";
export { FileStore } from "./file_store.ts";
export type { SavedDocument } from "../base/saved_document.ts";
export type { SnapshotStore, StoreOptions } from "./snapshot_store.ts";
export { SqliteStore } from "./sqlite_store.ts";
export type { Platform } from "../transport/platform.ts";
