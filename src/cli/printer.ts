import { DistflowError, messageOf } from "../base/errors.ts";
import type { JsonValue } from "../base/json.ts";
import { escapeJson, escapeLine } from "../log/escape.ts";
import type { ProcessControl } from "../transport/platform.ts";
import type { Terminal } from "../transport/terminal.ts";
import type { Look } from "./command.ts";
import { type ExitCode, exitCodeOf } from "./exit_code.ts";
import { helpText } from "./help.ts";
import { colorPainter, type Painter, plainPainter } from "./style.ts";
import {
  type Cell,
  type Column,
  droppedColumns,
  renderRows,
  renderTable,
} from "./table.ts";
import { NoCommandError, UsageError } from "./usage_error.ts";

/**
 * All that the command prints: data on standard output, the rest on standard
 * error. What comes from outside has its control characters escaped.
 */
export class Printer {
  /** Whether data is to be JSON. */
  readonly json: boolean;
  /** Styles for standard output. */
  readonly paint: Painter;

  readonly #process: ProcessControl;
  readonly #terminal: Terminal;
  readonly #quiet: boolean;
  readonly #paintError: Painter;

  /** Makes a printer that looks as `look` says. */
  constructor(process: ProcessControl, terminal: Terminal, look: Look) {
    const { color, json, quiet } = look;
    this.#process = process;
    this.#terminal = terminal;
    this.#quiet = quiet;
    this.json = json;
    const hasColors = color && !json;
    this.paint = hasColors && terminal.isOutTerminal
      ? colorPainter
      : plainPainter;
    this.#paintError = hasColors && terminal.isErrorTerminal
      ? colorPainter
      : plainPainter;
  }

  /** Prints text of our own on standard output, as it is. */
  text(text: string): void {
    this.#process.writeOut(text);
  }

  /** Prints a line of data. */
  line(line: string): void {
    this.#process.writeOut(`${line}\n`);
  }

  /** Prints a value as one line of JSON. */
  value(value: JsonValue): void {
    this.#process.writeOut(`${escapeJson(JSON.stringify(value))}\n`);
  }

  /**
   * Prints a table, cut to the terminal's width if there is a terminal, and
   * notes which columns are not in it.
   */
  table(columns: readonly Column[], rows: readonly (readonly Cell[])[]): void {
    const width = this.#terminal.columnCount ?? Infinity;
    this.#lines(renderTable(columns, rows, { paint: this.paint, width }));
    const dropped = droppedColumns(columns, rows, width);
    if (dropped.length === 0) return;
    this.note(`Too narrow for ${dropped.join(", ")}: see --json`);
  }

  /** Prints names and what belongs to them, one pair a line. */
  fields(pairs: readonly (readonly [name: string, text: string])[]): void {
    const rows = pairs.map(([name, text]): Cell[] => [
      { text: name, style: "bold" },
      { text },
    ]);
    this.#lines(renderRows([{}, {}], rows, { paint: this.paint }));
  }

  /**
   * Tells people something beside the data, on standard error; nothing with
   * `--quiet` or `--json`.
   */
  note(text: string): void {
    if (this.#quiet || this.json) return;
    const line = this.#paintError("dim", escapeLine(text));
    this.#process.writeError(`${line}\n`);
  }

  /**
   * Tells why the command failed, on one line of standard error; who named
   * no command is shown all of them instead.
   *
   * @returns The exit code.
   */
  failure(error: unknown): ExitCode {
    const exitCode = exitCodeOf(error);
    if (error instanceof NoCommandError && !this.json) {
      this.#process.writeError(helpText(error.topic));
      return exitCode;
    }
    const code = codeOf(error);
    const message = isExpected(error)
      ? messageOf(error)
      : `Unexpected failure, please report this: ${messageOf(error)}`;
    if (this.json) {
      const details = error instanceof DistflowError ? error.details : {};
      const text = JSON.stringify({
        error: { code, message, details, exitCode },
      });
      this.#process.writeError(`${escapeJson(text)}\n`);
    } else {
      const prefix = this.#paintError("red", "distflow:");
      const line = `${escapeLine(message)} [${code}]`;
      this.#process.writeError(`${prefix} ${line}\n`);
    }
    return exitCode;
  }

  #lines(lines: readonly string[]): void {
    this.#process.writeOut(lines.map((line) => `${line}\n`).join(""));
  }
}

function isExpected(error: unknown): boolean {
  return error instanceof DistflowError || error instanceof UsageError;
}

function codeOf(error: unknown): string {
  if (error instanceof DistflowError) return error.code;
  return error instanceof UsageError ? "USAGE" : "INTERNAL";
}
