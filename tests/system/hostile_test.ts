// Everything that a connection can do wrong, on real sockets: each costs its
// own connection, with a code, while the good clients of the same PMD and the
// same node are served all the time.
import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { frame, header, RawSocket } from "../wire/support/raw_socket.ts";
import { Besieged } from "./besieged.ts";
import {
  type Attack,
  CLIENT,
  NODE,
  NODE_AFTER_HELLO,
  NODE_BEFORE_HELLO,
  PMD_AFTER_HELLO,
  PMD_BEFORE_HELLO,
} from "./hostile_bytes.ts";

const VIOLATION = "PROTOCOL_VIOLATION";

/** Throws one thing after the other; each must be refused with its code. */
async function attack(
  world: Besieged,
  port: number,
  attacks: readonly Attack[],
  greeting?: object,
): Promise<void> {
  for (const { what, bytes, code, isCut } of attacks) {
    const socket = await RawSocket.open(port);
    if (greeting !== undefined) {
      socket.say(greeting);
      await socket.receive(1);
    }
    socket.send(bytes);
    if (isCut === true) socket.end();
    await socket.ended;
    assertEquals(socket.closeCode, code, what);
    assertEquals(socket.isBroken, false, what);
    await world.proveService(1);
  }
}

Deno.test("a PMD refuses each malformed start with a code, and counts it", async () => {
  await using world = await Besieged.start();
  await attack(world, world.pmdPort, PMD_BEFORE_HELLO);
  await world.violations(PMD_BEFORE_HELLO.length);
  await world.quiet();
});

Deno.test("a PMD refuses each malformed request with a code, and counts it", async () => {
  await using world = await Besieged.start();
  await attack(world, world.pmdPort, PMD_AFTER_HELLO, CLIENT);
  await world.violations(PMD_AFTER_HELLO.length);
  await world.quiet();
});

Deno.test("a node refuses each malformed start with a code", async () => {
  await using world = await Besieged.start();
  await attack(world, world.nodePort, NODE_BEFORE_HELLO);
  await world.quiet();
});

Deno.test("a node refuses each malformed frame of a peer with a code", async () => {
  await using world = await Besieged.start();
  await attack(world, world.nodePort, NODE_AFTER_HELLO, NODE);
  await world.quiet();
});

Deno.test("what came before the violation is answered, what is behind it is not", async () => {
  await using world = await Besieged.start();
  const socket = await RawSocket.open(world.pmdPort);
  socket.say(
    CLIENT,
    { id: 1, type: "heartbeat" },
    { id: 2, type: "eval" },
    { id: 3, type: "heartbeat" },
  );
  await socket.ended;
  const [, ...others] = socket.values;
  assertEquals(others, [
    {
      type: "close",
      code: VIOLATION,
      details: { reason: "a request of an unknown type" },
    },
  ]);
  await world.violations(1);
});

Deno.test("any code in a close frame is read, and is nobody's violation", async () => {
  await using world = await Besieged.start();
  const codes: unknown[] = [
    { toString: null, valueOf: null },
    [[{ toString: 1 }]],
    "NO_SUCH_CODE",
    VIOLATION,
    null,
    12,
  ];
  for (const port of [world.pmdPort, world.nodePort]) {
    for (const code of codes) {
      for (const greeting of [[], [port === world.pmdPort ? CLIENT : NODE]]) {
        const socket = await RawSocket.open(port);
        socket.say(...greeting, {
          type: "close",
          code,
          details: { __proto__: { code }, a: { b: [] } },
        });
        await socket.ended;
        assertEquals(socket.isBroken, false);
        assertEquals(socket.closeCode, undefined);
      }
    }
  }
  await world.proveService(2);
  await world.violations(0);
  await world.quiet();
});

Deno.test("silence after connect is ended after 3 s, also when it drips", async () => {
  await using world = await Besieged.start();
  const ports = [world.pmdPort, world.nodePort];
  const bytes = frame(CLIENT).subarray(0, -1);
  const startedAt = performance.now();
  await Promise.all(ports.flatMap((port) => [
    (async () => {
      const silent = await RawSocket.open(port);
      await silent.ended;
      assertEquals(silent.closeCode, "HANDSHAKE_TIMEOUT");
    })(),
    (async () => {
      const dripping = await RawSocket.open(port);
      for (let index = 0; !dripping.hasPeerEnded; index++) {
        dripping.send(bytes.subarray(index, index + 1));
        await world.proveService(20);
      }
      await dripping.ended;
      assertEquals(dripping.closeCode, "HANDSHAKE_TIMEOUT");
    })(),
  ]));
  const tookMs = performance.now() - startedAt;
  assert(tookMs >= 2990, `${tookMs} ms`);
  await world.violations(2);
  await world.quiet();
});

Deno.test("who goes on talking after a violation is cut off", async () => {
  await using world = await Besieged.start();
  const connections: [number, object][] = [
    [world.pmdPort, CLIENT],
    [world.nodePort, NODE],
  ];
  await Promise.all(connections.map(async ([port, greeting]) => {
    const socket = await RawSocket.open(port, { allowHalfOpen: true });
    socket.say(greeting, null);
    let hasEnded = false;
    socket.ended.then(() => hasEnded = true);
    while (!hasEnded) {
      socket.say({ id: 1, type: "list" });
      await world.proveService(5);
    }
    assertEquals(socket.values.length, 2);
  }));
  await world.violations(1);
  await world.quiet();
});

Deno.test("who asks a lot and reads nothing is cut off, others are not", async () => {
  await using world = await Besieged.start();
  const socket = await RawSocket.open(world.pmdPort);
  socket.say(CLIENT);
  await socket.receive(1);
  socket.pause();
  let hasEnded = false;
  socket.ended.then(() => hasEnded = true);
  const name = "n".repeat(128);
  const requests = Buffer.concat(
    Array.from(
      { length: 10_000 },
      (_, index) => frame({ id: index + 1, type: "resolve", name }),
    ),
  );
  const { pmd } = world;
  while (!hasEnded && pmd.status().connectionCount > 3) {
    socket.send(requests);
    await world.proveService(1);
  }
  socket.destroy();
  await world.quiet();
});

Deno.test("connections that break in the middle of anything harm nobody", async () => {
  await using world = await Besieged.start();
  const starts = [
    Buffer.alloc(0),
    header(100),
    frame(CLIENT).subarray(0, 30),
    frame(CLIENT),
    Buffer.concat([frame(CLIENT), header(1000)]),
    Buffer.concat([frame(NODE), frame([1]), header(1000)]),
  ];
  for (let round = 0; round < 50; round++) {
    await Promise.all(starts.map(async (bytes, index) => {
      const isNode = index === starts.length - 1;
      const port = isNode ? world.nodePort : world.pmdPort;
      const socket = await RawSocket.open(port);
      socket.send(bytes);
      if (round % 2 === 0) await world.proveService(1);
      socket.destroy();
      await socket.ended;
    }));
  }
  await world.proveService(10);
  await world.quiet();
});
