import {
  COMMANDS,
  type CommandSpec,
  GLOBAL_OPTIONS,
  type OptionSpec,
} from "./spec.ts";

const ALL_OPTIONS: readonly OptionSpec[] = [
  ...GLOBAL_OPTIONS,
  ...COMMANDS.flatMap((command) => command.options),
];

/** Options with a value: what stands behind them is no operand. */
export const VALUE_OPTIONS: readonly string[] = ALL_OPTIONS
  .filter(({ value }) => value !== undefined).map(({ name }) => `--${name}`);

/** Options whose value nothing can be said about. */
export const FREE_OPTIONS: readonly string[] = VALUE_OPTIONS
  .filter((name) => name !== "--host");

/** Commands whose first operand is a node. */
export const NODE_COMMANDS: readonly string[] = COMMANDS
  .filter(({ operands: [first] }) =>
    first === "<alias>" || first === "<target>"
  ).map(({ path }) => path);

/** Commands with options of their own. */
export const WITH_OPTIONS: readonly CommandSpec[] = COMMANDS
  .filter(({ options }) => options.length > 0);

/**
 * Lists the nodes, as a table whose first two columns are alias and id; a
 * person who waits for a completion waits for a second at most.
 */
export const LIST = "pmd list --quiet --no-color --timeout 1000";

/** What the word `verb` behind `first` does. */
export function summaryOf(first: "" | "pmd", verb: string): string {
  const path = first === "" ? verb : `${first} ${verb}`;
  return COMMANDS.find((command) => command.path === path)?.summary ??
    "commands for the PMD";
}

/** A word in single quotes, which no shell looks into. */
export function single(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
