import { isRecord, type JsonValue } from "../base/json.ts";
import { DistflowError } from "../base/errors.ts";
import { checkInteger, checkText } from "../base/options.ts";
import type { ListenerErrorHandler } from "../base/emitter.ts";
import type { PendingLimits } from "./pending.ts";
import {
  INITIAL_PREFIX,
  isReplicaName,
  REPLICA_NAME_LENGTH_MAX,
} from "./replica_table.ts";
import type { StandardSchema } from "./schema/standard_schema.ts";
import type { MergeFunction } from "./strategies.ts";

/** Options for {@linkcode JsonCrdt}. */
export interface JsonCrdtOptions {
  /**
   * What the document holds before anyone has changed it. Replicas that start
   * with equal content share it: it counts as one change, older than all. No
   * entry may be `undefined`, as with `set`.
   *
   * @default {{}}
   */
  initial?: { readonly [key: string]: JsonValue };
  /**
   * Reads the wall clock, for stamps. Without it stamps only count, and none is
   * too far ahead.
   */
  clock?: {
    /** Milliseconds since 1970. */
    wallMs(): number;
    /** Milliseconds from anywhere that never go back, for metrics. */
    monotonicMs?(): number;
  };
  /**
   * How far ahead of the wall clock an operation may be to be applied, in
   * milliseconds; it waits until then.
   *
   * @default {60_000}
   */
  maxClockDriftMs?: number;
  /** Functions for the strategy `merge:name`, by name; the same everywhere. */
  merges?: { readonly [name: string]: MergeFunction };
  /**
   * What must be valid, by pattern, in whatever library that speaks the
   * Standard Schema interface; a JSON Schema library does through
   * {@linkcode fromJsonSchema}. Asked about what a local edit or transaction
   * makes of each place that matches, and refuses the whole of it. Validators
   * are functions, which cannot travel: what others do is not asked about. They
   * may read the document, and not change it.
   *
   * @default {{}}
   */
  validators?: { readonly [pattern: string]: StandardSchema };
  /**
   * Registers up to which local operations may add new ones: entries of maps,
   * and containers in lists. Remote ones are applied all the same, or replicas
   * would diverge; what has one may be set at the limit, too. What was put into
   * a list as a scalar or by `asRegister` gets one when it is set, moved, or
   * edited as a text.
   *
   * @default {100_000}
   */
  registerCountMax?: number;
  /**
   * Operations of the log, which gives other replicas what they lack without
   * the whole state; 0 for no log. Each takes some hundred bytes of memory.
   *
   * @default {10_000}
   */
  logLengthMax?: number;
  /**
   * After how long a replica that was not heard of is retired, in milliseconds
   * of the wall clock; see `retireReplica`. What counts is the time from `poll`
   * to `poll` of this document, and of a longer gap a tenth of `graceMs`: while
   * this process was stopped, its machine slept or its clock jumped, others were
   * perhaps not silent. So nobody is retired by one gap, nor until as much time
   * again was counted after it. Poll at least ten times in `graceMs`, or it takes
   * longer; a restored document begins to count anew. Without `clock` nobody is
   * retired.
   *
   * @default {Infinity}
   */
  graceMs?: number;
  /**
   * Places that show nothing and cannot be forgotten yet, of which nine tenths
   * raise a `limit` event. Deletes are not refused. They are counted by `poll`,
   * and by every 2,000th operation, some at a time: in a large document the event
   * comes a little late.
   *
   * @default {100_000}
   */
  tombstoneCountMax?: number;
  /** Bounds of what waits for something missing. */
  pending?: PendingLimits;
  /**
   * Told when a listener throws; the others still run. What it throws itself
   * is an unhandled rejection, which ends most processes.
   *
   * @default Does nothing.
   */
  onListenerError?: ListenerErrorHandler;
}

/**
 * Checks the name of a replica.
 *
 * @throws {TypeError} If it is not one.
 * @throws {DistflowError} `DUPLICATE_REPLICA` if it is that of initial content.
 */
export function checkReplicaName(
  name: unknown,
  act = "create a document",
): string {
  const text = checkText(act, "replicaId", name, REPLICA_NAME_LENGTH_MAX);
  if (!isReplicaName(text)) {
    throw new TypeError(`Cannot ${act} as 'replicaId' has a lone surrogate`);
  }
  if (text.startsWith(INITIAL_PREFIX)) {
    throw new DistflowError(
      "DUPLICATE_REPLICA",
      `Cannot ${act} as "${text}" begins with "${INITIAL_PREFIX}", as only the names of initial content do; take another name`,
    );
  }
  return text;
}

/**
 * Checks the numbers among the options.
 *
 * @throws {RangeError} If one is out of range; the message names it.
 */
export function checkOptions(options: JsonCrdtOptions): void {
  const act = "create a document";
  const numbers: [string, number | undefined, number][] = [
    ["maxClockDriftMs", options.maxClockDriftMs, 0],
    ["registerCountMax", options.registerCountMax, 1],
    ["logLengthMax", options.logLengthMax, 0],
    ["tombstoneCountMax", options.tombstoneCountMax, 1],
    ["pending.countMax", options.pending?.countMax, 0],
    ["pending.bytesMax", options.pending?.bytesMax, 0],
    ["pending.ageMsMax", options.pending?.ageMsMax, 0],
  ];
  for (const [name, value, min] of numbers) {
    if (value !== undefined) checkInteger(act, name, value, { min });
  }
  if (options.initial !== undefined && !isRecord(options.initial)) {
    throw new TypeError(
      `Cannot ${act} as 'initial' must be an object, as any document is`,
    );
  }
  const { clock, merges = {} } = options;
  const functions: [string, unknown][] = Object.entries(merges).map(
    ([name, merge]) => [`merges.${name}`, merge],
  );
  if (clock !== undefined) functions.push(["clock.wallMs", clock?.wallMs]);
  for (const [name, value] of functions) {
    if (typeof value === "function") continue;
    throw new TypeError(`Cannot ${act} as '${name}' must be a function`);
  }
  const { graceMs = Infinity } = options;
  if (graceMs !== Infinity) checkInteger(act, "graceMs", graceMs, { min: 1 });
}
