import { DistflowError, hasCode } from "../base/errors.ts";
import { PmdClient } from "../pmd/client.ts";
import type { Platform } from "../transport/platform.ts";
import type { Terminal } from "../transport/terminal.ts";
import { type Address, isWildcard } from "../transport/transport.ts";
import type { Settings } from "./command.ts";
import { EXIT_TIMEOUT, exitCodeOf } from "./exit_code.ts";
import type { Printer } from "./printer.ts";

/** What every command is given. */
export interface CommandContext {
  /** Time, chance, sockets and process. */
  readonly platform: Platform;
  /** The standard streams. */
  readonly terminal: Terminal;
  /** Where it prints. */
  readonly printer: Printer;
  /** What the global options say. */
  readonly settings: Settings;
}

/**
 * Waits for `work`, for as long as `--timeout` says.
 *
 * What is late is not undone: the process is about to end.
 *
 * @param act What is being done, for the error's text.
 * @throws {DistflowError} `TIMEOUT`, or why `work` failed.
 */
export async function withinTimeout<Result>(
  { platform, settings }: CommandContext,
  act: string,
  work: Promise<Result>,
): Promise<Result> {
  const { timeoutMs } = settings;
  const late = (cause?: unknown): DistflowError =>
    new DistflowError(
      "TIMEOUT",
      `Cannot ${act}: it took longer than ${timeoutMs} ms. Try again, or set a longer --timeout`,
      { cause, details: { timeoutMs } },
    );
  return await new Promise<Result>((resolve, reject) => {
    const timer = platform.clock.schedule(timeoutMs, () => reject(late()));
    work.then(resolve, (error) => {
      // A dial has the same limit, and may be the first to notice.
      const isLate = hasCode(error, "PMD_UNREACHABLE") &&
        exitCodeOf(error) === EXIT_TIMEOUT;
      reject(isLate ? late(error) : error);
    }).finally(() => timer.cancel());
  });
}

/**
 * Connects to the PMD that `--host` and `--port` say.
 *
 * @throws {DistflowError} `PMD_UNREACHABLE`, `PMD_PORT_TAKEN` or
 * `PROTOCOL_MISMATCH`.
 */
export function openPmd(
  { platform, settings }: CommandContext,
  address: Address = settings.address,
): Promise<PmdClient> {
  return PmdClient.open({
    address: dialable(address),
    platform,
    timeoutMs: settings.timeoutMs,
  });
}

/**
 * Asks the PMD something, and ends the connection.
 *
 * @param act What is being done, for the error's text.
 * @throws {DistflowError} Why it cannot be asked, or what it answers.
 */
export function askPmd<Result>(
  context: CommandContext,
  act: string,
  ask: (client: PmdClient) => Promise<Result>,
  address: Address = context.settings.address,
): Promise<Result> {
  const work = async (): Promise<Result> => {
    const client = await openPmd(context, address);
    try {
      return await ask(client);
    } finally {
      await client.close();
    }
  };
  return withinTimeout(context, act, work());
}

/** Where to reach what listens at `address`; on loopback, if on every address. */
export function dialable(address: Address): Address {
  const { hostname, port } = address;
  if (!isWildcard(hostname)) return address;
  return { hostname: hostname === "::" ? "::1" : "127.0.0.1", port };
}
