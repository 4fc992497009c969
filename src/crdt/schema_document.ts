import { isRecord, type JsonValue } from "../base/json.ts";
import { checkInteger } from "../base/options.ts";
import { DocumentEditor } from "./document_editor.ts";
import type { Dot } from "./events.ts";
import { DOCUMENT } from "./operation.ts";
import type { Path } from "./pattern.ts";
import { valueOf } from "./reader.ts";
import type { SchemaSetting, SchemaVersion } from "./schema/history.ts";
import { forEachKept } from "./schema/judge.ts";
import { findViolations, type SchemaViolation } from "./schema/violations.ts";
import { checkDone } from "./transaction.ts";
import { checkValue } from "./values.ts";

/** Versions of a schema go up to this number. */
const VERSION_MAX = 999_999_999;

/** Options for {@linkcode SchemaDocument.setSchema}. */
export interface SchemaOptions {
  /**
   * The number of the version. One that is there already is replaced.
   *
   * @default One more than that of the current version.
   */
  version?: number;
  /**
   * Changes the document to what the new version permits, in the same
   * transaction; the changes are operations like others. What it throws undoes
   * them, and the version; so does a promise that it returns.
   */
  migrate?: () => void;
}

/** Something that is kept, and that the schema does not let show. */
export interface RejectedOperation {
  /** The operation; of an insertion, the element. */
  readonly dot: Dot;
  /** Where it would show. */
  readonly path: Path;
  /** What it set or added; `undefined` for a map or a list. */
  readonly value: JsonValue | undefined;
}

/** The schema of a document; see `JsonCrdt`. */
export abstract class SchemaDocument extends DocumentEditor {
  /** See `JsonCrdt.transact`. */
  abstract transact<Result>(act: () => Result): Result;

  /**
   * Gives the document a schema, or a newer version of it: a JSON Schema, which
   * becomes part of the document and binds all replicas.
   *
   * What this replica has seen stays as it is, whatever the schema says. A later
   * edit here that it does not permit throws `SCHEMA_VIOLATION`; what others do
   * that it does not permit is kept and does not show. Only rules about the
   * place of an operation can do that; see `violations` for all others.
   *
   * Evaluated are the keywords of draft 2020-12 for types, numbers, texts, maps,
   * lists and combinations, and references within the document; a keyword that
   * says nothing right is left out. Patterns are run as they are: who may set a
   * schema must be trusted not to write one that takes for ever.
   *
   * @throws {DistflowError} `INVALID_VALUE` if it is not JSON.
   *
   * @example An edit that it does not permit
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals, assertThrows } from "@std/assert";
   *
   * const doc = new JsonCrdt("ann");
   * doc.setSchema({ properties: { age: { type: "integer" } } });
   * assertThrows(() => doc.set(["age"], "old"));
   * doc.set(["age"], 30);
   * assertEquals(doc.toJSON(), { age: 30 });
   * ```
   */
  setSchema(
    schema: boolean | { readonly [keyword: string]: JsonValue },
    options: SchemaOptions = {},
  ): void {
    const act = "set a schema";
    const { version = (this.schema?.version ?? 0) + 1, migrate } = options;
    checkInteger(act, "version", version, { min: 1, max: VERSION_MAX });
    if (typeof schema !== "boolean" && !isRecord(schema)) {
      throw new TypeError(
        `Cannot ${act} as it must be an object or a boolean: current value is ${
          String(schema)
        }`,
      );
    }
    const setting: SchemaSetting = {
      schema: checkValue(schema),
      seen: this.clock(),
    };
    const value = checkValue(setting);
    this.transact(() => {
      this.run((transaction) => {
        const keys = ["schema", String(version)];
        this.author.configure(transaction, keys, value);
      });
      checkDone(migrate?.());
    });
  }

  /**
   * The current version of the schema; `undefined` if there is none.
   *
   * @example Versions count from 1
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const doc = new JsonCrdt("ann");
   * doc.setSchema({ type: "object" });
   * assertEquals(doc.schema, { version: 1, schema: { type: "object" } });
   * ```
   */
  get schema(): SchemaVersion | undefined {
    return this.schemas().at(-1);
  }

  /**
   * All versions of the schema, the oldest first.
   *
   * @example With a migration
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const doc = new JsonCrdt("ann");
   * doc.setSchema({ properties: { name: { type: "string" } } });
   * doc.set(["name"], "Ann");
   * doc.setSchema({ properties: { names: { type: "array" } } }, {
   *   migrate() {
   *     doc.set(["names"], [doc.get(["name"]) ?? ""]);
   *     doc.delete(["name"]);
   *   },
   * });
   * assertEquals(doc.schemas().map(({ version }) => version), [1, 2]);
   * assertEquals(doc.toJSON(), { names: ["Ann"] });
   * ```
   */
  schemas(): SchemaVersion[] {
    return this.core.schemas.versions
      .map(({ version, schema }) => ({ version, schema }));
  }

  /**
   * What is kept and does not show, as the schema does not permit it. It may
   * show with a later version. By dots: replicas in code unit order, and what
   * each of them did as it did it.
   *
   * @example Someone who did not know the schema
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const [ann, bob] = [new JsonCrdt("ann"), new JsonCrdt("bob")];
   * bob.on("change", (event) => ann.receiveMessage(event.message()));
   * ann.setSchema({ properties: { age: { type: "integer" } } });
   * bob.set(["age"], "old");
   * assertEquals(ann.has(["age"]), false);
   * assertEquals(ann.rejected(), [
   *   { dot: ["bob", 1], path: ["age"], value: "old" },
   * ]);
   * ```
   */
  rejected(): RejectedOperation[] {
    const { tree, replicas, schemas } = this.core;
    const found: RejectedOperation[] = [];
    if (schemas.isEmpty) return found;
    const add = (
      replica: number,
      counter: number,
      path: Path,
      value: JsonValue | undefined,
    ) => {
      const dot: Dot = [replicas.nameOf(replica), counter];
      found.push({ dot, path: [...path], value });
    };
    const { columns, siblings, counters } = tree;
    forEachKept(tree, tree.roots[DOCUMENT], [], (slot, path) => {
      if (columns.isRefused(slot)) {
        const replica = columns.replicas[slot] as number;
        const counter = columns.counters[slot] as number;
        add(replica, counter, path, valueOf(columns.values[slot]));
      }
      for (const each of siblings.get(slot) ?? []) {
        const { replica, counter, value, isRefused } = each;
        if (isRefused === true) add(replica, counter, path, valueOf(value));
      }
      for (
        const { replica, counter, total, isRefused } of counters.get(slot) ?? []
      ) {
        if (isRefused === true) add(replica, counter, path, total);
      }
    });
    return found.sort((a, b) => compareDots(a.dot, b.dot));
  }

  /**
   * Where what the document shows does not obey its schema: at most 1,000
   * places, by their paths, and the same ones at all replicas that show the
   * same. Rules across fields, such as `required`, are told here alone, since
   * no single operation breaks them; so is what was there before the schema.
   *
   * @example A key that is missing
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const doc = new JsonCrdt("ann");
   * doc.setSchema({ required: ["name"] });
   * assertEquals(doc.violations(), [{ path: ["name"], keyword: "required" }]);
   * ```
   */
  violations(): SchemaViolation[] {
    const { schemas, reader, tree } = this.core;
    const { current } = schemas;
    if (current === undefined) return [];
    return findViolations(
      current.node,
      reader.read(tree.roots[DOCUMENT], []) ?? {},
    );
  }
}

/** By the names of the replicas in code unit order, then by counter. */
function compareDots([a, first]: Dot, [b, second]: Dot): number {
  return a === b ? first - second : a < b ? -1 : 1;
}
