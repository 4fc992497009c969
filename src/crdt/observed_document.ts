import type { ListenerErrorHandler } from "../base/emitter.ts";
import { checkChoice, checkFunction } from "../base/options.ts";
import type { Core } from "./core.ts";
import { DocumentView } from "./document_view.ts";
import {
  type ChangeEvent,
  type DocumentEvents,
  EVENT_NAMES,
} from "./events.ts";
import { CountingEmitter } from "./metrics.ts";
import type { PathPattern } from "./pattern.ts";
import { type WatchCallback, Watchers } from "./watchers.ts";

/** How a document tells what happens to it; see `JsonCrdt`. */
export abstract class ObservedDocument extends DocumentView {
  /**
   * Who listens.
   *
   * @internal
   */
  protected readonly emitter: CountingEmitter;
  /**
   * Who watches.
   *
   * @internal
   */
  protected readonly watchers: Watchers;
  #isTelling = false;
  /** What is to be told of what those change who are being told. */
  #untold: (() => void)[] = [];

  /**
   * Makes the view of `core`; listeners that fail are told of.
   *
   * @internal
   */
  protected constructor(core: Core, onListenerError: ListenerErrorHandler) {
    super(core);
    this.emitter = new CountingEmitter(onListenerError);
    this.watchers = new Watchers(onListenerError);
  }

  /**
   * Calls `listener` at each `event` from now on.
   *
   * @returns A function that removes the listener again.
   * @throws {TypeError} If there is no such event, or if `listener` is no
   * function.
   *
   * @example Who changed what
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const doc = new JsonCrdt("ann");
   * doc.on("change", ({ replica, changes }) => {
   *   assertEquals([replica, changes], ["ann", [{ kind: "set", path: ["a"] }]]);
   * });
   * doc.set(["a"], 1);
   * ```
   */
  on<Name extends keyof DocumentEvents>(
    event: Name,
    listener: (...args: DocumentEvents[Name]) => unknown,
  ): () => void {
    checkChoice("listen", "event", event, EVENT_NAMES);
    return this.emitter.on(
      event,
      checkFunction("listen", "listener", listener),
    );
  }

  /**
   * Removes `listener`; does nothing if it is not there.
   *
   * @example Not told any more
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const doc = new JsonCrdt("ann");
   * let count = 0;
   * const listener = () => count++;
   * doc.on("change", listener);
   * doc.off("change", listener);
   * doc.set(["a"], 1);
   * assertEquals(count, 0);
   * ```
   */
  off<Name extends keyof DocumentEvents>(
    event: Name,
    listener: (...args: DocumentEvents[Name]) => unknown,
  ): void {
    this.emitter.off(event, listener);
  }

  /**
   * Calls `callback` once for each transaction that changed what matches
   * `pattern`, with the changes that did, after `change` was told.
   *
   * In a pattern `*` is any one step and `**` any number of them. A change
   * above what the pattern matches counts, as it may take that away or bring
   * it. What optimistic edits do in a transaction is told by a call of its own,
   * after that. The cost of a change depends on the watchers that it concerns,
   * not on how many there are.
   *
   * @returns A function that ends it.
   * @throws {DistflowError} `INVALID_PATH` if a step of the pattern is none, or
   * if it has too many.
   * @throws {TypeError} If it is neither text nor an array, or if `callback` is no
   * function.
   *
   * @example The names of all users
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const doc = new JsonCrdt("ann");
   * const seen: unknown[] = [];
   * const end = doc.watch("users.*.name", (changes) => {
   *   seen.push(changes.map(({ path }) => path.join(".")));
   * });
   * doc.set(["users", "7", "name"], "Bo");
   * doc.set(["users", "7", "age"], 30);
   * doc.delete(["users", "7"]);
   * end();
   * doc.set(["users", "8", "name"], "Cy");
   * assertEquals(seen, [["users.7.name"], ["users.7"]]);
   * ```
   */
  watch(pattern: PathPattern, callback: WatchCallback): () => void {
    return this.watchers.add(pattern, callback);
  }

  /**
   * Whether anyone would hear of a change.
   *
   * @internal
   */
  protected get isObserved(): boolean {
    return this.watchers.count > 0 || this.emitter.listenerCount("change") > 0;
  }

  /**
   * Tells of what changed, however it came.
   *
   * @internal
   */
  protected tellEvent(event: ChangeEvent): void {
    if (this.#isTelling) {
      // All hear of what a listener changes after what it was told of.
      this.#untold.push(() => this.#tell(event));
      return;
    }
    this.#isTelling = true;
    try {
      this.#tell(event);
      for (const next of this.#untold) next();
    } finally {
      if (this.#untold.length > 0) this.#untold = [];
      this.#isTelling = false;
    }
  }

  /**
   * Tells something else, after the changes that are being told.
   *
   * @internal
   */
  protected tellAfterwards(tell: () => void): void {
    if (this.#isTelling) this.#untold.push(tell);
    else tell();
  }

  #tell(event: ChangeEvent): void {
    this.emitter.emit("change", event);
    if (this.watchers.count > 0) this.watchers.tell(event.changes, event);
  }
}
