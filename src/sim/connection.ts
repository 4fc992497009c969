import { type Address, formatAddress } from "../transport/transport.ts";
import type { Execution } from "./execution.ts";
import type { SimListener } from "./listener.ts";
import type { SimProcess } from "./process.ts";
import {
  SimSocket,
  type SocketContext,
  type SocketObserver,
} from "./socket.ts";
import { Stream } from "./stream.ts";

/** A connection in a simulated world, as its tests see it. */
export interface SimConnection {
  /** Tells it from others; also in the trace, as in `#12`. */
  readonly id: number;
  /** The process that opened it. */
  readonly dialer: SimProcess;
  /** The process that listened. */
  readonly acceptor: SimProcess;
  /** Where the acceptor listens, as the dialer sees it. */
  readonly address: Address;
  /** Whether at least one of the two processes has it open. */
  readonly isOpen: boolean;
}

/** Both sides of a connection, and the two ways between them. */
export class ConnectionPair implements SimConnection, SocketObserver {
  readonly id: number;
  readonly address: Address;
  /** The side of who opened it. */
  readonly dialed: SimSocket;
  /** The side of who listened. */
  readonly accepted: SimSocket;
  readonly #toAcceptor: Stream;
  readonly #toDialer: Stream;
  readonly #context: SocketContext;
  readonly #listener: SimListener;
  readonly #onOver: (pair: ConnectionPair) => void;
  #isEstablished = false;

  /** Makes a connection that the dialer's system does not know of yet. */
  constructor(
    id: number,
    dialer: Execution,
    dialerAddress: Address,
    listener: SimListener,
    address: Address,
    context: SocketContext,
    onOver: (pair: ConnectionPair) => void,
  ) {
    this.id = id;
    this.address = address;
    this.#listener = listener;
    this.#context = context;
    this.#onOver = onOver;
    const acceptor = listener.execution;
    const side = (execution: Execution, local: Address, remote: Address) =>
      new SimSocket(`#${id}`, execution, local, remote, context, this);
    this.dialed = side(dialer, dialerAddress, address);
    this.accepted = side(acceptor, address, dialerAddress);
    const way = (from: SimSocket, to: SimSocket) => {
      const [one, other] = [from.execution, to.execution];
      const { links } = context;
      const path = links.path(one.host, other.host, one, other);
      return new Stream(links, path, from, to);
    };
    this.#toAcceptor = way(this.dialed, this.accepted);
    this.#toDialer = way(this.accepted, this.dialed);
    this.dialed.attach(this.#toAcceptor, this.#toDialer);
    this.accepted.attach(this.#toDialer, this.#toAcceptor);
    listener.hold(this.accepted);
  }

  get dialer(): SimProcess {
    return this.dialed.execution.process;
  }

  get acceptor(): SimProcess {
    return this.accepted.execution.process;
  }

  get isOpen(): boolean {
    return !this.dialed.isGone || !this.accepted.isGone;
  }

  /** The dialer's system got its answer: it says so, and may send. */
  establish(): void {
    this.#isEstablished = true;
    this.dialed.execution.sockets.add(this.dialed);
    this.#toAcceptor.open();
  }

  /** The dialer waits no longer, whether its system has an answer or not. */
  abandon(): void {
    if (this.#isEstablished) this.dialed.vanish();
    else this.accepted.refuse();
  }

  /** Resets both sides: what is on its way is lost. */
  cut(): void {
    this.makeDeaf(this.dialed);
    this.makeDeaf(this.accepted);
    const { links } = this.#context;
    for (const socket of [this.dialed, this.accepted]) {
      const delayUs = links.delayUs(this.#toDialer.path, 0);
      links.scheduler.after(delayUs, () => socket.onReset());
    }
  }

  /** From now on, nothing reaches `socket`, and no sign tells of it. */
  makeDeaf(socket: SimSocket): void {
    const stream = socket === this.dialed ? this.#toDialer : this.#toAcceptor;
    stream.isVanishing = true;
  }

  opened(): void {
    this.#listener.admit(this.accepted, this.toString());
  }

  gone(socket: SimSocket): void {
    if (socket === this.accepted) this.#listener.drop(socket);
    if (!this.isOpen) this.#onOver(this);
  }

  toString(): string {
    return `#${this.id} ${formatAddress(this.dialed.local)}`;
  }
}
