import { importPackage } from "./packages.ts";
import type { OpenPeer } from "./system.ts";

interface Nats {
  connect(options: object): Promise<{
    subscribe(
      subject: string,
      options: { callback: (error: unknown, message: NatsMessage) => void },
    ): void;
    publish(subject: string, text: string): void;
    flush(): Promise<void>;
    drain(): Promise<void>;
  }>;
}

interface NatsMessage {
  string(): string;
}

/** The client has no back-pressure; without this, memory grows and grows. */
const FLUSH_EVERY = 8192;

/** NATS with its official client; `port` is the server's. */
export const open: OpenPeer = async ({ self, port, onMessage }) => {
  const { connect } = await importPackage<Nats>("@nats-io/transport-node");
  const connection = await connect({ servers: `127.0.0.1:${port}` });
  connection.subscribe(`peer${self}`, {
    callback(error, message) {
      if (error !== null) throw error;
      onMessage(JSON.parse(message.string()));
    },
  });
  await connection.flush();
  const subjects = Array.from({ length: 32 }, (_, number) => `peer${number}`);
  let count = 0;
  return {
    send(to, message) {
      connection.publish(subjects[to] ?? "", JSON.stringify(message));
      if (++count % FLUSH_EVERY === 0) return connection.flush();
    },
    close: () => connection.drain(),
  };
};
