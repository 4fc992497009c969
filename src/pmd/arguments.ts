import { PMD_HOST_DEFAULT, PMD_PORT_DEFAULT } from "./options.ts";

/** What the command line of a PMD asks for. */
export type PmdCommand =
  | { readonly act: "help" | "version" }
  | PmdRunCommand;

/** The command line of a PMD that is to run. */
export interface PmdRunCommand {
  /** Run the PMD. */
  readonly act: "run";
  /** The address to listen on. */
  readonly host: string;
  /** The port to listen on. */
  readonly port: number;
  /** Whether an address that other machines reach is allowed. */
  readonly insecure: boolean;
  /** When to end without any node, in milliseconds; 0 for never. */
  readonly idleExitMs: number;
  /** Whether to log what happens. */
  readonly verbose: boolean;
}

/** What `--help` prints. */
export const PMD_HELP: string = `distflow-pmd - the port mapper daemon

Processes register with it under a name and find each other. A node starts it
by itself when it needs one; run it by hand to keep it, or to see it work.

Usage: distflow-pmd [options]

  --host HOST          address to listen on (${PMD_HOST_DEFAULT}, or DISTFLOW_PMD_HOST)
  --port PORT          port to listen on (${PMD_PORT_DEFAULT}, or DISTFLOW_PMD_PORT)
  --insecure           allow an address that other machines can reach
  --idle-exit-ms MS    end after this time without any node (0: never)
  --verbose            log what happens
  --help, --version
`;

/**
 * Reads the command line of a PMD.
 *
 * Written out because the PMD is run from wherever the library lies, with no
 * package to resolve; the full command line has `@std/cli`.
 *
 * @param env Values of the environment, for defaults.
 * @throws {TypeError} If the command line is not understood.
 */
export function parsePmdArguments(
  args: readonly string[],
  env: (name: string) => string | undefined,
): PmdCommand {
  const values = new Map<string, string>();
  const flags = new Set<string>();
  for (let index = 0; index < args.length; index++) {
    const [name = "", inline] = splitOnce(args[index] ?? "");
    if (FLAGS.has(name) && inline === undefined) flags.add(name);
    else if (VALUES.has(name)) {
      const value = inline ?? args[++index];
      if (value === undefined) throw new TypeError(`${name} needs a value`);
      values.set(name, value);
    } else throw new TypeError(`Unknown argument "${args[index]}"`);
  }
  if (flags.has("--help") || flags.has("-h")) return { act: "help" };
  if (flags.has("--version")) return { act: "version" };
  const port = values.get("--port") ?? env("DISTFLOW_PMD_PORT");
  return {
    act: "run",
    host: values.get("--host") ?? env("DISTFLOW_PMD_HOST") ??
      PMD_HOST_DEFAULT,
    port: port === undefined
      ? PMD_PORT_DEFAULT
      : parseInteger("--port", port, 65535),
    insecure: flags.has("--insecure"),
    idleExitMs: parseInteger(
      "--idle-exit-ms",
      values.get("--idle-exit-ms") ?? "0",
      2 ** 31 - 1,
    ),
    verbose: flags.has("--verbose"),
  };
}

const FLAGS: ReadonlySet<string> = new Set([
  "--help",
  "-h",
  "--version",
  "--insecure",
  "--verbose",
]);

const VALUES: ReadonlySet<string> = new Set([
  "--host",
  "--port",
  "--idle-exit-ms",
]);

function splitOnce(argument: string): [string, string | undefined] {
  const index = argument.indexOf("=");
  return index < 0
    ? [argument, undefined]
    : [argument.slice(0, index), argument.slice(index + 1)];
}

function parseInteger(name: string, text: string, max: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (value >= 0 && value <= max) return value;
  throw new TypeError(
    `${name} must be an integer from 0 to ${max}: it is "${text}"`,
  );
}
