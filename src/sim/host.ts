import { isLoopback, isWildcard } from "../transport/transport.ts";
import type { SimListener } from "./listener.ts";

/** Ports that are given to those who ask for any, as on Linux. */
const FREE_PORT_FIRST = 32768;
/** How many of them there are. */
export const FREE_PORT_COUNT = 28232;

/** The first process of each host has this id: ids only differ within a host. */
const PID_FIRST = 100;

/**
 * One simulated machine: its address, its ports and its clock.
 *
 * It has the address it is named by, and loopback: 127.0.0.0/8 and ::1.
 */
export class Host {
  /** Its address for others. */
  readonly hostname: string;
  /** How far its wall clock is ahead of the world's, in milliseconds. */
  wallSkewMs = 0;
  /** Whether it is without power: it does not even refuse. */
  isOff = false;

  readonly #listeners: Map<number, SimListener[]> = new Map();
  #nextPid = PID_FIRST;

  /** Makes a host that others reach at `hostname`. */
  constructor(hostname: string) {
    this.hostname = hostname;
  }

  /** The id of its next process. */
  takePid(): number {
    return this.#nextPid++;
  }

  /** Whether `hostname`, in canonical form, is an address of this host. */
  owns(hostname: string): boolean {
    return hostname === this.hostname || isLoopback(hostname);
  }

  /** Whether something that listens keeps others from `hostname:port`. */
  isPortTaken(hostname: string, port: number): boolean {
    const listeners = this.#listeners.get(port) ?? [];
    return listeners.some((listener) =>
      listener.hostname === hostname || covers(listener.hostname, hostname) ||
      covers(hostname, listener.hostname)
    );
  }

  /** A port on `hostname` that is free, looked for from a random `start`. */
  findFreePort(hostname: string, start: number): number | undefined {
    for (let tried = 0; tried < FREE_PORT_COUNT; tried++) {
      const port = FREE_PORT_FIRST + (start + tried) % FREE_PORT_COUNT;
      if (!this.isPortTaken(hostname, port)) return port;
    }
    return undefined;
  }

  /** Who listens where `hostname:port` leads to. */
  findListener(hostname: string, port: number): SimListener | undefined {
    return this.#listeners.get(port)?.find((listener) =>
      listener.hostname === hostname || covers(listener.hostname, hostname)
    );
  }

  /** Adds a listener on a port that is free for it. */
  addListener(listener: SimListener): void {
    const { port } = listener.address;
    const listeners = this.#listeners.get(port) ?? [];
    this.#listeners.set(port, [...listeners, listener]);
  }

  /** Frees the port of a listener. */
  removeListener(listener: SimListener): void {
    const { port } = listener.address;
    const rest = (this.#listeners.get(port) ?? [])
      .filter((other) => other !== listener);
    if (rest.length > 0) this.#listeners.set(port, rest);
    else this.#listeners.delete(port);
  }
}

/** The one way to write a hostname that stands for an address. */
export function canonicalHostname(hostname: string): string {
  const lower = hostname.toLowerCase();
  if (lower === "localhost") return "127.0.0.1";
  return lower.startsWith("::ffff:") ? lower.slice("::ffff:".length) : lower;
}

/** Whether listening on `wildcard` means `hostname`, too. */
function covers(wildcard: string, hostname: string): boolean {
  if (!isWildcard(wildcard)) return false;
  return wildcard === "::" || !hostname.includes(":");
}
