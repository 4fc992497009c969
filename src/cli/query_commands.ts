import { DistflowError, hasCode } from "../base/errors.ts";
import { formatAddress } from "../transport/transport.ts";
import type { PmdStatus, RegisteredNode } from "../wire/pmd_messages.ts";
import type { KillCommand, ResolveCommand } from "./command.ts";
import { askPmd, type CommandContext } from "./context.ts";
import { formatDuration } from "./duration.ts";
import { NO_ALIAS, NODE_COLUMNS, nodeCells, nodeValue } from "./node_view.ts";

/** `distflow pmd list`. */
export async function listNodes(context: CommandContext): Promise<void> {
  const { platform, printer, settings } = context;
  const nodes = await askPmd(
    context,
    "list the nodes",
    (client) => client.list(),
  );
  const nowMs = platform.clock.wallMs();
  if (printer.json) {
    return printer.value(nodes.map((node) => nodeValue(node, nowMs)));
  }
  printer.table(NODE_COLUMNS, nodes.map((node) => nodeCells(node, nowMs)));
  if (nodes.length === 0) {
    printer.note(
      `No nodes are registered with the PMD at ${
        formatAddress(settings.address)
      }`,
    );
  }
}

/** `distflow pmd resolve`. */
export async function resolveNode(
  context: CommandContext,
  { name, pmd }: ResolveCommand,
): Promise<void> {
  const { platform, printer, settings } = context;
  const address = pmd ?? settings.address;
  let node: RegisteredNode;
  try {
    node = await askPmd(
      context,
      `resolve "${name}"`,
      (client) => client.resolve(name),
      address,
    );
  } catch (error) {
    throw hasCode(error, "PEER_NOT_FOUND")
      ? notFound(name, formatAddress(address), error)
      : error;
  }
  const nowMs = platform.clock.wallMs();
  if (printer.json) return printer.value(nodeValue(node, nowMs));
  printer.fields([
    ["ALIAS", node.alias ?? NO_ALIAS],
    ["NODE", node.nodeId],
    ["ADDRESS", formatAddress({ hostname: node.host, port: node.port })],
    ["PID", String(node.pid)],
    ["RUNTIME", node.runtime],
    ["UPTIME", formatDuration(nowMs - node.registeredAtMs)],
    ["HEARTBEAT", `${formatDuration(node.heartbeatAgeMs)} ago`],
  ]);
}

/** `distflow pmd status`. */
export async function showStatus(context: CommandContext): Promise<void> {
  const { printer, settings } = context;
  const { hostname, port } = settings.address;
  const status = await askPmd(
    context,
    "ask the PMD for its status",
    (client) => client.status(),
  );
  if (printer.json) {
    return printer.value({ host: hostname, port, ...status });
  }
  printer.fields([
    ["ADDRESS", formatAddress(settings.address)],
    ["PID", String(status.pid)],
    ["RUNTIME", status.runtime],
    ["MODE", status.embedded ? "within a node" : "process of its own"],
    ["UPTIME", formatDuration(status.uptimeMs)],
    ["NODES", String(status.nodeCount)],
    [
      "CONNECTIONS",
      `${status.connectionCount} (${status.watcherCount} watching)`,
    ],
    ["REQUESTS", String(status.requestCount)],
    ["VIOLATIONS", String(status.violationCount)],
    ["PROTOCOL", String(status.protocolVersion)],
    ["ID", status.pmdId],
  ]);
}

/** `distflow pmd kill`. */
export async function killPmd(
  context: CommandContext,
  { force }: KillCommand,
): Promise<void> {
  const { printer, settings } = context;
  const { hostname, port } = settings.address;
  const status = await askPmd(
    context,
    "shut the PMD down",
    async (client): Promise<PmdStatus> => {
      const status = await client.status();
      await client.shutdown(force);
      // It says good-bye to its clients once its port is closed.
      await client.ended;
      return status;
    },
  );
  const { pid, nodeCount } = status;
  if (printer.json) {
    return printer.value({
      killed: true,
      host: hostname,
      port,
      pid,
      nodeCount,
    });
  }
  const place = formatAddress(settings.address);
  printer.line(`PMD shut down on ${place} (pid ${pid})`);
  if (nodeCount > 0) {
    printer.note(
      `${
        countNodes(nodeCount)
      } registered: those that may start a PMD start another one`,
    );
  }
}

function countNodes(count: number): string {
  return count === 1 ? "1 node was" : `${count} nodes were`;
}

function notFound(name: string, place: string, cause: unknown): DistflowError {
  return new DistflowError(
    "PEER_NOT_FOUND",
    `Cannot find "${name}": the PMD at ${place} knows no node of that name. Check the spelling, or see "distflow pmd list"`,
    { cause, details: { name } },
  );
}
