import type { Core } from "./core.ts";
import type { Change, ChangeEvent } from "./events.ts";
import { encodeMessage, type Unit } from "./message.ts";
import type { Operation } from "./operation.ts";
import { type OperationJson, operationToJson } from "./operation_json.ts";
import type { TransactionLog } from "./state/transaction_log.ts";

/** What a document tells of a transaction; encodes it only if asked. */
export class AppliedChange implements ChangeEvent {
  /** See {@linkcode ChangeEvent.origin}. */
  readonly origin: "local" | "remote";
  /** See {@linkcode ChangeEvent.changes}. */
  readonly changes: readonly Change[];
  readonly #core: Core;
  readonly #unit: Unit;
  readonly #log: TransactionLog;
  readonly #number: number;

  /** Makes the event of `unit`, which was applied, and has a number in a log. */
  constructor(
    core: Core,
    origin: "local" | "remote",
    unit: Unit,
    changes: readonly Change[],
    log: TransactionLog,
    number: number,
  ) {
    this.#core = core;
    this.#log = log;
    this.#number = number;
    this.origin = origin;
    this.#unit = unit;
    this.changes = changes;
  }

  /** See {@linkcode ChangeEvent.replica}. */
  get replica(): string {
    const [first] = this.#unit;
    return this.#core.replicas.nameOf((first as Operation).replica);
  }

  /** See {@linkcode ChangeEvent.message}. */
  message(): Uint8Array {
    return this.#log.messageOf(this.#number) ??
      encodeMessage([this.#unit], this.#core.replicas);
  }

  /** See {@linkcode ChangeEvent.operations}. */
  operations(): OperationJson[] {
    return this.#unit.map((operation) =>
      operationToJson(operation, this.#core.replicas)
    );
  }
}
