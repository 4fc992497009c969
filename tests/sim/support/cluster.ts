import { assert, assertEquals } from "@std/assert";
import { silentLogger } from "../../../src/log/mod.ts";
import type { NodeOptions } from "../../../src/node/options.ts";
import { NodeRuntime } from "../../../src/node/runtime.ts";
import { PmdClient } from "../../../src/pmd/client.ts";
import { runPmd } from "../../../src/pmd/main.ts";
import type {
  SimProcess,
  SimProcessOptions,
  SimWorld,
} from "../../../src/sim/mod.ts";
import type { Platform } from "../../../src/transport/platform.ts";
import type { RegisteredNode } from "../../../src/wire/pmd_messages.ts";

/** What a simulated process can start: the real daemon. */
export const PROGRAMS = {
  pmd: (platform: Platform): Promise<void> => runPmd(platform, silentLogger),
};

/** A numbered message from one life of a node to another. */
export interface Numbered {
  readonly from: string;
  /** Order is kept among messages to the same target. */
  readonly by?: "alias" | "id";
  readonly number: number;
}

/** One life of a node in a simulated process, and what it has seen. */
export class SimNode {
  readonly process: SimProcess;
  readonly runtime: NodeRuntime<Numbered>;
  /** Numbers received, by the node id of the sender. */
  readonly received: Map<string, number[]> = new Map();
  /** Numbers that were sent to ids without an error, by the receiver's id. */
  readonly sent: Map<string, number[]> = new Map();
  readonly log: string[] = [];
  /** A fault has touched this process: its messages may be lost. */
  isTouched = false;
  /** Another node took the alias while this one was cut off from the PMD. */
  isRefused = false;
  /** What the handler does with each message, if it takes time. */
  work: (() => Promise<void>) | undefined;

  constructor(process: SimProcess, runtime: NodeRuntime<Numbered>) {
    this.process = process;
    this.runtime = runtime;
    runtime.onMessage(({ from, by = "id", number }, meta) => {
      if (meta.from !== from) throw new Error(`${from} is not ${meta.from}`);
      push(this.received, from, number);
      push(this.#streams, `${from} by ${by}`, number);
      return this.work?.();
    });
    runtime.on("pmd:refuse", () => this.isRefused = true);
    runtime.on("pmd:connect", () => this.isRefused = false);
    runtime.on("peer:join", (peer) => this.log.push(`+${peer.alias}`));
    runtime.on("peer:leave", (peer) => this.log.push(`-${peer.alias}`));
  }

  get id(): string {
    return this.runtime.nodeId;
  }

  get alias(): string {
    return this.runtime.alias ?? "";
  }

  /**
   * Sends `count` numbered messages to `peer`, without waiting: to its id, and
   * to its name in turn.
   */
  send(peer: SimNode, count: number, name: string = peer.alias): void {
    for (let index = 0; index < count; index++) {
      const number = ++this.#nextNumber;
      const by = index % 2 === 0 ? "alias" : "id";
      this.runtime.send(by === "alias" ? name : peer.id, {
        from: this.id,
        by,
        number,
      }).then(() => {
        // An alias may have moved on to another node: who knows who got it.
        if (by === "id") push(this.sent, peer.id, number);
      }, () => {});
    }
  }

  /** Forgets all messages, to begin anew. */
  forget(): void {
    this.sent.clear();
    this.received.clear();
    this.#streams.clear();
  }

  /** Numbers received, by sender and the kind of target that it used. */
  get streams(): ReadonlyMap<string, readonly number[]> {
    return this.#streams;
  }

  readonly #streams: Map<string, number[]> = new Map();
  #nextNumber = 0;
}

function push(map: Map<string, number[]>, key: string, number: number): void {
  const numbers = map.get(key) ?? [];
  map.set(key, numbers);
  numbers.push(number);
}

/** Nodes in a simulated world, and what must be true of them. */
export class Cluster {
  readonly world: SimWorld;
  /** All lives of nodes that were ever started, also those that have ended. */
  readonly all: SimNode[] = [];

  constructor(world: SimWorld) {
    this.world = world;
  }

  /** The nodes whose process lives and that were not shut down. */
  get living(): SimNode[] {
    return this.all.filter((node) =>
      node.process.alive && !this.#shutDown.has(node)
    );
  }

  readonly #shutDown: Set<SimNode> = new Set();

  /**
   * The living nodes that are to be registered: all but those whose alias
   * another living node has.
   */
  get members(): SimNode[] {
    return this.living.filter((node) =>
      !node.isRefused ||
      !this.living.some((other) =>
        other !== node && other.alias === node.alias && !other.isRefused
      )
    );
  }

  /** Begins a node in a process of its own; resolves once it has started. */
  async begin(
    alias: string,
    options: NodeOptions = {},
    processOptions: SimProcessOptions = {},
  ): Promise<SimNode> {
    const process = this.world.process({
      name: `${alias}-${this.all.length}`,
      ...processOptions,
    });
    const runtime = await NodeRuntime.start<Numbered>({
      alias,
      mailbox: { maxSize: 100_000 },
      logger: silentLogger,
      ...options,
      platform: process.platform,
    });
    const node = new SimNode(process, runtime);
    this.all.push(node);
    return node;
  }

  /** Starts a node and waits for it. */
  start(
    alias: string,
    options: NodeOptions = {},
    processOptions: SimProcessOptions = {},
  ): Promise<SimNode> {
    return this.world.until(this.begin(alias, options, processOptions), {
      what: `the start of ${alias}`,
    });
  }

  /** The PMD's process, if one of its own runs on the first host. */
  get pmds(): SimProcess[] {
    const nodes = new Set(this.all.map((node) => node.process));
    return this.world.processes.filter((process) =>
      !nodes.has(process) && process.openListeners > 0
    );
  }

  /** What the PMD on a host lists. */
  list(hostname = "10.0.0.1"): Promise<readonly RegisteredNode[]> {
    return this.#ask(hostname, (pmd) => pmd.list());
  }

  /** How many requests the PMD on a host has answered, this one included. */
  async requestCount(hostname: string): Promise<number> {
    return (await this.#ask(hostname, (pmd) => pmd.status())).requestCount;
  }

  async #ask<Answer>(
    hostname: string,
    question: (pmd: PmdClient) => Promise<Answer>,
  ): Promise<Answer> {
    const admin = this.world.process({ hostname, name: "admin" });
    const client = await this.world.until(PmdClient.open({
      address: { hostname: "127.0.0.1", port: 4369 },
      platform: admin.platform,
      timeoutMs: 5000,
    }));
    const answer = await this.world.until(question(client));
    await this.world.until(client.close());
    admin.crash();
    return answer;
  }

  /** Ends a node in peace. */
  async shutdown(node: SimNode): Promise<void> {
    this.#shutDown.add(node);
    await this.world.until(node.runtime.shutdown(), {
      what: `the shutdown of ${node.alias}`,
    });
  }

  /** Each living node knows exactly the other living ones; the PMD does, too. */
  async checkViews(): Promise<void> {
    const { members } = this;
    // Without nodes there may be no PMD that could be asked.
    if (members.length === 0) return;
    const ids = members.map((node) => node.id).sort();
    const listed = await this.list();
    assertEquals(listed.map((node) => node.nodeId).sort(), ids, "the PMD");
    const aliases = listed.map((node) => node.alias);
    assertEquals(new Set(aliases).size, aliases.length, "aliases are unique");
    for (const node of members) {
      const peers = await this.world.until(node.runtime.discover());
      assertEquals(
        peers.map((peer) => peer.nodeId).sort(),
        ids.filter((id) => id !== node.id),
        `the view of ${node.process}`,
      );
    }
  }

  /** Messages of a pair came in order, each at most once. */
  checkOrder(): void {
    for (const node of this.all) {
      for (const [from, numbers] of node.streams) {
        for (let index = 1; index < numbers.length; index++) {
          assert(
            (numbers[index - 1] ?? 0) < (numbers[index] ?? 0),
            `${node.process} got ${numbers[index]} behind ${
              numbers[index - 1]
            } from ${from}`,
          );
        }
      }
    }
  }

  /** Nothing was lost between two nodes that no fault has touched. */
  checkLosses(): void {
    const byId = new Map(this.all.map((node) => [node.id, node]));
    for (const sender of this.all) {
      for (const [id, numbers] of sender.sent) {
        const receiver = byId.get(id);
        if (receiver === undefined) continue;
        if (sender.isTouched || receiver.isTouched) continue;
        // What comes while a node shuts down is for nobody.
        if (this.#shutDown.has(receiver)) continue;
        assertEquals(
          receiver.streams.get(`${sender.id} by id`) ?? [],
          numbers,
          `from ${sender.process} to ${receiver.process}`,
        );
      }
    }
  }

  /** Shuts everything down; then nothing of a node may be left. */
  async end(): Promise<void> {
    const { living } = this;
    for (const node of living) this.#shutDown.add(node);
    await this.world.until(
      Promise.all(living.map((node) => node.runtime.shutdown())),
      { what: "all shutdowns" },
    );
    for (const { process } of this.all) {
      if (!process.alive) continue;
      assertEquals(
        [
          process.openConnections,
          process.openListeners,
          process.pendingTimers,
          process.pendingOperations,
        ],
        [0, 0, 0, 0],
        `what is left of ${process}: connections, listeners, timers, operations`,
      );
    }
  }
}
