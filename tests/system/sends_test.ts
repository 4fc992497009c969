// What a send costs: no question to the PMD, and no wait for an acknowledgement.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { DistflowError } from "../../src/base/errors.ts";
import { silentLogger } from "../../src/log/mod.ts";
import { NodeRuntime } from "../../src/node/runtime.ts";
import { PmdServer } from "../../src/pmd/server.ts";
import { ownPlatform } from "./besieged.ts";

const ROUNDS = 100;
const MESSAGES = 1000;
/** More than a call takes as arguments on any of the runtimes. */
const FLOOD = 300_000;
/** Half of what the other side delays an acknowledgement by: 40 ms. */
const STALL_MS = 20;

interface Pair {
  readonly pmd: PmdServer;
  readonly asker: NodeRuntime<number>;
  readonly answerer: NodeRuntime<number>;
}

/** Runs `act` with two nodes that know each other, and have no link yet. */
async function withPair(act: (pair: Pair) => Promise<void>): Promise<void> {
  const logger = silentLogger;
  await using pmd = await PmdServer.start({
    port: 0,
    logger,
    platform: ownPlatform(),
  });
  const start = (alias: string): Promise<NodeRuntime<number>> =>
    NodeRuntime.start<number>({
      alias,
      pmd: { port: pmd.address.port, mode: "external" },
      // No test here is about time: a busy machine may take what it needs.
      timeoutMs: 120_000,
      shutdownTimeoutMs: 120_000,
      logger,
      platform: ownPlatform(),
    });
  await using answerer = await start("answerer");
  await using asker = await start("asker");
  await asker.discover();
  await act({ pmd, asker, answerer });
}

/** Resolves with the last of `count` messages. */
function received(node: NodeRuntime<number>, count: number): Promise<number> {
  return new Promise((resolve) => {
    const detach = node.onMessage((message) => {
      if (--count > 0) return;
      detach();
      resolve(message);
    });
  });
}

Deno.test("sends to a node that is known ask no PMD", async () => {
  await withPair(async ({ pmd, asker, answerer }) => {
    const names = ["answerer", answerer.nodeId];
    const before = pmd.status().requestCount;
    const startedAt = performance.now();
    const last = received(answerer, MESSAGES);
    for (let number = 1; number <= MESSAGES; number++) {
      await asker.send(names[number % names.length] ?? "", number);
    }
    assertEquals(await last, MESSAGES);
    // Two nodes say each 5 s that they live; nothing else is asked.
    const heartbeats = 2 * Math.ceil((performance.now() - startedAt) / 5000);
    const asked = pmd.status().requestCount - before;
    assert(asked <= heartbeats, `${asked} requests, ${heartbeats} heartbeats`);
  });
});

Deno.test("the first send to a node that is known does not need the PMD", async () => {
  await withPair(async ({ pmd, asker, answerer }) => {
    const lost = new Promise<void>((resolve) =>
      asker.once("pmd:disconnect", () => resolve())
    );
    await pmd.shutdown();
    await lost;
    assertEquals(asker.stats.linkCount, 0);
    const message = received(answerer, 1);
    await asker.send("answerer", 7);
    assertEquals(await message, 7);
  });
});

Deno.test("no number of messages that wait for a link is too many for one call", async () => {
  await withPair(async ({ asker, answerer }) => {
    const last = received(answerer, FLOOD);
    const sends: Promise<void>[] = [];
    for (let number = 1; number <= FLOOD; number++) {
      sends.push(asker.send("answerer", number));
    }
    await asker.shutdown();
    assertEquals(asker.stats.sentCount, FLOOD);
    await Promise.all(sends);
    assertEquals(await last, FLOOD);
  });
});

Deno.test("a message that cannot be sent does not count as sent", async () => {
  await withPair(async ({ asker, answerer }) => {
    const messages = received(answerer, 2);
    await asker.send("answerer", 1);
    await asker.send("asker", 1);
    await assertRejects(() => asker.send("nobody", 1), DistflowError);
    await assertRejects(() => asker.send("no name", 1), TypeError);
    await asker.send(answerer.nodeId, 2);
    assertEquals(asker.stats.sentCount, 3);
    assertEquals(await messages, 2);
  });
});

Deno.test("a node that sends to itself gets copies, and the errors of any send", async () => {
  const platform = ownPlatform();
  const logger = silentLogger;
  await using pmd = await PmdServer.start({ port: 0, logger, platform });
  await using node = await NodeRuntime.start<unknown>({
    alias: "narcissus",
    pmd: { port: pmd.address.port, mode: "external" },
    logger,
    platform,
  });
  const got: unknown[] = [];
  node.onMessage((message, { from, alias }) => {
    assertEquals([from, alias], [node.nodeId, "narcissus"]);
    got.push(message);
  });
  const list = [1];
  const message = { list, at: new Date(0), left: undefined };
  await node.send("narcissus", { list });
  await node.send(node.nodeId, message);
  list.push(2);
  // Six times as much might be too much, and is not.
  const long = "x".repeat(1_000_000);
  await node.send("narcissus", long);
  const expected = [
    { list: [1] },
    { list: [1], at: "1970-01-01T00:00:00.000Z" },
    long,
  ];
  assertEquals(got, expected);
  const cycle: unknown[] = [];
  cycle.push(cycle);
  const refused = [
    [undefined, "MESSAGE_NOT_JSON"],
    [1n, "MESSAGE_NOT_JSON"],
    [cycle, "MESSAGE_NOT_JSON"],
    [JSON.parse("[".repeat(2000) + "]".repeat(2000)), "MESSAGE_NOT_JSON"],
    [{
      get it() {
        throw new Error("no");
      },
    }, "MESSAGE_NOT_JSON"],
    ["\0".repeat(200_000), "MESSAGE_TOO_LARGE"],
  ] as const;
  for (const [bad, code] of refused) {
    const error = await assertRejects(
      () => node.send("narcissus", bad),
      DistflowError,
    );
    assertEquals(error.code, code);
  }
  assertEquals(got.length, expected.length);
  assertEquals(node.stats.sentCount, expected.length);
  assertEquals(node.stats.receivedCount, expected.length);
});

Deno.test("sends that overlap do not wait for acknowledgements", async () => {
  await withPair(async ({ asker, answerer }) => {
    // Small writes one after the other, and an answer to the last one only:
    // with Nagle's algorithm, each round waits for a delayed acknowledgement.
    answerer.onMessage((number, { from }) =>
      number === 0 ? undefined : answerer.send(from, number)
    );
    const stalls: number[] = [];
    let onAnswer: (number: number) => void = () => {};
    asker.onMessage((number) => onAnswer(number));
    for (let round = 1; round <= ROUNDS; round++) {
      const answer = new Promise<number>((resolve) => onAnswer = resolve);
      await asker.send("answerer", 0);
      // What is sent in one turn is one write.
      await new Promise((resolve) => setTimeout(resolve, 0));
      const sentAt = performance.now();
      await asker.send("answerer", round);
      assertEquals(await answer, round);
      const tookMs = performance.now() - sentAt;
      if (tookMs >= STALL_MS) stalls.push(tookMs);
    }
    // A busy machine delays some rounds; Nagle delays all but the first few.
    assert(stalls.length < ROUNDS / 2, `${stalls.length} of ${ROUNDS} stall`);
  });
});
