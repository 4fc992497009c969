import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { type Bar, compared, median, type Result } from "./measure.ts";

/** The figures of many runs: one for each benchmark on each runtime. */
export interface Figures {
  readonly runs: Readonly<Record<string, Run>>;
}

/** What one benchmark found on one runtime, the last time that it ran. */
export interface Run {
  readonly runtime: string;
  readonly machine: string;
  readonly date: string;
  readonly repeats: number;
  readonly results: readonly Summary[];
}

/** A {@linkcode Result} without its single values. */
export interface Summary {
  readonly workload: string;
  readonly unit: string;
  /** The first one is the subject; the others are what it is compared with. */
  readonly series: readonly SeriesSummary[];
}

/** What one program reached; all with four digits. */
export interface SeriesSummary {
  readonly name: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** The subject's median divided by this one's; not for the subject. */
  readonly ratio?: number;
  readonly bar?: Bar;
}

/** How a run is called among others: a later one takes its place. */
export function runKey(benchmark: string, runtime: string): string {
  const [name, version = ""] = runtime.split("/");
  return name === "node"
    ? `${benchmark} node${version.split(".")[0]}`
    : `${benchmark} ${name}`;
}

/** Puts results in the place of earlier ones of their benchmark and runtime. */
export function mergeResults(
  figures: Figures,
  results: readonly Result[],
  about: Pick<Run, "machine" | "date" | "repeats">,
): Figures {
  const fresh: Record<string, Run & { results: Summary[] }> = {};
  for (const result of results) {
    const { benchmark, runtime } = result;
    const key = runKey(benchmark, runtime);
    fresh[key] ??= { runtime, ...about, results: [] };
    fresh[key].results.push(summaryOf(result));
  }
  const runs = Object.entries({ ...figures.runs, ...fresh })
    .sort(([a], [b]) => a < b ? -1 : 1);
  return { runs: Object.fromEntries(runs) };
}

/** The figures in a file; none if there is no such file. */
export function readFigures(file: string | URL): Figures {
  if (!existsSync(file)) return { runs: {} };
  return JSON.parse(readFileSync(file, "utf8"));
}

/** Writes figures for people to compare, and for `deno fmt` to accept. */
export function writeFigures(file: string | URL, figures: Figures): void {
  writeFileSync(file, `${JSON.stringify(figures, null, 2)}\n`);
}

function summaryOf(result: Result): Summary {
  const { workload, unit } = result;
  const series = result.series.map((row, index): SeriesSummary => ({
    name: row.name,
    median: fourDigits(median(row.values)),
    min: fourDigits(Math.min(...row.values)),
    max: fourDigits(Math.max(...row.values)),
    ...(index === 0 ? {} : { ratio: fourDigits(compared(result, row)) }),
    ...(row.bar === undefined ? {} : { bar: row.bar }),
  }));
  return { workload, unit, series };
}

function fourDigits(value: number): number {
  return Number(value.toPrecision(4));
}
