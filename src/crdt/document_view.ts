import type { JsonValue } from "../base/json.ts";
import { Branch } from "./branch.ts";
import type { Core } from "./core.ts";
import { inspectState } from "./inspect.ts";
import { DOCUMENT, LIST, MAP, NOTHING, SCALAR } from "./operation.ts";
import type { Path } from "./pattern.ts";
import { Plain } from "./reader.ts";
import type { ClockRecord } from "./version_vector.ts";

/** What can be asked of a document; see `JsonCrdt` for how it changes. */
export abstract class DocumentView {
  /**
   * The parts of the document.
   *
   * @internal
   */
  protected readonly core: Core;

  /**
   * Makes the view of `core`.
   *
   * @internal
   */
  protected constructor(core: Core) {
    this.core = core;
  }

  /** The name of this replica. */
  get replicaId(): string {
    return this.core.name;
  }

  /**
   * What stands at `path`; `undefined` for nothing. Values are frozen.
   *
   * @example A value, and none
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const doc = new JsonCrdt("ann");
   * doc.set(["a", "b"], 1);
   * assertEquals([doc.get(["a", "b"]), doc.get(["c"])], [1, undefined]);
   * ```
   */
  get(path: Path): JsonValue | undefined {
    const { tree, reader } = this.core;
    const root: Branch = tree.roots[DOCUMENT];
    const place = reader.find(root, path);
    return place === undefined ? undefined : reader.read(place, [...path]);
  }

  /**
   * All values at `path` that nobody has replaced, ordered by their dots.
   *
   * @example Concurrent values
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const [ann, bob] = [new JsonCrdt("ann"), new JsonCrdt("bob")];
   * ann.on("change", (event) => {
   *   if (event.origin === "local") bob.receiveMessage(event.message());
   * });
   * ann.setStrategy("title", { value: "multi-value" });
   * bob.set(["title"], "B");
   * ann.set(["title"], "A");
   * assertEquals(bob.getAll(["title"]), ["A", "B"]);
   * ```
   */
  getAll(path: Path): JsonValue[] {
    const { tree, reader } = this.core;
    const place = reader.find(tree.roots[DOCUMENT], path);
    if (place === undefined) return [];
    if (place instanceof Plain) return [place.value];
    const shape = tree.shown(place);
    if (shape === NOTHING) return [];
    const slot = typeof place === "number" ? place : place.slot;
    const isLeaf = shape !== MAP && shape !== LIST &&
      !reader.isCounter(slot);
    if (isLeaf) return reader.candidates(slot).map(({ value }) => value);
    return [reader.read(place, [...path]) as JsonValue];
  }

  /**
   * Whether anything stands at `path`.
   *
   * @example Null is something
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const doc = new JsonCrdt("ann");
   * doc.set(["a"], null);
   * assertEquals([doc.has(["a"]), doc.has(["b"])], [true, false]);
   * ```
   */
  has(path: Path): boolean {
    const { tree, reader } = this.core;
    const place = reader.find(tree.roots[DOCUMENT], path);
    return place !== undefined && reader.shown(place) !== NOTHING;
  }

  /**
   * The keys of the map at `path`, in code unit order; none if it is none.
   *
   * @example In order
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const doc = new JsonCrdt("ann");
   * doc.set([], { b: 1, a: 2 });
   * assertEquals(doc.keys([]), ["a", "b"]);
   * ```
   */
  keys(path: Path): string[] {
    const { tree, reader } = this.core;
    const place = reader.find(tree.roots[DOCUMENT], path);
    return place instanceof Branch && tree.shown(place) === MAP
      ? reader.keys(place)
      : [];
  }

  /**
   * How many elements the list at `path` has, or UTF-16 units the string; 0 if it
   * is neither.
   *
   * @example A list and a string
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const doc = new JsonCrdt("ann");
   * doc.set([], { list: [1, 2, 3], text: "abcd" });
   * assertEquals([doc.length(["list"]), doc.length(["text"])], [3, 4]);
   * ```
   */
  length(path: Path): number {
    const { tree, reader } = this.core;
    const place = reader.find(tree.roots[DOCUMENT], path);
    if (place === undefined) return 0;
    const shape = reader.shown(place);
    if (shape === LIST) {
      return place instanceof Branch ? place.list?.length ?? 0 : 0;
    }
    return shape === SCALAR ? reader.stringLength(place, path) : 0;
  }

  /**
   * The whole document; a copy, but for values, which are frozen. Equal
   * documents may give the keys of a map in another order, as their replicas met
   * them in another one.
   *
   * @example As any JSON
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const doc = new JsonCrdt("ann");
   * doc.set(["a", "b"], 1);
   * assertEquals(JSON.stringify(doc), `{"a":{"b":1}}`);
   * ```
   */
  toJSON(): JsonValue {
    const { tree, reader } = this.core;
    return reader.read(tree.roots[DOCUMENT], []) ?? {};
  }

  /**
   * The last counter that was applied of each replica.
   *
   * @example One counter for each operation
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const doc = new JsonCrdt("ann");
   * doc.set(["a"], 1);
   * assertEquals(doc.clock(), { ann: 1 });
   * ```
   */
  clock(): ClockRecord {
    return this.core.vector.toRecord(this.core.replicas);
  }

  /**
   * All that is kept, tombstones included, as JSON for people and tests. Equal
   * clocks give equal answers, until one forgets what the other still keeps.
   *
   * @example A delete leaves a tombstone
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assert } from "@std/assert";
   *
   * const doc = new JsonCrdt("ann");
   * doc.set(["a"], 1);
   * doc.delete(["a"]);
   * assert(JSON.stringify(doc.inspect()).includes(`"a"`));
   * ```
   */
  inspect(): JsonValue {
    return inspectState(this.core);
  }
}
