import type { Clock } from "../../src/base/clock.ts";
import type { Address, Transport } from "../../src/transport/transport.ts";

/**
 * The place in which the compliance suite tries a transport: real sockets, or
 * a simulated network.
 *
 * The suite waits for nothing but events, and only through `until`, so that a
 * simulator can move its time on meanwhile.
 */
export interface TransportWorld {
  /** What the suite listens with. */
  readonly server: Transport;
  /** What it connects with; may be the same. */
  readonly client: Transport;
  /** Time as `client` sees it. */
  readonly clock: Clock;
  /**
   * Addresses of the server's machine that it can listen on and the client can
   * connect to: IPv4 first, then IPv6 and names where there are any.
   */
  readonly hostnames: readonly [string, ...string[]];
  /** An address that belongs to no machine of this world. */
  readonly foreignHostname: string;
  /** A name that stands for no address. */
  readonly unknownHostname: string;
  /** Makes the world go on until `promise` is settled, and returns its value. */
  until<Value>(promise: Promise<Value>): Promise<Value>;
  /**
   * Lets whatever is under way come to rest, so that the suite can see that
   * something did not happen.
   */
  settle(): Promise<void>;
  /**
   * Connects to `address` as a program that reads nothing.
   *
   * @returns Breaks the connection with a reset.
   */
  connectRudely(address: Address): Promise<() => void>;
  /**
   * Makes an address at which a request to connect gets no answer, neither yes
   * nor no. Left out where that cannot be arranged.
   */
  silentAddress?(): Promise<Address>;
  /** Takes the world down; fails if anything is left open in it. */
  close(): Promise<void>;
}

/** Makes a new world for one test. */
export type TransportWorldFactory = () =>
  | TransportWorld
  | Promise<TransportWorld>;
