import { importPackage } from "./packages.ts";
import type { Message, OpenPeer } from "./system.ts";

interface Moleculer {
  readonly default: {
    readonly ServiceBroker: new (options: object) => Broker;
  };
}

interface Broker {
  createService(schema: object): void;
  start(): Promise<void>;
  stop(): Promise<void>;
  waitForServices(names: string): Promise<void>;
  emit(event: string, message: Message): Promise<void>;
}

/** There is no back-pressure; without a pause, memory grows and grows. */
const PAUSE_EVERY = 1024;

/** Moleculer's TCP transporter, with fixed addresses instead of multicast. */
export const open: OpenPeer = async (options) => {
  const { self, peerCount, port, onMessage } = options;
  const { default: { ServiceBroker } } = await importPackage<Moleculer>(
    "moleculer",
  );
  const urls = Array.from(
    { length: peerCount },
    (_, number) => `tcp://127.0.0.1:${port + number}/peer${number}`,
  );
  const broker = new ServiceBroker({
    nodeID: `peer${self}`,
    logger: false,
    transporter: {
      type: "TCP",
      options: { udpDiscovery: false, urls, port: port + self },
    },
  });
  broker.createService({
    name: `peer${self}`,
    events: {
      [`to.peer${self}`]: {
        // Moleculer reads the parameter's name to tell what it is to be given.
        handler: (ctx: { params: Message }) => onMessage(ctx.params),
      },
    },
  });
  await broker.start();
  const known = new Map<number, Promise<void>>();
  let count = 0;
  return {
    send(to, message) {
      if (!known.has(to)) {
        known.set(to, broker.waitForServices(`peer${to}`));
        return known.get(to)?.then(() => broker.emit(`to.peer${to}`, message));
      }
      broker.emit(`to.peer${to}`, message);
      if (++count % PAUSE_EVERY === 0) {
        return new Promise((resolve) => setImmediate(resolve));
      }
    },
    close: () => broker.stop(),
  };
};
