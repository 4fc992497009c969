import { DistflowError, hasCode } from "../base/errors.ts";
import type { JsonValue } from "../base/json.ts";
import { NodeRuntime } from "../node/runtime.ts";
import { CLOSE_TIMEOUT_MS, FRAME_BYTES_CAP } from "../wire/limits.ts";
import { parseMessage } from "./arguments.ts";
import type { SendCommand } from "./command.ts";
import { type CommandContext, dialable, withinTimeout } from "./context.ts";
import { UsageError } from "./usage_error.ts";

/** `distflow send`. */
export async function sendMessage(
  context: CommandContext,
  command: SendCommand,
): Promise<void> {
  const { printer } = context;
  const { target } = command;
  const message = command.message === undefined
    ? parseMessage(await readMessage(context))
    : command.message;
  const node = await withinTimeout(
    context,
    `send to "${target}"`,
    deliver(context, command, message),
  );
  await leave(context, node, target);
  const byteCount = new TextEncoder().encode(JSON.stringify(message)).length;
  if (printer.json) {
    const from = node.nodeId;
    return printer.value({ sent: true, target, from, byteCount });
  }
  const amount = byteCount === 1 ? "1 byte" : `${byteCount} bytes`;
  printer.note(`Sent ${amount} to "${target}"`);
}

/** Starts a node and hands the message to it; the node is to be shut down. */
async function deliver(
  { platform, settings }: CommandContext,
  { target, alias }: SendCommand,
  message: JsonValue,
): Promise<NodeRuntime> {
  const { timeoutMs } = settings;
  const { hostname, port } = dialable(settings.address);
  try {
    const node = await NodeRuntime.start({
      ...(alias === undefined ? {} : { alias }),
      pmd: { host: hostname, port, mode: "external" },
      timeoutMs,
      shutdownTimeoutMs: timeoutMs,
      platform,
    });
    try {
      await node.send(target, message);
      return node;
    } catch (error) {
      await node.shutdown();
      throw error;
    }
  } catch (error) {
    throw hasCode(error, "NOT_LOCAL") ? notLocal(target, hostname) : error;
  }
}

/**
 * Shuts the node down, which sends what is queued and waits until the receiver
 * has read it and closes the link.
 */
async function leave(
  { platform, settings }: CommandContext,
  node: NodeRuntime,
  target: string,
): Promise<void> {
  const { clock } = platform;
  const limitMs = Math.min(settings.timeoutMs, CLOSE_TIMEOUT_MS);
  const startedAtMs = clock.monotonicMs();
  await node.shutdown();
  if (clock.monotonicMs() - startedAtMs < limitMs) return;
  throw new DistflowError(
    "TIMEOUT",
    `Cannot tell whether "${target}" took the message: it was sent, but the node did not close the link within ${limitMs} ms. It may be busy, or stand still`,
    { details: { target, timeoutMs: limitMs } },
  );
}

async function readMessage(
  { printer, terminal }: CommandContext,
): Promise<string> {
  if (terminal.isInTerminal) {
    printer.note("Type the message as JSON, then Ctrl-D");
  }
  let bytes: Uint8Array;
  try {
    bytes = await terminal.readIn(FRAME_BYTES_CAP);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new DistflowError(
      "MESSAGE_TOO_LARGE",
      `Cannot send a message of more than ${FRAME_BYTES_CAP} bytes. Send it in parts`,
      { cause: error, details: { byteCountMax: FRAME_BYTES_CAP } },
    );
  }
  if (bytes.length === 0) {
    throw new UsageError(
      "Cannot send what standard input has, which is nothing",
      "send",
    );
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new UsageError(
      "Cannot send what standard input has, which is not UTF-8",
      "send",
    );
  }
}

function notLocal(target: string, hostname: string): DistflowError {
  const [name = ""] = target.split("@");
  return new DistflowError(
    "NOT_LOCAL",
    `Cannot send by way of the PMD on ${hostname}: it registers nodes of its own machine only. Leave out --host, and send to "${name}@${hostname}" by way of this machine's PMD`,
    { details: { target, hostname } },
  );
}
