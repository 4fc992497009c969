/**
 * TypeScript processes that find each other by name and send each other
 * messages, with nothing else to install: Erlang's distribution for Deno and
 * Node.js.
 *
 * Start a {@linkcode NodeRuntime} in each process. It registers with the port
 * mapper daemon of the machine (which it starts if there is none), sees peers
 * come and go, and sends them messages by their alias.
 *
 * @example Two processes that talk
 * ```ts no-run
 * import { NodeRuntime } from "@distflow/core";
 *
 * const node = await NodeRuntime.start({ alias: "my-service" });
 * node.onMessage((message, meta) => console.log(meta.alias, message));
 * node.on("peer:join", (peer) => console.log(`${peer.alias} is here`));
 * await node.send("other-service", { type: "HELLO" });
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
export type { PeerInfo } from "./src/node/directory.ts";
export type {
  MailboxOptions,
  MessageHandler,
  MessageMeta,
} from "./src/node/mailbox.ts";
export type { NodeOptions, NodePmdOptions } from "./src/node/options.ts";
export {
  type DropReport,
  type NodeEvents,
  NodeRuntime,
  type NodeStats,
} from "./src/node/runtime.ts";
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
  Address,
  Connection,
  ConnectionHandler,
  ConnectOptions,
  Listener,
  Transport,
} from "./src/transport/transport.ts";
export type { LeaveReason, PmdStatus } from "./src/wire/pmd_messages.ts";
