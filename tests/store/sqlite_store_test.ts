import { assert, assertEquals, assertThrows } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { hasCode } from "../../src/base/errors.ts";
import { SqliteStore } from "../../src/store/mod.ts";
import { testSnapshotStore } from "./snapshot_store_compliance.ts";

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
