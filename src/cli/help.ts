import { PMD_HOST_DEFAULT, PMD_PORT_DEFAULT } from "../pmd/options.ts";
import type { HelpCommand } from "./command.ts";
import { TIMEOUT_MS_DEFAULT } from "./settings.ts";
import {
  COMMANDS,
  type CommandSpec,
  findCommand,
  GLOBAL_OPTIONS,
  type OptionSpec,
} from "./spec.ts";

const ENVIRONMENT = `Environment:
  DISTFLOW_PMD_HOST  hostname of the PMD, where there is no --host (${PMD_HOST_DEFAULT})
  DISTFLOW_PMD_PORT  port of the PMD, where there is no --port (${PMD_PORT_DEFAULT})
  DISTFLOW_LOG       what the library logs on standard error: debug, info,
                     warn, error or silent (warn)
  NO_COLOR           print without colours, if it is not empty
`;

const OUTPUT =
  `Data goes to standard output, everything else to standard error. With --json,
data is JSON and an error is {"error": {"code", "message", "details",
"exitCode"}}, on one line each.

Exit codes:
  0  done
  1  failed
  2  the command line, or the message to send, was not understood
  3  no node has that name
  4  refused
  5  no PMD answers there
  6  it took too long
`;

/** What the help prints for `topic`. */
export function helpText(topic: HelpCommand["topic"]): string {
  const spec = findCommand(topic);
  return spec === undefined ? overview(topic) : explain(spec);
}

function overview(topic: string): string {
  const isAll = topic === "";
  const commands = COMMANDS.filter(({ path }) =>
    isAll || path.startsWith(`${topic} `)
  ).map((spec): [string, string] => [usageOf(spec), spec.summary]);
  const usage = isAll ? "distflow <command>" : `distflow ${topic} <command>`;
  const intro = isAll
    ? `distflow - look after processes that find each other by name

The PMD (port mapper daemon) is where they register. They start it by
themselves; these commands show what it knows, and send messages.
`
    : `Commands for the PMD (port mapper daemon), where nodes register.
`;
  return `${intro}
Usage: ${usage} [options]

Commands:
${twoColumns(commands)}
Options of all commands:
${optionLines(GLOBAL_OPTIONS)}
${isAll ? `${ENVIRONMENT}\n${OUTPUT}\n` : ""}See "distflow ${
    isAll ? "" : "pmd "
  }<command> --help" for more about one of them.
`;
}

function explain(spec: CommandSpec): string {
  const own = spec.options.length === 0
    ? ""
    : `\nOptions:\n${optionLines(spec.options)}`;
  const details = spec.details === "" ? "" : `\n${spec.details}\n`;
  return `Usage: distflow ${usageOf(spec)}${
    spec.options.length === 0 ? "" : " [options]"
  }

${capitalize(spec.summary)}.
${own}${details}
See "distflow --help" for the options of all commands and the exit codes.
`;
}

function usageOf({ path, operands }: CommandSpec): string {
  return [path, ...operands].join(" ");
}

function optionLines(options: readonly OptionSpec[]): string {
  return twoColumns(
    options.map(({ name, value, summary }) => [
      value === undefined ? `--${name}` : `--${name} ${value}`,
      `${summary}${DEFAULTS[name] ?? ""}`,
    ]),
  );
}

const DEFAULTS: Readonly<Record<string, string>> = {
  "host": ` (${PMD_HOST_DEFAULT})`,
  "port": ` (${PMD_PORT_DEFAULT})`,
  "timeout": ` (${TIMEOUT_MS_DEFAULT})`,
};

function twoColumns(pairs: readonly (readonly [string, string])[]): string {
  const width = Math.max(...pairs.map(([left]) => left.length));
  return pairs.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`)
    .join("");
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
