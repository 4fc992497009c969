import type { ListenerErrorHandler } from "../base/emitter.ts";
import type { JsonValue } from "../base/json.ts";
import type { Author } from "./author.ts";
import type { Core } from "./core.ts";
import { MaintainedDocument } from "./maintained_document.ts";
import type { JsonCrdtOptions } from "./options.ts";
import { parsePattern, type Path, type PathPattern } from "./pattern.ts";
import {
  isHierarchyStrategy,
  isValueStrategy,
  type StrategyOptions,
} from "./strategies.ts";
import type { Transaction } from "./transaction.ts";
import type { Register } from "./values.ts";

/** What can be changed in a document; see `JsonCrdt` for how it travels. */
export abstract class DocumentEditor extends MaintainedDocument {
  /**
   * Makes the operations.
   *
   * @internal
   */
  protected readonly author: Author;

  /**
   * Makes the editor of `core`; see `MaintainedDocument`.
   *
   * @internal
   */
  protected constructor(
    core: Core,
    author: Author,
    onListenerError: ListenerErrorHandler,
    options: JsonCrdtOptions,
  ) {
    super(core, onListenerError, options);
    this.author = author;
  }

  /**
   * Makes changes within the open transaction, or one of their own.
   *
   * @param isOne Whether it is one operation, which can only be refused before
   * anything has changed.
   * @internal
   */
  protected abstract run<Result>(
    act: (transaction: Transaction) => Result,
    isOne?: boolean,
  ): Result;

  /**
   * Sets what stands at `path`, and makes the maps above it.
   *
   * An object becomes a map whose entries change one by one;
   * {@linkcode asRegister} makes any value one that is replaced as a whole.
   *
   * An entry that is `undefined` is an `INVALID_VALUE`, though the type permits
   * it: leave it out, or set `null`. That holds for all values that are taken.
   *
   * @throws {DistflowError} `INVALID_PATH`, `INVALID_VALUE` or `LIMIT_REACHED`;
   * nothing has changed then.
   *
   * @example Maps above are made
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const doc = new JsonCrdt("ann");
   * doc.set(["user", "name"], "Ann");
   * assertEquals(doc.get(["user"]), { name: "Ann" });
   * ```
   */
  override set(path: Path, value: JsonValue | Register): void {
    // What was moved is taken away by operations of their own.
    const isOne = typeof value !== "object" &&
      this.core.tree.moves.nodes.size === 0;
    this.run(
      (transaction) => this.author.set(transaction, path, value),
      isOne,
    );
  }

  /**
   * Deletes what stands at `path`.
   *
   * @returns Whether anything stood there.
   *
   * @example Once is enough
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const doc = new JsonCrdt("ann");
   * doc.set(["a"], 1);
   * assertEquals([doc.delete(["a"]), doc.delete(["a"])], [true, false]);
   * ```
   */
  delete(path: Path): boolean {
    return this.run((transaction) => this.author.delete(transaction, path));
  }

  /**
   * Adds to the number at `path`, which counts the increments of all replicas,
   * those made concurrently, too. A place without a value starts at 0.
   *
   * @param by A safe integer.
   *
   * @example Both count
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const [ann, bob] = [new JsonCrdt("ann"), new JsonCrdt("bob")];
   * ann.on("change", (event) => {
   *   if (event.origin === "local") bob.receiveMessage(event.message());
   * });
   * bob.increment(["likes"]);
   * ann.increment(["likes"], 2);
   * assertEquals(bob.get(["likes"]), 3);
   * ```
   */
  increment(path: Path, by = 1): void {
    this.run((transaction) => this.author.increment(transaction, path, by));
  }

  /**
   * Puts `values` into the list at `path`, before the element at `index`.
   *
   * Where nothing stands a list is made; lists that replicas make at one place
   * without knowing of each other are one. Objects and arrays among the values
   * become maps and lists; no entry may be `undefined`, as with
   * {@linkcode JsonCrdt.set}.
   *
   * @throws {DistflowError} `INVALID_PATH`, also on an index that is not from 0
   * to the length of the list; `INVALID_VALUE` or `LIMIT_REACHED`. Nothing has
   * changed then.
   *
   * @example Before the first
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const doc = new JsonCrdt("ann");
   * doc.set(["list"], ["b", "c"]);
   * doc.insertAt(["list"], 0, "a");
   * assertEquals(doc.get(["list"]), ["a", "b", "c"]);
   * ```
   */
  insertAt(
    path: Path,
    index: number,
    ...values: readonly (JsonValue | Register)[]
  ): void {
    this.run((transaction) =>
      this.author.lists.insert(transaction, "insert", path, index, values)
    );
  }

  /**
   * Puts `values` behind the last element of the list at `path`; see
   * {@linkcode JsonCrdt.insertAt}.
   *
   * @example Two lists are one
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const [ann, bob] = [new JsonCrdt("ann"), new JsonCrdt("bob")];
   * bob.push(["list"], 2);
   * bob.on("change", () => {});
   * ann.on("change", (event) => bob.receiveMessage(event.message()));
   * ann.push(["list"], 1);
   * assertEquals(bob.get(["list"]), [1, 2]);
   * ```
   */
  push(path: Path, ...values: readonly (JsonValue | Register)[]): void {
    this.run((transaction) =>
      this.author.lists.insert(transaction, "push", path, undefined, values)
    );
  }

  /**
   * Removes `count` elements of the list at `path`, from `index` on. One that was
   * inserted as a scalar goes for good; a map or list in a list is deleted as
   * others are, by the strategy of its path.
   *
   * @throws {DistflowError} `INVALID_PATH` if there are not so many.
   *
   * @example One of three
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const doc = new JsonCrdt("ann");
   * doc.set(["list"], ["a", "b", "c"]);
   * doc.removeAt(["list"], 1);
   * assertEquals(doc.get(["list"]), ["a", "c"]);
   * ```
   */
  removeAt(path: Path, index: number, count = 1): void {
    this.run((transaction) =>
      this.author.lists.removeAt(transaction, path, index, count)
    );
  }

  /**
   * Moves what stands at `from`, with all that is in it, to `to`: another key, or
   * an index of a list, which is the one that it has afterwards. What others do
   * in it at the same time goes with it. What stood at the key `to` is deleted.
   *
   * Of moves of one thing that are made at once the last one counts; moves of two
   * things into each other never make a circle: the later one does nothing.
   *
   * @throws {DistflowError} `INVALID_PATH` if nothing stands at `from`, if `to` is
   * below it, or if there is no list at an index. An element that was inserted
   * as a value and became a container takes no part in moves but as a whole.
   *
   * @example Edits follow
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const initial = { todo: [{ title: "a" }, { title: "b" }], done: [] };
   * const ann = new JsonCrdt("ann", { initial });
   * const bob = new JsonCrdt("bob", { initial });
   * ann.on("change", (event) => {
   *   if (event.origin === "local") bob.receiveMessage(event.message());
   * });
   * bob.set(["todo", 0, "title"], "A");
   * ann.move(["todo", 0], ["done", 0]);
   * assertEquals(bob.get([]), { todo: [{ title: "b" }], done: [{ title: "A" }] });
   * ```
   */
  move(from: Path, to: Path): void {
    this.run((transaction) => this.author.moves.move(transaction, from, to));
  }

  /**
   * Writes `text` into the string at `path`, before the UTF-16 unit at `index`.
   * Who sets the string anew replaces what others write into it.
   *
   * @throws {DistflowError} `INVALID_PATH`, also on an index that is not from 0
   * to the length of the string, or between the halves of a surrogate pair;
   * `INVALID_VALUE` on a lone surrogate.
   *
   * @example Both are kept
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const initial = { text: "ad" };
   * const ann = new JsonCrdt("ann", { initial });
   * const bob = new JsonCrdt("bob", { initial });
   * ann.on("change", (event) => {
   *   if (event.origin === "local") bob.receiveMessage(event.message());
   * });
   * bob.insertText(["text"], 2, "e");
   * ann.insertText(["text"], 1, "bc");
   * assertEquals(bob.get(["text"]), "abcde");
   * ```
   */
  insertText(path: Path, index: number, text: string): void {
    this.run((transaction) =>
      this.author.texts.insert(transaction, path, index, text)
    );
  }

  /**
   * Takes `count` UTF-16 units out of the string at `path`, from `index` on.
   *
   * @throws {DistflowError} `INVALID_PATH` if there are not so many, or if the
   * halves of a surrogate pair would be parted.
   *
   * @example The middle
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const doc = new JsonCrdt("ann");
   * doc.set(["text"], "abcd");
   * doc.deleteText(["text"], 1, 2);
   * assertEquals(doc.get(["text"]), "ad");
   * ```
   */
  deleteText(path: Path, index: number, count: number): void {
    this.run((transaction) =>
      this.author.texts.remove(transaction, path, index, count)
    );
  }

  /**
   * Says what happens to conflicts at the paths that match `pattern`, from the
   * next change on, at all replicas. Of several patterns the one that says most
   * about a path counts.
   *
   * @example The maximum of all that was ever set
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const doc = new JsonCrdt("ann");
   * doc.setStrategy("best.*", { value: "max" });
   * doc.set(["best", "ann"], 7);
   * doc.set(["best", "ann"], 3);
   * assertEquals(doc.get(["best", "ann"]), 7);
   * ```
   */
  setStrategy(pattern: PathPattern, options: StrategyOptions): void {
    const steps = JSON.stringify(parsePattern(pattern));
    const { hierarchy, value } = options;
    if (hierarchy !== undefined && !isHierarchyStrategy(hierarchy)) {
      throw new TypeError(
        `Cannot set a strategy as 'hierarchy' is unknown: current value is ${
          JSON.stringify(hierarchy)
        }`,
      );
    }
    if (value !== undefined && !isValueStrategy(value)) {
      throw new TypeError(
        `Cannot set a strategy as 'value' is unknown: current value is ${
          JSON.stringify(value)
        }`,
      );
    }
    this.run((transaction) => {
      const write = (key: string, strategy: JsonValue) =>
        this.author.configure(
          transaction,
          ["strategy", steps, key],
          strategy,
        );
      if (hierarchy !== undefined) write("hierarchy", hierarchy);
      if (value !== undefined) write("value", value as JsonValue);
    });
  }
}
