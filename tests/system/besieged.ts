import { assertEquals } from "@std/assert";
import { silentLogger } from "../../src/log/mod.ts";
import { NodeRuntime } from "../../src/node/runtime.ts";
import { currentPlatform } from "../../src/platform/mod.ts";
import { PmdClient } from "../../src/pmd/client.ts";
import { PmdServer } from "../../src/pmd/server.ts";
import type { Platform } from "../../src/transport/platform.ts";
import type { NodeRecord } from "../../src/wire/pmd_messages.ts";

/** The platform of this process, as if it were a process of its own. */
export function ownPlatform(): Platform {
  const { clock, random, transport, process } = currentPlatform();
  return {
    clock,
    random,
    transport,
    process: {
      pid: process.pid,
      runtime: process.runtime,
      shared: new Map(),
      args: [],
      env: () => undefined,
      spawn: (request) => process.spawn(request),
      onSignal: (signals, handler) => process.onSignal(signals, handler),
      exit: (code) => process.exit(code),
      writeOut: (text) => process.writeOut(text),
      writeError: (text) => process.writeError(text),
    },
  };
}

/** Keeps asking, and fails at the first answer that is wrong. */
class Traffic {
  count = 0;
  #isStopped = false;
  #failure: unknown;
  readonly #ended: Promise<void>;

  constructor(round: (number: number) => Promise<void>) {
    this.#ended = this.#run(round);
  }

  /** Resolves after `count` more rounds, each of them right. */
  async more(count: number): Promise<void> {
    const enough = this.count + count;
    await until(`${count} more rounds`, () => {
      if (this.#failure !== undefined) throw this.#failure;
      return this.count >= enough;
    });
  }

  /** Ends it; fails if any round did. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    let hasEnded = false;
    this.#ended.then(() => hasEnded = true);
    await until("the last round", () => hasEnded);
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #run(round: (number: number) => Promise<void>): Promise<void> {
    try {
      while (!this.#isStopped) {
        await round(this.count);
        this.count++;
        await pause();
      }
    } catch (error) {
      this.#failure = error ?? new Error("A round failed");
    }
  }
}

/** Leaves the processor to others, so that attacks are not slowed down. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}

/** Resolves when `isTrue`; a test that waits for what never comes fails. */
async function until(what: string, isTrue: () => boolean): Promise<void> {
  const startedAt = performance.now();
  while (!isTrue()) {
    if (performance.now() - startedAt > PATIENCE_MS) {
      throw new Error(`Waited ${PATIENCE_MS} ms in vain: ${what}`);
    }
    await pause();
  }
}

const PATIENCE_MS = 30_000;

const GOOD: NodeRecord = {
  nodeId: "good-record",
  alias: "good-alias",
  host: "127.0.0.1",
  port: 4000,
  incarnation: 1,
  pid: 1,
  runtime: "test/1.0.0",
};

/**
 * A PMD and two nodes that do their work while somebody throws things at them:
 * a client asks the PMD, a watcher sees nodes come, and one node sends numbered
 * messages to the other, which sends them back.
 */
export class Besieged implements AsyncDisposable {
  readonly pmd: PmdServer;
  readonly asker: NodeRuntime<number>;
  readonly answerer: NodeRuntime;
  readonly client: PmdClient;
  readonly #asking: Traffic;
  readonly #talking: Traffic;

  private constructor(
    pmd: PmdServer,
    asker: NodeRuntime<number>,
    answerer: NodeRuntime,
    client: PmdClient,
  ) {
    this.pmd = pmd;
    this.asker = asker;
    this.answerer = answerer;
    this.client = client;
    this.#asking = new Traffic(async () => {
      const node = await client.resolve("good-alias");
      assertEquals([node.nodeId, node.port], ["good-record", 4000]);
    });
    this.#talking = new Traffic(this.#talk());
  }

  static async start(): Promise<Besieged> {
    const logger = silentLogger;
    const platform = ownPlatform();
    const pmd = await PmdServer.start({ port: 0, logger, platform });
    const options = {
      pmd: { port: pmd.address.port, mode: "external" as const },
      logger,
    };
    const answerer = await NodeRuntime.start({
      ...options,
      alias: "answerer",
      platform: ownPlatform(),
    });
    const asker = await NodeRuntime.start<number>({
      ...options,
      alias: "asker",
      platform: ownPlatform(),
    });
    const client = await PmdClient.open({
      address: pmd.address,
      platform,
      timeoutMs: 10_000,
    });
    await client.register(GOOD);
    return new Besieged(pmd, asker, answerer, client);
  }

  get pmdPort(): number {
    return this.pmd.address.port;
  }

  /** Where the node listens that is attacked. */
  get nodePort(): number {
    return this.answerer.address.port;
  }

  /** The good clients get another `count` right answers each. */
  async proveService(count: number): Promise<void> {
    await Promise.all([this.#asking.more(count), this.#talking.more(count)]);
  }

  /** Resolves when the PMD has counted `count` violations; fails beyond it. */
  async violations(count: number): Promise<void> {
    const { pmd } = this;
    await until(
      `${count} violations`,
      () => pmd.status().violationCount >= count,
    );
    assertEquals(pmd.status().violationCount, count);
  }

  /** Resolves when only the connections of the good clients are left. */
  async quiet(): Promise<void> {
    const { answerer, pmd } = this;
    await until(
      "two nodes and the client are left",
      () =>
        pmd.status().connectionCount === 3 && answerer.stats.linkCount === 1,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const results = await Promise.allSettled([
      this.#asking.stop(),
      this.#talking.stop(),
    ]);
    await this.client.close();
    await this.asker.shutdown();
    await this.answerer.shutdown();
    await this.pmd.shutdown();
    for (const result of results) {
      if (result.status === "rejected") throw result.reason;
    }
  }

  /** One message there and back; a wrong one is answered with what was wrong. */
  #talk(): (number: number) => Promise<void> {
    const { asker, answerer } = this;
    let expected = 0;
    let onAnswer: (number: number) => void = () => {};
    answerer.onMessage((message, { from }) => {
      if (from !== asker.nodeId) return;
      const answer = message === expected
        ? message
        : { got: message, expected };
      expected++;
      return answerer.send(from, answer);
    });
    asker.onMessage((message) => onAnswer(message));
    return async (number) => {
      const answer = new Promise<number>((resolve) => onAnswer = resolve);
      await asker.send("answerer", number);
      assertEquals(await answer, number);
      assertEquals(answerer.stats.droppedCount, 0);
    };
  }
}
