import { escapeLine } from "../log/escape.ts";
import { type Painter, plainPainter, type Style } from "./style.ts";
import { displayWidth, truncate } from "./width.ts";

/** How a column of a table is laid out. */
export interface ColumnLayout {
  /** Whether values stand at its right edge, as numbers do. */
  readonly isRight?: boolean;
  /**
   * How narrow it may become where the terminal is too narrow for the table,
   * in columns of the terminal; as wide as its widest value if left out.
   */
  readonly widthMin?: number;
}

/** A column of a table that has a header. */
export interface Column extends ColumnLayout {
  /** What stands above it. */
  readonly header: string;
  /**
   * How early it is left out where the terminal is too narrow for all columns
   * at their least width: the lowest first, those without never.
   */
  readonly dropRank?: number;
}

/** A value in a table. */
export interface Cell {
  /** What it says; control characters are shown, not obeyed. */
  readonly text: string;
  /** How it looks where there are colours. */
  readonly style?: Style;
}

/** Options for {@linkcode renderTable} and {@linkcode renderRows}. */
export interface TableOptions {
  /** How wide lines may be; unlimited if left out. */
  readonly width?: number;
  /** How styles are shown; not at all if left out. */
  readonly paint?: Painter;
}

const GAP = "  ";

/**
 * The lines of a table: a header, then one line for each row; without the
 * columns that {@linkcode droppedColumns} names.
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  options: TableOptions = {},
): string[] {
  const dropped = droppedColumns(columns, rows, options.width ?? Infinity);
  const isKept = (_: unknown, index: number): boolean =>
    !dropped.includes(columns[index]?.header ?? "");
  return renderRows(
    columns.filter(isKept),
    [headerOf(columns), ...rows].map((row) => row.filter(isKept)),
    options,
  );
}

/** The headers of the columns for which `width` is too narrow. */
export function droppedColumns(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  width: number,
): string[] {
  const all = [headerOf(columns), ...rows];
  const least = columns.map(({ widthMin = Infinity }, index) =>
    GAP.length + Math.min(
      widthMin,
      Math.max(...all.map((row) => shownWidth(row[index]))),
    )
  );
  let excess = least.reduce((sum, each) => sum + each, -GAP.length) - width;
  const dropped = new Set<number>();
  const byRank = [...columns.entries()]
    .filter(([, { dropRank }]) => dropRank !== undefined)
    .sort(([, a], [, b]) => (a.dropRank ?? 0) - (b.dropRank ?? 0));
  for (const [index] of byRank) {
    if (excess <= 0) break;
    dropped.add(index);
    excess -= least[index] ?? 0;
  }
  return columns.filter((_, index) => dropped.has(index))
    .map(({ header }) => header);
}

function headerOf(columns: readonly Column[]): Cell[] {
  return columns.map(({ header }) => ({ text: header, style: "bold" }));
}

function shownWidth(cell: Cell | undefined): number {
  return displayWidth(escapeLine(cell?.text ?? ""));
}

/**
 * One line for each row.
 *
 * Columns are as wide as their widest value, as terminals show it. Where they
 * are together wider than `width`, the widest of those that may be cut is cut,
 * again and again; if that is not enough, lines are longer than `width`, as a
 * wrapped line tells more than a lost value.
 */
export function renderRows(
  columns: readonly ColumnLayout[],
  rows: readonly (readonly Cell[])[],
  options: TableOptions = {},
): string[] {
  const paint = options.paint ?? plainPainter;
  const lines = rows.map((row) =>
    row.map((cell) => ({ ...cell, text: escapeLine(cell.text) }))
  );
  const widths = fitWidths(columns, lines, options.width ?? Infinity);
  return lines.map((row) => {
    const parts = row.map((cell, index) => {
      const width = widths[index] ?? 0;
      const text = truncate(cell.text, width);
      const space = " ".repeat(Math.max(0, width - displayWidth(text)));
      const shown = cell.style === undefined ? text : paint(cell.style, text);
      return columns[index]?.isRight ? [space, shown] : [shown, space];
    });
    return parts.map((part) => part.join("")).join(GAP).trimEnd();
  });
}

function fitWidths(
  columns: readonly ColumnLayout[],
  rows: readonly (readonly Cell[])[],
  limit: number,
): number[] {
  const widths = columns.map((_, index) =>
    Math.max(...rows.map((row) => displayWidth(row[index]?.text ?? "")))
  );
  const gaps = GAP.length * (columns.length - 1);
  let excess = widths.reduce((sum, width) => sum + width, gaps) - limit;
  for (; excess > 0; excess--) {
    const widest = indexOfWidest(columns, widths);
    if (widest === undefined) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

/** The widest column that may become narrower still. */
function indexOfWidest(
  columns: readonly ColumnLayout[],
  widths: readonly number[],
): number | undefined {
  let widest: number | undefined;
  for (const [index, { widthMin }] of columns.entries()) {
    const width = widths[index] ?? 0;
    if (widthMin === undefined || width <= widthMin) continue;
    if (widest === undefined || width > (widths[widest] ?? 0)) widest = index;
  }
  return widest;
}
