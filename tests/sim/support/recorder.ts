import type {
  Address,
  Connection,
  ConnectionHandler,
  Listener,
} from "../../../src/transport/transport.ts";
import type { SimProcess, SimWorld } from "../../../src/sim/mod.ts";
import { DistflowError } from "../../../src/base/errors.ts";

/** A connection whose handler writes down what it is told. */
export class Recorder implements ConnectionHandler {
  /** The connection. */
  readonly connection: Connection;
  /** What was told, bytes and drains left out. */
  readonly events: string[] = [];
  /** The sizes of what `data` was given. */
  readonly chunkSizes: number[] = [];
  /** How often `drain` was told. */
  drainCount = 0;
  #text = "";
  readonly #decoder = new TextDecoder();

  /** Starts `connection`. */
  constructor(connection: Connection) {
    this.connection = connection;
    connection.start(this);
  }

  /** All that was received, as text. */
  get text(): string {
    return this.#text;
  }

  /** How many bytes were received. */
  get byteCount(): number {
    return this.chunkSizes.reduce((sum, size) => sum + size, 0);
  }

  /** Whether the connection is over. */
  get isClosed(): boolean {
    return this.events.some((event) => event.startsWith("close"));
  }

  /** Writes text. */
  send(text: string): boolean {
    return this.connection.write(new TextEncoder().encode(text));
  }

  data(bytes: Uint8Array): void {
    this.chunkSizes.push(bytes.length);
    this.#text += this.#decoder.decode(bytes, { stream: true });
  }

  drain(): void {
    this.drainCount++;
  }

  end(): void {
    this.events.push("end");
  }

  close(error?: Error): void {
    if (error === undefined) this.events.push("close");
    else if (error instanceof DistflowError) {
      this.events.push(`close ${error.code}`);
    } else this.events.push(`close ${error.name}`);
  }
}

/** A process that listens, and the recorders of what it accepted. */
export interface RecordingServer {
  /** The listener. */
  readonly listener: Listener;
  /** Its connections, in the order in which they were accepted. */
  readonly accepted: Recorder[];
}

/** The address that tests use within one host. */
export const LOCAL: Address = { hostname: "127.0.0.1", port: 4369 };

/** Makes `process` listen on `address`. */
export async function listen(
  world: SimWorld,
  process: SimProcess,
  address: Address = LOCAL,
): Promise<RecordingServer> {
  const accepted: Recorder[] = [];
  const listener = await world.until(
    process.platform.transport.listen(
      address,
      (connection) => accepted.push(new Recorder(connection)),
    ),
  );
  return { listener, accepted };
}

/** Connects `process` to `address`. */
export function connect(
  world: SimWorld,
  process: SimProcess,
  address: Address = LOCAL,
  timeoutMs = 5000,
): Promise<Recorder> {
  const { transport } = process.platform;
  return world.until(
    transport.connect(address, { timeoutMs })
      .then((connection) => new Recorder(connection)),
  );
}

/** Two processes with one connection, both sides recorded. */
export interface Pair {
  /** The process that listens. */
  readonly server: SimProcess;
  /** The process that connected. */
  readonly client: SimProcess;
  /** The listener's side. */
  readonly accepted: Recorder;
  /** The other side. */
  readonly dialed: Recorder;
  /** Where the server listens. */
  readonly listener: Listener;
}

/** Connects a new process on one host to a new one on another, or the same. */
export async function connectPair(
  world: SimWorld,
  hostnames: readonly [server: string, client: string] = [
    "10.0.0.1",
    "10.0.0.2",
  ],
): Promise<Pair> {
  const [serverHostname, clientHostname] = hostnames;
  const server = world.process({ hostname: serverHostname, name: "server" });
  const client = world.process({ hostname: clientHostname, name: "client" });
  const address = { hostname: serverHostname, port: 4369 };
  const { listener, accepted } = await listen(world, server, address);
  const dialed = await connect(world, client, address);
  await world.until(() => accepted.length === 1);
  const [first] = accepted;
  if (first === undefined) throw new Error("Nothing was accepted");
  return { server, client, accepted: first, dialed, listener };
}
