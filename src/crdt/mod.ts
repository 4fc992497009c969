/** The JSON CRDT; see the README of this folder. @module */
export {
  type CausalEdge,
  CausalGraph,
  causalGraph,
  type CausalNode,
} from "./debug/causal_graph.ts";
export { diffStates, type StateDifference } from "./debug/diff_states.ts";
export { replay, type ReplayOptions, type ReplayStep } from "./debug/replay.ts";
export type { OptimisticEdit } from "./optimistic.ts";
export type { OptimisticOptions } from "./optimistic_document.ts";
export { JsonCrdt } from "./document.ts";
export type { Receipts } from "./stored_document.ts";
export type { JsonCrdtOptions } from "./options.ts";
export type { WatchCallback } from "./watchers.ts";
export {
  checkMerge,
  type MergeLaw,
  type MergeViolation,
} from "./merge_check.ts";
export {
  fromJsonSchema,
  type JsonSchemaValidate,
  type StandardIssue,
  type StandardResult,
  type StandardSchema,
} from "./schema/standard_schema.ts";
export type { SchemaVersion } from "./schema/history.ts";
export type { SchemaViolation } from "./schema/violations.ts";
export type { RejectedOperation, SchemaOptions } from "./schema_document.ts";
export { asRegister, Register } from "./values.ts";
export type { Diff } from "./state/diff.ts";
export type { RestoreOptions } from "./state/restore.ts";
export { inspectSaved, type SavedParts } from "./state/saved.ts";
export {
  compareDigests,
  type Digest,
  type DigestRange,
} from "./state/digest.ts";
export type { DigestSync } from "./state/digest_sync.ts";
