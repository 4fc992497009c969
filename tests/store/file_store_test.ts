import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { DistflowError, hasCode } from "../../src/base/errors.ts";
import { DOCUMENT_NAME_SIZE_MAX, FileStore } from "../../src/store/mod.ts";
import { testSnapshotStore } from "./snapshot_store_compliance.ts";

async function withFolder(test: (folder: string) => Promise<void>) {
  const folder = mkdtempSync(join(tmpdir(), "distflow-store-"));
  try {
    await test(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

testSnapshotStore(
  "files",
  (test) =>
    withFolder((folder) => test(() => new FileStore(join(folder, "deep/er")))),
);

const bytes = (...values: number[]) => new Uint8Array(values);

Deno.test("who is reading messages while others are saved reads old ones", () =>
  withFolder(async (folder) => {
    const store = new FileStore(folder);
    for (const message of [bytes(1, 1), bytes(2, 2)]) {
      await store.append("a", message);
    }
    const path = join(folder, "a.messages");
    const whole = readFileSync(path);
    const file = openSync(path, "r");
    const start = new Uint8Array(5);
    assertEquals(readSync(file, start), 5);
    await store.save("a", bytes(2));
    await store.append("a", bytes(3, 3));
    const rest = readFileSync(file);
    closeSync(file);
    assertEquals(new Uint8Array([...start, ...rest]), new Uint8Array(whole));
    await store.close();
  }));

Deno.test("what is appended to a damaged file is refused, and the file stays", () =>
  withFolder(async (folder) => {
    const store = new FileStore(folder);
    for (let index = 0; index < 3; index++) {
      await store.append("a", bytes(index, index));
    }
    await store.close();
    const path = join(folder, "a.messages");
    const file = readFileSync(path);
    const second = file.length / 3;
    file[second] = (file[second] as number) ^ 0x40;
    writeFileSync(path, file);
    const next = new FileStore(folder);
    for (const act of [() => next.load("a"), () => next.append("a", bytes())]) {
      const error = await assertRejects(act, DistflowError);
      assertEquals(error.code, "CORRUPT_DATA");
      assertEquals(error.details, {
        path: `${folder}/a.messages`,
        offset: second,
      });
      assertStringIncludes(error.message, `a.messages": the message at byte`);
      assertEquals(readFileSync(path), file);
    }
    // A new snapshot needs no message of before.
    await next.save("a", bytes(7));
    assertEquals(await next.load("a"), { snapshot: bytes(7), messages: [] });
    await next.close();
  }));

Deno.test("a file that somebody else cut is gone on with where it ends now", () =>
  withFolder(async (folder) => {
    const store = new FileStore(folder);
    const file = join(folder, "a.messages");
    await store.append("a", bytes(1, 2, 3));
    const first = readFileSync(file);
    await store.append("a", bytes(4, 5));
    writeFileSync(file, first);
    await store.append("a", bytes(6));
    assertEquals((await store.load("a"))?.messages, [bytes(1, 2, 3), bytes(6)]);
    rmSync(file);
    await store.append("a", bytes(7));
    assertEquals((await store.load("a"))?.messages, [bytes(7)]);
    await store.close();
  }));

Deno.test("what is appended after a torn message is not lost", () =>
  withFolder(async (folder) => {
    const first = new FileStore(folder);
    await first.append("a", bytes(1));
    await first.append("a", bytes(2, 2, 2));
    await first.close();
    const file = join(folder, "a.messages");
    writeFileSync(file, readFileSync(file).subarray(0, -2));
    const next = new FileStore(folder);
    await next.append("a", bytes(3));
    assertEquals((await new FileStore(folder).load("a"))?.messages, [
      bytes(1),
      bytes(3),
    ]);
    await next.close();
  }));

/** The number of a process that has ended. */
const deadPid = () => spawnSync(process.execPath, ["--version"]).pid;

Deno.test("what a process that died left half written, the next writer removes", () =>
  withFolder(async (folder) => {
    const left = `a.snapshot.${deadPid()}-1.tmp`;
    // Numbers of processes come again: in a container, each time.
    const own = `%41.snapshot.${process.pid}-999999999.tmp`;
    for (const file of [left, own]) writeFileSync(join(folder, file), "half");
    const store = new FileStore(folder);
    assertEquals(await store.load("a"), undefined);
    assertEquals(await store.names(), []);
    assertEquals(readdirSync(folder).sort(), [own, left]);
    await store.append("b", bytes(1));
    assertEquals(readdirSync(folder), ["b.messages"]);
    await store.close();
  }));

Deno.test("files that are not a store's own leftovers stay", () =>
  withFolder(async (folder) => {
    const pid = deadPid();
    const files = [
      "thesis.tmp",
      `a.snapshot.${process.ppid}-1.tmp`,
      "a.snapshot.0-1.tmp",
      "a.snapshot.tmp",
      `a.messages.${pid}-1.tmp`,
      `Foo.snapshot.${pid}-1.tmp`,
      `100%.snapshot.${pid}-1.tmp`,
      `.snapshot.${pid}-1.tmp`,
    ].sort();
    for (const file of files) writeFileSync(join(folder, file), "precious");
    const store = new FileStore(folder);
    await store.save("x", bytes(1));
    await store.remove("x");
    assertEquals(readdirSync(folder).sort(), files);
    await store.close();
  }));

Deno.test("stores of one folder leave each other what they are writing", () =>
  withFolder(async (folder) => {
    const saves = Array.from({ length: 20 }, (_, index) => {
      const store = new FileStore(folder);
      return store.save(`doc${index}`, new Uint8Array(1 << 18));
    });
    await Promise.all(saves);
    assertEquals((await new FileStore(folder).names()).length, 20);
  }));

Deno.test("a message above the limit is rejected", () =>
  withFolder(async (folder) => {
    const store = new FileStore(folder);
    const message = Object.create(Uint8Array.prototype, {
      length: { value: 2 ** 31 },
    });
    const error = await store.append("a", message).catch((error) => error);
    assert(hasCode(error, "LIMIT_REACHED"));
    assertEquals(readdirSync(folder), []);
    await store.close();
  }));

Deno.test("files that are no document's are not listed", () =>
  withFolder(async (folder) => {
    const store = new FileStore(folder);
    await store.save("x", bytes(1));
    await store.append("\ufeffY", bytes(2));
    const foreign = ["100%", "Foo", "%4", "%66oo", "%FF", "%ff", "", "a.b"];
    for (const name of [...foreign, "x".repeat(221)]) {
      writeFileSync(join(folder, `${name}.snapshot`), "");
      writeFileSync(join(folder, `${name}.messages`), "");
    }
    writeFileSync(join(folder, "other.txt"), "");
    assertEquals(await store.names(), ["x", "\ufeffY"]);
    await store.close();
  }));

Deno.test("a store whose folder could not be made tries again", () =>
  withFolder(async (folder) => {
    const path = join(folder, "documents");
    writeFileSync(path, "");
    const store = new FileStore(path);
    const failing = [store.save("a", bytes(1)), store.append("b", bytes(2))];
    for (const act of failing) {
      const error = await assertRejects(() => act);
      assert(hasCode(error, "STORE_FAILED"));
    }
    rmSync(path);
    await store.save("a", bytes(3));
    assertEquals((await store.load("a"))?.snapshot, bytes(3));
    await store.close();
  }));

Deno.test("loading makes no folder", () =>
  withFolder(async (folder) => {
    const store = new FileStore(join(folder, "none"));
    assertEquals(await store.load("a"), undefined);
    assertEquals(await store.names(), []);
    assertEquals(readdirSync(folder), []);
    await store.close();
  }));

Deno.test("the longest name leaves room for the numbers of any process", () =>
  withFolder((folder) => {
    const name = "x".repeat(DOCUMENT_NAME_SIZE_MAX);
    const file = `${name}.snapshot.4294967295-9999999999.tmp`;
    writeFileSync(join(folder, file), "");
    return Promise.resolve();
  }));

Deno.test("a file that cannot be written is a coded error, and the old stays", () =>
  withFolder(async (folder) => {
    writeFileSync(join(folder, "file"), "");
    const nowhere = new FileStore(join(folder, "file/below"));
    const error = await assertRejects(() => nowhere.save("a", bytes(1)));
    assert(hasCode(error, "STORE_FAILED"));
    await nowhere.close();
    // The superuser may write anywhere.
    if (process.getuid?.() === 0) return;
    const store = new FileStore(folder);
    await store.save("a", bytes(1));
    chmodSync(folder, 0o500);
    const denied = await assertRejects(() => store.save("a", bytes(2)));
    chmodSync(folder, 0o700);
    assert(hasCode(denied, "PERMISSION_DENIED"));
    assertEquals((await store.load("a"))?.snapshot, bytes(1));
    await store.close();
  }));

Deno.test("a platform without files is a coded error", () => {
  const error = assertThrows(() => new FileStore("x", { platform: {} }));
  assert(hasCode(error, "STORE_UNAVAILABLE"));
});
