import { assert, assertEquals, assertRejects } from "@std/assert";
import { Deferred } from "../../src/base/deferred.ts";
import { DistflowError, type ErrorCode } from "../../src/base/errors.ts";
import type { Address, Listener } from "../../src/transport/transport.ts";
import type { TransportWorld } from "./transport_world.ts";
import { Witness } from "./witness.ts";

/** How long a connect may take where it is meant to succeed, or to be refused. */
const CONNECT_TIMEOUT_MS = 10_000;

/** Makes a test of what any transport must do. */
export type RuleTest = (
  rule: string,
  body: (stage: Stage) => Promise<void>,
) => void;

/** An open port, and the witnesses of what it accepted, in order. */
export class Port {
  /** The listener. */
  readonly listener: Listener;
  /** Its connections. */
  readonly accepted: Witness[];
  #deferred = new Deferred<void>();

  /** Makes a port whose connections are added to `accepted`. */
  constructor(listener: Listener, accepted: Witness[]) {
    this.listener = listener;
    this.accepted = accepted;
  }

  /** Where it listens. */
  get address(): Address {
    return this.listener.address;
  }

  /** One more was accepted. */
  onAccepted(): void {
    this.#deferred.resolve();
    this.#deferred = new Deferred();
  }

  /** Resolves to the connection number `index`, once it is there. */
  async take(index: number): Promise<Witness> {
    let witness = this.accepted[index];
    while (witness === undefined) {
      await this.#deferred.promise;
      witness = this.accepted[index];
    }
    return witness;
  }
}

/** Both sides of a connection. */
export interface Pair {
  /** Where it was accepted. */
  readonly port: Port;
  /** The side that connected. */
  readonly dialed: Witness;
  /** The side that listened. */
  readonly accepted: Witness;
}

/** What a rule needs to try a transport, and to clean up. */
export class Stage {
  /** Where the transport is tried. */
  readonly world: TransportWorld;
  readonly #witnesses: Witness[] = [];
  readonly #listeners: Listener[] = [];

  /** Makes a stage in `world`. */
  constructor(world: TransportWorld) {
    this.world = world;
  }

  /** Makes the world go on until `promise` is settled. */
  until<Value>(promise: Promise<Value>): Promise<Value> {
    return this.world.until(promise);
  }

  /** Makes the world go on until all `promises` are fulfilled. */
  async untilAll(...promises: Promise<unknown>[]): Promise<void> {
    await this.world.until(Promise.all(promises));
  }

  /**
   * Listens on an address, by default on any port of the first hostname.
   *
   * @param onAccept Must start the connection.
   */
  async listen(
    address: Partial<Address> = {},
    onAccept: (witness: Witness) => void = (witness) => witness.start(),
  ): Promise<Port> {
    const { hostname = this.world.hostnames[0], port = 0 } = address;
    const accepted: Witness[] = [];
    const listener = await this.until(
      this.world.server.listen({ hostname, port }, (connection) => {
        const witness = new Witness(connection);
        this.#witnesses.push(witness);
        accepted.push(witness);
        onAccept(witness);
        opened.onAccepted();
      }),
    );
    this.#listeners.push(listener);
    const opened = new Port(listener, accepted);
    return opened;
  }

  /**
   * Connects to an address.
   *
   * @param onConnect Must start the connection.
   */
  dial(
    address: Address,
    onConnect: (witness: Witness) => void = (witness) => witness.start(),
  ): Promise<Witness> {
    return this.until(this.dialing(address, onConnect));
  }

  /** As `dial`, without making the world go on. */
  async dialing(
    address: Address,
    onConnect: (witness: Witness) => void = (witness) => witness.start(),
    signal: AbortSignal = new AbortController().signal,
  ): Promise<Witness> {
    const connection = await this.world.client.connect(address, {
      timeoutMs: CONNECT_TIMEOUT_MS,
      signal,
    });
    const witness = new Witness(connection);
    this.#witnesses.push(witness);
    onConnect(witness);
    return witness;
  }

  /** Opens one connection, started on both sides unless told otherwise. */
  async pair(
    onAccept?: (witness: Witness) => void,
    onConnect?: (witness: Witness) => void,
  ): Promise<Pair> {
    const port = await this.listen({}, onAccept);
    const dialed = await this.dial(port.address, onConnect);
    return { port, dialed, accepted: await this.until(port.take(0)) };
  }

  /** Fails unless `act` is rejected with `code`, and tells of `address`. */
  async fails(
    code: ErrorCode,
    address: Address,
    act: () => Promise<unknown>,
  ): Promise<void> {
    const error = await assertRejects(() => this.until(act()), DistflowError);
    assertEquals(error.code, code, error.message);
    assertEquals(error.details.hostname, address.hostname);
    assertEquals(error.details.port, address.port);
    assert(error.message.includes(address.hostname), error.message);
  }

  /** Fails unless a connect to `address` is rejected with `code`. */
  failsToDial(
    code: ErrorCode,
    address: Address,
    timeoutMs: number = CONNECT_TIMEOUT_MS,
  ): Promise<void> {
    return this.fails(
      code,
      address,
      () => this.world.client.connect(address, { timeoutMs }),
    );
  }

  /** Fails unless a connect to `address` can be given up before its time. */
  failsToDialOnceGivenUp(address: Address, isBefore: boolean): Promise<void> {
    return this.fails("CONNECTION_CLOSED", address, () => {
      const abort = new AbortController();
      if (isBefore) abort.abort();
      const { signal } = abort;
      const timeoutMs = CONNECT_TIMEOUT_MS;
      const dialed = this.world.client.connect(address, { timeoutMs, signal });
      abort.abort();
      return dialed;
    });
  }

  /** Fails unless a listen on `address` is rejected with `code`. */
  failsToListen(code: ErrorCode, address: Address): Promise<void> {
    return this.fails(
      code,
      address,
      () => this.world.server.listen(address, () => {}),
    );
  }

  /** Fails on what any connection did wrong. */
  checkWitnesses(): void {
    assertEquals(this.#witnesses.flatMap(({ breaches }) => breaches), []);
  }

  /** Closes all that is open; fails on what any connection did wrong. */
  async finish(): Promise<void> {
    for (const witness of this.#witnesses) {
      if (!witness.isClosed) witness.closeNow();
    }
    await this.untilAll(
      ...this.#witnesses.map((witness) => witness.closes()),
      ...this.#listeners.map((listener) => listener.close()),
    );
    await this.world.settle();
    await this.world.close();
    this.checkWitnesses();
  }
}
