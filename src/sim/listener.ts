import type { Address, Connection, Listener } from "../transport/transport.ts";
import type { Execution, Leftover } from "./execution.ts";
import type { SimSocket } from "./socket.ts";

/** An open port of a simulated process. */
export class SimListener implements Listener, Leftover {
  /** Where it listens, as its process wrote it. */
  readonly address: Address;
  /** Where it listens, in canonical form. */
  readonly hostname: string;
  /** The process that listens. */
  readonly execution: Execution;
  /** Connections that the system accepted and the process did not yet. */
  readonly #backlog: Set<SimSocket> = new Set();
  readonly #accept: (connection: Connection) => void;

  /** Opens `address`, which is free, for a process. */
  constructor(
    address: Address,
    hostname: string,
    execution: Execution,
    accept: (connection: Connection) => void,
  ) {
    this.address = address;
    this.hostname = hostname;
    this.execution = execution;
    this.#accept = accept;
    execution.host.addListener(this);
    execution.listeners.add(this);
  }

  /** How many connections wait for the process. */
  get backlogCount(): number {
    return this.#backlog.size;
  }

  /** Makes `socket` wait. */
  hold(socket: SimSocket): void {
    this.#backlog.add(socket);
  }

  /** Gives up on a socket that waits. */
  drop(socket: SimSocket): void {
    this.#backlog.delete(socket);
  }

  /** The process gets a socket that waits, as soon as it runs. */
  admit(socket: SimSocket, name: string): void {
    if (!this.#backlog.has(socket)) {
      socket.refuse();
      return;
    }
    this.execution.deliver(`${name} accepted`, () => {
      if (!this.#backlog.delete(socket) || socket.isGone) return;
      this.execution.sockets.add(socket);
      this.#accept(socket);
    });
  }

  close(): Promise<void> {
    this.vanish();
    return new Promise((resolve) => {
      this.execution.post("listener closed", resolve);
    });
  }

  /** Frees the port, and resets what waits. */
  vanish(): void {
    if (!this.execution.listeners.delete(this)) return;
    this.execution.host.removeListener(this);
    for (const socket of this.#backlog) socket.refuse();
    this.#backlog.clear();
  }
}
