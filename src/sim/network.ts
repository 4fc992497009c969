import type { SeededRandom } from "../base/random.ts";
import { DistflowError, type ErrorCode } from "../base/errors.ts";
import {
  type Address,
  type Connection,
  type ConnectOptions,
  formatAddress,
  isLoopback,
  isWildcard,
  type Listener,
  type Transport,
} from "../transport/transport.ts";
import { ConnectionPair } from "./connection.ts";
import { Dial, type DialNetwork } from "./dial.ts";
import type { Execution } from "./execution.ts";
import { canonicalHostname, FREE_PORT_COUNT, Host } from "./host.ts";
import { Links } from "./links.ts";
import { SimListener } from "./listener.ts";
import type { NetworkSettings } from "./network_options.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SocketContext } from "./socket.ts";

/** What one call of a handler's `data` gets at most. */
const READ_BYTES_MAX = 65536;

/** Dialers have ports from here on; unlike listeners', they are not unique. */
const DIALER_PORT_FIRST = 61000;
const DIALER_PORT_COUNT = 4535;

const REASONS = {
  ADDRESS_IN_USE: "the port is in use",
  ADDRESS_UNAVAILABLE: "it is not an address of this machine",
} as const satisfies Partial<Record<ErrorCode, string>>;

/** All hosts of a simulated world, and the connections between them. */
export class Network implements DialNetwork {
  /** The ways between hosts. */
  readonly links: Links;

  readonly #hosts: Map<string, Host> = new Map();
  readonly #pairs: Set<ConnectionPair> = new Set();
  readonly #context: SocketContext;
  #nextPairId = 1;

  /** Makes a network without hosts. */
  constructor(
    scheduler: Scheduler,
    random: SeededRandom,
    settings: NetworkSettings,
  ) {
    this.links = new Links(scheduler, random, settings);
    const buffer = new Uint8Array(READ_BYTES_MAX);
    this.#context = { links: this.links, buffer };
  }

  /** The connections that at least one side has open, oldest first. */
  get pairs(): ConnectionPair[] {
    return [...this.#pairs];
  }

  /**
   * The host that others reach at `hostname`; there is one from now on.
   *
   * @throws {TypeError} If `hostname` can only be reached from its own host.
   */
  host(hostname: string): Host {
    const canonical = canonicalHostname(hostname);
    if (
      canonical === "" || isLoopback(canonical) || isWildcard(canonical)
    ) {
      throw new TypeError(
        `Cannot simulate a host as 'hostname' must be an address that other hosts can reach: current value is "${hostname}"`,
      );
    }
    const host = this.#hosts.get(canonical) ?? new Host(canonical);
    this.#hosts.set(canonical, host);
    return host;
  }

  findHost(host: Host, hostname: string): Host | undefined {
    return host.owns(hostname) ? host : this.#hosts.get(hostname);
  }

  /** The sockets of one process. */
  transportFor(execution: Execution): Transport {
    return {
      listen: (address, accept) => this.#listen(execution, address, accept),
      connect: (address, options) => this.#connect(execution, address, options),
    };
  }

  makePair(
    execution: Execution,
    listener: SimListener,
    address: Address,
  ): ConnectionPair {
    const hostname = isLoopback(address.hostname)
      ? address.hostname
      : execution.host.hostname;
    const port = DIALER_PORT_FIRST + this.#nextPairId % DIALER_PORT_COUNT;
    return new ConnectionPair(
      this.#nextPairId++,
      execution,
      { hostname, port },
      listener,
      address,
      this.#context,
      (pair) => this.#pairs.delete(pair),
    );
  }

  addPair(pair: ConnectionPair): void {
    this.#pairs.add(pair);
  }

  #listen(
    execution: Execution,
    { hostname: asked, port }: Address,
    accept: (connection: Connection) => void,
  ): Promise<Listener> {
    const { host } = execution;
    const hostname = canonicalHostname(asked);
    if (!execution.isAlive) return never();
    if (!host.owns(hostname) && !isWildcard(hostname)) {
      return cannotListen(execution, "ADDRESS_UNAVAILABLE", { hostname, port });
    }
    const start = this.links.random.below(FREE_PORT_COUNT);
    const taken = port === 0
      ? host.findFreePort(hostname, start)
      : host.isPortTaken(hostname, port)
      ? undefined
      : port;
    if (taken === undefined) {
      return cannotListen(execution, "ADDRESS_IN_USE", { hostname, port });
    }
    const address = { hostname: asked, port: taken };
    const listener = new SimListener(address, hostname, execution, accept);
    return new Promise((resolve) => {
      const what = `listens on ${formatAddress(address)}`;
      execution.post(what, () => resolve(listener));
    });
  }

  #connect(
    execution: Execution,
    address: Address,
    options: ConnectOptions,
  ): Promise<Connection> {
    if (!execution.isAlive) return never();
    return new Promise((resolve, reject) => {
      new Dial(this, execution, address, options, resolve, reject);
    });
  }
}

/** What a dead process waits for. */
function never(): Promise<never> {
  return new Promise(() => {});
}

function cannotListen(
  execution: Execution,
  code: keyof typeof REASONS,
  address: Address,
): Promise<never> {
  const { hostname, port } = address;
  const text = `Cannot listen on ${formatAddress(address)}: ${REASONS[code]}`;
  return new Promise((_resolve, reject) => {
    execution.post(text, () => {
      reject(new DistflowError(code, text, { details: { hostname, port } }));
    });
  });
}
