import { DistflowError } from "../../base/errors.ts";
import { show } from "../../base/options.ts";
import {
  operationFromJson,
  type OperationJson,
  operationToJson,
} from "../operation_json.ts";
import { ReplicaTable } from "../replica_table.ts";

/**
 * The operations of a log that may come from anywhere, as a file does: in the
 * form of today, with the fields that their kinds have and no others.
 *
 * @throws {DistflowError} `INVALID_OPERATION` if one is none: the message and
 * `details.index` tell which.
 * @throws {TypeError} If the log is no list of anything.
 */
export function readLog(log: Iterable<OperationJson>): OperationJson[] {
  const list: unknown = log;
  if (
    typeof list !== "object" || list === null || !(Symbol.iterator in list)
  ) {
    throw new TypeError(
      `Cannot read a log as it must be iterable: current value is ${
        show(list)
      }`,
    );
  }
  return Array.from(log, readOperation);
}

function readOperation(json: OperationJson, index: number): OperationJson {
  const replicas = new ReplicaTable();
  try {
    return operationToJson(operationFromJson(json, replicas), replicas);
  } catch (cause) {
    if (!(cause instanceof DistflowError)) throw cause;
    const reason = cause.message.replace(/^.*?: /, "");
    throw new DistflowError(
      "INVALID_OPERATION",
      `Cannot read operation ${index} of a log: ${reason}`,
      { cause, details: { index } },
    );
  }
}
