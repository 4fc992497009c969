import { assertEquals } from "@std/assert";
import { SimWorld } from "../../../src/sim/mod.ts";
import type {
  TransportWorld,
  TransportWorldFactory,
} from "../../compliance/transport_world.ts";

const CONNECT_TIMEOUT_MS = 1000;

/** How two processes of a simulated world stand to each other. */
export interface SimTransportOptions {
  /** The seed of the world. */
  readonly seed: number;
  /** Where the server runs. */
  readonly serverHostname: string;
  /** Where the client runs. */
  readonly clientHostname: string;
}

/** A factory of simulated worlds with one server and one client. */
export function simTransportWorld(
  options: SimTransportOptions,
): TransportWorldFactory {
  const { seed, serverHostname, clientHostname } = options;
  return (): TransportWorld => {
    const world = new SimWorld({ seed });
    const processes = [serverHostname, clientHostname]
      .map((hostname) => world.process({ hostname }));
    const [server, client] = processes;
    if (server === undefined || client === undefined) throw new Error("Unset");
    return {
      server: server.platform.transport,
      client: client.platform.transport,
      clock: client.platform.clock,
      hostnames: serverHostname === clientHostname
        ? ["127.0.0.1", "::1", "localhost"]
        : [serverHostname],
      foreignHostname: "10.9.9.9",
      unknownHostname: "nowhere.invalid",
      until: (promise) => world.until(promise),
      settle: () => world.settle(),
      async connectRudely(address) {
        const { transport } = client.platform;
        const connection = await transport.connect(address, {
          timeoutMs: CONNECT_TIMEOUT_MS,
        });
        const made = world.connections.at(-1);
        connection.pause();
        connection.start({ data() {}, drain() {}, end() {}, close() {} });
        return () => void world.cut((each) => each === made);
      },
      silentAddress: () => Promise.resolve({ hostname: "10.9.9.9", port: 1 }),
      async close() {
        await world.run(1000);
        for (const process of processes) {
          assertEquals({
            connections: process.openConnections,
            listeners: process.openListeners,
            operations: process.pendingOperations,
            timers: process.pendingTimers,
          }, { connections: 0, listeners: 0, operations: 0, timers: 0 });
        }
        assertEquals(world.connections.map(String), []);
      },
    };
  };
}
