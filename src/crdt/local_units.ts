import { ByteReader, type ByteWriter } from "./bytes.ts";
import { readUnit, type Unit } from "./message.ts";
import type { Operation } from "./operation.ts";
import { COUNTER_MAX, Names, writeOperation } from "./operation_bytes.ts";
import type { ReplicaTable } from "./replica_table.ts";

/** What stays here, where a replica is an index. */
class OwnIndexes extends Names {
  /** Who made what is written. */
  author = 0;
  /** Whether a message that names its author alone would name someone else. */
  hasNamedOthers = false;

  override refer(replica: number): number {
    // There it is the first one, as here the document's own replica is.
    if (replica !== 0 || this.author !== 0) this.hasNamedOthers = true;
    return replica;
  }
}

/**
 * Writes and reads transactions as bytes that stay in their document.
 *
 * As objects, those that are kept for a while live just long enough to be moved
 * by the garbage collector, each several times, and lie all over the memory.
 */
export class LocalUnits {
  readonly #replicas: ReplicaTable;
  readonly #names: OwnIndexes;
  /** Each index of a replica at itself: it is the same in the bytes. */
  readonly #itself: number[] = [];

  /** Makes one for a document that knows `replicas`. */
  constructor(replicas: ReplicaTable) {
    this.#replicas = replicas;
    this.#names = new OwnIndexes(replicas);
  }

  /**
   * Writes a transaction, but not who made it, nor how many operations it has.
   *
   * @returns Whether a message has the same bytes behind the name of its author.
   */
  write(writer: ByteWriter, unit: Unit): boolean {
    const { replica, counter, stamp } = unit[0] as Operation;
    const names = this.#names;
    names.author = replica;
    names.hasNamedOthers = false;
    writer.varint(counter);
    writer.fixed7(stamp);
    let previous: Operation | null = null;
    for (const operation of unit) {
      writeOperation(writer, operation, previous, names);
      previous = operation;
    }
    return unit.length === 1 && !names.hasNamedOthers;
  }

  /** Reads a transaction of `length` operations, which begins at `offset`. */
  read(
    bytes: Uint8Array,
    offset: number,
    replica: number,
    length: number,
  ): Unit {
    const names = this.#itself;
    while (names.length < this.#replicas.count) names.push(names.length);
    const reader = new ByteReader(bytes, offset);
    const counter = reader.varint(COUNTER_MAX);
    const stamp = reader.fixed7();
    return readUnit(reader, replica, counter, stamp, length, names);
  }
}
