import { assert, assertEquals } from "@std/assert";
import type {
  Connection,
  ConnectionHandler,
  Listener,
} from "../../src/transport/transport.ts";
import type { SimProcess, SimWorld } from "../../src/sim/mod.ts";
import { simSeeds } from "./support/sim_test.ts";

const PORT = 4000;
const HOST_COUNT = 3;
const PROCESS_COUNT = 6;

/** What each side of a connection sends, over and over. */
const PATTERN = Uint8Array.from(
  { length: 65536 },
  (_, index) => index * 31 + (index >> 8),
);

/** `byteCount` bytes of the endless pattern, from `start` on. */
function patternFrom(start: number, byteCount: number): Uint8Array {
  const bytes = new Uint8Array(byteCount);
  for (let count = 0; count < byteCount;) {
    const index = (start + count) % PATTERN.length;
    const part = PATTERN.subarray(index, index + byteCount - count);
    bytes.set(part, count);
    count += part.length;
  }
  return bytes;
}

/**
 * A handler that fails the run if what it is told breaks the contract of
 * `ConnectionHandler`, and otherwise uses its connection at random.
 */
class Inspector implements ConnectionHandler {
  readonly #connection: Connection;
  readonly #process: SimProcess;
  readonly #log: string[] = [];
  isClosed = false;
  #isInMethod = false;
  #isPeerEnded = false;
  #isEnded = false;
  #mayDrain = false;
  #sentCount = 0;
  #receivedCount = 0;

  constructor(connection: Connection, process: SimProcess) {
    this.#connection = connection;
    this.#process = process;
    this.#call(() => connection.start(this));
  }

  data(bytes: Uint8Array): void {
    this.#check("data");
    assert(!this.#isPeerEnded, "data after the end");
    assert(bytes.length > 0, "empty data");
    for (let index = 0; index < bytes.length; index++) {
      const offset = this.#receivedCount++ % PATTERN.length;
      if (bytes[index] !== PATTERN[offset]) throw new Error("Out of order");
    }
    this.act();
  }

  drain(): void {
    this.#check("drain");
    assert(this.#mayDrain, "a drain that nobody waits for");
    assert(this.#connection.queuedBytes <= 256 * 1024, "a drain while full");
    this.#mayDrain = false;
    this.act();
  }

  end(): void {
    this.#check("end");
    assert(!this.#isPeerEnded, "a second end");
    this.#isPeerEnded = true;
    this.act();
  }

  close(error?: Error): void {
    this.#check(`close ${error?.message ?? ""}`);
    this.isClosed = true;
    // Nothing that is called after the end may do harm.
    this.#call(() => {
      this.#connection.write(new Uint8Array(10));
      this.#connection.resume();
      this.#connection.end();
      this.#connection.close();
    });
  }

  /** Does something at random, as a user of the connection might. */
  act(): void {
    const { random, clock } = this.#process.platform;
    const choice = random.below(100);
    if (choice < 58) this.#write(1 + random.below(3000));
    else if (choice < 60) this.#write(1 + random.below(400_000));
    else if (choice < 70) {
      this.#call(() => this.#connection.pause());
      clock.schedule(random.below(50), () => {
        this.#call(() => this.#connection.resume());
      });
    } else if (choice < 72) {
      this.#isEnded = true;
      this.#call(() => this.#connection.end());
    } else if (choice < 73) this.closeNow();
  }

  closeNow(): void {
    this.#isEnded = true;
    this.#call(() => this.#connection.close());
  }

  #write(byteCount: number): void {
    if (this.#isEnded || this.isClosed) return;
    const bytes = patternFrom(this.#sentCount, byteCount);
    this.#sentCount += byteCount;
    this.#call(() => {
      if (!this.#connection.write(bytes)) this.#mayDrain = true;
    });
  }

  #call(act: () => void): void {
    this.#isInMethod = true;
    act();
    this.#isInMethod = false;
  }

  #check(what: string): void {
    this.#log.push(what);
    assert(this.#process.alive, `${what} in a dead process`);
    assert(!this.#process.frozen, `${what} in a frozen process`);
    assert(!this.isClosed, `${what} after close: ${this.#log}`);
    assert(!this.#isInMethod, `${what} from within a method`);
  }
}

/** One process that listens, dials and uses what it has. */
class User {
  readonly process: SimProcess;
  readonly inspectors: Inspector[] = [];
  listener: Listener | undefined;
  #isBusy = true;

  constructor(world: SimWorld, index: number) {
    const hostname = hostnameOf(index);
    this.process = world.process({ hostname });
    const { clock, random, transport } = this.process.platform;
    const inspect = (connection: Connection): void => {
      assert(this.process.alive && !this.process.frozen);
      this.inspectors.push(new Inspector(connection, this.process));
    };
    transport.listen({ hostname, port: PORT + index }, inspect)
      .then((listener) => this.listener = listener);
    const work = (): void => {
      if (!this.#isBusy) return;
      clock.schedule(1 + random.below(40), work);
      if (random.below(100) < 40) {
        const peer = random.below(PROCESS_COUNT);
        const address = { hostname: hostnameOf(peer), port: PORT + peer };
        transport.connect(address, { timeoutMs: 1 + random.below(2000) })
          .then(inspect, () => {});
      }
      for (const inspector of this.inspectors) {
        if (!inspector.isClosed && random.below(100) < 20) inspector.act();
      }
    };
    clock.schedule(1, work);
  }

  async stop(): Promise<void> {
    this.#isBusy = false;
    await this.listener?.close();
  }
}

function hostnameOf(index: number): string {
  return `10.0.0.${1 + index % HOST_COUNT}`;
}

async function disturb(world: SimWorld, users: User[]): Promise<void> {
  const { random } = world;
  const index = random.below(users.length);
  const { process } = users[index] as User;
  switch (random.below(9)) {
    case 0:
      process.crash();
      users[index] = new User(world, index);
      break;
    case 1:
      process.freeze();
      break;
    case 2:
      process.thaw();
      break;
    case 3:
      if (world.connections.length > 0) {
        world.cut(random.pick(world.connections));
      }
      break;
    case 4:
      if (world.connections.length > 0) {
        const connection = random.pick(world.connections);
        const { dialer, acceptor } = connection;
        world.halfOpen(connection, random.pick([undefined, dialer, acceptor]));
      }
      break;
    case 5:
      world.partition([hostnameOf(index)], [hostnameOf(index + 1)]);
      break;
    case 6:
      world.heal();
      break;
    case 7:
      world.slow(process, random.pick([1, 30]));
      break;
    case 8:
      if (!random.chance(20)) break;
      world.powerOff(process.hostname);
      users.forEach((user, each) => {
        if (!user.process.alive) users[each] = new User(world, each);
      });
  }
  await world.run(random.below(100));
}

simSeeds(
  "whatever fails, connections keep their contract and nothing is left",
  async (world) => {
    const users = Array.from(
      { length: PROCESS_COUNT },
      (_, index) => new User(world, index),
    );
    for (let round = 0; round < 20; round++) await disturb(world, users);

    world.heal();
    for (const { process } of users) process.thaw();
    await world.run(1);
    for (const user of users) await world.until(user.stop());
    // Connects may be under way for up to two seconds.
    await world.run(3000);
    for (const { inspectors } of users) {
      for (const each of inspectors) if (!each.isClosed) each.closeNow();
    }
    await world.run(1000);

    assertEquals(world.connections.map(String), []);
    for (const { process, inspectors } of users) {
      assert(inspectors.every((each) => each.isClosed), "all are told");
      assertEquals({
        connections: process.openConnections,
        listeners: process.openListeners,
        operations: process.pendingOperations,
        timers: process.pendingTimers,
      }, { connections: 0, listeners: 0, operations: 0, timers: 0 });
    }
  },
  { seedCount: 200, network: { giveUpMs: 5000, retransmitMaxMs: 1000 } },
);
