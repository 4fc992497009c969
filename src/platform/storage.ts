import { DistflowError } from "../base/errors.ts";
import type { Cell, Database, Storage } from "../transport/storage.ts";
import { optionalBuiltin } from "./builtins.ts";
import { nodeFiles } from "./files.ts";
import { storageError } from "./storage_errors.ts";

/** What is used of `node:sqlite`, which the types of Node.js 20 do not have. */
export interface SqliteApi {
  readonly DatabaseSync: new (path: string) => {
    prepare(sql: string): {
      run(...parameters: unknown[]): unknown;
      all(...parameters: unknown[]): Record<string, Cell>[];
    };
    close(): void;
  };
}

function openDatabase(path: string): Database {
  const sqlite = optionalBuiltin("node:sqlite");
  if (sqlite === undefined) {
    throw new DistflowError(
      "STORE_UNAVAILABLE",
      "Cannot open a database: node:sqlite comes with Node.js 22.13 and Deno 2.2. Use a newer runtime, or keep snapshots in files",
    );
  }
  const attempt = <Result>(act: () => Result): Result => {
    try {
      return act();
    } catch (cause) {
      throw storageError("use the database", path, cause);
    }
  };
  const database = attempt(() => new sqlite.DatabaseSync(path));
  return {
    run: (sql, ...parameters) =>
      void attempt(() => database.prepare(sql).run(...parameters)),
    all: (sql, ...parameters) =>
      attempt(() => database.prepare(sql).all(...parameters)),
    close: () => attempt(() => database.close()),
  };
}

/** Files and databases of Node.js, and of Deno, which has the same modules. */
export const nodeStorage: Storage = { files: nodeFiles, openDatabase };
