import {
  DistflowError,
  type ErrorCode,
  hasCode,
  invariant,
  messageOf,
} from "../base/errors.ts";
import { insecureListen } from "../pmd/arguments.ts";
import { pmdModule } from "../pmd/launch.ts";
import { PmdServer } from "../pmd/server.ts";
import {
  type Address,
  formatAddress,
  isLoopback,
} from "../transport/transport.ts";
import type { StartCommand } from "./command.ts";
import { type CommandContext, openPmd, withinTimeout } from "./context.ts";

/** A PMD that runs. */
interface RunningPmd {
  /** Whether it was started just now. */
  readonly started: boolean;
  /** Where it listens. */
  readonly address: Address;
  /** Its process. */
  readonly pid: number;
}

/** `distflow pmd start`. */
export async function startPmd(
  context: CommandContext,
  command: StartCommand,
): Promise<void> {
  const { address } = context.settings;
  if (!isLoopback(address.hostname) && !command.insecure) {
    throw insecureListen(address);
  }
  const running = await findPmd(context);
  if (running !== undefined) return report(context, running);
  if (command.foreground) await serve(context, command);
  else report(context, await launch(context, command));
}

/** The PMD that runs already; undefined if nobody listens there. */
async function findPmd(
  context: CommandContext,
): Promise<RunningPmd | undefined> {
  const { address } = context.settings;
  if (address.port === 0) return undefined;
  try {
    const client = await withinTimeout(context, START, openPmd(context));
    await client.close();
    return { started: false, address, pid: client.pmdPid };
  } catch (error) {
    if (hasCode(error, "PMD_UNREACHABLE")) return undefined;
    throw error;
  }
}

/** Starts a PMD as a process of its own. */
async function launch(
  { platform, settings }: CommandContext,
  { insecure, idleExitMs }: StartCommand,
): Promise<RunningPmd> {
  const { clock, process } = platform;
  const { address: { hostname, port }, timeoutMs } = settings;
  const startedAtMs = clock.monotonicMs();
  try {
    const line = await process.spawn({
      module: pmdModule(),
      args: [
        "--host",
        hostname,
        "--port",
        String(port),
        "--idle-exit-ms",
        String(idleExitMs),
        ...(insecure ? ["--insecure"] : []),
      ],
      readyTimeoutMs: timeoutMs,
    });
    return parseReadyLine(line, hostname);
  } catch (error) {
    if (hasCode(error, "SPAWN_UNAVAILABLE")) throw cannotSpawn(error);
    const told = toldByPmd(error);
    if (told !== undefined) throw told;
    const tookMs = clock.monotonicMs() - startedAtMs;
    if (!hasCode(error, "PMD_LAUNCH_FAILED") || tookMs < timeoutMs) throw error;
    throw new DistflowError(
      "TIMEOUT",
      `Cannot ${START}: it was not ready after ${timeoutMs} ms. Try again, or set a longer --timeout`,
      { cause: error, details: { timeoutMs } },
    );
  }
}

/** Is the PMD until it is asked to end, or has been idle for long enough. */
async function serve(
  context: CommandContext,
  { insecure, idleExitMs }: StartCommand,
): Promise<void> {
  const { platform, printer, settings } = context;
  const { hostname, port } = settings.address;
  let server: PmdServer;
  try {
    server = await PmdServer.start({
      host: hostname,
      port,
      insecure,
      idleExitMs,
      platform,
    });
  } catch (error) {
    // Another one may have started since we looked.
    const running = hasCode(error, "ADDRESS_IN_USE")
      ? await findPmd(context)
      : undefined;
    if (running === undefined) throw error;
    return report(context, running);
  }
  const restoreSignals = platform.process.onSignal(
    ["SIGINT", "SIGTERM", "SIGHUP"],
    () => void server.shutdown(),
  );
  const { address } = server;
  report(context, { started: true, address, pid: platform.process.pid });
  const end = await server.ended;
  restoreSignals();
  printer.note(
    end === "idle"
      ? `PMD ended: no node was registered for ${idleExitMs} ms`
      : "PMD ended",
  );
}

function report(
  { printer }: CommandContext,
  { started, address, pid }: RunningPmd,
): void {
  const { hostname, port } = address;
  if (printer.json) {
    return printer.value({ started, host: hostname, port, pid });
  }
  const state = started ? "ready" : "already runs";
  printer.line(`PMD ${state} on ${formatAddress(address)} (pid ${pid})`);
}

/** The first line of a PMD's output; see `runPmd`. */
const READY_LINE = /^PMD (ready|already runs) on \S+:(\d+) \(pid (\d+)\)\r?$/;

function parseReadyLine(line: string, hostname: string): RunningPmd {
  const match = READY_LINE.exec(line);
  invariant(match !== null, `a PMD says that it is ready, not "${line}"`);
  const [, state, port, pid] = match;
  return {
    started: state === "ready",
    address: { hostname, port: Number(port) },
    pid: Number(pid),
  };
}

/** What a PMD says before it fails; see `runPmd`. */
const LAST_WORDS =
  / It said: (Cannot .+) \[(ADDRESS_UNAVAILABLE|PERMISSION_DENIED|PMD_PORT_TAKEN)\]$/;

/** The failure that the PMD's process told, as if it had happened in this one. */
function toldByPmd(error: unknown): DistflowError | undefined {
  const [, message, code] = LAST_WORDS.exec(messageOf(error)) ?? [];
  if (message === undefined || code === undefined) return undefined;
  return new DistflowError(code as ErrorCode, message, { cause: error });
}

const START = "start the PMD";

function cannotSpawn(cause: unknown): DistflowError {
  const reason = cause instanceof Error ? ` (${cause.message})` : "";
  return new DistflowError(
    "SPAWN_UNAVAILABLE",
    `Cannot start the PMD as a process of its own${reason}. Use --foreground to run it in this one`,
    { cause },
  );
}
