import {
  assert,
  assertEquals,
  assertGreater,
  assertRejects,
} from "@std/assert";
import { DistflowError } from "../../src/base/errors.ts";
import { connect, connectPair, listen } from "./support/recorder.ts";
import { simTest } from "./support/sim_test.ts";

const HOSTS = ["10.0.0.1", "10.0.0.2"] as const;

simTest("a cut connection is reset on both sides", async (world) => {
  const { client, server, dialed, accepted } = await connectPair(world);
  dialed.send("lost");
  assertEquals(world.cut([client, server]), 1);
  await world.run(100);
  assertEquals([accepted.text, ...accepted.events], [
    "",
    "close CONNECTION_RESET",
  ]);
  assertEquals(dialed.events, ["close CONNECTION_RESET"]);
  assertEquals(world.connections, []);
  assertEquals([client.openConnections, server.openConnections], [0, 0]);
});

simTest("a cut hits what was selected, and nothing else", async (world) => {
  const [server, one, other] = [1, 2, 3].map(() => world.process());
  assert(server && one && other);
  await listen(world, server);
  const first = await connect(world, one);
  const second = await connect(world, one);
  const third = await connect(world, other);
  assertEquals(world.connections.map(({ dialer }) => dialer), [
    one,
    one,
    other,
  ]);
  assertEquals(world.connections.map(({ acceptor }) => acceptor === server), [
    true,
    true,
    true,
  ]);

  const [, chosen] = world.connections;
  assert(chosen !== undefined);
  assertEquals(world.cut(chosen), 1);
  await world.run(100);
  assertEquals([first, second, third].map((each) => each.isClosed), [
    false,
    true,
    false,
  ]);
  assertEquals(world.cut([one, other]), 0);
  assertEquals(world.cut((connection) => connection.dialer === other), 1);
  await world.run(100);
  assertEquals([first.isClosed, third.isClosed], [false, true]);
  assertEquals(world.cut(server), 1);
});

simTest(
  "on a half-open connection bytes vanish and nobody is told",
  async (world) => {
    const { dialed, accepted, client, server } = await connectPair(world);
    assertEquals(world.halfOpen([client, server]), 1);
    dialed.send("hello?");
    accepted.send("hello?");
    await world.run(800_000);
    assertEquals([dialed.text, accepted.text], ["", ""]);
    assertEquals([dialed.events, accepted.events], [[], []]);
    await world.run(200_000);
    assertEquals(dialed.events, ["close CONNECTION_TIMEOUT"]);
    assertEquals(accepted.events, ["close CONNECTION_TIMEOUT"]);
  },
);

simTest("an end vanishes on a half-open connection, too", async (world) => {
  const { dialed, accepted, client } = await connectPair(world);
  world.halfOpen(client);
  accepted.connection.close();
  await world.run(10_000);
  assertEquals([dialed.events, accepted.events], [[], ["close"]]);
  client.crash();
  await world.settle();
  assertEquals(world.connections, []);
});

simTest("a connection can be half-open for one side only", async (world) => {
  const { dialed, accepted, client, server } = await connectPair(world);
  world.halfOpen([client, server], client);
  dialed.send("can you hear me?");
  accepted.send("yes");
  await world.run(10_000);
  assertEquals([dialed.text, accepted.text], ["", "can you hear me?"]);
});

simTest(
  "who sends into a half-open connection feels back-pressure",
  async (world) => {
    const { dialed, client } = await connectPair(world);
    world.halfOpen(client);
    while (dialed.connection.write(new Uint8Array(1000))) await world.run(1);
    assertGreater(dialed.connection.queuedBytes, 256 * 1024);
  },
);

simTest("a partition holds bytes up; they arrive after it", async (world) => {
  const { dialed, accepted } = await connectPair(world, HOSTS);
  const heal = world.partition([HOSTS[0]], [HOSTS[1]]);
  dialed.send("before, ");
  dialed.connection.end();
  accepted.send("and back");
  await world.run(10_000);
  assertEquals([accepted.text, dialed.text], ["", ""]);
  heal();
  await world.run(11_000);
  assertEquals([accepted.text, ...accepted.events], ["before, ", "end"]);
  assertEquals(dialed.text, "and back");
});

simTest(
  "back-pressure holds across a partition and after it",
  async (world) => {
    const { dialed, accepted } = await connectPair(world, HOSTS);
    dialed.connection.write(new Uint8Array(200_000));
    await world.run(1);
    world.partition([HOSTS[0]], [HOSTS[1]]);
    await world.run(1000);
    dialed.connection.write(new Uint8Array(300_000));
    assertGreater(dialed.connection.queuedBytes, 256 * 1024);
    world.heal();
    await world.until(() => accepted.byteCount === 500_000);
    assertEquals(dialed.drainCount, 1);
  },
);

simTest(
  "what is read during a partition is acknowledged after it",
  async (world) => {
    const { dialed, accepted } = await connectPair(world, HOSTS);
    accepted.connection.pause();
    dialed.connection.write(new Uint8Array(100_000));
    await world.run(100);
    const { queuedBytes } = dialed.connection;
    assertEquals(queuedBytes, 100_000 - 65536);
    world.partition([HOSTS[0]], [HOSTS[1]]);
    accepted.connection.resume();
    await world.run(1000);
    assertEquals(accepted.byteCount, 65536);
    assertEquals(dialed.connection.queuedBytes, queuedBytes);
    world.heal();
    await world.until(() => accepted.byteCount === 100_000);
  },
);

simTest(
  "a connection that outlasts a partition is as good as before",
  async (world) => {
    const { dialed, accepted } = await connectPair(world, HOSTS);
    world.partition([HOSTS[0]], [HOSTS[1]]);
    dialed.send("x");
    await world.run(8000);
    world.heal();
    await world.settle();
    assertEquals([accepted.text, ...accepted.events, ...dialed.events], ["x"]);
  },
  { network: { giveUpMs: 10_000, retransmitMaxMs: 1000 } },
);

simTest(
  "a reset during a partition is lost; the next write finds out",
  async (world) => {
    const { client, dialed, accepted } = await connectPair(world, HOSTS);
    dialed.connection.pause();
    accepted.send("unread");
    await world.run(100);
    world.partition([HOSTS[0]], [HOSTS[1]]);
    client.crash();
    await world.run(1000);
    world.heal();
    await world.settle();
    assertEquals(accepted.events, []);
    accepted.send("x");
    await world.settle();
    assertEquals(accepted.events, ["close CONNECTION_RESET"]);
  },
);

simTest(
  "connections that are lost while they open do not fill the backlog",
  async (world) => {
    const [server, client] = HOSTS.map((hostname) =>
      world.process({ hostname })
    );
    assert(server && client);
    const address = { hostname: HOSTS[0], port: 1 };
    const { accepted } = await listen(world, server, address);
    for (let count = 0; count < 10; count++) {
      await connect(world, client, address);
      assertEquals(world.halfOpen(client), count + 1);
    }
    await world.settle();
    assertEquals(accepted.length, 0);
    await connect(world, client, address);
    await world.until(() => accepted.length === 1);
  },
  { network: { backlogMax: 3 } },
);

simTest(
  "a partition does not touch what it does not separate",
  async (world) => {
    const { dialed, accepted } = await connectPair(world, HOSTS);
    const local = await connectPair(world, ["10.0.0.3", "10.0.0.3"]);
    world.partition(["10.0.0.3"], HOSTS);
    dialed.send("near");
    local.dialed.send("nearer");
    await world.run(100);
    assertEquals([accepted.text, local.accepted.text], ["near", "nearer"]);
  },
);

simTest("partitions add up, and heal ends them all", async (world) => {
  const { dialed, accepted } = await connectPair(world, HOSTS);
  const healFirst = world.partition([HOSTS[0]], [HOSTS[1]]);
  world.partition([HOSTS[1]], [HOSTS[0]]);
  dialed.send("x");
  await world.run(100);
  healFirst();
  await world.run(1000);
  assertEquals(accepted.text, "");
  world.heal();
  await world.run(2000);
  assertEquals(accepted.text, "x");
});

simTest(
  "a sender gives up on a partition that lasts too long",
  async (world) => {
    const { dialed, accepted } = await connectPair(world, HOSTS);
    world.partition([HOSTS[0]], [HOSTS[1]]);
    dialed.send("x");
    await world.run(11_000);
    assertEquals(dialed.events, ["close CONNECTION_TIMEOUT"]);
    assertEquals(accepted.events, []);

    // The other side finds out when it next sends something.
    world.heal();
    await world.settle();
    assertEquals([accepted.text, ...accepted.events], [""]);
    accepted.send("y");
    await world.settle();
    assertEquals(accepted.events, ["close CONNECTION_RESET"]);
  },
  { network: { giveUpMs: 10_000 } },
);

simTest(
  "a process killed during a partition is missed only after it",
  async (world) => {
    const { client, accepted } = await connectPair(world, HOSTS);
    world.partition([HOSTS[0]], [HOSTS[1]]);
    await world.run(100);
    client.crash();
    await world.run(5000);
    assertEquals(accepted.events, []);
    world.heal();
    await world.run(6000);
    assertEquals(accepted.events, ["end"]);
  },
);

simTest(
  "a connect across a partition times out, or succeeds after it",
  async (world) => {
    const [server, client] = HOSTS.map((hostname) =>
      world.process({ hostname })
    );
    assert(server && client);
    const address = { hostname: HOSTS[0], port: 1 };
    const { accepted } = await listen(world, server, address);
    world.partition([HOSTS[0]], [HOSTS[1]]);
    await assertRejects(
      () => connect(world, client, address, 3000),
      DistflowError,
      "no answer came in time",
    );
    const { transport } = client.platform;
    const connecting = transport.connect(address, { timeoutMs: 3000 });
    await world.run(1000);
    world.heal();
    await world.until(connecting);
    await world.settle();
    assertEquals(accepted.length, 1);
    assertEquals(client.openConnections, 1);
  },
);

simTest("a slow process gets and gives everything late", async (world) => {
  const { dialed, accepted, client } = await connectPair(world);
  const timeOf = async () => {
    const startMs = world.nowMs;
    const expected = accepted.byteCount + 1000;
    dialed.connection.write(new Uint8Array(1000));
    await world.until(() => accepted.byteCount === expected);
    return world.nowMs - startMs;
  };
  const normalMs = await timeOf();
  world.slow(client, 1000);
  assertGreater(await timeOf(), normalMs * 500);
  world.slow(client, 1);
  assert(await timeOf() < normalMs * 2);
}, { network: { spikePercent: 0, cutPercent: 0 } });

simTest("a pair can be slow while others are not", async (world) => {
  const [server, slow, fast] = [1, 2, 3].map(() => world.process());
  assert(server && slow && fast);
  const { accepted } = await listen(world, server);
  const recorders = [await connect(world, slow), await connect(world, fast)];
  await world.until(() => accepted.length === 2);
  world.slow([server, slow], 10_000);
  for (const recorder of recorders) recorder.send("x");
  await world.run(10);
  assertEquals(accepted.map((each) => each.text), ["", "x"]);
  await world.run(10_000);
  assertEquals(accepted.map((each) => each.text), ["x", "x"]);
}, { network: { spikePercent: 0 } });

simTest("a host that loses power is gone without a sign", async (world) => {
  const { client, server, dialed, accepted, listener } = await connectPair(
    world,
    HOSTS,
  );
  world.powerOff(HOSTS[0]);
  assertEquals([server.alive, client.alive], [false, true]);
  dialed.send("hello?");
  await assertRejects(
    () => connect(world, client, listener.address, 2000),
    DistflowError,
    "no answer came in time",
  );
  assertEquals([dialed.events, accepted.events], [[], []]);

  const reborn = world.process({ hostname: HOSTS[0] });
  await assertRejects(
    () => connect(world, client, listener.address, 2000),
    DistflowError,
    "nobody listens there",
  );
  await listen(world, reborn, listener.address);
  await connect(world, client, listener.address);
});
