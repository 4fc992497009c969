import {
  append,
  concurrentRuns,
  prepend,
  randomEdits,
  traceAsList,
  traceAsText,
} from "./list_works.ts";
import {
  depthThree,
  growth,
  oneKey,
  oneTransaction,
  remote,
  sets,
} from "./map_works.ts";
import {
  bytesOfMap,
  bytesOfMessage,
  bytesOfOverwritten,
  bytesOfText,
  heap,
  loadMap,
  partition,
} from "./size_works.ts";
import type { Work } from "./work.ts";

/** A workload whose time counts. */
export type TimedWorkName =
  | "sets"
  | "sets without bytes"
  | "sets with a schema"
  | "one transaction"
  | "one key"
  | "one key without bytes"
  | "depth 3"
  | "depth 3 without bytes"
  | "in order"
  | "shuffled"
  | "shuffled, a tenth"
  | "windows"
  | "append"
  | "prepend"
  | "random"
  | "concurrent"
  | "trace as list"
  | "trace as text"
  | "trace as text without bytes"
  | "load"
  | "1,000 keys"
  | "1,000,000 keys";

/** A workload that measures bytes. */
export type SizeWorkName =
  | "bytes of a map"
  | "bytes of an overwritten map"
  | "bytes of a text"
  | "heap"
  | "message"
  | "message, 1,000 replicas"
  | "message, replacing"
  | "partition"
  | "partition without vectors"
  | "partition without vectors, messages";

/** The name of a workload. */
export type WorkName = TimedWorkName | SizeWorkName;

/** These are done on less before, to warm up. */
export const TIMED_WORKS: { readonly [Name in TimedWorkName]: Work } = {
  "sets": sets("bytes"),
  "sets without bytes": sets("events"),
  "sets with a schema": sets("bytes", true),
  "one transaction": oneTransaction,
  "one key": oneKey("bytes"),
  "one key without bytes": oneKey("events"),
  "depth 3": depthThree("bytes"),
  "depth 3 without bytes": depthThree("events"),
  "in order": remote(1),
  "shuffled": remote(Infinity),
  "shuffled, a tenth": remote(Infinity, 10_000),
  "windows": remote(100),
  "append": append,
  "prepend": prepend,
  "random": randomEdits,
  "concurrent": concurrentRuns,
  "trace as list": traceAsList,
  "trace as text": traceAsText("bytes"),
  "trace as text without bytes": traceAsText("events"),
  "load": loadMap,
  "1,000 keys": growth(1000),
  "1,000,000 keys": growth(1_000_000),
};

/** These are done once. */
export const SIZE_WORKS: { readonly [Name in SizeWorkName]: Work } = {
  "bytes of a map": bytesOfMap,
  "bytes of an overwritten map": bytesOfOverwritten,
  "bytes of a text": bytesOfText,
  "heap": heap,
  "message": bytesOfMessage(1),
  "message, 1,000 replicas": bytesOfMessage(1000),
  "message, replacing": bytesOfMessage(1000, true),
  "partition": partition("exchange", "byteCount"),
  "partition without vectors": partition("reconcile", "byteCount"),
  "partition without vectors, messages": partition("reconcile", "messageCount"),
};

/** What one process is told to do. */
export interface WorkSpec {
  readonly engine: string;
  readonly work: WorkName;
  /** Which part of the work is done. */
  readonly scale: number;
}
