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

/** The lines of a table: a header, then one line for each row. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  options: TableOptions = {},
): string[] {
  const header = columns.map((column): Cell => ({
    text: column.header,
    style: "bold",
  }));
  return renderRows(columns, [header, ...rows], options);
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
