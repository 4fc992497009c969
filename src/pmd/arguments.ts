import { DistflowError } from "../base/errors.ts";
import { type Address, formatAddress } from "../transport/transport.ts";
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
 * @param env Values of the environment, for defaults; an empty one is none.
 * @throws {TypeError} If the command line is not understood.
 */
export function parsePmdArguments(
  args: readonly string[],
  env: (name: string) => string | undefined,
): PmdCommand {
  const { values, flags } = splitArguments(args);
  if (flags.has("--help") || flags.has("-h")) return { act: "help" };
  if (flags.has("--version")) return { act: "version" };
  const [, host = PMD_HOST_DEFAULT] =
    given(values, env, "--host", "DISTFLOW_PMD_HOST") ?? [];
  const [portName = "", port = String(PMD_PORT_DEFAULT)] =
    given(values, env, "--port", "DISTFLOW_PMD_PORT") ?? [];
  return {
    act: "run",
    host: host.replace(/^\[(.*)\]$/, "$1"),
    port: parseInteger(portName, port, 65535),
    insecure: flags.has("--insecure"),
    idleExitMs: parseInteger(
      "--idle-exit-ms",
      values.get("--idle-exit-ms") ?? "0",
      2 ** 31 - 1,
    ),
    verbose: flags.has("--verbose"),
  };
}

/** The refusal of an address that other machines reach, for command lines. */
export function insecureListen(address: Address): DistflowError {
  const { hostname, port } = address;
  return new DistflowError(
    "INSECURE_LISTEN",
    `Cannot start a PMD on ${
      formatAddress(address)
    }: there is no authentication, so whoever reaches it can see all nodes. Leave out --host, or add --insecure if the network is trusted`,
    { details: { hostname, port } },
  );
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

interface SplitArguments {
  readonly values: ReadonlyMap<string, string>;
  readonly flags: ReadonlySet<string>;
}

function splitArguments(args: readonly string[]): SplitArguments {
  const values = new Map<string, string>();
  const flags = new Set<string>();
  for (let index = 0; index < args.length; index++) {
    const argument = args[index] ?? "";
    const [name, inline] = splitOnce(argument);
    if (FLAGS.has(name)) {
      if (inline !== undefined) throw new TypeError(`${name} takes no value`);
      flags.add(name);
    } else if (VALUES.has(name)) {
      const value = inline ?? args[++index] ?? "";
      if (value === "" || value.startsWith("--")) {
        throw new TypeError(`${name} needs a value`);
      }
      values.set(name, value);
    } else throw new TypeError(`Unknown argument "${argument}"`);
  }
  return { values, flags };
}

/** Who says a value, and the value: an option, or else the environment. */
function given(
  values: ReadonlyMap<string, string>,
  env: (name: string) => string | undefined,
  option: string,
  variable: string,
): [string, string] | undefined {
  const value = values.get(option);
  if (value !== undefined) return [option, value];
  const text = env(variable);
  return text === undefined || text === "" ? undefined : [variable, text];
}

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
