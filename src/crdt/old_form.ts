import { isRecord, type JsonRecord } from "../base/json.ts";
import { show } from "../base/options.ts";
import {
  readCounter,
  readJson,
  readPath,
  readStamp,
  readVector,
  refuse,
} from "./json_fields.ts";
import { DELETE, NOTHING, Operation, SET, TREE, WHOLE } from "./operation.ts";
import { isReplicaName, type ReplicaTable } from "./replica_table.ts";
import { VersionVector } from "./version_vector.ts";

/**
 * Reads the older form, with a whole vector clock.
 *
 * It had one counter for each operation, however large its value.
 * Strings become whole values, so that none is a text of several counters.
 */
export function readOldForm(
  json: JsonRecord,
  hlc: JsonRecord,
  replicas: ReplicaTable,
): Operation {
  const { src, kind: name } = json;
  if (!isReplicaName(src)) return refuse("it has no source");
  if (hlc.r !== src) return refuse("its stamp is another replica's");
  const deps = readVector(json.deps ?? {}, replicas);
  const replica = replicas.indexOf(src);
  const counter = readCounter(deps.get(replica));
  const isSet = name === "set";
  if (!isSet && name !== "del" && name !== "tombstone") {
    return refuse(`its kind is ${show(name)}`);
  }
  const value = isSet ? readJson(json.value) : undefined;
  const shape = !isSet ? NOTHING : isRecord(value) ? TREE : WHOLE;
  const operation = new Operation(
    replica,
    counter,
    readStamp(hlc.t, hlc.c),
    isSet ? SET : DELETE,
    null,
    readPath(json.path),
    shape,
    value,
  );
  const after: number[] = [];
  const covers = new VersionVector();
  deps.forEach((other, seen) => {
    if (other !== replica) after.push(other, seen);
    const before = other === replica ? seen - 1 : seen;
    if (before > 0) covers.raise(other, before);
  });
  if (after.length > 0) operation.after = after;
  if (!covers.isEmpty) operation.covers = covers;
  return operation;
}
