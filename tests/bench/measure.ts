import { arch, cpus, release, totalmem, type } from "node:os";

/** What a figure, or a ratio of two, has to reach. */
export type Bar = { readonly atLeast: number } | { readonly atMost: number };

/** What one program of a benchmark reached, over all repeats. */
export interface Series {
  readonly name: string;
  readonly values: readonly number[];
  /**
   * For the subject: what its median has to be. For the others: what the
   * subject's median divided by theirs has to be.
   */
  readonly bar?: Bar;
  /** What is wished for beyond that. */
  readonly wish?: Bar;
}

/** A workload, what was measured, and the programs that were compared. */
export interface Result {
  readonly benchmark: string;
  readonly workload: string;
  readonly unit: string;
  /** The runtime of the programs that were measured. */
  readonly runtime: string;
  /** The first one is the subject; the others are what it is compared with. */
  readonly series: readonly Series[];
  /** What was left out, and why. */
  readonly notes?: readonly string[];
}

/** The middle value; of two middle ones, the lower. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? NaN;
}

/** The subject's median, or its ratio to that of another series. */
export function compared(result: Result, { name, values }: Series): number {
  const [subject] = result.series;
  const own = median(subject?.values ?? []);
  return name === subject?.name ? own : own / median(values);
}

/** Whether a figure reaches a bar. */
export function reaches(figure: number, bar: Bar): boolean {
  return "atLeast" in bar ? figure >= bar.atLeast : figure <= bar.atMost;
}

/** The machine that everything runs on. */
export function machine(): string {
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const model = cpu?.model.trim() || arch();
  const system = `${type()} ${release().split(".").slice(0, 2).join(".")}`;
  return `${cpus().length} × ${model}, ${memory} GiB, ${system}`;
}

/** A result as a table: median, least, most, the subject's ratio to it. */
export function formatResult(result: Result): string {
  const { benchmark, workload, unit, runtime, series, notes = [] } = result;
  const width = Math.max(...series.map(({ name }) => name.length));
  const lines = series.map((row, index) => {
    const { name, values } = row;
    const figures = [median(values), Math.min(...values), Math.max(...values)]
      .map((value) => formatFigure(value).padStart(12)).join("");
    const ratio = index === 0 ? "" : `x${compared(result, row).toFixed(2)}`;
    return `  ${name.padEnd(width)}${figures}  ${ratio.padStart(8)}${
      formatBar(result, row)
    }`;
  });
  return [
    `\n${benchmark}: ${workload} (${unit}, ${runtime})`,
    ...lines,
    ...notes.map((note) => `  ${note}`),
  ].join("\n");
}

function formatBar(result: Result, row: Series): string {
  const { bar, wish } = row;
  if (bar === undefined) return "";
  const figure = compared(result, row);
  const wished = wish === undefined
    ? ""
    : `, wished ${textOf(wish)}${reaches(figure, wish) ? "" : " (not yet)"}`;
  const flag = reaches(figure, bar) ? "" : "  MISSED";
  return `   ${textOf(bar)}${wished}${flag}`;
}

function textOf(bar: Bar): string {
  return "atLeast" in bar ? `>= ${bar.atLeast}` : `<= ${bar.atMost}`;
}

/** A figure with three digits or more. */
export function formatFigure(value: number): string {
  return value >= 100
    ? Math.round(value).toLocaleString("en")
    : value.toFixed(2);
}
