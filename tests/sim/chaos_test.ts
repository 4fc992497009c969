import { assert } from "@std/assert";
import { hasCode } from "../../src/base/errors.ts";
import type { SimWorld } from "../../src/sim/mod.ts";
import { Cluster, PROGRAMS, type SimNode } from "./support/cluster.ts";
import { simSeeds } from "./support/sim_test.ts";

/** Longer than a lease and all pauses between attempts to reconnect. */
const REST_MS = 45_000;

/** Everything that can happen to a cluster, as a step of its own. */
class Chaos {
  readonly #world: SimWorld;
  readonly #cluster: Cluster;
  readonly #frozen: Set<SimNode> = new Set();
  #startCount = 0;
  #isSlow = false;

  readonly #aliasCount: number;

  constructor(world: SimWorld, cluster: Cluster, aliasCount: number) {
    this.#world = world;
    this.#cluster = cluster;
    this.#aliasCount = aliasCount;
  }

  /** Begins a node under one of a few aliases, many of them taken. */
  async start(): Promise<void> {
    const alias = `n${this.#world.random.below(this.#aliasCount)}`;
    this.#startCount++;
    const canSpawn = !this.#world.random.chance(20);
    try {
      await this.#cluster.start(alias, {
        mailbox: { maxSize: 10_000 },
        linkIdleMs: this.#world.random.pick([0, 6000, 300_000]),
      }, { canSpawn, name: `${alias}-${this.#startCount}` });
    } catch (error) {
      // The PMD may be within a node that is frozen, or very slow.
      const isHung = (this.#frozen.size > 0 || this.#isSlow) &&
        hasCode(error, "PMD_PORT_TAKEN", "TIMEOUT");
      assert(
        hasCode(error, "ALIAS_TAKEN") || isHung,
        `start of ${alias}: ${error}`,
      );
    }
  }

  async step(): Promise<void> {
    const { random } = this.#world;
    const node = this.#pick();
    const kind = random.below(100);
    if (node === undefined || kind < 15) return await this.start();
    if (kind < 55) this.#talk();
    else if (kind < 63) this.#crash(node);
    else if (kind < 68) await this.#cluster.shutdown(this.#thaw(node));
    else if (kind < 73) this.#freeze(node);
    else if (kind < 79) this.#cut(node);
    else if (kind < 83) this.#halfOpen(node);
    else if (kind < 88) this.#slow(node, random.pick([1, 20, 500]));
    else if (kind < 94) this.#killPmd();
    else for (const other of this.#frozen) this.#thaw(other);
    await this.#world.run(random.pick([0, 1, 20, 300, 4000]));
  }

  /** Ends all faults, and waits until their effects are over. */
  async rest(): Promise<void> {
    for (const node of [...this.#frozen]) this.#thaw(node);
    for (const node of this.#cluster.living) this.#world.slow(node.process, 1);
    await this.#world.run(REST_MS);
  }

  #pick(): SimNode | undefined {
    const { living } = this.#cluster;
    return living.length === 0 ? undefined : this.#world.random.pick(living);
  }

  #talk(): void {
    const { random } = this.#world;
    for (const sender of this.#cluster.living) {
      const receiver = this.#pick();
      if (receiver === undefined || receiver === sender) continue;
      if (!this.#frozen.has(sender)) sender.send(receiver, random.below(30));
    }
  }

  #crash(node: SimNode): void {
    node.isTouched = true;
    this.#frozen.delete(node);
    node.process.crash();
  }

  #freeze(node: SimNode): void {
    node.isTouched = true;
    this.#frozen.add(node);
    node.process.freeze();
  }

  /** 500 times as slow, a spike outlasts what a shutdown waits for. */
  #slow(node: SimNode, factor: number): void {
    if (factor > 20) node.isTouched = this.#isSlow = true;
    this.#world.slow(node.process, factor);
  }

  #thaw(node: SimNode): SimNode {
    if (this.#frozen.delete(node)) node.process.thaw();
    return node;
  }

  #cut(node: SimNode): void {
    node.isTouched = true;
    this.#world.cut(node.process);
  }

  #halfOpen(node: SimNode): void {
    node.isTouched = true;
    this.#world.halfOpen(node.process);
  }

  #killPmd(): void {
    for (const pmd of this.#cluster.pmds) pmd.crash();
  }
}

/** How much happens in a story. */
interface Size {
  readonly aliasCount: number;
  readonly startCount: number;
  readonly stepCount: number;
}

async function survive(world: SimWorld, size: Size): Promise<void> {
  const cluster = new Cluster(world);
  const chaos = new Chaos(world, cluster, size.aliasCount);
  for (let count = 0; count < size.startCount; count++) await chaos.start();
  for (let count = 0; count < size.stepCount; count++) await chaos.step();
  await chaos.rest();
  await cluster.checkViews();
  cluster.checkOrder();
  cluster.checkLosses();

  // All can talk to all again, whatever happened to their links.
  const { members } = cluster;
  for (const node of members) node.isTouched = false;
  for (const node of cluster.all) node.forget();
  for (const one of members) {
    for (const other of members) if (one !== other) one.send(other, 5);
  }
  await world.run(10_000);
  cluster.checkLosses();
  for (const one of members) {
    for (const other of members) {
      if (one === other) continue;
      assert(
        other.received.get(one.id)?.length === 5,
        `${other.process} hears ${one.process}`,
      );
    }
  }
  await cluster.end();
}

simSeeds(
  "whatever fails, nodes agree again, and messages keep their order",
  (world) => survive(world, { aliasCount: 8, startCount: 4, stepCount: 15 }),
  { programs: PROGRAMS, seedCount: 1000 },
);

simSeeds(
  "so do fifty nodes",
  (world) => survive(world, { aliasCount: 80, startCount: 60, stepCount: 40 }),
  { programs: PROGRAMS, seedCount: 5 },
);
