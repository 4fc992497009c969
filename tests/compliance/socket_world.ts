import { assertEquals } from "@std/assert";
import { once } from "node:events";
import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import process from "node:process";
import { systemClock } from "../../src/platform/clock.ts";
import type { Address, Transport } from "../../src/transport/transport.ts";
import { Running } from "../packages/support.ts";
import { scriptCommand } from "../support/script.ts";
import type {
  TransportWorld,
  TransportWorldFactory,
} from "./transport_world.ts";

/** A test that waits for longer waits for what does not come. */
const PATIENCE_MS = 60_000;

/**
 * Turns of the event loop in which all that is under way comes to rest.
 *
 * What is sent to loopback is at the other side when the system's call returns:
 * only this process can be behind. It needs a turn or two to read what came,
 * and a few more for each answer to an answer. A turn waits for a timer, as
 * Deno looks for I/O only when there is nothing else to do.
 */
const SETTLE_TURN_COUNT = 15;

/** A port of Linux with a backlog of 1 lets two wait, and answers no third. */
const BACKLOG_COUNT = 2;

const FD_FOLDER = "/proc/self/fd";

/** A factory of worlds with this machine's own sockets. */
export function socketWorld(transport: Transport): TransportWorldFactory {
  return () => new SocketWorld(transport);
}

class SocketWorld implements TransportWorld {
  readonly server: Transport;
  readonly client: Transport;
  readonly clock = systemClock;
  readonly hostnames: readonly [string, ...string[]];
  /** TEST-NET-1 of RFC 5737. */
  readonly foreignHostname = "192.0.2.1";
  readonly unknownHostname = "nowhere.invalid";
  readonly silentAddress?: () => Promise<Address>;
  readonly #socketCount = countSockets();
  #silent: Running | undefined;
  readonly #waiting: Socket[] = [];

  constructor(transport: Transport) {
    this.server = transport;
    this.client = transport;
    this.hostnames = hasIpv6()
      ? ["127.0.0.1", "::1", "localhost"]
      : ["127.0.0.1", "localhost"];
    if (process.platform === "linux") {
      this.silentAddress = () => this.#openSilentPort();
    }
  }

  async until<Value>(promise: Promise<Value>): Promise<Value> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tooLong = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(
        () => reject(new Error(`Nothing came within ${PATIENCE_MS} ms`)),
        PATIENCE_MS,
      );
    });
    try {
      return await Promise.race([promise, tooLong]);
    } finally {
      clearTimeout(timer);
    }
  }

  async settle(): Promise<void> {
    for (let turn = 0; turn < SETTLE_TURN_COUNT; turn++) await nextTurn();
  }

  async connectRudely({ hostname, port }: Address): Promise<() => void> {
    const socket = connect({ host: hostname, port });
    await once(socket, "connect");
    return () => socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    for (const socket of this.#waiting) {
      socket.destroy();
      await once(socket, "close");
    }
    await this.#silent?.[Symbol.asyncDispose]();
    await this.settle();
    assertEquals(countSockets(), this.#socketCount, "open sockets");
  }

  async #openSilentPort(): Promise<Address> {
    const silent = new Running(
      scriptCommand("tests/compliance/programs/silent_port.ts"),
    );
    this.#silent = silent;
    await silent.says("\n");
    const port = Number(/\d+/.exec(silent.output)?.[0]);
    const address = { hostname: "127.0.0.1", port };
    for (let count = 0; count < BACKLOG_COUNT; count++) {
      const socket = connect({ host: address.hostname, port });
      this.#waiting.push(socket);
      await once(socket, "connect");
    }
    return address;
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}

function hasIpv6(): boolean {
  return Object.values(networkInterfaces()).flat()
    .some((each) => each?.address === "::1");
}

/** This process' open sockets; 0 where the system does not tell. */
function countSockets(): number {
  if (!existsSync(FD_FOLDER)) return 0;
  return readdirSync(FD_FOLDER).filter((fd) => {
    try {
      return readlinkSync(`${FD_FOLDER}/${fd}`).startsWith("socket:");
    } catch {
      // The one that the folder was read with.
      return false;
    }
  }).length;
}
