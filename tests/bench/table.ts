/**
 * Makes the README's table of the figures that benchmarks have left in
 * `tests/bench/figures.json`.
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

const ROWS: readonly Row[] = [
  ["100 B, one to one", "traffic", "100 B, one to one"],
  ["each send awaited", "traffic", "100 B, each send awaited"],
  ["1 KiB, one to one", "traffic", "1 KiB, one to one"],
  ["16 KiB, one to one", "traffic", "16 KiB, one to one"],
  ["100 B, 4 to 1", "traffic", "100 B, 4 to 1"],
  ["100 B, 8 nodes, all to all", "traffic", "100 B, 8 nodes, all to all"],
  ["there and back, median", "ping", "100 B there and back, p50"],
  ["there and back, 99th of 100", "ping", "100 B there and back, p99"],
  ["start, first node", "start", "NodeRuntime.start() where no PMD runs"],
  ["start, later ones", "start", "NodeRuntime.start() where a PMD runs"],
  [
    "`peer:leave` after a kill",
    "start",
    "peer:leave, after the peer was killed",
  ],
  [
    "idle node, beside bare process",
    "memory",
    "an idle node, more than a bare listening process",
  ],
].map(([title = "", benchmark = "", workload = ""]) => ({
  title,
  benchmark,
  workload,
}));

const RUNTIMES: readonly (readonly [title: string, key: string])[] = [
  ["Deno", "deno/"],
  ["Node.js 20", "node/20"],
  ["Node.js 24", "node/24"],
];

/** What the library is compared with, by how a series of it is called. */
const PEERS: readonly (readonly [title: string, names: RegExp])[] = [
  ["NATS", /^NATS$/],
  ["Erlang", /^Erlang$/],
  ["Moleculer", /^Moleculer/],
  [
    "bare socket",
    /^bare socket, a JSON text|^bare sockets: listen|^close of a bare socket$/,
  ],
];

/** The unit of what is better when it is more. */
const RATE_UNIT = "messages/s";

const BEGIN = "<!-- begin of what `deno task bench:table` writes -->";
const END = "<!-- end of what `deno task bench:table` writes -->";

/** The table, and on what it was measured, in Markdown that is not aligned. */
export function renderTable(figures: Figures): string {
  const head = [
    "",
    ...RUNTIMES.map(([title]) => title),
    ...PEERS.map(([title]) => `× ${title}`),
  ];
  const lines = ROWS.flatMap((row) => {
    const found = RUNTIMES.map(([, key]) => find(figures, row, key));
    if (found.every((summary) => summary === undefined)) return [];
    return [[
      row.title,
      ...found.map(formatSubject),
      ...PEERS.map(([, names]) => formatRatios(found, names)),
    ]];
  });
  const rule = head.map((_, index) => index === 0 ? "---" : "--:");
  const table = [head, rule, ...lines]
    .map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  return `${table}\n\n${formatSources(figures)}`;
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
  if (summary.unit !== RATE_UNIT) {
    return `${formatPlain(median)} ${summary.unit}`;
  }
  return median >= 1e6
    ? `${(median / 1e6).toFixed(2)} M/s`
    : `${formatPlain(median / 1000)} k/s`;
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
    const { ratio } = summary?.series.find(({ name }) => names.test(name)) ??
      {};
    if (ratio === undefined) return [];
    return [summary?.unit === RATE_UNIT ? ratio : 1 / ratio];
  }).sort((a, b) => a - b);
  const ends = [ratios.at(0), ratios.at(-1)]
    .flatMap((ratio) => ratio === undefined ? [] : [formatRatio(ratio)]);
  return [...new Set(ends)].join("–");
}

function formatRatio(ratio: number): string {
  return ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(ratio < 2 ? 2 : 1);
}

/** On what machines, runtimes and days, and how often each program ran. */
function formatSources(figures: Figures): string {
  const all = (part: (run: Run) => string): string =>
    [...new Set(Object.values(figures.runs).map(part))].sort().join(", ");
  const runtimes = all(({ runtime }) => runtime.replace("/", " "));
  return `Measured on ${all(({ machine }) => machine)}; ${runtimes}; ${
    all(({ date }) => date)
  }; medians of ${all(({ repeats }) => String(repeats))}.`;
}

if (import.meta.main) {
  const readme = new URL("../../README.md", import.meta.url);
  const figures = new URL("./figures.json", import.meta.url);
  const table = renderTable(readFigures(figures));
  writeFileSync(readme, withTable(readFileSync(readme, "utf8"), table));
}
