import { isRecord } from "../../base/json.ts";
import { show } from "../../base/options.ts";
import { ByteReader, ByteWriter } from "../bytes.ts";
import type { Core } from "../core.ts";
import type { Unit } from "../message.ts";
import { type OperationJson, operationToJson } from "../operation_json.ts";
import { isReplicaName, type ReplicaTable } from "../replica_table.ts";
import { type ClockRecord, VersionVector } from "../version_vector.ts";
import { DIFF, type Frame, writeFrame } from "./frame.ts";
import type { TransactionLog } from "./transaction_log.ts";
import { readUnits, writeUnits } from "./unit_codec.ts";
import { encodeState } from "./write_state.ts";

/**
 * What a replica lacks: operations, or the whole state where the log does not
 * reach back so far.
 */
export interface Diff {
  /** `nothing` if the replica lacks nothing. */
  readonly kind: "nothing" | "operations" | "state";
  /** How many operations it is; 0 for a state. */
  readonly operationCount: number;
  /**
   * The bytes for `applyDiff`; made when asked, and true of that moment.
   *
   * @throws {TypeError} Within a transaction, for a state.
   */
  encode(): Uint8Array;
  /** The operations as JSON; none for a state. */
  operations(): OperationJson[];
}

/** Operations that a replica lacks. */
class OperationsDiff implements Diff {
  readonly kind: "nothing" | "operations";
  readonly operationCount: number;
  readonly #units: readonly Unit[];
  readonly #replicas: ReplicaTable;

  constructor(units: readonly Unit[], replicas: ReplicaTable) {
    this.kind = units.length === 0 ? "nothing" : "operations";
    this.operationCount = units.reduce((sum, { length }) => sum + length, 0);
    this.#units = units;
    this.#replicas = replicas;
  }

  encode(): Uint8Array {
    const writer = new ByteWriter();
    writeUnits(writer, this.#units, this.#replicas);
    return writeFrame(DIFF, writer.finish());
  }

  operations(): OperationJson[] {
    return this.#units.flatMap((unit) =>
      unit.map((operation) => operationToJson(operation, this.#replicas))
    );
  }
}

/** The whole state. */
class StateDiff implements Diff {
  readonly kind = "state";
  readonly operationCount = 0;
  readonly #core: Core;
  readonly #checkOutside: () => void;

  constructor(core: Core, checkOutside: () => void) {
    this.#core = core;
    this.#checkOutside = checkOutside;
  }

  encode(): Uint8Array {
    this.#checkOutside();
    return encodeState(this.#core);
  }

  operations(): OperationJson[] {
    return [];
  }
}

/**
 * What a replica lacks that has applied what `clock` says.
 *
 * @param checkOutside Throws while a transaction is open, which may still be
 * undone.
 */
export function findDiff(
  core: Core,
  log: TransactionLog,
  clock: ClockRecord,
  checkOutside: () => void,
): Diff {
  const { replicas, vector } = core;
  const units = log.since(readClock(clock, replicas), vector);
  return units === null
    ? new StateDiff(core, checkOutside)
    : new OperationsDiff(units, replicas);
}

/** A clock by the indexes of a table; names that it does not have are left out. */
function readClock(clock: ClockRecord, replicas: ReplicaTable): VersionVector {
  if (!isRecord(clock)) {
    throw new TypeError(
      `Cannot read a clock as it must be what 'clock()' gave: current value is ${
        show(clock)
      }`,
    );
  }
  const vector = new VersionVector();
  for (const [name, counter] of Object.entries(clock)) {
    if (!isReplicaName(name) || !Number.isInteger(counter) || counter < 0) {
      throw new TypeError(
        `Cannot read a clock: current value at ${show(name)} is ${
          show(counter)
        }`,
      );
    }
    const replica = replicas.find(name);
    if (replica >= 0) vector.raise(replica, counter);
  }
  return vector;
}

/**
 * The transactions of a diff.
 *
 * @throws {DistflowError} `CORRUPT_DATA` if the frame holds none.
 */
export function decodeDiff(
  { kind, payload }: Frame,
  replicas: ReplicaTable,
): Unit[] {
  const reader = new ByteReader(payload);
  if (kind !== DIFF) reader.fail("a diff");
  const units = readUnits(reader, replicas);
  if (reader.remaining > 0) reader.fail("the end of a diff");
  return units;
}
