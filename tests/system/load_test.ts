// What nodes do when there is more than somebody takes: they drop and count, or
// wait, and nobody else notices.
import { assert, assertEquals, assertLess } from "@std/assert";
import type { JsonValue } from "../../src/base/json.ts";
import { silentLogger } from "../../src/log/mod.ts";
import type { NodeOptions } from "../../src/node/options.ts";
import { NodeRuntime } from "../../src/node/runtime.ts";
import { PmdServer } from "../../src/pmd/server.ts";
import { FRAME_BYTES_CAP } from "../../src/wire/limits.ts";
import { Running } from "../packages/support.ts";
import { scriptCommand } from "../support/script.ts";
import { RawSocket } from "../wire/support/raw_socket.ts";
import { ownPlatform } from "./besieged.ts";
import { IDENTITY, NODE } from "./hostile_bytes.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const RAW = IDENTITY.nodeId as string;
const PING = { type: "ping" };
const PONG = { type: "pong" };

/** What the systems of both sides may keep of one connection on loopback. */
const SYSTEM_BYTES_MAX = 16 * MIB;
/**
 * What may be handled between the call that ends a node and the event on
 * another one: it takes some turns of the event loop. Without turns it was up
 * to 450 MB on Deno, and some nodes could not even start; now it is up to 15.
 */
const LEAVE_BYTES_MAX = 64 * MIB;

/** A PMD, and nodes that register with it. */
class World implements AsyncDisposable {
  readonly pmd: PmdServer;
  readonly #nodes: NodeRuntime[] = [];

  private constructor(pmd: PmdServer) {
    this.pmd = pmd;
  }

  static async start(): Promise<World> {
    const platform = ownPlatform();
    const logger = silentLogger;
    return new World(await PmdServer.start({ port: 0, logger, platform }));
  }

  async node(alias: string, options: NodeOptions = {}): Promise<NodeRuntime> {
    const node = await NodeRuntime.start({
      ...options,
      alias,
      pmd: { port: this.pmd.address.port, mode: "external" },
      logger: silentLogger,
      platform: ownPlatform(),
    });
    this.#nodes.push(node);
    return node;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.shutdown()));
    await this.pmd.shutdown();
  }
}

/** A peer whose reading the test controls, with a link to `node`. */
async function rawPeer(node: NodeRuntime): Promise<RawSocket> {
  const socket = await RawSocket.open(node.address.port);
  socket.say({ ...NODE, frameBytesMax: FRAME_BYTES_CAP });
  await socket.receive(1);
  return socket;
}

/** Round trips from `asker` to `answerer`, one after the other. */
class RoundTrips {
  readonly #asker: NodeRuntime;
  #onAnswer: () => void = () => {};

  constructor(asker: NodeRuntime, answerer: NodeRuntime) {
    this.#asker = asker;
    asker.onMessage(() => this.#onAnswer());
    answerer.onMessage((message, { from }) => answerer.send(from, message));
  }

  async make(count: number): Promise<void> {
    for (let round = 0; round < count; round++) {
      const answer = new Promise<void>((resolve) => this.#onAnswer = resolve);
      await this.#asker.send("answerer", round);
      await answer;
    }
  }
}

Deno.test("a slow handler makes the mailbox drop and count, and never grow", async () => {
  await using world = await World.start();
  const maxSize = 100;
  const count = 50_000;
  const slow = await world.node("slow", { mailbox: { maxSize } });
  const sender = await world.node("sender");
  let release = (): void => {};
  const released = new Promise<void>((resolve) => release = resolve);
  const handled: JsonValue[] = [];
  let onHandled = (): void => {};
  let sizeMax = 0;
  slow.onMessage(async (message) => {
    handled.push(message);
    onHandled();
    await released;
  });
  const all = new Promise<void>((resolve) => {
    let told = 0;
    slow.on("mailbox:drop", ({ count, total }) => {
      told += count;
      assertEquals(told, total);
      sizeMax = Math.max(sizeMax, slow.stats.mailboxSize);
      if (slow.stats.receivedCount === 50_000) resolve();
    });
  });
  for (let number = 0; number < count; number++) {
    await sender.send("slow", number);
  }
  await all;
  assertEquals(sizeMax, maxSize);
  const { mailboxSize, droppedCount } = slow.stats;
  assertEquals([mailboxSize, droppedCount], [maxSize, count - maxSize - 1]);
  const rest = new Promise<void>((resolve) =>
    onHandled = () => handled.length === maxSize + 2 ? resolve() : undefined
  );
  release();
  await sender.send("slow", "later");
  await rest;
  const first = Array.from({ length: maxSize + 1 }, (_, number) => number);
  assertEquals(handled, [...first, "later"]);
  assertEquals(slow.stats.droppedCount, droppedCount);
});

Deno.test("a receiver that stops reading makes its sender wait, and nobody else", async () => {
  await using world = await World.start();
  const sender = await world.node("sender");
  const answerer = await world.node("answerer");
  const trips = new RoundTrips(sender, answerer);
  await trips.make(1);
  const raw = await rawPeer(sender);
  raw.pause();
  const text = "x".repeat(10 * KIB);
  let sentCount = 0;
  let isOver = false;
  const sending = (async () => {
    while (!isOver) {
      await sender.send(RAW, [sentCount, text]);
      sentCount++;
    }
  })();
  // Who still finds room after so many round trips of another link would find
  // it for ever: what the system takes, it takes in one of them.
  for (let before = -1; before < sentCount;) {
    before = sentCount;
    assertLess(sentCount * text.length, SYSTEM_BYTES_MAX);
    await trips.make(200);
  }
  isOver = true;
  raw.resume();
  await sending;
  await sender.send(RAW, "last");
  const numbers = Array.from({ length: sentCount }, (_, number) => number);
  assertEquals(await numbersBefore(raw, "last"), numbers);
  raw.end();
  await raw.ended;
});

/** The numbers of the messages that come before `last`. */
async function numbersBefore(raw: RawSocket, last: string): Promise<number[]> {
  let count = 0;
  let messages: unknown[] = [];
  while (messages.at(-1) !== last) {
    const values = await raw.receive(count + 1);
    count = values.length;
    // A node asks a silent peer for a sign of life meanwhile.
    messages = values.filter((value) => Array.isArray(value)).flat(1);
  }
  return messages.slice(0, -1).map((message) => (message as [number])[0]);
}

Deno.test("16 MiB on their way delay only what is behind them, and no other peer", async () => {
  await using world = await World.start();
  const sender = await world.node("sender", {
    highWaterBytes: 64 * MIB,
    queueBytesMax: 64 * MIB,
  });
  const answerer = await world.node("answerer");
  const trips = new RoundTrips(sender, answerer);
  await trips.make(1);
  const raw = await rawPeer(sender);
  raw.pause();
  const large = "x".repeat(FRAME_BYTES_CAP - '[""]'.length);
  await sender.send(RAW, large);
  for (let number = 0; number < 100; number++) await sender.send(RAW, number);
  const before = sender.stats.receivedCount;
  await trips.make(100);
  assertEquals(sender.stats.receivedCount, before + 100);
  assertEquals(raw.values.length, 1, "it cannot have arrived");
  // The node answers a ping while the message is on its way.
  raw.say(PING);
  await trips.make(100);
  raw.resume();
  const [, first, second, third] = await raw.receive(4);
  assert(Array.isArray(first) && first[0] === large && first.length === 1);
  assertEquals(second, PONG, "control goes out before all that still waits");
  assertEquals(third, Array.from({ length: 100 }, (_, number) => number));
  raw.end();
  await raw.ended;
});

Deno.test("a leave overtakes the messages of a flood", async () => {
  await using world = await World.start();
  const flooded = await world.node("flooded");
  let count = 0;
  let byteCount = 0;
  let onMessage = (): void => {};
  flooded.onMessage((message) => {
    count++;
    byteCount = JSON.stringify(message).length + 1;
    onMessage();
  });
  const flood = new Running(
    scriptCommand(
      "tests/system/programs/pour.ts",
      "flood",
      world.pmd.address.port,
      "flooded",
    ),
  );
  try {
    for (let round = 0; round < 10; round++) {
      const passing = await world.node(`passing${round}`);
      const more = count + 10_000;
      await new Promise<void>((resolve) =>
        onMessage = () => count >= more ? resolve() : undefined
      );
      const left = new Promise<number>((resolve) =>
        flooded.once("peer:leave", ({ alias }) => {
          assertEquals(alias, `passing${round}`);
          resolve(count);
        })
      );
      const before = count;
      await passing.shutdown();
      const meanwhile = (await left - before) * byteCount;
      assertLess(meanwhile, LEAVE_BYTES_MAX);
    }
    assertEquals(flooded.stats.droppedCount, 0);
    assert(flooded.stats.isRegistered);
  } finally {
    await flood[Symbol.asyncDispose]();
  }
});
