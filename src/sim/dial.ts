import type { Timer } from "../base/clock.ts";
import { DistflowError, type ErrorCode } from "../base/errors.ts";
import {
  type Address,
  type Connection,
  type ConnectOptions,
  formatAddress,
  isWildcard,
} from "../transport/transport.ts";
import type { ConnectionPair } from "./connection.ts";
import type { Execution } from "./execution.ts";
import { canonicalHostname, type Host } from "./host.ts";
import type { SimListener } from "./listener.ts";
import type { Links } from "./links.ts";
import { usOf } from "./network_options.ts";

/** What a {@linkcode Dial} asks of the network. */
export interface DialNetwork {
  /** The ways between hosts. */
  readonly links: Links;
  /** The host that `hostname` leads to from `host`; undefined if none does. */
  findHost(host: Host, hostname: string): Host | undefined;
  /** A connection from `execution` to `listener`, at `address`. */
  makePair(
    execution: Execution,
    listener: SimListener,
    address: Address,
  ): ConnectionPair;
  /** The connection is there for its dialer, and may be broken from now on. */
  addPair(pair: ConnectionPair): void;
}

/** A request to connect that finds a full backlog comes again after this. */
const BACKLOG_RETRY_US = usOf(1000);

const REASONS = {
  ADDRESS_UNAVAILABLE: "no such host",
  CONNECTION_CLOSED: "the attempt was given up",
  CONNECTION_REFUSED: "nobody listens there",
  CONNECTION_TIMEOUT: "no answer came in time",
} as const satisfies Partial<Record<ErrorCode, string>>;

/** One attempt to open a connection, from the first packet to the last. */
export class Dial {
  readonly #network: DialNetwork;
  readonly #execution: Execution;
  readonly #address: Address;
  readonly #resolve: (connection: Connection) => void;
  readonly #reject: (error: DistflowError) => void;
  readonly #timer: Timer;
  readonly #signal: AbortSignal | undefined;
  readonly #giveUp = (): void => this.#fail("CONNECTION_CLOSED");
  /** Where it is still to be tried. */
  readonly #hostnames: string[];
  #pair: ConnectionPair | undefined;
  #isSettled = false;

  /** Begins to connect `execution` to `address`. */
  constructor(
    network: DialNetwork,
    execution: Execution,
    address: Address,
    options: ConnectOptions,
    resolve: (connection: Connection) => void,
    reject: (error: DistflowError) => void,
  ) {
    this.#network = network;
    this.#execution = execution;
    this.#address = address;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#hostnames = hostnamesOf(address.hostname);
    execution.startOperation();
    this.#timer = execution.schedule(
      options.timeoutMs,
      () => this.#fail("CONNECTION_TIMEOUT"),
      false,
    );
    this.#signal = options.signal;
    this.#signal?.addEventListener("abort", this.#giveUp);
    network.links.scheduler.note(
      execution.label,
      `connects to ${formatAddress(address)}`,
    );
    if (this.#signal?.aborted) this.#giveUp();
    else this.#tryNext("ADDRESS_UNAVAILABLE");
  }

  #tryNext(code: keyof typeof REASONS): void {
    const hostname = this.#hostnames.shift();
    if (hostname === undefined) {
      const what = `cannot connect to ${formatAddress(this.#address)}: ${code}`;
      this.#execution.post(what, () => this.#fail(code));
      return;
    }
    const host = this.#network.findHost(this.#execution.host, hostname);
    if (host !== undefined) this.#knock(host, hostname);
    // To an address without a host, packets go and nothing comes back.
    else if (!isNumeric(hostname)) this.#tryNext("ADDRESS_UNAVAILABLE");
  }

  #knock(host: Host, hostname: string): void {
    if (this.#isSettled || !this.#execution.isAlive) return;
    const { links } = this.#network;
    const own = this.#execution.host;
    const address = { hostname, port: this.#address.port };
    const there = links.path(own, host, this.#execution, undefined);
    links.sendPacket(there, () => {
      const listener = host.findListener(hostname, address.port);
      if (listener === undefined) {
        const back = links.path(host, own, undefined, this.#execution);
        links.sendPacket(back, () => this.#tryNext("CONNECTION_REFUSED"));
      } else if (listener.backlogCount >= links.settings.backlogMax) {
        links.scheduler.after(
          BACKLOG_RETRY_US,
          () => this.#knock(host, hostname),
        );
      } else {
        this.#answer(listener, address);
      }
    });
  }

  #answer(listener: SimListener, address: Address): void {
    const { links } = this.#network;
    const [here, there] = [this.#execution, listener.execution];
    const pair = this.#network.makePair(here, listener, address);
    this.#pair = pair;
    const back = links.path(there.host, here.host, there, here);
    links.sendPacket(back, () => {
      if (this.#isSettled || !here.isAlive) {
        pair.abandon();
        return;
      }
      // The listener was closed while its answer was on its way.
      if (pair.dialed.isGone) return this.#tryNext("CONNECTION_REFUSED");
      this.#network.addPair(pair);
      pair.establish();
      here.deliver(`${pair} connected to ${formatAddress(address)}`, () => {
        if (!this.#settle()) return;
        this.#resolve(pair.dialed);
      });
    });
  }

  #fail(code: keyof typeof REASONS): void {
    if (!this.#settle()) return;
    this.#pair?.abandon();
    const { hostname, port } = this.#address;
    this.#reject(
      new DistflowError(
        code,
        `Cannot connect to ${formatAddress(this.#address)}: ${REASONS[code]}`,
        { details: { hostname, port } },
      ),
    );
  }

  #settle(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    this.#timer.cancel();
    this.#signal?.removeEventListener("abort", this.#giveUp);
    this.#execution.endOperation();
    return true;
  }
}

/** The addresses that a name stands for, in the order to try them. */
function hostnamesOf(hostname: string): string[] {
  if (hostname.toLowerCase() === "localhost") return ["127.0.0.1", "::1"];
  const canonical = canonicalHostname(hostname);
  // Connecting to "every address" leads to this machine.
  if (isWildcard(canonical)) return [canonical === "::" ? "::1" : "127.0.0.1"];
  return [canonical];
}

/** Whether `hostname` is an address rather than a name. */
function isNumeric(hostname: string): boolean {
  return hostname.includes(":") || /^\d+(\.\d+){3}$/.test(hostname);
}
