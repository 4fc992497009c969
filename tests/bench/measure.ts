import { cpus, totalmem } from "node:os";
import process from "node:process";

/** What one program of a benchmark reached, over all repeats. */
export interface Series {
  readonly name: string;
  readonly values: readonly number[];
}

/** A workload, what was measured, and the programs that were compared. */
export interface Result {
  readonly benchmark: string;
  readonly workload: string;
  readonly unit: string;
  /** The first one is the baseline of the ratios. */
  readonly series: readonly Series[];
}

/** The middle value; of two middle ones, the lower. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? NaN;
}

/** The value that `percent` of the values do not exceed. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const index = Math.ceil(sorted.length * percent / 100) - 1;
  return sorted[Math.max(0, index)] ?? NaN;
}

/** Name and version of the runtime, and the machine. */
export function environment(): string {
  const runtime = "Deno" in globalThis
    ? `deno/${process.versions.deno}`
    : `node/${process.versions.node}`;
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${runtime} on ${cpus().length} × ${
    cpu?.model.trim() || process.arch
  }, ${memory} GiB, ${process.platform}`;
}

/** Prints a result as a table: median, least, most, ratio to the baseline. */
export function print(result: Result): void {
  const { benchmark, workload, unit, series } = result;
  console.log(`\n${benchmark}: ${workload} (${unit})`);
  const base = median(series[0]?.values ?? []);
  const width = Math.max(...series.map(({ name }) => name.length));
  for (const { name, values } of series) {
    const middle = median(values);
    const figures = [middle, Math.min(...values), Math.max(...values)]
      .map((value) => format(value).padStart(12)).join("");
    console.log(
      `  ${name.padEnd(width)}${figures}   x${(middle / base).toFixed(2)}`,
    );
  }
}

function format(value: number): string {
  return value >= 100
    ? Math.round(value).toLocaleString("en")
    : value.toFixed(2);
}
