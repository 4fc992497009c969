import { DistflowError } from "../base/errors.ts";

/** Replicas that a document can know; their indexes are 16 bits wide. */
export const REPLICA_COUNT_MAX = 65_535;

/** UTF-16 units that a replica's name may have. */
export const REPLICA_NAME_LENGTH_MAX = 256;

/**
 * How the names of those begin that only ever made what documents start with.
 * Forgetting does not wait for them, and so no document may be named like this.
 */
export const INITIAL_PREFIX = "initial:";

/**
 * The replicas that a document knows, each with a small index.
 *
 * Indexes differ between documents and never leave one: at its border, names
 * are written. Names are ordered by code units, the same everywhere.
 */
export class ReplicaTable {
  /** The names, by index. */
  readonly names: string[] = [];
  readonly #indexes: Map<string, number> = new Map();

  /** How many replicas are known. */
  get count(): number {
    return this.names.length;
  }

  /**
   * The index of `name`, which is added if it is new.
   *
   * @throws {DistflowError} `LIMIT_REACHED` if there are too many.
   */
  indexOf(name: string): number {
    const known = this.#indexes.get(name);
    if (known !== undefined) return known;
    const index = this.names.length;
    if (index >= REPLICA_COUNT_MAX) {
      throw new DistflowError(
        "LIMIT_REACHED",
        `Cannot add replica "${name}": the document knows ${index} already`,
      );
    }
    this.names.push(name);
    this.#indexes.set(name, index);
    return index;
  }

  /** The index of `name`, or -1 if it is not known. */
  find(name: string): number {
    return this.#indexes.get(name) ?? -1;
  }

  /** Forgets what was added since there were `count`, and never used. */
  truncate(count: number): void {
    for (const name of this.names.splice(count)) this.#indexes.delete(name);
  }

  /** The name at `index`, which must be known. */
  nameOf(index: number): string {
    return this.names[index] as string;
  }

  /** Below, at or above 0 as the name at `a` sorts before, with or after `b`. */
  compare(a: number, b: number): number {
    if (a === b) return 0;
    return this.nameOf(a) < this.nameOf(b) ? -1 : 1;
  }
}

/** Whether `name` can be a replica's. */
export function isReplicaName(name: unknown): name is string {
  return typeof name === "string" && name.length > 0 &&
    name.length <= REPLICA_NAME_LENGTH_MAX && name.isWellFormed();
}
