import { assert, assertEquals, assertRejects } from "@std/assert";
import { DistflowError } from "../../src/base/errors.ts";
import { silentLogger } from "../../src/log/mod.ts";
import { NodeRuntime } from "../../src/node/runtime.ts";
import { Cluster, PROGRAMS } from "./support/cluster.ts";
import { listen } from "./support/recorder.ts";
import { simTest } from "./support/sim_test.ts";

const OPTIONS = { programs: PROGRAMS };

simTest(
  "a node finds no PMD and starts one, the next finds it",
  async (world) => {
    const cluster = new Cluster(world);
    const first = await cluster.start("a");
    const second = await cluster.start("b");
    assertEquals(cluster.pmds.length, 1);
    await world.until(() => first.log.length > 0);
    assertEquals(first.log, ["+b"]);
    assertEquals(
      (await world.until(second.runtime.discover())).map((peer) => peer.alias),
      ["a"],
    );
    await cluster.end();
  },
  OPTIONS,
);

simTest(
  "ten nodes that start at one moment end with one PMD",
  async (world) => {
    const cluster = new Cluster(world);
    const starts = Array.from(
      { length: 10 },
      (_, index) => cluster.begin(`n${index}`),
    );
    await world.until(Promise.all(starts));
    await world.run(1000);
    assertEquals(cluster.pmds.length, 1);
    await cluster.checkViews();
    await cluster.end();
  },
  OPTIONS,
);

simTest("fifty nodes see each other and talk, all to all", async (world) => {
  const cluster = new Cluster(world);
  await world.until(Promise.all(
    Array.from({ length: 50 }, (_, index) => cluster.begin(`n${index}`)),
  ));
  await cluster.checkViews();
  for (const one of cluster.all) {
    for (const other of cluster.all) if (one !== other) one.send(other, 3);
  }
  await world.run(5000);
  cluster.checkOrder();
  cluster.checkLosses();
  const total = cluster.all.reduce(
    (sum, node) => sum + node.runtime.stats.receivedCount,
    0,
  );
  assertEquals(total, 50 * 49 * 3);
  await cluster.end();
}, OPTIONS);

simTest(
  "an alias is taken while its holder lives, and free when it dies",
  async (world) => {
    const cluster = new Cluster(world);
    const holder = await cluster.start("worker");
    const error = await assertRejects(
      () => cluster.start("worker"),
      DistflowError,
      "holds it",
    );
    assertEquals(error.code, "ALIAS_TAKEN");
    assertEquals(error.details.pid, holder.process.pid);
    holder.process.crash();
    await world.run(10);
    await cluster.start("worker");
    await cluster.checkViews();
  },
  OPTIONS,
);

simTest(
  "two nodes that dial each other at one moment share one link",
  async (world) => {
    const cluster = new Cluster(world);
    const [a, b] = [await cluster.start("a"), await cluster.start("b")];
    await world.run(100);
    a.send(b, 10);
    b.send(a, 10);
    await world.run(1000);
    cluster.checkLosses();
    assertEquals([a.runtime.stats.linkCount, b.runtime.stats.linkCount], [
      1,
      1,
    ]);
    const links = world.connections.filter((pair) =>
      [pair.dialer, pair.acceptor].every((side) =>
        side === a.process || side === b.process
      )
    );
    assertEquals(links.length, 1);
    await cluster.end();
  },
  OPTIONS,
);

simTest(
  "nodes talk on while the PMD is dead; a new one sees no false leave",
  async (world) => {
    const cluster = new Cluster(world);
    const nodes = [];
    for (const alias of ["a", "b", "c"]) nodes.push(await cluster.start(alias));
    await world.run(100);
    for (const node of nodes) node.log.length = 0;
    cluster.pmds[0]?.crash();
    const [a, b] = nodes;
    assert(a !== undefined && b !== undefined);
    a.send(b, 100);
    await world.run(60_000);
    assertEquals(b.received.get(a.id)?.length, 100);
    assertEquals(cluster.pmds.length, 1);
    for (const node of nodes) assertEquals(node.log, []);
    await cluster.checkViews();
    await cluster.end();
  },
  OPTIONS,
);

simTest(
  "a node that died together with the PMD leaves once nobody listens for it",
  async (world) => {
    const cluster = new Cluster(world);
    const [a, b] = [await cluster.start("a"), await cluster.start("b")];
    await world.run(100);
    a.log.length = 0;
    cluster.pmds[0]?.crash();
    b.process.crash();
    await world.run(2000);
    assertEquals(a.log, ["-b"]);
    await cluster.end();
  },
  OPTIONS,
);

simTest(
  "a node that hangs when the PMD dies leaves after a lease",
  async (world) => {
    const cluster = new Cluster(world);
    const [a, b] = [await cluster.start("a"), await cluster.start("b")];
    await world.run(100);
    a.log.length = 0;
    cluster.pmds[0]?.crash();
    b.process.freeze();
    await world.run(10_000);
    assertEquals(a.log, []);
    await world.run(10_000);
    assertEquals(a.log, ["-b"]);
    b.process.crash();
    await cluster.end();
  },
  OPTIONS,
);

simTest(
  "a node that hangs without closing is gone after its lease",
  async (world) => {
    const cluster = new Cluster(world);
    const [a, b] = [await cluster.start("a"), await cluster.start("b")];
    await world.run(100);
    b.process.freeze();
    await world.run(9000);
    assertEquals(a.log, ["+b"]);
    await world.run(8000);
    assertEquals(a.log, ["+b", "-b"]);
    b.process.thaw();
    await world.run(10_000);
    assertEquals(a.log, ["+b", "-b", "+b"]);
    await cluster.checkViews();
    await cluster.end();
  },
  OPTIONS,
);

simTest(
  "a PMD that hung for a minute does not lose its nodes",
  async (world) => {
    const cluster = new Cluster(world);
    await cluster.start("a");
    await cluster.start("b");
    const [pmd] = cluster.pmds;
    pmd?.freeze();
    await world.run(60_000);
    pmd?.thaw();
    await world.run(30_000);
    assertEquals(cluster.pmds, [pmd]);
    await cluster.checkViews();
    await cluster.end();
  },
  OPTIONS,
);

simTest(
  "where no process can be started, a node hosts the PMD",
  async (world) => {
    const cluster = new Cluster(world);
    const cannot = { canSpawn: false };
    const first = await cluster.start("a", {}, cannot);
    const [b, c] = [
      await cluster.start("b", {}, cannot),
      await cluster.start("c", {}, cannot),
    ];
    await world.run(100);
    await cluster.checkViews();
    first.process.crash();
    await world.run(2000);
    await cluster.checkViews();
    assertEquals([b.log, c.log], [["+c", "-a"], ["-a"]]);
    await cluster.end();
  },
  OPTIONS,
);

simTest(
  "an automatically started PMD ends a minute after its last node",
  async (world) => {
    const cluster = new Cluster(world);
    const node = await cluster.start("a");
    await world.run(120_000);
    assertEquals(cluster.pmds.length, 1);
    await cluster.shutdown(node);
    await world.run(55_000);
    assertEquals(cluster.pmds.length, 1);
    await world.run(10_000);
    assertEquals(cluster.pmds.length, 0);
  },
  OPTIONS,
);

simTest(
  "a link that nobody uses is closed, and opened again when needed",
  async (world) => {
    const cluster = new Cluster(world);
    const options = { linkIdleMs: 30_000 };
    const [a, b] = [
      await cluster.start("a", options),
      await cluster.start("b", options),
    ];
    a.send(b, 1);
    await world.run(1000);
    assertEquals(a.runtime.stats.linkCount, 1);
    await world.run(60_000);
    assertEquals([a.runtime.stats.linkCount, b.runtime.stats.linkCount], [
      0,
      0,
    ]);
    b.send(a, 1);
    a.send(b, 1);
    await world.run(1000);
    cluster.checkLosses();
    assertEquals(b.received.get(a.id), [1, 2]);
    await cluster.end();
  },
  OPTIONS,
);

simTest(
  "a half-open link is noticed within 15 s, and replaced",
  async (world) => {
    const cluster = new Cluster(world);
    const [a, b] = [await cluster.start("a"), await cluster.start("b")];
    a.send(b, 1);
    await world.run(1000);
    world.halfOpen([a.process, b.process]);
    await world.run(25_000);
    a.send(b, 1);
    b.send(a, 1);
    await world.run(5000);
    assertEquals(b.received.get(a.id), [1, 2]);
    assertEquals(a.received.get(b.id), [1]);
    await cluster.end();
  },
  OPTIONS,
);

simTest(
  "a node that starts while the process's last one shuts down is a new one",
  async (world) => {
    const cluster = new Cluster(world);
    const old = await cluster.start("a");
    const { platform } = old.process;
    const options = { alias: "a", logger: silentLogger, platform };
    const ending = old.runtime.shutdown();
    const [one, same] = await world.until(Promise.all([
      NodeRuntime.start(options),
      NodeRuntime.start(options),
    ]));
    await world.until(ending);
    assert(one === same && one.nodeId !== old.id);
    assertEquals((await cluster.list()).map((node) => node.nodeId), [
      one.nodeId,
    ]);
    await world.until(one.shutdown());
    await cluster.end();
  },
  OPTIONS,
);

simTest(
  "what waits for peers that are looked up is bounded in all",
  async (world) => {
    const cluster = new Cluster(world);
    const a = await cluster.start("a", { queueBytesMax: 1_048_576 });
    const message = { from: a.id, number: 1, filler: "x".repeat(600_000) };
    const codes = await world.until(Promise.all(
      ["b", "c", "d"].map((name) =>
        a.runtime.send(name, message).then(
          () => "sent",
          (error) => error instanceof DistflowError ? error.code : error,
        )
      ),
    ));
    assertEquals(codes, ["PEER_NOT_FOUND", "QUEUE_FULL", "QUEUE_FULL"]);
    await cluster.end();
  },
  OPTIONS,
);

simTest(
  "a message to the node itself has the limit of any other",
  async (world) => {
    const cluster = new Cluster(world);
    const a = await cluster.start("a", { messageBytesMax: 262_144 });
    const message = { from: a.id, number: 1, filler: "x".repeat(300_000) };
    for (const target of ["a", a.id]) {
      const sent = a.runtime.send(target, message);
      const error = await world.until(assertRejects(() => sent, DistflowError));
      assertEquals(error.code, "MESSAGE_TOO_LARGE");
    }
    assertEquals([a.received.size, a.runtime.stats.sentCount], [0, 0]);
    await cluster.end();
  },
  OPTIONS,
);

simTest(
  "a node that is shut down waits for no hello of who holds the PMD's port",
  async (world) => {
    const cluster = new Cluster(world);
    const a = await cluster.start("a");
    cluster.pmds[0]?.crash();
    const silent = await listen(world, world.process({ name: "silent" }));
    await world.until(() => silent.accepted.length > 0);
    const startedAtMs = world.nowMs;
    await cluster.shutdown(a);
    assert(world.nowMs - startedAtMs < 50);
    assertEquals(a.process.openConnections, 0);
    await world.until(silent.listener.close());
    await cluster.end();
  },
  OPTIONS,
);

simTest("shutdown delivers what was sent before it", async (world) => {
  const cluster = new Cluster(world);
  const [a, b] = [await cluster.start("a"), await cluster.start("b")];
  a.send(b, 20_000);
  await cluster.shutdown(a);
  await world.run(1000);
  assertEquals(b.received.get(a.id)?.length, 20_000);
  await cluster.end();
}, OPTIONS);

simTest(
  "a message to alias@host goes by way of that host's PMD",
  async (world) => {
    const cluster = new Cluster(world);
    const open = { host: "0.0.0.0", insecure: true };
    const here = await cluster.start("here", open, { hostname: "10.0.0.1" });
    world.process({
      hostname: "10.0.0.2",
      program: "pmd",
      args: ["--host", "0.0.0.0", "--insecure"],
    });
    await world.run(10);
    const there = await cluster.start("there", open, { hostname: "10.0.0.2" });
    await world.until(
      here.runtime.send("there@10.0.0.2", { from: here.id, number: 1 }),
    );
    await world.until(() => there.received.size === 1);
    // That host's PMD is asked once, not for each message.
    const asked = await cluster.requestCount("10.0.0.2");
    for (let number = 2; number <= 100; number++) {
      await world.until(
        here.runtime.send("there@10.0.0.2", { from: here.id, number }),
      );
    }
    await world.until(() => there.received.get(here.id)?.length === 100);
    assertEquals(await cluster.requestCount("10.0.0.2"), asked + 1);
    // The answer goes to the id, which no PMD of that host knows.
    await world.until(
      there.runtime.send(here.id, { from: there.id, number: 1 }),
    );
    await world.until(() => here.received.size === 1);
    const error = await assertRejects(
      () =>
        world.until(
          here.runtime.send("nobody@10.0.0.2", { from: here.id, number: 2 }),
        ),
      DistflowError,
    );
    assertEquals(error.code, "PEER_NOT_FOUND");
    await cluster.end();
  },
  OPTIONS,
);
