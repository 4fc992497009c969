// What a client that keeps to the protocol can do to a PMD.
import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import type { JsonRecord } from "../../src/base/json.ts";
import { frame, RawSocket, textFrame } from "../wire/support/raw_socket.ts";
import { Besieged } from "./besieged.ts";
import { CLIENT, RECORD } from "./hostile_bytes.ts";

/** Says hello to a PMD. */
async function client(
  world: Besieged,
  options: { allowHalfOpen?: boolean } = {},
): Promise<RawSocket> {
  const socket = await RawSocket.open(world.pmdPort, options);
  socket.say(CLIENT);
  await socket.receive(1);
  return socket;
}

function register(id: number, changes: JsonRecord): JsonRecord {
  return { id, type: "register", node: { ...RECORD, ...changes }, attempt: 1 };
}

/** Thousands of registrations on one connection, each of a later life. */
function storm(count: number): Buffer {
  return Buffer.concat(
    Array.from({ length: count }, (_, index) => [
      frame(register(2 * index + 1, { incarnation: index })),
      frame({ id: 2 * index + 2, type: "unregister" }),
    ]).flat(),
  );
}

Deno.test("a storm of registrations is answered, and told in order", async () => {
  await using world = await Besieged.start();
  const watcher = await client(world);
  watcher.say({ id: 1, type: "watch" });
  await watcher.receive(3);
  const stormy = await client(world);
  const count = 3000;
  stormy.send(storm(count));
  await stormy.receive(1 + 2 * count);
  const events = (await watcher.receive(3 + 2 * count)).slice(3);
  const [first] = events as JsonRecord[];
  assertEquals(
    events.map((event) => (event as JsonRecord).sequence),
    events.map((_, index) => Number(first?.sequence) + index),
  );
  await world.proveService(10);
  watcher.end();
  stormy.end();
  await world.quiet();
});

Deno.test("who registers, unregisters, registers and breaks off is not told as shut down", async () => {
  await using world = await Besieged.start();
  const watcher = await client(world);
  watcher.say({ id: 1, type: "watch" });
  await watcher.receive(3);
  const moody = await client(world);
  moody.say(register(1, {}), { id: 2, type: "unregister" }, register(3, {}));
  await watcher.receive(6);
  moody.destroy();
  const events = (await watcher.receive(7)).slice(3) as JsonRecord[];
  assertEquals(
    events.map(({ type, reason }) => reason ?? type),
    ["join", "shutdown", "join", "disconnected"],
  );
  watcher.end();
  await world.quiet();
});

Deno.test("a watcher that does not read costs no one else, and catches up", async () => {
  await using world = await Besieged.start();
  const watcher = await client(world);
  watcher.say({ id: 1, type: "watch" });
  await watcher.receive(3);
  watcher.pause();
  const stormy = await client(world);
  const count = 30_000;
  stormy.send(storm(count));
  await stormy.receive(1 + 2 * count);
  await world.proveService(10);
  watcher.resume();
  // What it has missed, a snapshot makes up for.
  const isSnapshot = (value: unknown) =>
    (value as JsonRecord).type === "snapshot";
  let got = await watcher.receive(4);
  while (got.filter(isSnapshot).length < 2) {
    got = await watcher.receive(got.length + 1);
  }
  assert(got.length < 2 * count, `${got.length} frames`);
  let seenCount = got.length;
  stormy.say(register(2 * count + 1, { nodeId: "last", incarnation: count }));
  // As long as it is behind, that comes within a snapshot.
  const tellsOfLast = (value: unknown) =>
    JSON.stringify(value).includes("last");
  while (!watcher.values.slice(seenCount).some(tellsOfLast)) {
    seenCount = watcher.values.length;
    await watcher.receive(seenCount + 1);
  }
  watcher.end();
  stormy.end();
  await world.quiet();
});

Deno.test("names that mean something to JavaScript are names like others", async () => {
  await using world = await Besieged.start();
  const names = ["__proto__", "constructor", "toString", "hasOwnProperty"];
  const sockets: RawSocket[] = [];
  for (const [index, alias] of names.entries()) {
    const socket = await client(world);
    sockets.push(socket);
    socket.say(register(1, { nodeId: `${alias}.${index}`, alias }));
    const [, answer] = await socket.receive(2);
    assertEquals((answer as JsonRecord).type, "registered");
    assertEquals((await world.client.resolve(alias)).alias, alias);
  }
  const listed = (await world.client.list()).map(({ alias }) => alias ?? "");
  assertEquals(listed.filter((alias) => names.includes(alias)), names);
  const peers = (await world.asker.discover()).map(({ alias }) => alias ?? "");
  assertEquals(peers.filter((alias) => names.includes(alias)), names);
  for (const socket of sockets) socket.end();
  await world.quiet();
});

Deno.test("frames as long as the limits are taken", async () => {
  await using world = await Besieged.start();
  const socket = await RawSocket.open(world.pmdPort);
  socket.send(textFrame(JSON.stringify(CLIENT).padEnd(16 * 1024)));
  const list = JSON.stringify({ id: 1, type: "heartbeat" });
  socket.send(textFrame(list.padEnd(256 * 1024)));
  const name = "\ud800".repeat(128);
  socket.say({ id: 2, type: "resolve", name });
  const [, ...answers] = await socket.receive(3);
  assertEquals(answers, [
    { id: 1, type: "ok" },
    { id: 2, type: "error", code: "PEER_NOT_FOUND", details: { name } },
  ]);
  socket.end();
  await world.violations(0);
  await world.quiet();
});

Deno.test("one that ends its side, and neither reads nor closes, is let go", async () => {
  await using world = await Besieged.start();
  const lingering = await Promise.all(
    Array.from({ length: 5 }, () => client(world, { allowHalfOpen: true })),
  );
  const name = "n".repeat(128);
  const requests = Buffer.concat(
    Array.from(
      { length: 20_000 },
      (_, index) => frame({ id: index + 1, type: "resolve", name }),
    ),
  );
  for (const socket of lingering) {
    socket.pause();
    socket.send(requests);
    socket.end();
  }
  await world.quiet();
  await world.proveService(10);
  for (const socket of lingering) socket.destroy();
});
