import { assert, assertEquals, assertRejects } from "@std/assert";
import { DistflowError } from "../../src/base/errors.ts";
import { silentLogger } from "../../src/log/mod.ts";
import { PmdClient } from "../../src/pmd/client.ts";
import { PmdServer } from "../../src/pmd/server.ts";
import type { Platform } from "../../src/transport/platform.ts";
import { encodeHello } from "../../src/wire/hello.ts";
import { HELLO_TIMEOUT_MS } from "../../src/wire/limits.ts";
import { FixedPlatform } from "../wire/support/fixed_platform.ts";
import { GoldenSession } from "../wire/support/golden.ts";
import type { MemoryConnection } from "../wire/support/memory_network.ts";

const ADDRESS = { hostname: "127.0.0.1", port: 4369 };
const TIMEOUT_MS = 5000;
const WORKER = {
  nodeId: "a-node",
  alias: "worker",
  host: "127.0.0.1",
  port: 40_001,
  incarnation: 1,
  pid: 1,
  runtime: "test/1",
};
const PMD_HELLO = {
  protocol: "distflow-pmd",
  versions: [1],
  frameBytesMax: 262_144,
  runtime: "test/1",
  pid: 1,
  pmdId: "pmd1",
} as const;

/** A PMD, and clients of it, where nothing moves but in `settle`. */
class PmdWorld {
  readonly machine: FixedPlatform = new FixedPlatform();
  /** The clients' ends of their connections. */
  readonly ends: MemoryConnection[] = [];
  readonly platform: Platform = {
    ...this.machine,
    transport: {
      ...this.machine.transport,
      connect: () => {
        this.ends.push(this.machine.dial());
        return Promise.resolve(this.ends.at(-1) as MemoryConnection);
      },
    },
  };

  async start(): Promise<PmdServer> {
    const { platform } = this;
    return await PmdServer.start({ platform, logger: silentLogger });
  }

  async connect(): Promise<PmdClient> {
    const { platform } = this;
    return await PmdClient.connect({
      address: ADDRESS,
      platform,
      timeoutMs: TIMEOUT_MS,
    });
  }

  /** The PMD reads nothing any more, or goes on. */
  stopPmd(isStopped = true): void {
    for (const connection of this.machine.connections) {
      if (!this.ends.includes(connection)) connection.isPaused = isStopped;
    }
  }

  /** What `promise` gives once all that can happen has happened. */
  async result<Value>(promise: Promise<Value>): Promise<Value> {
    promise.catch(() => {
      // Whoever awaits the result is told.
    });
    await this.machine.settle();
    return await promise;
  }
}

/** A client of what is no PMD, and the far end of its connection. */
async function connectToStranger(): Promise<
  [PmdClient, FixedPlatform, MemoryConnection]
> {
  const platform = new FixedPlatform();
  const client = await PmdClient.connect({
    address: ADDRESS,
    platform,
    timeoutMs: TIMEOUT_MS,
  });
  const far = platform.dialed.at(-1);
  assert(far !== undefined);
  return [client, platform, far];
}

Deno.test("a connection, a request and its answer are one write each way", async () => {
  const world = new PmdWorld();
  await world.start();
  const holder = await world.connect();
  await world.result(holder.register(WORKER));

  const client = await world.connect();
  const answer = client.resolve("worker");
  assertEquals((await world.result(answer)).nodeId, "a-node");
  assertEquals(client.pmdPid, world.machine.process.pid);
  const [near, far] = [world.ends.at(-1), world.machine.connections.at(-2)];
  assertEquals([near?.writeCount, far?.writeCount], [1, 1]);
});

Deno.test("a client that holds nothing does not wait for the PMD when it closes", async () => {
  const world = new PmdWorld();
  const server = await world.start();
  const client = await world.connect();
  await world.result(client.list());
  world.stopPmd();
  await world.result(client.close());
  world.stopPmd(false);
  await world.machine.settle();
  assertEquals(server.status().connectionCount, 0);
  assertEquals(server.status().violationCount, 0);
});

Deno.test("a client that is registered, or watches, has closed when the PMD has", async () => {
  const acts: ((client: PmdClient) => Promise<unknown>)[] = [
    (client) => client.register(WORKER),
    (client) => client.watch(() => {}),
  ];
  for (const act of acts) {
    const world = new PmdWorld();
    await world.start();
    const client = await world.connect();
    await world.result(act(client));
    world.stopPmd();
    let hasClosed = false;
    const closed = client.close().then(() => hasClosed = true);
    await world.machine.settle();
    assertEquals(hasClosed, false);
    world.stopPmd(false);
    await world.result(closed);
  }
});

Deno.test("what is asked at once of what is no PMD is refused as the connection is", async () => {
  const [client, platform, far] = await connectToStranger();
  const answer = client.list();
  const greeted = client.greeted();
  for (const promise of [answer, greeted]) promise.catch(() => {});
  far.write(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n"));
  far.end();
  await platform.settle();
  for (const promise of [answer, greeted]) {
    const error = await assertRejects(() => promise, DistflowError);
    assertEquals(error.code, "PMD_PORT_TAKEN");
  }
  const later = await assertRejects(() => client.list(), DistflowError);
  assertEquals(later.code, "PMD_UNREACHABLE");
});

Deno.test("a PMD that ends before its hello is as good as none", async () => {
  const [client, platform, far] = await connectToStranger();
  const answer = client.list();
  answer.catch(() => {});
  const session = new GoldenSession(far, "a PMD", []);
  session.send({ type: "close", code: "PMD_SHUT_DOWN", details: {} });
  await platform.settle();
  const error = await assertRejects(() => answer, DistflowError);
  assertEquals(error.code, "PMD_UNREACHABLE");
});

Deno.test("a request that waits for the hello has its own time from then on", async () => {
  const [client, platform, far] = await connectToStranger();
  let failure: unknown;
  const answer = client.list().catch((error) => failure = error);
  const session = new GoldenSession(far, "a slow PMD", []);
  platform.clock.advance(HELLO_TIMEOUT_MS - 1);
  await platform.settle();
  session.send(JSON.parse(encodeHello(PMD_HELLO)));
  await platform.settle();
  platform.clock.advance(TIMEOUT_MS - 1);
  await platform.settle();
  assertEquals(failure, undefined);
  platform.clock.advance(1);
  await platform.settle();
  await answer;
  assertEquals((failure as DistflowError).code, "TIMEOUT");
});
