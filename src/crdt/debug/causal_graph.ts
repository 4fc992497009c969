import type { Dot } from "../events.ts";
import type { OperationJson } from "../operation_json.ts";
import { readLog } from "./read_log.ts";

/** A transaction in a {@linkcode CausalGraph}. */
export interface CausalNode {
  /** The dot of its first operation. */
  readonly dot: Dot;
  /** When: milliseconds since 1970, and a count within one. */
  readonly stamp: readonly [ms: number, tick: number];
  /** Its operations; none for one that is named, but is not in the log. */
  readonly operations: readonly OperationJson[];
}

/** What an operation needed to have happened. */
export interface CausalEdge {
  /** Index of the transaction that came before. */
  readonly from: number;
  /** Index of the one that names it. */
  readonly to: number;
  /** Whether they are of one replica, and this is the order of its counters. */
  readonly isOwn: boolean;
}

/**
 * Which transactions of a log name which others: the order that every replica
 * keeps to. Transactions with no way between them are concurrent, as far as the
 * operations tell.
 */
export class CausalGraph {
  /** Transactions, by replica and then by counter. */
  readonly nodes: readonly CausalNode[];
  /** What names what; each pair once. */
  readonly edges: readonly CausalEdge[];

  /** Makes a graph of its parts. */
  constructor(nodes: readonly CausalNode[], edges: readonly CausalEdge[]) {
    this.nodes = nodes;
    this.edges = edges;
  }

  /**
   * The graph for Mermaid.
   *
   * @example Two replicas
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { causalGraph } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const doc = new JsonCrdt("ann");
   * doc.on("change", (event) => {
   *   const text = causalGraph(event.operations()).toMermaid();
   *   assertEquals(text, 'graph LR\n  n0["ann 1: set a.b"]\n');
   * });
   * doc.set(["a", "b"], 1);
   * ```
   */
  toMermaid(): string {
    // Mermaid knows characters by number, and only a few by themselves.
    const escape = (text: string) =>
      text.replace(
        /[^\w .,:+*()-]/gu,
        (character) => `#${character.codePointAt(0)};`,
      );
    const lines = ["graph LR"];
    this.nodes.forEach((node, index) =>
      lines.push(`  n${index}["${escape(labelOf(node))}"]`)
    );
    for (const { from, to, isOwn } of this.edges) {
      lines.push(`  n${from} ${isOwn ? "-->" : "-.->"} n${to}`);
    }
    return `${lines.join("\n")}\n`;
  }

  /**
   * The graph for Graphviz.
   *
   * @example One transaction
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { causalGraph } from "@distflow/core/crdt";
   * import { assert } from "@std/assert";
   *
   * const doc = new JsonCrdt("ann");
   * doc.on("change", (event) => {
   *   const text = causalGraph(event.operations()).toDot();
   *   assert(text.includes('n0 [label="ann 1: set a"];'));
   * });
   * doc.set(["a"], 1);
   * ```
   */
  toDot(): string {
    const escape = (text: string) => text.replace(/["\\]/g, "\\$&");
    const lines = [
      "digraph operations {",
      "  rankdir=LR;",
      "  node [shape=box];",
    ];
    this.nodes.forEach((node, index) =>
      lines.push(`  n${index} [label="${escape(labelOf(node))}"];`)
    );
    for (const { from, to, isOwn } of this.edges) {
      lines.push(`  n${from} -> n${to}${isOwn ? "" : " [style=dashed]"};`);
    }
    return `${lines.join("\n")}\n}\n`;
  }
}

/** Operations that the label of a transaction shows. */
const SHOWN_COUNT_MAX = 3;

/** Characters of a path that a label shows. */
const PATH_LENGTH_MAX = 40;

function labelOf({ dot: [replica, counter], operations }: CausalNode): string {
  const shown = operations.slice(0, SHOWN_COUNT_MAX).map(({ kind, path }) => {
    const text = path.join(".");
    const cut = text.length > PATH_LENGTH_MAX
      ? `${text.slice(0, PATH_LENGTH_MAX)}...`
      : text;
    return `${kind} ${cut}`.replace(/\p{Cc}/gu, " ").trim();
  });
  const more = operations.length - shown.length;
  if (more > 0) shown.push(`${more} more`);
  if (operations.length === 0) shown.push("not in the log");
  return `${replica} ${counter}: ${shown.join(", ")}`;
}

/**
 * The graph of the operations of a log, in any order.
 *
 * @throws {DistflowError} `INVALID_OPERATION` if one is none; `details.index` is
 * where it stands in the log.
 *
 * @example What a set replaces comes before it
 * ```ts
 * import { JsonCrdt } from "@distflow/core/crdt";
 * import { causalGraph } from "@distflow/core/crdt";
 * import type { OperationJson } from "@distflow/core/crdt";
 * import { assertEquals } from "@std/assert";
 *
 * const log: OperationJson[] = [];
 * const [ann, bob] = [new JsonCrdt("ann"), new JsonCrdt("bob")];
 * ann.on("change", (event) => {
 *   log.push(...event.operations());
 *   bob.receiveMessage(event.message());
 * });
 * bob.on("change", (event) => {
 *   if (event.origin === "local") log.push(...event.operations());
 * });
 * ann.set(["a"], 1);
 * bob.set(["a"], 2);
 * const { edges } = causalGraph(log);
 * assertEquals(edges, [{ from: 0, to: 1, isOwn: false }]);
 * ```
 */
export function causalGraph(log: Iterable<OperationJson>): CausalGraph {
  const rows = readTransactions(log);
  const nodes: CausalNode[] = [];
  /** The index of the first node of each replica, and its counters. */
  const indexes = new Map<string, { first: number; counters: number[] }>();
  for (const [name, transactions] of rows) {
    const counters = transactions.map(({ dot }) => dot[1]);
    indexes.set(name, { first: nodes.length, counters });
    nodes.push(...transactions);
  }
  const missing = new Map<string, number>();
  const known = nodes.length;
  const find = ([name, counter]: Dot): number => {
    const row = indexes.get(name);
    const at = row?.counters.findLastIndex((first) => first <= counter) ?? -1;
    if (row !== undefined && at >= 0) return row.first + at;
    const key = `${name} ${counter}`;
    let index = missing.get(key);
    if (index === undefined) {
      index = nodes.length;
      missing.set(key, index);
      nodes.push({ dot: [name, counter], stamp: [0, 0], operations: [] });
    }
    return index;
  };
  const edges: CausalEdge[] = [];
  for (let to = 0; to < known; to++) {
    const { dot, operations } = nodes[to] as CausalNode;
    const isFirst = indexes.get(dot[0])?.first === to;
    if (!isFirst) edges.push({ from: to - 1, to, isOwn: true });
    const named = new Set(
      operations.flatMap(namedBy).filter(([name]) => name !== dot[0]).map(find),
    );
    for (const from of named) edges.push({ from, to, isOwn: false });
  }
  return new CausalGraph(nodes, edges);
}

/** The dots that an operation names: it cannot do without them. */
function namedBy(operation: OperationJson): readonly Dot[] {
  const { after = [], anchor, origin, ranges = [], text, to } = operation;
  const dots = [...after];
  for (const dot of [anchor, text, to?.anchor]) {
    if (dot !== undefined) dots.push(dot);
  }
  const [, name, counter] = origin ?? [];
  if (name !== undefined && counter !== undefined) dots.push([name, counter]);
  for (const [name, counter, length] of ranges) {
    dots.push([name, counter + length - 1]);
  }
  return dots;
}

/** Transactions by replica; operations of one have the same stamp. */
function readTransactions(
  log: Iterable<OperationJson>,
): [string, CausalNode[]][] {
  const rows = new Map<string, Map<number, OperationJson>>();
  for (const operation of readLog(log)) {
    const [name, counter] = operation.dot;
    const row = rows.get(name) ?? new Map();
    row.set(counter, operation);
    rows.set(name, row);
  }
  const names = [...rows.keys()].sort((a, b) => (a < b ? -1 : 1));
  return names.map((name) => {
    const transactions: {
      dot: Dot;
      stamp: [number, number];
      operations: OperationJson[];
    }[] = [];
    const row = [...(rows.get(name) as Map<number, OperationJson>)]
      .sort(([a], [b]) => a - b);
    for (const [, operation] of row) {
      const last = transactions.at(-1);
      const [ms, tick] = operation.stamp;
      if (
        last !== undefined && last.stamp[0] === ms && last.stamp[1] === tick
      ) {
        last.operations.push(operation);
      } else {
        transactions.push({
          dot: operation.dot,
          stamp: [ms, tick],
          operations: [operation],
        });
      }
    }
    return [name, transactions];
  });
}
