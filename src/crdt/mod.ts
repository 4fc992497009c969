/**
 * JSON documents that many replicas change at once: they exchange operations in
 * any order, any number of times, and end in the same state.
 *
 * A {@linkcode JsonCrdt} does no I/O: what it tells in `change` events is sent by
 * whoever uses it, and given to `receiveMessage` at the others. It is saved by
 * `snapshot`, which `JsonCrdt.restore` and `merge` take;
 * `@distflow/core/store` keeps that on a disk.
 *
 * @example Two replicas
 * ```ts
 * import { JsonCrdt } from "@distflow/core/crdt";
 * import { assertEquals } from "@std/assert";
 *
 * const [ann, bob] = [new JsonCrdt("ann"), new JsonCrdt("bob")];
 * ann.set(["todos"], [{ text: "Buy milk", done: false }]);
 * bob.merge(ann.snapshot());
 *
 * ann.set(["todos", 0, "done"], true);
 * bob.insertAt(["todos"], 0, { text: "Call Cy", done: false });
 * ann.applyDiff(bob.encodeDiff(ann.clock()));
 * bob.applyDiff(ann.encodeDiff(bob.clock()));
 * assertEquals(ann.get(["todos"]), [
 *   { text: "Call Cy", done: false },
 *   { text: "Buy milk", done: true },
 * ]);
 * assertEquals(bob.toJSON(), ann.toJSON());
 * ```
 *
 * @module
 */
export type { ListenerErrorHandler } from "../base/emitter.ts";
export {
  DistflowError,
  type DistflowErrorOptions,
  type ErrorCode,
} from "../base/errors.ts";
export type { JsonValue } from "../base/json.ts";
export {
  type CausalEdge,
  CausalGraph,
  causalGraph,
  type CausalNode,
} from "./debug/causal_graph.ts";
export {
  diffSnapshots,
  type ReplicaDifference,
  type SnapshotDifference,
} from "./debug/diff_snapshots.ts";
export { diffStates, type StateDifference } from "./debug/diff_states.ts";
export { replay, type ReplayOptions, type ReplayStep } from "./debug/replay.ts";
export { JsonCrdt } from "./document.ts";
export type { DocumentEditor } from "./document_editor.ts";
export type { DocumentView } from "./document_view.ts";
export type { OriginJson, RangeJson } from "./edit_json.ts";
export type {
  Change,
  ChangeEvent,
  ConflictEvent,
  ConflictSide,
  DocumentEvents,
  Dot,
  GcEvent,
  LimitEvent,
  OptimisticEvent,
  RejectEvent,
  SyncEvent,
  ViolationEvent,
  WatchEvent,
} from "./events.ts";
export type { Receipt } from "./inbox.ts";
export {
  checkMerge,
  type MergeLaw,
  type MergeViolation,
} from "./merge_check.ts";
export type { DocumentMetrics, LatencyBucket } from "./metrics.ts";
export type {
  CompactResult,
  MaintainedDocument,
} from "./maintained_document.ts";
export type { ObservedDocument } from "./observed_document.ts";
export type { AddressJson } from "./edit_json.ts";
export type { OperationJson } from "./operation_json.ts";
export type { OptimisticEdit } from "./optimistic.ts";
export type {
  OptimisticDocument,
  OptimisticOptions,
} from "./optimistic_document.ts";
export type { JsonCrdtOptions } from "./options.ts";
export type { Path, PathPattern, Step } from "./pattern.ts";
export type { PendingLimits } from "./pending.ts";
export type { SchemaVersion } from "./schema/history.ts";
export {
  fromJsonSchema,
  type JsonSchemaValidate,
  type StandardIssue,
  type StandardResult,
  type StandardSchema,
} from "./schema/standard_schema.ts";
export type { SchemaViolation } from "./schema/violations.ts";
export type {
  RejectedOperation,
  SchemaDocument,
  SchemaOptions,
} from "./schema_document.ts";
export type { Diff } from "./state/diff.ts";
export {
  compareDigests,
  type Digest,
  type DigestRange,
  type Fingerprint,
} from "./state/digest.ts";
export type { DigestSync } from "./state/digest_sync.ts";
export type { RestoreOptions } from "./state/restore.ts";
export { inspectSaved, type SavedParts } from "./state/saved.ts";
export type { SavedDocument } from "../base/saved_document.ts";
export {
  snapshotFromJson,
  type SnapshotJson,
  snapshotToJson,
} from "./state/snapshot_json.ts";
export type { Receipts, StoredDocument } from "./stored_document.ts";
export type {
  HierarchyStrategy,
  MergeFunction,
  StrategyOptions,
  ValueStrategy,
} from "./strategies.ts";
export { asRegister, Register } from "./values.ts";
export type { ClockRecord } from "./version_vector.ts";
export type { WatchCallback } from "./watchers.ts";
