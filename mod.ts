/**
 * TypeScript processes that find each other by name and send each other
 * messages, with nothing else to install: Erlang's distribution for Deno and
 * Node.js.
 *
 * Start a {@linkcode NodeRuntime} in each process. It registers with the port
 * mapper daemon of the machine (which it starts if there is none), sees peers
 * come and go, and sends them messages by their alias.
 *
 * @example A node, and a message
 * ```ts
 * import { NodeRuntime, PmdServer } from "@distflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * // A PMD of its own keeps this example apart from what runs on the machine.
 * await using pmd = await PmdServer.start({ port: 0 });
 * await using node = await NodeRuntime.start<{ text: string }>({
 *   alias: "my-service",
 *   pmd: { port: pmd.address.port },
 * });
 * const received = new Promise((resolve) =>
 *   node.onMessage((message, meta) => resolve([message.text, meta.alias]))
 * );
 * await node.send("my-service", { text: "hello" });
 * assertEquals(await received, ["hello", "my-service"]);
 * ```
 *
 * @module
 */
export type { Clock, Timer } from "./src/base/clock.ts";
export {
  Emitter,
  type EventMap,
  type ListenerErrorHandler,
} from "./src/base/emitter.ts";
export {
  DistflowError,
  type DistflowErrorOptions,
  type ErrorCode,
} from "./src/base/errors.ts";
export type { JsonValue } from "./src/base/json.ts";
export { type Random, SeededRandom } from "./src/base/random.ts";
export { VERSION } from "./src/base/version.ts";
export {
  configureLogger,
  createTransport,
  formatRecordAsJson,
  formatRecordAsText,
  getLogger,
  type LogContext,
  type LoggedError,
  type Logger,
  LoggerHub,
  type LoggerOptions,
  type LogLevel,
  type LogLevels,
  type LogRecord,
  type LogThreshold,
  type LogTransport,
  type LogTransportOptions,
  type LogWrite,
  silentLogger,
  type TextFormatOptions,
} from "./src/log/mod.ts";
export type { PeerInfo } from "./src/node/directory.ts";
export type {
  MailboxOptions,
  MessageHandler,
  MessageMeta,
} from "./src/node/mailbox.ts";
export type { DropReport, NodeEvents, NodeStats } from "./src/node/events.ts";
export type { NodeOptions, NodePmdOptions } from "./src/node/options.ts";
export { NodeRuntime } from "./src/node/runtime.ts";
export type { PmdMode } from "./src/pmd/launch.ts";
export {
  type PmdEnd,
  PmdServer,
  type PmdServerOptions,
} from "./src/pmd/server.ts";
export type {
  EndSignal,
  Platform,
  ProcessControl,
  SpawnRequest,
} from "./src/transport/platform.ts";
export type {
  Cell,
  Database,
  Files,
  Storage,
} from "./src/transport/storage.ts";
export type {
  Address,
  Connection,
  ConnectionHandler,
  ConnectOptions,
  Listener,
  Transport,
} from "./src/transport/transport.ts";
export type { LeaveReason, PmdStatus } from "./src/wire/pmd_messages.ts";
