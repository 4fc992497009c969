import { JsonCrdt } from "../document.ts";
import type { Dot } from "../events.ts";
import type { OperationJson } from "../operation_json.ts";
import type { JsonCrdtOptions } from "../options.ts";
import { readLog } from "./read_log.ts";

/** A step of a replay. */
export interface ReplayStep {
  /** How many operations were taken in before. */
  readonly index: number;
  /** The operation. */
  readonly operation: OperationJson;
  /** The document, which has applied it, if it could. */
  readonly document: JsonCrdt;
  /** Whether it was applied at once; an earlier one may have been, too. */
  readonly isApplied: boolean;
}

/** Options for {@linkcode replay}. */
export interface ReplayOptions {
  /**
   * Where to stop: after so many operations, or after the one with this dot.
   *
   * @default The end of the log.
   */
  until?: number | Dot;
  /** Called after each operation; `false` stops. */
  onStep?: (step: ReplayStep) => unknown;
  /** Options of the document, such as `merges`. */
  document?: JsonCrdtOptions;
}

/**
 * Makes a document again from the operations of a log, one by one, to see how
 * it came about.
 *
 * @returns The document as it was there; it may be read, and edited apart.
 * @throws {DistflowError} `INVALID_OPERATION` if anything in the log is no
 * operation, also behind `until`; `details.index` is where it stands.
 *
 * @example Until the mistake
 * ```ts
 * import { JsonCrdt } from "@distflow/core/crdt";
 * import { replay } from "@distflow/core/crdt";
 * import type { OperationJson } from "@distflow/core/crdt";
 * import { assertEquals } from "@std/assert";
 *
 * const log: OperationJson[] = [];
 * const doc = new JsonCrdt("ann");
 * doc.on("change", (event) => log.push(...event.operations()));
 * doc.set(["a"], 1);
 * doc.delete(["a"]);
 * assertEquals(replay(log, { until: 1 }).toJSON(), { a: 1 });
 * ```
 */
export function replay(
  log: Iterable<OperationJson>,
  options: ReplayOptions = {},
): JsonCrdt {
  const { until, onStep } = options;
  const names = new Set<string>();
  const operations = readLog(log);
  for (const { dot: [name] } of operations) names.add(name);
  const document = new JsonCrdt(freshName(names), options.document);
  for (const [index, operation] of operations.entries()) {
    if (typeof until === "number" && index >= until) break;
    const isApplied = document.receive(operation) === "applied";
    if (onStep?.({ index, operation, document, isApplied }) === false) break;
    if (typeof until === "object" && isSameDot(operation.dot, until)) break;
  }
  return document;
}

function isSameDot(a: Dot, b: Dot): boolean {
  return a[0] === b[0] && a[1] === b[1];
}

/** A name that nobody in the log has: its operations are all of others. */
function freshName(names: ReadonlySet<string>): string {
  for (let count = 0;; count++) {
    const name = count === 0 ? "replay" : `replay-${count}`;
    if (!names.has(name)) return name;
  }
}
