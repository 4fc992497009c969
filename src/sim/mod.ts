/**
 * A simulated platform, for tests of what runs on many processes: virtual
 * time, chance from a seed, and a network that fails on command.
 *
 * Everything that takes a `platform` option runs in a {@linkcode SimWorld}, and
 * the same seed always gives the same run. A test kills processes, freezes
 * them, cuts connections and partitions hosts, and waits in virtual time.
 *
 * @example A server that is killed is missed by its client
 * ```ts
 * import { SimWorld } from "@distflow/core/testing";
 * import { assertRejects } from "@std/assert";
 *
 * const world = new SimWorld({ seed: 1 });
 * const [server, client] = [world.process(), world.process()];
 * const address = { hostname: "127.0.0.1", port: 4369 };
 * await world.until(server.platform.transport.listen(address, () => {}));
 * server.crash();
 * await assertRejects(
 *   () =>
 *     world.until(
 *       client.platform.transport.connect(address, { timeoutMs: 1000 }),
 *     ),
 *   Error,
 *   "Cannot connect to 127.0.0.1:4369: nobody listens there",
 * );
 * ```
 *
 * @module
 */
export type { SimConnection } from "./connection.ts";
export type { MsRange, SimNetworkOptions } from "./network_options.ts";
export {
  SimProcess,
  type SimProcessOptions,
  type SimProgram,
} from "./process.ts";
export type { SimSelection } from "./selection.ts";
export { SimError, SimWorld } from "./world.ts";
export type { SimWorldOptions, UntilOptions } from "./world_options.ts";
