import { DistflowError, hasCode, messageOf } from "../base/errors.ts";
import { VERSION } from "../base/version.ts";
import { configureLogger, getLogger, type Logger } from "../log/mod.ts";
import { currentPlatform } from "../platform/mod.ts";
import type { Platform } from "../transport/platform.ts";
import {
  type Address,
  formatAddress,
  isLoopback,
} from "../transport/transport.ts";
import {
  insecureListen,
  parsePmdArguments,
  PMD_HELP,
  type PmdCommand,
  type PmdRunCommand,
} from "./arguments.ts";
import { findRunningPmd } from "./launch.ts";
import { PmdServer } from "./server.ts";

const PROBE_TIMEOUT_MS = 3000;

/**
 * Runs a PMD as the whole program: reads the command line, serves until it is
 * idle, asked to end or signalled, and exits with 0 (also if a PMD runs there
 * already), 1 (failed) or 2 (command line not understood).
 *
 * The first line on standard output tells that it is ready.
 */
export async function runPmd(
  platform: Platform = currentPlatform(),
  logger: Logger = getLogger("distflow.pmd"),
): Promise<void> {
  const { process } = platform;
  let command: PmdCommand;
  try {
    command = parsePmdArguments(process.args, (name) => process.env(name));
  } catch (error) {
    process.writeError(`${messageOf(error)}. See --help\n`);
    process.exit(2);
    return;
  }
  if (command.act === "help") process.writeOut(PMD_HELP);
  else if (command.act === "version") process.writeOut(`${VERSION}\n`);
  else if (command.act === "run") {
    process.exit(await serve(platform, logger, command));
  }
}

/** Serves until the end; returns the exit code. */
async function serve(
  platform: Platform,
  logger: Logger,
  command: PmdRunCommand,
): Promise<number> {
  const { process } = platform;
  const { host, port, insecure, verbose } = command;
  const address = { hostname: host, port };
  if (verbose) configureLogger({ level: "debug" });
  if (!isLoopback(host) && !insecure) {
    return fail(platform, insecureListen(address));
  }
  let server: PmdServer;
  try {
    server = await PmdServer.start({ ...command, logger, platform });
  } catch (error) {
    if (!hasCode(error, "ADDRESS_IN_USE")) return fail(platform, error);
    return await explain(platform, address);
  }
  const restoreSignals = process.onSignal(
    ["SIGINT", "SIGTERM", "SIGHUP"],
    () => void server.shutdown(),
  );
  process.writeOut(
    `PMD ready on ${formatAddress(server.address)} (pid ${process.pid})\n`,
  );
  await server.ended;
  restoreSignals();
  return 0;
}

/** The port is in use: by a PMD is as good as started, by others is an error. */
async function explain(platform: Platform, address: Address): Promise<number> {
  try {
    const client = await findRunningPmd(address, platform, PROBE_TIMEOUT_MS);
    platform.process.writeOut(
      `PMD already runs on ${formatAddress(address)} (pid ${client.pmdPid})\n`,
    );
    await client.close();
    return 0;
  } catch (error) {
    return fail(platform, error);
  }
}

function fail(platform: Platform, error: unknown): number {
  const code = error instanceof DistflowError ? ` [${error.code}]` : "";
  platform.process.writeError(`${messageOf(error)}${code}\n`);
  return 1;
}
