import { DistflowError } from "../base/errors.ts";
import { checkBytes } from "../base/options.ts";
import type { SavedDocument } from "../base/saved_document.ts";
import { currentPlatform } from "../platform/mod.ts";
import type { Database } from "../transport/storage.ts";
import { storeClosed } from "./closed.ts";
import { checkDocumentName } from "./document_name.ts";
import type { SnapshotStore, StoreOptions } from "./snapshot_store.ts";

const TABLES = [
  "CREATE TABLE IF NOT EXISTS snapshots (name TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT",
  "CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY, name TEXT NOT NULL, bytes BLOB NOT NULL) STRICT",
  "CREATE INDEX IF NOT EXISTS messages_by_name ON messages (name, id)",
];

/**
 * Keeps documents in a SQLite database, through the `node:sqlite` of the
 * runtime: Node.js 22.13 or later, or Deno 2.2.
 *
 * @example Saved and loaded
 * ```ts
 * import { SqliteStore } from "@distflow/core/store";
 * import { assertEquals } from "@std/assert";
 *
 * const store = new SqliteStore(":memory:");
 * await store.save("todo", new Uint8Array([1]));
 * await store.append("todo", new Uint8Array([2]));
 * const stored = await store.load("todo");
 * assertEquals(stored?.snapshot, new Uint8Array([1]));
 * assertEquals(stored?.messages, [new Uint8Array([2])]);
 * await store.close();
 * ```
 */
export class SqliteStore implements SnapshotStore {
  readonly #database: Database;
  #isOpen = true;

  /**
   * Opens the database at `path`, and makes it if there is none; `:memory:` is
   * one that ends with the process.
   *
   * @throws {DistflowError} `STORE_UNAVAILABLE` where the runtime has no
   * `node:sqlite`; `STORE_FAILED` or `PERMISSION_DENIED` if it does not open.
   */
  constructor(path: string, options: StoreOptions = {}) {
    const { storage } = options.platform ?? currentPlatform();
    if (storage === undefined) {
      throw new DistflowError(
        "STORE_UNAVAILABLE",
        "Cannot keep snapshots in a database: this platform has none",
      );
    }
    this.#database = storage.openDatabase(path);
    // What a promise says to be safe is on the disk, not in a cache.
    this.#database.all("PRAGMA journal_mode = WAL");
    this.#database.run("PRAGMA synchronous = FULL");
    for (const sql of TABLES) this.#database.run(sql);
  }

  /** See {@linkcode SnapshotStore.load}. */
  load(name: string): Promise<SavedDocument | undefined> {
    return this.#attempt(() => {
      const key = checkDocumentName(name);
      // Another process may save between the two.
      return this.#asOne("BEGIN", () => {
        const [row] = this.#database.all(
          "SELECT bytes FROM snapshots WHERE name = ?",
          key,
        );
        const messages = this.#database.all(
          "SELECT bytes FROM messages WHERE name = ? ORDER BY id",
          key,
        ).map(({ bytes }) => bytes as Uint8Array);
        return row === undefined && messages.length === 0
          ? undefined
          : { snapshot: row?.bytes as Uint8Array | undefined, messages };
      });
    });
  }

  /** See {@linkcode SnapshotStore.save}. */
  save(name: string, snapshot: Uint8Array): Promise<void> {
    return this.#attempt(() => {
      const key = checkDocumentName(name);
      const bytes = checkBytes("save a document", "snapshot", snapshot);
      this.#asOne("BEGIN IMMEDIATE", () => {
        this.#database.run(
          "INSERT INTO snapshots (name, bytes) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET bytes = excluded.bytes",
          key,
          bytes,
        );
        this.#database.run("DELETE FROM messages WHERE name = ?", key);
      });
    });
  }

  /** See {@linkcode SnapshotStore.append}. */
  append(name: string, message: Uint8Array): Promise<void> {
    return this.#attempt(() => {
      this.#database.run(
        "INSERT INTO messages (name, bytes) VALUES (?, ?)",
        checkDocumentName(name),
        checkBytes("append to a document", "message", message),
      );
    });
  }

  /** See {@linkcode SnapshotStore.names}. */
  names(): Promise<string[]> {
    return this.#attempt(() => {
      const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
      // As bytes: the runtimes read a text no further than to a zero in it.
      return this.#database.all(
        "SELECT CAST(name AS BLOB) AS name FROM (SELECT name FROM snapshots UNION SELECT name FROM messages)",
      ).map(({ name }) => decoder.decode(name as Uint8Array))
        .sort((a, b) => (a < b ? -1 : 1));
    });
  }

  /** See {@linkcode SnapshotStore.remove}. */
  remove(name: string): Promise<void> {
    return this.#attempt(() => {
      const key = checkDocumentName(name);
      this.#asOne("BEGIN IMMEDIATE", () => {
        this.#database.run("DELETE FROM snapshots WHERE name = ?", key);
        this.#database.run("DELETE FROM messages WHERE name = ?", key);
      });
    });
  }

  /** See {@linkcode SnapshotStore.close}. */
  // deno-lint-ignore require-await -- What fails must reject, not throw.
  async close(): Promise<void> {
    if (this.#isOpen) this.#database.close();
    this.#isOpen = false;
  }

  #asOne<Result>(begin: string, act: () => Result): Result {
    this.#database.run(begin);
    try {
      const result = act();
      this.#database.run("COMMIT");
      return result;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  #rollBack(): void {
    try {
      this.#database.run("ROLLBACK");
    } catch {
      // What failed before is told, not this: SQLite has rolled back by itself, as
      // it does when the disk is full, or the next BEGIN says that it has not.
    }
  }

  // deno-lint-ignore require-await -- What fails must reject, not throw.
  async #attempt<Result>(act: () => Result): Promise<Result> {
    if (!this.#isOpen) throw storeClosed();
    return act();
  }
}
