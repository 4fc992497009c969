import { DistflowError } from "../base/errors.ts";
import { isRecord, type JsonValue } from "../base/json.ts";
import { checkInteger } from "../base/options.ts";
import type { Change, OptimisticEvent } from "./events.ts";
import { ObservedDocument } from "./observed_document.ts";
import { OptimisticEdit } from "./optimistic.ts";
import { changesAlong } from "./optimistic_changes.ts";
import { Overlay } from "./overlay.ts";
import type { Kind } from "./overlay_value.ts";
import type { Path } from "./pattern.ts";
import { PinnedPath } from "./pinned_path.ts";
import { checkValue, Register } from "./values.ts";

/** Options for {@linkcode OptimisticDocument.setOptimistic}. */
export interface OptimisticOptions {
  /**
   * How long to wait for `confirm`, in milliseconds; `poll` rolls back what has
   * waited longer. Needs the option `clock`.
   *
   * @default For ever.
   */
  timeoutMs?: number;
}

/** What is to be told of an edit. */
interface Notice extends OptimisticEvent {
  readonly pin: PinnedPath;
  /** Lays an edit that was taken away where it was; `null` if it was laid. */
  readonly putBack: (() => void) | null;
}

/** Edits that show before they are made; see `JsonCrdt`. */
export abstract class OptimisticDocument extends ObservedDocument {
  readonly #overlay: Overlay = new Overlay(this.core);
  /** What is told when the transaction has ended, which may be rolled back. */
  readonly #notices: Set<Notice> = new Set();

  /** See `JsonCrdt.set`. */
  abstract set(path: Path, value: JsonValue | Register): void;

  /**
   * Throws what a set at `path` would throw, and changes nothing.
   *
   * @internal
   */
  protected abstract checkSet(
    path: Path,
    value: JsonValue | Register,
  ): void;

  /**
   * Shows `value` at `path` at once, here alone, until it is confirmed or
   * rejected: an answer of a server, say. It is no operation; no other replica
   * learns of it, and nothing of it is kept in a snapshot.
   *
   * Later edits lie over earlier ones. A path leads through what is there
   * without them, and an element of a list is found again when others have come
   * before it; while it is gone, the edit does not show. What others change
   * underneath goes on, and shows when the edit is taken away.
   *
   * What is laid over the document is not a part of transactions: one that is
   * rolled back takes back what was confirmed in it, and nothing else. All of it
   * is told when the transaction has ended, and watchers are called once.
   *
   * @returns What to give to `confirm` or `reject`.
   * @throws {DistflowError} What `set` would throw, also on an entry that is
   * `undefined`.
   *
   * @example Taken back
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const doc = new JsonCrdt("ann");
   * doc.set(["title"], "old");
   * const edit = doc.setOptimistic(["title"], "new");
   * assertEquals([doc.get(["title"]), doc.isPending(["title"])], ["new", true]);
   * doc.reject(edit);
   * assertEquals(doc.get(["title"]), "old");
   * ```
   */
  setOptimistic(
    path: Path,
    value: JsonValue | Register,
    options: OptimisticOptions = {},
  ): OptimisticEdit {
    const { timeoutMs } = options;
    const nowMs = this.core.clock.wallMs;
    if (timeoutMs !== undefined) {
      const act = "set a value optimistically";
      checkInteger(act, "timeoutMs", timeoutMs, { min: 0 });
      if (nowMs === undefined) {
        throw new TypeError(
          `Cannot ${act} with 'timeoutMs' as the document has no 'clock'`,
        );
      }
    }
    this.checkSet(path, value);
    const edit = new OptimisticEdit(
      Object.freeze([...path]),
      value instanceof Register ? value : checkValue(value),
      timeoutMs === undefined ? Infinity : (nowMs as number) + timeoutMs,
    );
    const pin = new PinnedPath(this.core, path);
    this.#overlay.add(edit, pin);
    this.#note({ kind: "shown", edit, pin, putBack: null });
    return edit;
  }

  /**
   * Whether what shows at `path`, or anything above or below it, waits to be
   * confirmed.
   *
   * @example A part of it waits
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const doc = new JsonCrdt("ann");
   * doc.setOptimistic(["user", "name"], "Ann");
   * const paths = [["user"], ["user", "name"], ["user", "age"]];
   * assertEquals(paths.map((path) => doc.isPending(path)), [true, true, false]);
   * ```
   */
  isPending(path: Path): boolean {
    return this.#overlay.count > 0 && this.#overlay.concerns(path);
  }

  /**
   * Makes an optimistic edit a change like others, under a stamp of now.
   *
   * @returns Whether it was still waiting.
   * @throws {DistflowError} What `set` throws, as where its place is gone; it
   * goes on waiting then.
   *
   * @example Others learn of it now
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const doc = new JsonCrdt("ann");
   * const edit = doc.setOptimistic(["title"], "new");
   * assertEquals([doc.confirm(edit), doc.confirm(edit)], [true, false]);
   * assertEquals(doc.clock(), { ann: 3 });
   * ```
   */
  confirm(edit: OptimisticEdit): boolean {
    const pin = this.#overlay.pinOf(edit);
    if (pin === undefined) return false;
    const path = pin.locate();
    if (path === null) {
      throw new DistflowError(
        "INVALID_PATH",
        `Cannot confirm an edit at ${
          JSON.stringify(edit.path)
        }: what stood there is gone`,
      );
    }
    const putBack = this.#overlay.remove(edit);
    try {
      this.set(path, edit.put);
    } catch (error) {
      putBack();
      throw error;
    }
    const notice: Notice = { kind: "confirmed", edit, pin, putBack };
    // A transaction that is rolled back takes the confirmation back, too.
    this.core.tree.journal?.add(() => {
      this.#notices.delete(notice);
      putBack();
    });
    this.#note(notice);
    return true;
  }

  /**
   * Takes an optimistic edit away; what stands underneath shows again.
   *
   * @returns Whether it was still waiting.
   *
   * @example What others did meanwhile shows
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const [ann, bob] = [new JsonCrdt("ann"), new JsonCrdt("bob")];
   * bob.on("change", (event) => ann.receiveMessage(event.message()));
   * const edit = ann.setOptimistic(["title"], "Ann's");
   * bob.set(["title"], "Bob's");
   * assertEquals(ann.get(["title"]), "Ann's");
   * ann.reject(edit);
   * assertEquals(ann.get(["title"]), "Bob's");
   * ```
   */
  reject(edit: OptimisticEdit): boolean {
    return this.#take("rejected", edit);
  }

  /**
   * Rolls back what has waited too long.
   *
   * @internal
   */
  protected expireOptimistic(): void {
    const nowMs = this.core.clock.wallMs;
    if (this.#overlay.count === 0 || nowMs === undefined) return;
    for (const edit of this.#overlay.lapsed(nowMs)) this.#take("lapsed", edit);
  }

  #take(kind: "rejected" | "lapsed", edit: OptimisticEdit): boolean {
    const pin = this.#overlay.pinOf(edit);
    if (pin === undefined) return false;
    this.#note({ kind, edit, pin, putBack: this.#overlay.remove(edit) });
    return true;
  }

  /** Tells of an edit when the transaction has ended, or now if there is none. */
  #note(notice: Notice): void {
    this.#notices.add(notice);
    if (this.core.tree.journal === null) this.tellOptimistic();
  }

  /**
   * Tells what became of optimistic edits in the transaction that has just ended.
   *
   * @internal
   */
  protected tellOptimistic(): void {
    if (this.#notices.size === 0) return;
    const notices = [...this.#notices];
    this.#notices.clear();
    const changes = this.watchers.count > 0 ? this.#changesOf(notices) : [];
    // Watchers are told before of the sets that edits became.
    this.tellAfterwards(() => {
      for (const { kind, edit } of notices) {
        this.emitter.emit("optimistic", { kind, edit });
      }
      if (changes.length === 0) return;
      const event = { origin: "optimistic", replica: this.core.name } as const;
      this.watchers.tell(changes, event);
    });
  }

  /** What shows otherwise than without these, each change once. */
  #changesOf(notices: readonly Notice[]): Change[] {
    const located = notices.flatMap(({ kind, edit, pin }) => {
      const path = pin.locate();
      // What was taken away again is told of as that.
      const isGone = kind === "shown" && !this.#overlay.has(edit);
      return path === null || isGone ? [] : [{ kind, path }];
    });
    const look = () => located.map(({ path }) => this.#kindsAlong(path));
    const now = look();
    const before = this.#without(notices, look);
    const changes = new Map<string, Change>();
    for (const [index, { kind, path }] of located.entries()) {
      const [was, is] = [before[index], now[index]] as [Kind[], Kind[]];
      for (const change of changesAlong(path, was, is)) {
        // A confirmed edit has become a set, which was told.
        const isKnown = kind === "confirmed" &&
          change.path.length === path.length;
        if (!isKnown) changes.set(JSON.stringify(change.path), change);
      }
    }
    return [...changes.values()];
  }

  /** What `look` sees as if nothing of that had happened. */
  #without<Result>(notices: readonly Notice[], look: () => Result): Result {
    const laid = new Set<OptimisticEdit>();
    for (const { edit, putBack } of notices) {
      if (putBack === null) laid.add(edit);
    }
    const putBacks = [...laid].filter((edit) => this.#overlay.has(edit))
      .map((edit) => this.#overlay.remove(edit));
    const taken = notices.filter(({ edit, putBack }) =>
      putBack !== null && !laid.has(edit)
    );
    for (const { putBack } of taken) putBack?.();
    const result = look();
    for (const { edit } of taken) this.#overlay.remove(edit);
    for (const putBack of putBacks) putBack();
    return result;
  }

  /** What shows along a path, from the root on. */
  #kindsAlong(path: Path): Kind[] {
    return Array.from(
      { length: path.length + 1 },
      (_, length) => this.#overlay.kindAt(path.slice(0, length)),
    );
  }

  /** See {@linkcode DocumentView.get}; with what is laid over it. */
  override get(path: Path): JsonValue | undefined {
    const value = super.get(path);
    if (this.#overlay.count === 0) return value;
    return this.#overlay.show(path, value);
  }

  /** See {@linkcode DocumentView.getAll}; with what is laid over it. */
  override getAll(path: Path): JsonValue[] {
    if (!this.isPending(path)) return super.getAll(path);
    const value = this.get(path);
    return value === undefined ? [] : [value];
  }

  /** See {@linkcode DocumentView.has}; with what is laid over it. */
  override has(path: Path): boolean {
    return this.#overlay.count === 0
      ? super.has(path)
      : this.#overlay.kindAt(path) !== "nothing";
  }

  /** See {@linkcode DocumentView.keys}; with what is laid over it. */
  override keys(path: Path): string[] {
    if (!this.isPending(path)) return super.keys(path);
    const value = this.#overlay.isWhole(path) ? undefined : this.get(path);
    return isRecord(value)
      ? Object.keys(value).sort((a, b) => (a < b ? -1 : 1))
      : [];
  }

  /** See {@linkcode DocumentView.length}; with what is laid over it. */
  override length(path: Path): number {
    if (!this.isPending(path)) return super.length(path);
    const value = this.#overlay.isWhole(path) ? undefined : this.get(path);
    return typeof value === "string" || Array.isArray(value) ? value.length : 0;
  }

  /** See {@linkcode DocumentView.toJSON}; with what is laid over it. */
  override toJSON(): JsonValue {
    const value = super.toJSON();
    return this.#overlay.count === 0
      ? value
      : this.#overlay.show([], value) ?? {};
  }
}
