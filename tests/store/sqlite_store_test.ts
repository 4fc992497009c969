import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { DistflowError, hasCode } from "../../src/base/errors.ts";
import { currentPlatform } from "../../src/platform/mod.ts";
import { SqliteStore } from "../../src/store/mod.ts";
import type { Database, Storage } from "../../src/transport/storage.ts";
import { testSnapshotStore } from "./snapshot_store_compliance.ts";

const bytes = (...values: number[]) => new Uint8Array(values);

/** This platform, with another database. */
function changed(
  change: (database: Database) => Database,
): { storage: Storage } {
  const { storage } = currentPlatform();
  assert(storage !== undefined);
  const openDatabase = (path: string) => change(storage.openDatabase(path));
  return { storage: { ...storage, openDatabase } };
}

/** Node.js 20 has no `node:sqlite`. */
const hasSqlite = process.getBuiltinModule("node:sqlite") !== undefined;

async function withFolder(test: (folder: string) => Promise<void>) {
  const folder = mkdtempSync(join(tmpdir(), "distflow-store-"));
  try {
    await test(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (hasSqlite) {
  testSnapshotStore(
    "sqlite",
    (test) =>
      withFolder((folder) =>
        test(() => new SqliteStore(join(folder, "documents.db")))
      ),
  );

  Deno.test("a database that cannot be opened is a coded error", () =>
    // deno-lint-ignore require-await -- The helper waits for a promise.
    withFolder(async (folder) => {
      const error = assertThrows(() =>
        new SqliteStore(join(folder, "no/such/folder.db"))
      );
      assert(hasCode(error, "STORE_FAILED"));
    }));

  Deno.test("what another process saves between two reads is found whole", () =>
    withFolder(async (folder) => {
      const path = join(folder, "documents.db");
      const writer = new SqliteStore(path);
      await writer.save("a", bytes(1));
      await writer.append("a", bytes(2));
      const reader = new SqliteStore(path, {
        platform: changed((database) => ({
          ...database,
          all: (sql, ...parameters) => {
            const rows = database.all(sql, ...parameters);
            // A database does at once what it is asked for.
            if (sql.includes("FROM snapshots WHERE")) {
              writer.save("a", bytes(3));
            }
            return rows;
          },
        })),
      });
      assertEquals(await reader.load("a"), {
        snapshot: bytes(1),
        messages: [bytes(2)],
      });
      assertEquals(await reader.load("a"), {
        snapshot: bytes(3),
        messages: [],
      });
      await writer.close();
      await reader.close();
    }));

  Deno.test("a full disk is told as such, and what was saved stays", () =>
    withFolder(async (folder) => {
      const store = new SqliteStore(join(folder, "documents.db"), {
        platform: changed((database) => {
          database.all("PRAGMA max_page_count = 20");
          return database;
        }),
      });
      await store.save("a", bytes(1));
      const error = await assertRejects(
        () => store.save("a", new Uint8Array(1_000_000)),
        DistflowError,
      );
      assertEquals(error.code, "STORE_FAILED");
      assertStringIncludes(error.message, "full");
      assertEquals((await store.load("a"))?.snapshot, bytes(1));
      await store.save("a", bytes(2));
      assertEquals((await store.load("a"))?.snapshot, bytes(2));
      await store.close();
    }));

  Deno.test("a database in memory ends with its store", async () => {
    const store = new SqliteStore(":memory:");
    await store.save("a", new Uint8Array([1]));
    await store.close();
    await store.close();
    const next = new SqliteStore(":memory:");
    assertEquals(await next.load("a"), undefined);
    await next.close();
  });
} else {
  Deno.test("where there is no node:sqlite, the error says what to do", () => {
    const error = assertThrows(() => new SqliteStore(":memory:"));
    assert(hasCode(error, "STORE_UNAVAILABLE"));
    assert(/Node\.js 22\.13/.test((error as Error).message));
  });
}
