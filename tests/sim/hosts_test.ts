// Several hosts, each with a PMD of its own, on a network that falls apart.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { DistflowError } from "../../src/base/errors.ts";
import type { SimWorld } from "../../src/sim/mod.ts";
import { Cluster, PROGRAMS, type SimNode } from "./support/cluster.ts";
import { simSeeds, simTest } from "./support/sim_test.ts";

const HOSTNAMES = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];
const OPEN = { host: "0.0.0.0", insecure: true };
/** Longer than a link that is dead, a lease and all pauses of a reconnect. */
const REST_MS = 60_000;

simTest(
  "a node that other hosts may reach starts a PMD that they may ask",
  async (world) => {
    const cluster = new Cluster(world);
    for (const canSpawn of [true, false]) {
      const hostname = canSpawn ? "10.0.0.2" : "10.0.0.3";
      const there = await cluster.start("there", OPEN, { hostname, canSpawn });
      const here = await cluster.start("here", OPEN, { hostname: "10.0.0.1" });
      await world.until(
        here.runtime.send(`there@${hostname}`, { from: here.id, number: 1 }),
      );
      await world.until(() => there.received.size === 1);
      await cluster.shutdown(here);
      await cluster.shutdown(there);
    }
    await cluster.end();
  },
  { programs: PROGRAMS },
);

simTest(
  "a node answers one of another host that nobody there could dial",
  async (world) => {
    const cluster = new Cluster(world);
    const there = await cluster.start("there", OPEN, { hostname: "10.0.0.2" });
    const here = await cluster.start("here", {}, { hostname: "10.0.0.1" });
    await world.until(
      here.runtime.send("there@10.0.0.2", { from: here.id, number: 1 }),
    );
    await world.until(() => there.received.size === 1);
    await world.until(
      there.runtime.send(here.id, { from: there.id, number: 1 }),
    );
    await world.until(() => here.received.size === 1);
    await cluster.end();
  },
  { programs: PROGRAMS },
);

simTest(
  "a node that shuts down gives up what it dials",
  async (world) => {
    const cluster = new Cluster(world);
    const there = await cluster.start("there", OPEN, { hostname: "10.0.0.2" });
    const options = { linkIdleMs: 10_000 };
    const here = await cluster.start("here", options, { hostname: "10.0.0.1" });
    await world.until(
      here.runtime.send(address(there), { from: here.id, number: 1 }),
    );
    await world.run(30_000);
    assertEquals(here.runtime.stats.linkCount, 0);
    // One waits for the node that it has asked for, one for a PMD.
    world.partition(["10.0.0.1"], HOSTNAMES.slice(1));
    const ends = [address(there), "nobody@10.0.0.3"].map((target) =>
      assertRejects(
        () => here.runtime.send(target, { from: here.id, number: 2 }),
        DistflowError,
        "shut down",
      )
    );
    await world.run(1000);
    assertEquals(here.process.pendingOperations, 2);
    await cluster.shutdown(here);
    assertEquals(here.process.pendingOperations, 0);
    await world.until(Promise.all(ends), { withinMs: 1 });
    world.heal();
    await cluster.end();
  },
  { programs: PROGRAMS },
);

/** What happens to hosts and to the network between them. */
class Weather {
  readonly #world: SimWorld;
  readonly #cluster: Cluster;
  #startCount = 0;

  constructor(world: SimWorld, cluster: Cluster) {
    this.#world = world;
    this.#cluster = cluster;
  }

  async start(hostname: string): Promise<void> {
    const alias = `n${++this.#startCount}`;
    await this.#cluster.start(alias, OPEN, { hostname });
  }

  async step(): Promise<void> {
    const { random } = this.#world;
    const kind = random.below(100);
    const hostname = random.pick(HOSTNAMES);
    const node = random.pick(this.#cluster.living);
    const others = HOSTNAMES.filter((other) => other !== hostname);
    if (kind < 50) this.#talk();
    else if (kind < 62) this.#world.partition([hostname], others);
    else if (kind < 72) {
      this.#world.partition([hostname], [random.pick(others)]);
    } else if (kind < 80) this.#world.heal();
    else if (kind < 86) {
      for (const pmd of this.#cluster.pmds) {
        if (pmd.hostname === hostname) pmd.crash();
      }
    } else if (kind < 90) this.#world.slow(node.process, random.pick([1, 30]));
    else if (kind < 94 && this.#cluster.living.length > 3) {
      node.isTouched = true;
      node.process.crash();
    } else if (kind < 97) this.#loseLinks(node);
    else await this.start(hostname);
    // Partitions are faults for all whom they separate.
    for (const each of this.#cluster.all) each.isTouched = true;
    await this.#world.run(random.pick([0, 5, 200, 5000, 20_000]));
  }

  async rest(): Promise<void> {
    this.#world.heal();
    for (const { process } of this.#cluster.living) {
      this.#world.slow(process, 1);
    }
    await this.#world.run(REST_MS);
  }

  #loseLinks(node: SimNode): void {
    this.#world.halfOpen(node.process);
  }

  #talk(): void {
    for (const sender of this.#cluster.living) {
      const receiver = this.#world.random.pick(this.#cluster.living);
      if (sender !== receiver) {
        sender.send(receiver, this.#world.random.below(20), address(receiver));
      }
    }
  }
}

/** How a node is addressed from other hosts. */
function address(node: SimNode): string {
  return `${node.alias}@${node.process.hostname}`;
}

simSeeds(
  "whatever comes between hosts, all talk again, and messages keep their order",
  async (world) => {
    const cluster = new Cluster(world);
    const weather = new Weather(world, cluster);
    for (const hostname of [...HOSTNAMES, ...HOSTNAMES]) {
      await weather.start(hostname);
    }
    for (let count = 0; count < 15; count++) await weather.step();
    await weather.rest();
    cluster.checkOrder();

    for (const node of cluster.all) node.forget();
    const { living } = cluster;
    for (const one of living) {
      for (const other of living) {
        if (one !== other) one.send(other, 4, address(other));
      }
    }
    await world.run(15_000);
    cluster.checkOrder();
    for (const one of living) {
      for (const other of living) {
        assert(
          one === other ||
            other.streams.get(`${one.id} by alias`)?.length === 2,
          `${other.process} hears ${one.process}`,
        );
      }
    }
    await cluster.end();
  },
  { programs: PROGRAMS, seedCount: 200 },
);

simSeeds(
  "a mailbox keeps to its bound, and counts what it drops, whatever fails",
  async (world) => {
    const { random } = world;
    const cluster = new Cluster(world);
    const maxSize = 1 + random.below(50);
    const receiver = await cluster.start("slow", { mailbox: { maxSize } });
    const senders: SimNode[] = [];
    for (const alias of ["a", "b", "c"]) {
      senders.push(await cluster.start(alias));
    }
    const { clock } = receiver.process.platform;
    receiver.work = () =>
      new Promise((resolve) => clock.schedule(random.below(20), resolve));
    for (let step = 0; step < 30; step++) {
      const sender = random.pick(senders);
      sender.send(receiver, random.below(60));
      if (random.chance(5)) {
        world.cut(sender.process);
        sender.isTouched = true;
      }
      await world.run(random.pick([0, 1, 50, 200]));
      const { mailboxSize } = receiver.runtime.stats;
      assert(mailboxSize <= maxSize, `${mailboxSize} above ${maxSize}`);
    }
    await world.run(60_000);
    cluster.checkOrder();
    const { droppedCount, receivedCount, mailboxSize } = receiver.runtime.stats;
    const handledCount = sum(receiver.received.values());
    assert(mailboxSize === 0 && receivedCount === handledCount + droppedCount);
    const isWhole = senders.every((sender) => !sender.isTouched);
    const sentCount = sum(senders.flatMap((each) => [...each.sent.values()]));
    if (isWhole) {
      assert(receivedCount >= sentCount, "nothing is lost uncounted");
    }
    await cluster.end();
  },
  { programs: PROGRAMS, seedCount: 200 },
);

function sum(lists: Iterable<readonly number[]>): number {
  let count = 0;
  for (const list of lists) count += list.length;
  return count;
}
