import type { Files } from "../transport/storage.ts";
import { builtin, nodeProcess } from "./builtins.ts";
import { codeOf, storageError } from "./storage_errors.ts";
import { leftoverOf, withTemporary } from "./temporary.ts";

/** Does `act`, and gives what fails a code; no file is `undefined`. */
async function attempt<Result>(
  act: string,
  path: string,
  run: (fs: typeof import("node:fs/promises")) => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await run(builtin("node:fs").promises);
  } catch (cause) {
    if (codeOf(cause) === "ENOENT" && act !== "write") return undefined;
    throw storageError(act, path, cause);
  }
}

/**
 * Waits until the disk has the names in the folder of `path`. Windows cannot
 * do that, and needs it not: there a renamed file has its name when it is
 * closed.
 */
async function syncFolder(path: string): Promise<void> {
  if (nodeProcess().platform === "win32") return;
  const end = Math.max(path.lastIndexOf("/"), 0);
  const folder = end === 0 ? (path.startsWith("/") ? "/" : ".") : path.slice(
    0,
    end,
  );
  const handle = await builtin("node:fs").promises.open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function replace(path: string, bytes: Uint8Array): Promise<void> {
  await withTemporary(path, (temporary) => write(path, bytes, temporary));
}

async function write(
  path: string,
  bytes: Uint8Array,
  temporary: string,
): Promise<void> {
  await attempt("write", path, async (fs) => {
    try {
      const handle = await fs.open(temporary, "w");
      try {
        await handle.writeFile(bytes);
        // A name must never lead to bytes that the disk does not have yet.
        await handle.sync();
      } finally {
        await handle.close();
      }
      await fs.rename(temporary, path);
    } catch (error) {
      await fs.rm(temporary, { force: true });
      throw error;
    }
    await syncFolder(path);
  });
}

async function writeEnd(
  path: string,
  offset: number,
  bytes: Uint8Array,
): Promise<void> {
  await attempt("write", path, async (fs) => {
    const { O_CREAT, O_RDWR } = builtin("node:fs").constants;
    const handle = await fs.open(path, O_CREAT | O_RDWR);
    try {
      // To cut off at an offset behind the end would fill up with zeros.
      if ((await handle.stat()).size < offset) {
        throw new Error(`it has less than ${offset} bytes`);
      }
      await handle.truncate(offset);
      for (let done = 0; done < bytes.length;) {
        const { bytesWritten } = await handle.write(
          bytes,
          done,
          bytes.length - done,
          offset + done,
        );
        done += bytesWritten;
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (offset === 0) await syncFolder(path);
  });
}

async function remove(path: string): Promise<void> {
  await attempt("remove", path, (fs) => fs.rm(path));
}

async function list(folder: string): Promise<string[]> {
  return await attempt("list", folder, (fs) => fs.readdir(folder)) ?? [];
}

async function removeLeftovers(
  folder: string,
  isOwn: (name: string) => boolean,
): Promise<void> {
  for (const file of await list(folder)) {
    const name = leftoverOf(file);
    if (name !== undefined && isOwn(name)) await remove(`${folder}/${file}`);
  }
}

/** Files of Node.js, and of Deno, which has the same module. */
export const nodeFiles: Files = {
  read: (path) =>
    attempt(
      "read",
      path,
      async (fs) => new Uint8Array(await fs.readFile(path)),
    ),
  size: async (path) =>
    (await attempt("read", path, (fs) => fs.stat(path)))?.size ?? 0,
  replace,
  writeEnd,
  remove,
  removeLeftovers,
  list,
  makeFolder: async (path) => {
    await attempt("write", path, (fs) => fs.mkdir(path, { recursive: true }));
  },
};
