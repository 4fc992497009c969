// What a peer that keeps to the protocol can do to a node.
import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import type { JsonRecord } from "../../src/base/json.ts";
import { frame, RawSocket, textFrame } from "../wire/support/raw_socket.ts";
import { Besieged } from "./besieged.ts";
import { IDENTITY, NODE } from "./hostile_bytes.ts";

const PING = { type: "ping" };
const PONG = { type: "pong" };

/** Offers a link to the node that is attacked. */
async function offer(
  world: Besieged,
  changes: JsonRecord = {},
  options: { allowHalfOpen?: boolean } = {},
): Promise<RawSocket> {
  const socket = await RawSocket.open(world.nodePort, options);
  socket.say({ ...NODE, node: { ...IDENTITY, ...changes } });
  return socket;
}

/** Offers a link, which is taken. */
async function link(
  world: Besieged,
  changes: JsonRecord = {},
  options: { allowHalfOpen?: boolean } = {},
): Promise<RawSocket> {
  const socket = await offer(world, changes, options);
  const [hello] = await socket.receive(1);
  assertEquals((hello as JsonRecord).type, "hello");
  return socket;
}

/** Offers a link, which is refused; returns the code. */
async function refusal(
  world: Besieged,
  changes: JsonRecord,
): Promise<unknown> {
  const socket = await offer(world, changes);
  await socket.ended;
  return socket.closeCode;
}

Deno.test("a node that is told its own id by another refuses it", async () => {
  await using world = await Besieged.start();
  const { nodeId } = world.answerer;
  assertEquals(await refusal(world, { nodeId }), "WRONG_PEER");
  await world.quiet();
});

Deno.test("who claims a later life of a peer has its place, until it goes", async () => {
  await using world = await Besieged.start();
  const victim = await link(world, { incarnation: 7 });
  const thief = await link(world, { incarnation: 2 ** 53 - 1 });
  await victim.ended;
  assertEquals(victim.closeCode, undefined);
  assertEquals(await refusal(world, { incarnation: 7 }), "STALE_INCARNATION");
  thief.end();
  await thief.ended;
  await world.quiet();
  const again = await link(world, { incarnation: 7 });
  again.end();
  await world.quiet();
});

Deno.test("hundreds of dials under one id end with one link", async () => {
  await using world = await Besieged.start();
  const sockets = await Promise.all(
    Array.from({ length: 300 }, () => offer(world)),
  );
  // Each has its answer, or was replaced already.
  await Promise.all(
    sockets.map((socket) => Promise.race([socket.receive(1), socket.ended])),
  );
  const last = await link(world);
  assertEquals(world.answerer.stats.linkCount, 2);
  await Promise.all(sockets.map((socket) => socket.ended));
  last.say(PING);
  await last.receive(2);
  assertEquals(last.last, PONG);
  last.end();
  await world.quiet();
});

Deno.test("frames as long as the limits are taken", async () => {
  await using world = await Besieged.start();
  const socket = await RawSocket.open(world.nodePort);
  socket.send(textFrame(JSON.stringify(NODE).padEnd(16 * 1024)));
  const data = JSON.stringify(["x".repeat(1024 * 1024 - 4)]);
  socket.send(textFrame(data));
  const levels = 999;
  socket.send(textFrame(`[${"[".repeat(levels)}${"]".repeat(levels)}]`));
  socket.say([], PING);
  const [, pong] = await socket.receive(2);
  assertEquals(pong, PONG);
  socket.end();
  await world.quiet();
});

Deno.test("a flood of pings that reads no pong harms nobody", async () => {
  await using world = await Besieged.start();
  const socket = await link(world);
  socket.pause();
  const pings = Buffer.concat(Array(10_000).fill(frame(PING)));
  for (let round = 0; round < 100; round++) {
    socket.send(pings);
    await world.proveService(1);
  }
  socket.destroy();
  await world.quiet();
});

Deno.test("one that ends its side, and neither reads nor closes, is let go", async () => {
  await using world = await Besieged.start();
  const lingering = await Promise.all(
    Array.from(
      { length: 20 },
      (_, index) =>
        link(world, { nodeId: `l${index}` }, { allowHalfOpen: true }),
    ),
  );
  const pings = Buffer.concat(Array(10_000).fill(frame(PING)));
  for (const socket of lingering) {
    socket.pause();
    socket.send(pings);
    socket.end();
  }
  await world.quiet();
  await world.proveService(10);
  for (const socket of lingering) socket.destroy();
});
