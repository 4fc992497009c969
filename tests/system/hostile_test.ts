// Everything that a connection can do wrong, on real sockets: each costs its
// own connection, with a code, while the good clients of the same PMD and the
// same node are served all the time.
import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { execFileSync } from "node:child_process";
import { Running } from "../packages/support.ts";
import { scriptCommand } from "../support/script.ts";
import {
  frame,
  header,
  RawSocket,
  textFrame,
} from "../wire/support/raw_socket.ts";
import { Besieged } from "./besieged.ts";

const CLIENT = {
  type: "hello",
  protocol: "distflow-pmd",
  versions: [1],
  frameBytesMax: 16 * 1024 * 1024,
  runtime: "hostile/1.0.0",
  pid: 1,
};
const IDENTITY = {
  nodeId: "hostile",
  incarnation: 1,
  host: "127.0.0.1",
  port: 4001,
};
const NODE = {
  ...CLIENT,
  protocol: "distflow-node",
  node: IDENTITY,
  link: { id: "l1" },
};
const RECORD = { ...IDENTITY, pid: 1, runtime: "hostile/1.0.0" };

const VIOLATION = "PROTOCOL_VIOLATION";

/** What is thrown, the code that it is refused with, and how it is sent. */
interface Attack {
  readonly what: string;
  readonly bytes: Uint8Array;
  readonly code: string;
  /** Whether the attacker ends its side behind it. */
  readonly ends?: boolean;
}

function deep(levels: number): Buffer {
  return textFrame("[".repeat(levels) + "]".repeat(levels));
}

/** A hello of which a part is wrong, or not there. */
function hello(good: object, changes: object): Buffer {
  return frame({ ...good, ...changes });
}

/** What is wrong with bytes and frames, whatever they are for. */
const MALFORMED: readonly Attack[] = [
  { what: "an empty frame", bytes: header(0), code: VIOLATION },
  {
    what: "a frame of 4 GiB",
    bytes: header(0xffffffff),
    code: "FRAME_TOO_LARGE",
  },
  {
    what: "a frame of 2 GiB",
    bytes: header(0x80000000),
    code: "FRAME_TOO_LARGE",
  },
  {
    what: "bytes that are not UTF-8",
    bytes: Buffer.concat([header(2), Buffer.from([0xc3, 0x28])]),
    code: VIOLATION,
  },
  {
    what: "a surrogate in UTF-8",
    bytes: Buffer.concat([header(5), Buffer.from([34, 0xed, 0xa0, 0x80, 34])]),
    code: VIOLATION,
  },
  { what: "a byte order mark", bytes: textFrame("\ufeff{}"), code: VIOLATION },
  { what: "half an object", bytes: textFrame('{"type":'), code: VIOLATION },
  { what: "a number", bytes: textFrame("1"), code: VIOLATION },
  { what: "null", bytes: textFrame("null"), code: VIOLATION },
  { what: "an empty object", bytes: textFrame("{}"), code: VIOLATION },
  {
    what: "a prototype that says hello",
    bytes: textFrame(`{"__proto__":${JSON.stringify(CLIENT)}}`),
    code: VIOLATION,
  },
  {
    what: "a verb called __proto__",
    bytes: textFrame('{"id":1,"type":"__proto__","__proto__":{"id":1}}'),
    code: VIOLATION,
  },
  {
    what: "a verb called constructor",
    bytes: frame({ id: 1, type: "constructor" }),
    code: VIOLATION,
  },
  {
    what: "a verb that is no text",
    bytes: frame({ id: 1, type: {} }),
    code: VIOLATION,
  },
  {
    what: "a header that is cut",
    bytes: header(10).subarray(0, 3),
    code: VIOLATION,
    ends: true,
  },
  {
    what: "a body that is cut",
    bytes: Buffer.concat([header(10), Buffer.from("{")]),
    code: VIOLATION,
    ends: true,
  },
];

/** What may not come in place of a hello. */
const INSTEAD_OF_HELLO: readonly Attack[] = [
  ...MALFORMED,
  {
    what: "a request for a web page",
    bytes: Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    code: "FRAME_TOO_LARGE",
  },
  {
    what: "the beginning of TLS",
    bytes: Buffer.from("16030100f8010000f4030352", "hex"),
    code: "FRAME_TOO_LARGE",
  },
  {
    what: "what Erlang asks its epmd",
    bytes: Buffer.from("00016e", "hex"),
    code: VIOLATION,
    ends: true,
  },
  {
    what: "a hello of more than 16 KiB",
    bytes: header(16 * 1024 + 1),
    code: "FRAME_TOO_LARGE",
  },
  { what: "8,000 levels", bytes: deep(8000), code: VIOLATION },
  { what: "data", bytes: frame([1, 2, 3]), code: VIOLATION },
  { what: "a ping", bytes: frame({ type: "ping" }), code: VIOLATION },
  {
    what: "a request",
    bytes: frame({ id: 1, type: "list" }),
    code: VIOLATION,
  },
  {
    what: "another protocol",
    bytes: hello(CLIENT, { protocol: "amqp" }),
    code: "PROTOCOL_MISMATCH",
  },
];

/** What is wrong with a hello, for either protocol. */
function wrongHellos(good: object): readonly Attack[] {
  return [
    {
      what: "a later version only",
      bytes: hello(good, { versions: [2] }),
      code: "PROTOCOL_MISMATCH",
    },
    {
      what: "no list of versions",
      bytes: hello(good, { versions: 1 }),
      code: VIOLATION,
    },
    {
      what: "tiny frames",
      bytes: hello(good, { frameBytesMax: 1 }),
      code: VIOLATION,
    },
    {
      what: "endless frames",
      bytes: hello(good, { frameBytesMax: 2 ** 40 }),
      code: VIOLATION,
    },
    {
      what: "a runtime of 1,000 units",
      bytes: hello(good, { runtime: "x".repeat(1000) }),
      code: VIOLATION,
    },
    {
      what: "a pid of null",
      bytes: hello(good, { pid: null }),
      code: VIOLATION,
    },
    {
      what: "an id that is an object",
      bytes: hello(good, { node: { ...IDENTITY, nodeId: {} } }),
      code: VIOLATION,
    },
    {
      what: "a port that does not exist",
      bytes: hello(good, { node: { ...IDENTITY, port: 65_536 } }),
      code: VIOLATION,
    },
    {
      what: "a link without a name",
      bytes: hello(good, { link: {} }),
      code: VIOLATION,
    },
  ];
}

const PMD_BEFORE_HELLO: readonly Attack[] = [
  ...INSTEAD_OF_HELLO,
  ...wrongHellos(CLIENT),
  { what: "a node's hello", bytes: frame(NODE), code: "PROTOCOL_MISMATCH" },
];

const PMD_AFTER_HELLO: readonly Attack[] = [
  ...MALFORMED,
  { what: "a second hello", bytes: frame(CLIENT), code: VIOLATION },
  { what: "data", bytes: frame([{ type: "list", id: 1 }]), code: VIOLATION },
  { what: "100,000 levels", bytes: deep(100_000), code: VIOLATION },
  {
    what: "a frame above 256 KiB",
    bytes: header(256 * 1024 + 1),
    code: "FRAME_TOO_LARGE",
  },
  {
    what: "a request without an id",
    bytes: frame({ type: "list" }),
    code: VIOLATION,
  },
  {
    what: "a request number 0",
    bytes: frame({ id: 0, type: "list" }),
    code: VIOLATION,
  },
  {
    what: "a request number beyond all",
    bytes: textFrame('{"id":1e999,"type":"list"}'),
    code: VIOLATION,
  },
  {
    what: "an unknown verb",
    bytes: frame({ id: 1, type: "eval", code: "1" }),
    code: VIOLATION,
  },
  {
    what: "a name that is an array",
    bytes: frame({ id: 1, type: "resolve", name: ["good-alias"] }),
    code: VIOLATION,
  },
  {
    what: "a registration of nobody",
    bytes: frame({ id: 1, type: "register", attempt: 1 }),
    code: VIOLATION,
  },
  {
    what: "a registration under __proto__ and a space",
    bytes: frame({
      id: 1,
      type: "register",
      node: { ...RECORD, alias: "__proto__ " },
      attempt: 1,
    }),
    code: VIOLATION,
  },
  {
    what: "a host with a terminal's codes",
    bytes: frame({
      id: 1,
      type: "register",
      node: { ...RECORD, host: "\u001b[2J" },
      attempt: 1,
    }),
    code: VIOLATION,
  },
  {
    what: "force that is a text",
    bytes: frame({ id: 1, type: "shutdown", force: "true" }),
    code: VIOLATION,
  },
];

const NODE_BEFORE_HELLO: readonly Attack[] = [
  ...INSTEAD_OF_HELLO,
  ...wrongHellos(NODE),
  { what: "a client's hello", bytes: frame(CLIENT), code: "PROTOCOL_MISMATCH" },
  {
    what: "a hello without an identity",
    bytes: hello(NODE, { node: undefined }),
    code: VIOLATION,
  },
  {
    what: "a hello that offers no link",
    bytes: hello(NODE, { link: undefined }),
    code: VIOLATION,
  },
];

const NODE_AFTER_HELLO: readonly Attack[] = [
  ...MALFORMED,
  { what: "a second hello", bytes: frame(NODE), code: VIOLATION },
  { what: "300,000 levels", bytes: deep(300_000), code: VIOLATION },
  {
    what: "a frame above 1 MiB",
    bytes: header(1024 * 1024 + 1),
    code: "FRAME_TOO_LARGE",
  },
  {
    what: "an unknown control frame",
    bytes: frame({ type: "message", from: "asker", body: 1 }),
    code: VIOLATION,
  },
];

/** Throws one thing after the other; each must be refused with its code. */
async function attack(
  world: Besieged,
  port: number,
  attacks: readonly Attack[],
  greeting?: object,
): Promise<void> {
  for (const { what, bytes, code, ends } of attacks) {
    const socket = await RawSocket.open(port);
    if (greeting !== undefined) {
      socket.say(greeting);
      await socket.receive(1);
    }
    socket.send(bytes);
    if (ends === true) socket.end();
    await socket.ended;
    assertEquals(socket.closeCode, code, what);
    assertEquals(socket.isBroken, false, what);
    await world.proveService(2);
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
  await world.quiet();
});

Deno.test("silence after connect is ended after 3 s, also when it drips", async () => {
  await using world = await Besieged.start();
  const ports = [world.pmdPort, world.nodePort];
  const bytes = frame(CLIENT);
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

/** How many of `wanted` connections this machine allows one process. */
function affordable(wanted: number): number {
  let limit = 2000;
  try {
    const text = execFileSync("sh", ["-c", "ulimit -n"], { encoding: "utf8" });
    limit = text.trim() === "unlimited" ? Infinity : Number(text);
  } catch (error) {
    console.log(`Cannot ask for the limit of open files: ${error}`);
  }
  const count = Math.min(wanted, limit - 500);
  if (count < wanted) {
    console.log(`Open files are limited to ${limit}: ${count}, not ${wanted}`);
  }
  return count;
}

/** A process with many connections; see `programs/crowd.ts`. */
function crowd(port: number, count: number, greeting: string): Running {
  return new Running(
    scriptCommand("tests/system/programs/crowd.ts", port, count, greeting),
  );
}

for (const target of ["PMD", "node"] as const) {
  Deno.test(`10,000 idle connections to a ${target} are ended, and harm nobody`, async () => {
    await using world = await Besieged.start();
    const port = target === "PMD" ? world.pmdPort : world.nodePort;
    const count = affordable(10_000);
    await using silent = crowd(port, count, "nothing");
    await silent.says(`opened ${count}`);
    await world.proveService(10);
    await silent.matches(/ended (\{.*\})\n/);
    const told = /ended (\{.*\})\n/.exec(silent.output)?.[1] ?? "";
    const endings: Record<string, number> = JSON.parse(told);
    assertEquals((endings.HANDSHAKE_TIMEOUT ?? 0) + (endings.cut ?? 0), count);
    // Above 1024 at a time, the oldest are cut off to make room.
    assert((endings.HANDSHAKE_TIMEOUT ?? 0) >= Math.min(count, 1024) / 2, told);
    await world.proveService(10);
    if (target === "PMD") await world.violations(count);
    await world.quiet();
    assertEquals((await silent.end()).code, 0);
  });
}

Deno.test("10,000 clients of a PMD that said hello may be idle; others are served", async () => {
  await using world = await Besieged.start();
  const count = affordable(10_000);
  await using idle = crowd(world.pmdPort, count, JSON.stringify(CLIENT));
  await idle.says(`greeted ${count}`);
  assertEquals(world.pmd.status().connectionCount, count + 3);
  await world.proveService(10);
  idle.kill("SIGKILL");
  await world.quiet();
  await world.proveService(10);
  assertEquals(world.pmd.status().violationCount, 0);
});
