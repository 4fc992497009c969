import type { LogThreshold } from "../log/mod.ts";
import { PMD_HOST_DEFAULT, PMD_PORT_DEFAULT } from "../pmd/options.ts";
import type { Look, Settings } from "./command.ts";
import type { CommandPath } from "./spec.ts";
import { UsageError } from "./usage_error.ts";
import { quote, type Words } from "./words.ts";

/** Values of the environment, by name. */
export type Environment = (name: string) => string | undefined;

/** How long a command may take unless told otherwise. */
export const TIMEOUT_MS_DEFAULT = 5000;

/** Timers of the runtimes take no longer time. */
export const TIMEOUT_MS_MAX: number = 2 ** 31 - 1;

const LOG_LEVELS: readonly LogThreshold[] = [
  "debug",
  "info",
  "warn",
  "error",
  "silent",
];

/** Settings for a command that has nothing to do with a PMD. */
export function plainSettings(look: Look): Settings {
  return {
    ...look,
    address: { hostname: PMD_HOST_DEFAULT, port: PMD_PORT_DEFAULT },
    timeoutMs: TIMEOUT_MS_DEFAULT,
    logLevel: "warn",
  };
}

/**
 * Reads the global options, and the environment where they are silent.
 *
 * @param look What {@linkcode readLook} found.
 * @throws {UsageError} If a value is not what it must be.
 */
export function readSettings(
  words: Words,
  env: Environment,
  path: CommandPath,
  look: Look,
): Settings {
  const timeoutText = words.value("timeout", path);
  return {
    ...look,
    address: {
      hostname: readHostname(words, env, path),
      port: readPort(words, env, path),
    },
    timeoutMs: timeoutText === undefined
      ? TIMEOUT_MS_DEFAULT
      : parseInteger("--timeout", timeoutText, 1, TIMEOUT_MS_MAX, path),
    logLevel: readLogLevel(env, path),
  };
}

/**
 * How the output of a command line looks, also of one that is not understood.
 *
 * @see https://no-color.org: `NO_COLOR` counts if it is there and not empty.
 */
export function readLook(args: readonly string[], env: Environment): Look {
  const end = args.indexOf("--");
  const options = new Set(end < 0 ? args : args.slice(0, end));
  const isPlain = options.has("--no-color") ||
    nonEmpty(env("NO_COLOR")) !== undefined || env("TERM") === "dumb";
  return {
    json: options.has("--json"),
    color: !isPlain,
    quiet: options.has("--quiet"),
  };
}

/**
 * The integer in `text`.
 *
 * @param name The option or variable that it comes from.
 * @throws {UsageError} If it is none from `min` to `max`.
 */
export function parseInteger(
  name: string,
  text: string,
  min: number,
  max: number,
  path: CommandPath,
): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(
    `Cannot use ${name} ${
      quote(text)
    }, which is no integer from ${min} to ${max}`,
    path,
  );
}

/** A name, an IPv4 address, or an IPv6 address with or without brackets. */
const HOSTNAME =
  /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+|[0-9A-Fa-f:.]+:[0-9A-Fa-f:.]*))$/;

function readHostname(
  words: Words,
  env: Environment,
  path: CommandPath,
): string {
  const given = words.value("host", path);
  const name = given === undefined ? "DISTFLOW_PMD_HOST" : "--host";
  const text = given ?? nonEmpty(env("DISTFLOW_PMD_HOST")) ?? PMD_HOST_DEFAULT;
  const match = text.length > 255 ? null : HOSTNAME.exec(text);
  const hostname = match?.[1] ?? match?.[2];
  const hasPort = /^[^:]*:\d+$|\]:\d+$/.test(text);
  if (hostname !== undefined && !hasPort) return hostname;
  const hint = hasPort ? ": the port goes to --port" : "";
  throw new UsageError(
    `Cannot use ${name} ${
      quote(text)
    }, which is no hostname or IP address${hint}`,
    path,
  );
}

/** A PMD that starts may be told to take any free port. */
function readPort(words: Words, env: Environment, path: CommandPath): number {
  const min = path === "pmd start" ? 0 : 1;
  const given = words.value("port", path);
  const name = given === undefined ? "DISTFLOW_PMD_PORT" : "--port";
  const text = given ?? nonEmpty(env("DISTFLOW_PMD_PORT"));
  if (text === undefined) return PMD_PORT_DEFAULT;
  return parseInteger(name, text, min, 65535, path);
}

function readLogLevel(env: Environment, path: CommandPath): LogThreshold {
  const text = nonEmpty(env("DISTFLOW_LOG"));
  if (text === undefined) return "warn";
  const level = LOG_LEVELS.find((known) => known === text);
  if (level !== undefined) return level;
  throw new UsageError(
    `Cannot use DISTFLOW_LOG ${quote(text)}, which is none of ${
      LOG_LEVELS.join(", ")
    }`,
    path,
  );
}

/** An empty variable of the environment is as good as none. */
function nonEmpty(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}
