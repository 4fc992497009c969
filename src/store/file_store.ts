import { DistflowError } from "../base/errors.ts";
import { checkBytes } from "../base/options.ts";
import type { SavedDocument } from "../base/saved_document.ts";
import { currentPlatform } from "../platform/mod.ts";
import type { Files } from "../transport/storage.ts";
import { storeClosed } from "./closed.ts";
import {
  checkDocumentName,
  documentNameOf,
  fileNameOf,
} from "./document_name.ts";
import { decodeRecords, encodeRecord } from "./record_file.ts";
import type { SnapshotStore, StoreOptions } from "./snapshot_store.ts";
import { Turns } from "./turns.ts";

const SNAPSHOT = ".snapshot";
const MESSAGES = ".messages";

/**
 * Keeps documents as files of a folder: `name.snapshot`, which is replaced as a
 * whole, and `name.messages`, which grows until the next snapshot.
 *
 * A process that is killed, at any byte, leaves the old snapshot or the new
 * one, and all messages whose `append` resolved. It may also leave a part of a
 * new snapshot, `name.snapshot.<process>-<number>.tmp`, which the next process
 * that writes removes; on Deno, if it has the permission to run others, without
 * which it cannot know who is dead. Loading changes nothing.
 *
 * @example Saved and loaded
 * ```ts
 * import { FileStore } from "@distflow/core/store";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * const store = new FileStore(folder);
 * await store.save("todo", new Uint8Array([1]));
 * await store.append("todo", new Uint8Array([2]));
 * await store.close();
 *
 * const stored = await new FileStore(folder).load("todo");
 * assertEquals(stored?.snapshot, new Uint8Array([1]));
 * assertEquals(stored?.messages, [new Uint8Array([2])]);
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export class FileStore implements SnapshotStore {
  readonly #folder: string;
  readonly #files: Files;
  readonly #turns = new Turns();
  /** Where the next message of a document belongs, once that is known. */
  readonly #ends: Map<string, number> = new Map();
  #isClosed = false;
  #isReady: Promise<void> | undefined;

  /**
   * Makes a store of a folder, which is made when it is first needed.
   *
   * @throws {DistflowError} `STORE_UNAVAILABLE` on a platform without files.
   */
  constructor(folder: string, options: StoreOptions = {}) {
    const { storage } = options.platform ?? currentPlatform();
    if (storage === undefined) {
      throw new DistflowError(
        "STORE_UNAVAILABLE",
        "Cannot keep snapshots in files: this platform has none",
      );
    }
    this.#folder = folder;
    this.#files = storage.files;
  }

  /**
   * See {@linkcode SnapshotStore.load}.
   *
   * What the last `append` of a process that died did not write to its end is
   * left out.
   *
   * @throws {DistflowError} `CORRUPT_DATA` if a message was altered and others
   * follow it, or if it cannot be known where it ends; the error tells the file
   * and the byte, and the file stays as it is.
   */
  load(name: string): Promise<SavedDocument | undefined> {
    return this.#turn(name, async (path) => {
      // In this order, what another process saves meanwhile loses nothing: the
      // snapshot has the messages that are not there any more.
      const messages = await this.#readMessages(path);
      const snapshot = await this.#files.read(path + SNAPSHOT);
      return snapshot === undefined && messages.length === 0
        ? undefined
        : { snapshot, messages };
    });
  }

  /** See {@linkcode SnapshotStore.save}. */
  async save(name: string, snapshot: Uint8Array): Promise<void> {
    // The `slice` of a `Buffer` would be no copy.
    const bytes = new Uint8Array(
      checkBytes("save a document", "snapshot", snapshot),
    );
    await this.#writingTurn(name, async (path) => {
      await this.#files.replace(path + SNAPSHOT, bytes);
      // Whoever dies here finds messages that the snapshot has, too. The file is
      // not cut: who reads it meanwhile would get a part of what comes next.
      this.#ends.delete(path);
      await this.#files.remove(path + MESSAGES);
      this.#ends.set(path, 0);
    });
  }

  /**
   * See {@linkcode SnapshotStore.append}.
   *
   * @throws {DistflowError} `CORRUPT_DATA` as `load` does: nothing is written
   * behind messages that cannot be read; `LIMIT_REACHED` above 2 GiB.
   */
  async append(name: string, message: Uint8Array): Promise<void> {
    const record = encodeRecord(
      checkBytes("append to a document", "message", message),
    );
    await this.#writingTurn(name, async (path) => {
      const end = await this.#endOf(path);
      // Whatever fails, the next message goes where the file then ends.
      this.#ends.delete(path);
      await this.#files.writeEnd(path + MESSAGES, end, record);
      this.#ends.set(path, end + record.length);
    });
  }

  /** See {@linkcode SnapshotStore.names}. */
  async names(): Promise<string[]> {
    if (this.#isClosed) throw storeClosed();
    await this.#turns.settle();
    const names = new Set<string>();
    for (const file of await this.#files.list(this.#folder)) {
      const name = nameIn(file, SNAPSHOT) ?? nameIn(file, MESSAGES);
      if (name !== undefined) names.add(name);
    }
    return [...names].sort((a, b) => (a < b ? -1 : 1));
  }

  /** See {@linkcode SnapshotStore.remove}. */
  remove(name: string): Promise<void> {
    return this.#writingTurn(name, async (path) => {
      this.#ends.delete(path);
      await this.#files.remove(path + SNAPSHOT);
      await this.#files.remove(path + MESSAGES);
    });
  }

  /** See {@linkcode SnapshotStore.close}. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.#turns.settle();
  }

  /** Where the next message belongs. */
  async #endOf(path: string): Promise<number> {
    const known = this.#ends.get(path);
    // Another store of this folder may have written since.
    if (known === await this.#files.size(path + MESSAGES)) return known;
    await this.#readMessages(path);
    return this.#ends.get(path) as number;
  }

  async #readMessages(path: string): Promise<Uint8Array[]> {
    const file = path + MESSAGES;
    const { records, end } = decodeRecords(
      await this.#files.read(file) ?? new Uint8Array(),
      file,
    );
    this.#ends.set(path, end);
    return records;
  }

  async #turn<Result>(
    name: string,
    act: (path: string) => Promise<Result>,
  ): Promise<Result> {
    if (this.#isClosed) throw storeClosed();
    const path = `${this.#folder}/${fileNameOf(checkDocumentName(name))}`;
    return await this.#turns.take(path, () => act(path));
  }

  /** A turn that changes something, and is given a folder to do it in. */
  #writingTurn(
    name: string,
    act: (path: string) => Promise<void>,
  ): Promise<void> {
    return this.#turn(name, async (path) => {
      await this.#becomeReady();
      await act(path);
    });
  }

  /** Prepares the folder once; if that fails, the next turn tries again. */
  #becomeReady(): Promise<void> {
    this.#isReady ??= this.#prepare().catch((error) => {
      this.#isReady = undefined;
      throw error;
    });
    return this.#isReady;
  }

  /**
   * Makes the folder, and removes what processes that died left half done.
   *
   * Left to whoever writes, of whom there is one: a process that loads may know
   * nothing of the writer, which can run on another machine.
   */
  async #prepare(): Promise<void> {
    await this.#files.makeFolder(this.#folder);
    await this.#files.removeLeftovers(
      this.#folder,
      (file) => nameIn(file, SNAPSHOT) !== undefined,
    );
  }
}

/** The document that has this file, if its kind is `kind`. */
function nameIn(file: string, kind: string): string | undefined {
  return file.endsWith(kind)
    ? documentNameOf(file.slice(0, -kind.length))
    : undefined;
}
