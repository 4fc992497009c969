/**
 * Makes the tables of the README, and of that of the CRDT, of the figures that
 * benchmarks have left in `tests/bench/figures.json`.
 *
 * ```sh
 * deno task bench traffic --runtimes deno --json tests/bench/figures.json
 * deno task bench:table
 * ```
 *
 * @module
 */
import { readFileSync, writeFileSync } from "node:fs";
import {
  type Figures,
  readFigures,
  type Run,
  runKey,
  type Summary,
} from "./figures.ts";

/** A line of the table: a workload, as people call it, and its figures. */
interface Row {
  readonly title: string;
  readonly benchmark: string;
  readonly workload: string;
}

/** What the library is compared with, by how a series of it is called. */
type Peer = readonly [title: string, names: RegExp];

/** A page with a table. */
export interface Page {
  /** Where it is, from here. */
  readonly path: string;
  readonly rows: readonly Row[];
  readonly runtimes: readonly (readonly [title: string, key: string])[];
  readonly peers: readonly Peer[];
}

const DENO = ["Deno", "deno/"] as const;
const NODE_20 = ["Node.js 20", "node/20"] as const;
const NODE_24 = ["Node.js 24", "node/24"] as const;

/** The table of messages. */
export const README: Page = {
  path: "../../README.md",
  rows: [
    row("100 B, one to one", "traffic"),
    row("each send awaited", "traffic", "100 B, each send awaited"),
    row("1 KiB, one to one", "traffic"),
    row("16 KiB, one to one", "traffic"),
    row("100 B, 4 to 1", "traffic"),
    row("100 B, 8 nodes, all to all", "traffic"),
    row("there and back, median", "ping", "100 B there and back, p50"),
    row("there and back, 99th of 100", "ping", "100 B there and back, p99"),
    row(
      "start, first node",
      "start",
      "NodeRuntime.start() where no PMD runs",
    ),
    row("start, later ones", "start", "NodeRuntime.start() where a PMD runs"),
    row(
      "`peer:leave` after a kill",
      "start",
      "peer:leave, after the peer was killed",
    ),
    row(
      "idle node, beside bare process",
      "memory",
      "an idle node, more than a bare listening process",
    ),
  ],
  runtimes: [DENO, NODE_20, NODE_24],
  peers: [
    ["NATS", /^NATS$/],
    ["Erlang", /^Erlang$/],
    ["Moleculer", /^Moleculer/],
    [
      "bare socket",
      /^bare socket, a JSON text|^bare sockets: listen|^close of a bare socket$/,
    ],
  ],
};

/** The table of documents. */
export const CRDT_README: Page = {
  path: "../../src/crdt/README.md",
  rows: [
    row(
      "set of a new key",
      "crdt",
      "100,000 sets, distinct keys, a transaction each",
    ),
    row(
      "the same in one transaction",
      "crdt",
      "100,000 sets in one transaction",
    ),
    row(
      "set of one key",
      "crdt",
      "100,000 sets of one key, a transaction each",
    ),
    row(
      "set at depth 3",
      "crdt",
      "100,000 sets at depth 3, a transaction each",
    ),
    row(
      "receive, in order",
      "crdt",
      "100,000 remote operations in order",
    ),
    row(
      "receive, shuffled",
      "crdt",
      "100,000 remote operations, shuffled entirely",
    ),
    row(
      "append to a list",
      "crdt",
      "100,000 items at a list's end, a transaction each",
    ),
    row(
      "prepend to a list",
      "crdt",
      "20,000 items at a list's start, a transaction each",
    ),
    row(
      "insert anywhere, remove",
      "crdt",
      "100,000 edits anywhere in a list, a fifth removals, a transaction each",
    ),
    row(
      "receive concurrent inserts",
      "crdt",
      "2 x 10,000 concurrent inserts at one place, received one by one",
    ),
    row(
      "type a paper, as a list",
      "crdt",
      "a paper that was typed, as a list, automerge-paper",
    ),
    row(
      "type a paper, as a text",
      "crdt",
      "a paper that was typed, as a text, automerge-paper",
    ),
    row(
      "load and read 100,000 keys",
      "crdt",
      "loading 100,000 keys and reading all of them",
    ),
    row("saved map of 100,000 keys", "crdt", "a saved map of 100,000 keys"),
    row(
      "saved paper",
      "crdt",
      "a saved paper that was typed, automerge-paper",
    ),
    row(
      "memory a key, of 1,000,000",
      "crdt",
      "memory for each of 1,000,000 keys, with key and value",
    ),
  ],
  runtimes: [DENO, NODE_20],
  peers: [
    ["Yjs", /^Yjs/],
    ["json-joy", /^json-joy/],
    ["Loro", /^Loro/],
    ["Automerge", /^Automerge/],
  ],
};

const PAGES = [README, CRDT_README];

/** The units of what is better when it is more, and how many each stands for. */
const RATE_UNITS: ReadonlyMap<string, number> = new Map([
  ["messages/s", 1],
  ["thousand operations a second of user time", 1000],
]);

const BEGIN = "<!-- begin of what `deno task bench:table` writes -->";
const END = "<!-- end of what `deno task bench:table` writes -->";

/** The table, and on what it was measured, in Markdown that is not aligned. */
export function renderTable(
  figures: Figures,
  { rows, runtimes, peers }: Page,
): string {
  const head = [
    "",
    ...runtimes.map(([title]) => title),
    ...peers.map(([title]) => `× ${title}`),
  ];
  const lines = rows.flatMap((row) => {
    const found = runtimes.map(([, key]) => find(figures, row, key));
    if (found.every((summary) => summary === undefined)) return [];
    return [[
      row.title,
      ...found.map(formatSubject),
      ...peers.map(([, names]) => formatRatios(found, names)),
    ]];
  });
  const benchmarks = new Set(rows.map(({ benchmark }) => benchmark));
  const used = Object.entries(figures.runs)
    .filter(([key]) => benchmarks.has(key.split(" ")[0] as string))
    .map(([, run]) => run);
  const rule = head.map((_, index) => index === 0 ? "---" : "--:");
  const table = [head, rule, ...lines]
    .map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  return `${table}\n\n${formatSources(used)}`;
}

/** Whether the page has this table, however the formatter has laid it out. */
export function hasTable(page: string, table: string): boolean {
  const plain = (text: string): string =>
    text.replace(/-+/g, "-").replace(/\s+/g, " ").trim();
  return plain(partsOf(page)[1]) === plain(table);
}

/** The page with the table between its two marks. */
export function withTable(page: string, table: string): string {
  const [before, , after] = partsOf(page);
  return `${before}${BEGIN}\n\n${table}\n\n${END}${after}`;
}

/** What is before, between and behind the two marks. */
function partsOf(page: string): [string, string, string] {
  const [before, rest] = page.split(BEGIN);
  const [between, after] = rest?.split(END) ?? [];
  if (before === undefined || between === undefined || after === undefined) {
    throw new Error("The page has no marks for the table");
  }
  return [before, between, after];
}

function find(
  figures: Figures,
  { benchmark, workload }: Row,
  runtime: string,
): Summary | undefined {
  return figures.runs[runKey(benchmark, runtime)]?.results
    .find((result) => result.workload === workload);
}

function formatSubject(summary: Summary | undefined): string {
  const subject = summary?.series[0];
  if (summary === undefined || subject === undefined) return "";
  const { median } = subject;
  const scale = RATE_UNITS.get(summary.unit);
  if (scale === undefined) return formatAmount(median, summary.unit);
  const rate = median * scale;
  return rate >= 1e6
    ? `${(rate / 1e6).toFixed(2)} M/s`
    : `${formatPlain(rate / 1000)} k/s`;
}

function formatAmount(figure: number, unit: string): string {
  if (unit === "bytes" && figure >= 10_000) {
    return `${formatPlain(figure / 1000)} kB`;
  }
  return `${formatPlain(figure)} ${unit.replace(" of user time", "")}`;
}

function formatPlain(figure: number): string {
  return figure >= 100 ? figure.toFixed(0) : String(+figure.toPrecision(2));
}

/**
 * How many times as fast the library is, on the runtime where that is least and
 * on the one where it is most.
 */
function formatRatios(
  summaries: readonly (Summary | undefined)[],
  names: RegExp,
): string {
  const ratios = summaries.flatMap((summary) => {
    const isRate = RATE_UNITS.has(summary?.unit ?? "");
    const { ratio } = summary?.series.find(({ name }) =>
      // What a part of the work costs says nothing of all of it.
      names.test(name) && (isRate || !name.endsWith("% of it"))
    ) ?? {};
    if (ratio === undefined) return [];
    return [isRate ? ratio : 1 / ratio];
  }).sort((a, b) => a - b);
  const ends = [ratios.at(0), ratios.at(-1)]
    .flatMap((ratio) => ratio === undefined ? [] : [formatRatio(ratio)]);
  return [...new Set(ends)].join("–");
}

function formatRatio(ratio: number): string {
  return ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(ratio < 2 ? 2 : 1);
}

/** On what machines, runtimes and days, and how often each program ran. */
function formatSources(runs: readonly Run[]): string {
  const all = (part: (run: Run) => string): string =>
    [...new Set(runs.map(part))].sort().join(", ");
  const runtimes = all(({ runtime }) => runtime.replace("/", " "));
  return `Measured on ${all(({ machine }) => machine)}; ${runtimes}; ${
    all(({ date }) => date)
  }; medians of ${all(({ repeats }) => String(repeats))}.`;
}

/** A line; its title may be the name of its workload. */
function row(title: string, benchmark: string, workload = title): Row {
  return { title, benchmark, workload };
}

if (import.meta.main) {
  const figures = readFigures(new URL("./figures.json", import.meta.url));
  for (const page of PAGES) {
    const file = new URL(page.path, import.meta.url);
    const table = renderTable(figures, page);
    writeFileSync(file, withTable(readFileSync(file, "utf8"), table));
  }
}
