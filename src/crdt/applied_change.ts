import type { Change, ChangeEvent } from "./events.ts";
import { keepHiddenClass } from "./hidden_class.ts";
import { encodeMessage, type Unit } from "./message.ts";
import type { Operation } from "./operation.ts";
import { type OperationJson, operationToJson } from "./operation_json.ts";
import { ReplicaTable } from "./replica_table.ts";
import { TransactionLog } from "./state/transaction_log.ts";

/** What a document tells of a transaction; encodes it only if asked. */
export class AppliedChange implements ChangeEvent {
  /** See {@linkcode ChangeEvent.origin}. */
  readonly origin: "local" | "remote";
  /** See {@linkcode ChangeEvent.changes}. */
  readonly changes: readonly Change[];
  readonly #replicas: ReplicaTable;
  readonly #unit: Unit;
  readonly #log: TransactionLog;
  readonly #number: number;

  /** Makes the event of `unit`, which was applied, and has a number in a log. */
  constructor(
    replicas: ReplicaTable,
    origin: "local" | "remote",
    unit: Unit,
    changes: readonly Change[],
    log: TransactionLog,
    number: number,
  ) {
    this.#replicas = replicas;
    this.#log = log;
    this.#number = number;
    this.origin = origin;
    this.#unit = unit;
    this.changes = changes;
  }

  /** See {@linkcode ChangeEvent.replica}. */
  get replica(): string {
    const [first] = this.#unit;
    return this.#replicas.nameOf((first as Operation).replica);
  }

  /** See {@linkcode ChangeEvent.message}. */
  message(): Uint8Array {
    return this.#log.messageOf(this.#number) ??
      encodeMessage([this.#unit], this.#replicas);
  }

  /** See {@linkcode ChangeEvent.operations}. */
  operations(): OperationJson[] {
    return this.#unit.map((operation) =>
      operationToJson(operation, this.#replicas)
    );
  }
}

const none = new ReplicaTable();
const log = new TransactionLog(0, none);
keepHiddenClass(new AppliedChange(none, "local", [], [], log, 0));
