import { isRecord, type JsonRecord, type JsonValue } from "../../base/json.ts";
import type { Path } from "../pattern.ts";
import type { ReplicaTable } from "../replica_table.ts";
import type { ClockRecord } from "../version_vector.ts";
import { compileSchema, type SchemaNode } from "./json_schema.ts";
import { obeysOwnPath, type Put } from "./own_path.ts";

/** A schema of a document. */
export interface SchemaVersion {
  /** Its number; a greater one is newer. */
  readonly version: number;
  /** The JSON Schema. */
  readonly schema: JsonValue;
}

interface Version extends SchemaVersion {
  readonly node: SchemaNode;
  /** What its author had seen. */
  readonly seen: ReadonlyMap<string, number>;
  /** The setting that it was read from. */
  readonly source: unknown;
}

/** What is in the setting of a version. */
export interface SchemaSetting {
  /** The JSON Schema. */
  readonly schema: JsonValue;
  /** What its author had seen. */
  readonly seen: ClockRecord;
}

/** The schemas that a document has, or had: the same at all replicas. */
export class SchemaHistory {
  readonly #replicas: ReplicaTable;
  #versions: readonly Version[] = [];

  /** Makes the history of a document without a schema. */
  constructor(replicas: ReplicaTable) {
    this.#replicas = replicas;
  }

  /** Whether the document has no schema. */
  get isEmpty(): boolean {
    return this.#versions.length === 0;
  }

  /** All versions, the oldest first. */
  get versions(): readonly SchemaVersion[] {
    return this.#versions;
  }

  /** The newest version. */
  get current(): SchemaVersion & { readonly node: SchemaNode } | undefined {
    return this.#versions.at(-1);
  }

  /**
   * Takes over the settings, by number. What is not understood is left out, at
   * all replicas alike.
   *
   * @returns Whether that changed anything.
   */
  load(settings: JsonRecord): boolean {
    const old = this.#versions;
    const versions = Object.entries(settings)
      .flatMap(([text, source]) => {
        const known = old.find((each) => each.source === source);
        return known ?? readVersion(text, source) ?? [];
      })
      .sort((a, b) => a.version - b.version);
    this.#versions = versions;
    return versions.length !== old.length ||
      versions.some((each, index) => each !== old[index]);
  }

  /**
   * Whether what an operation puts at `path` may show.
   *
   * The greatest version whose author had not seen the operation decides; what
   * that one does not permit a later one may.
   */
  permits(replica: number, counter: number, path: Path, put: Put): boolean {
    // The root is a map, whatever anyone says.
    if (path.length === 0) return true;
    const versions = this.#versions;
    const name = this.#replicas.nameOf(replica);
    for (let index = versions.length - 1; index >= 0; index--) {
      const { node, seen } = versions[index] as Version;
      const isUnseen = counter > (seen.get(name) ?? 0);
      if (obeysOwnPath(node, path, put)) return true;
      if (isUnseen) return false;
    }
    return true;
  }
}

function readVersion(text: string, source: unknown): Version | undefined {
  if (!/^[1-9]\d{0,8}$/.test(text) || !isRecord(source)) return undefined;
  const { schema, seen } = source;
  if (!isRecord(schema) && typeof schema !== "boolean") return undefined;
  if (!isRecord(seen)) return undefined;
  const counters = new Map<string, number>();
  for (const [name, counter] of Object.entries(seen)) {
    if (typeof counter !== "number") return undefined;
    counters.set(name, counter);
  }
  const document = schema as JsonValue;
  return {
    version: Number(text),
    schema: document,
    node: compileSchema(document),
    seen: counters,
    source,
  };
}
