import { DistflowError } from "../../../src/base/errors.ts";
import { SeededRandom } from "../../../src/base/random.ts";
import type { Platform } from "../../../src/transport/platform.ts";
import type { Connection } from "../../../src/transport/transport.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { MemoryConnection } from "./memory_network.ts";

/** A platform on which everything is the same in each run, to the byte. */
export class FixedPlatform implements Platform {
  readonly clock: ManualClock = new ManualClock();
  readonly random: SeededRandom = new SeededRandom(1);
  readonly connections: MemoryConnection[] = [];
  /** The far ends of the connections that were dialed from here. */
  readonly dialed: MemoryConnection[] = [];
  #accept: (connection: Connection) => void = () => {};

  readonly transport: Platform["transport"] = {
    listen: (address, accept) => {
      this.#accept = accept;
      return Promise.resolve({ address, close: () => Promise.resolve() });
    },
    connect: () => {
      const [near, far] = this.#pair();
      this.dialed.push(far);
      return Promise.resolve(near);
    },
  };

  readonly process: Platform["process"] = {
    pid: 4242,
    runtime: "golden/1.0.0",
    shared: new Map(),
    args: [],
    env: () => undefined,
    spawn: () =>
      Promise.reject(
        new DistflowError("SPAWN_UNAVAILABLE", "Cannot start a process here"),
      ),
    onSignal: () => () => {},
    exit: () => {},
    writeOut: () => {},
    writeError: () => {},
  };

  /** Opens a connection to whoever listens here; returns the far end. */
  dial(fromHostname = "127.0.0.1"): MemoryConnection {
    const [near, far] = this.#pair();
    near.remote = { hostname: fromHostname, port: 2 };
    this.#accept(near);
    return far;
  }

  /** Lets everything happen that can, promises included. */
  async settle(): Promise<void> {
    for (let turns = 0; turns < 10; turns++) {
      await Promise.resolve();
      for (let isMoving = true; isMoving;) {
        this.clock.turn();
        isMoving = false;
        for (const connection of this.connections) {
          while (connection.step()) isMoving = true;
        }
      }
    }
  }

  #pair(): [MemoryConnection, MemoryConnection] {
    const pair = MemoryConnection.pair();
    this.connections.push(...pair);
    return pair;
  }
}
