import { VERSION } from "../base/version.ts";
import { configureLogger } from "../log/mod.ts";
import { currentPlatform } from "../platform/mod.ts";
import { currentTerminal } from "../platform/terminal.ts";
import type { Platform } from "../transport/platform.ts";
import type { Terminal } from "../transport/terminal.ts";
import { PROTOCOL_VERSION } from "../wire/limits.ts";
import { parseCommandLine } from "./arguments.ts";
import type { Command, Invocation } from "./command.ts";
import { completionScript } from "./completions.ts";
import type { CommandContext } from "./context.ts";
import { EXIT_OK, type ExitCode } from "./exit_code.ts";
import { helpText } from "./help.ts";
import { Printer } from "./printer.ts";
import {
  killPmd,
  listNodes,
  resolveNode,
  showStatus,
} from "./query_commands.ts";
import { sendMessage } from "./send_command.ts";
import { readLook } from "./settings.ts";
import { startPmd } from "./start_command.ts";
import { watchNodes } from "./watch_command.ts";

/**
 * Runs the `distflow` command as the whole program: reads the command line,
 * does what it says, and ends the process with the exit code.
 */
export async function runCli(): Promise<void> {
  const platform = currentPlatform();
  const exitCode = await runCommandLine(platform, currentTerminal());
  platform.process.exit(exitCode);
}

/** Does what the command line of the process says; returns the exit code. */
export async function runCommandLine(
  platform: Platform,
  terminal: Terminal,
): Promise<ExitCode> {
  const { process } = platform;
  const env = (name: string): string | undefined => process.env(name);
  const look = readLook(process.args, env);
  const printer = new Printer(process, terminal, look);
  try {
    const { command, settings }: Invocation = parseCommandLine(
      process.args,
      env,
    );
    configureLogger({ level: settings.logLevel });
    await run({ platform, terminal, printer, settings }, command);
    return EXIT_OK;
  } catch (error) {
    return printer.failure(error);
  }
}

async function run(context: CommandContext, command: Command): Promise<void> {
  const { printer } = context;
  switch (command.act) {
    case "help":
      return printer.text(helpText(command.topic));
    case "completions":
      return printer.text(completionScript(command.shell));
    case "version":
      return showVersion(context);
    case "start":
      return await startPmd(context, command);
    case "status":
      return await showStatus(context);
    case "list":
      return await listNodes(context);
    case "resolve":
      return await resolveNode(context, command);
    case "watch":
      return await watchNodes(context);
    case "kill":
      return await killPmd(context, command);
    case "send":
      return await sendMessage(context, command);
  }
}

function showVersion({ platform, printer }: CommandContext): void {
  const { runtime } = platform.process;
  if (printer.json) {
    printer.value({
      version: VERSION,
      protocolVersion: PROTOCOL_VERSION,
      runtime,
    });
  } else {
    printer.line(
      `distflow ${VERSION} (protocol ${PROTOCOL_VERSION}, ${runtime})`,
    );
  }
}
