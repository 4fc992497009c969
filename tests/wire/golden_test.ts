// The exact bytes of everything that crosses the wire, in files that change
// together with PROTOCOL.md or not at all.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { DistflowError } from "../../src/base/errors.ts";
import { silentLogger } from "../../src/log/mod.ts";
import { LinkTable } from "../../src/node/links.ts";
import { LEASE_MS } from "../../src/pmd/options.ts";
import { PmdServer } from "../../src/pmd/server.ts";
import { wireError } from "../../src/wire/failure.ts";
import { FrameDecoder, FrameWriter } from "../../src/wire/frame.ts";
import { decodeHello, encodeHello, type Hello } from "../../src/wire/hello.ts";
import { parseJson } from "../../src/wire/json_text.ts";
import {
  decodeNodeControl,
  encodeNodeControl,
} from "../../src/wire/node_messages.ts";
import {
  decodePmdMessage,
  decodePmdRequest,
  encodePmdRequest,
  type NodeRecord,
  type PmdRequest,
} from "../../src/wire/pmd_messages.ts";
import { isRecord } from "../../src/base/json.ts";
import { FixedPlatform } from "./support/fixed_platform.ts";
import {
  assertGolden,
  fromHex,
  type GoldenFrame,
  goldenFrame,
  GoldenSession,
  readGolden,
  toHex,
} from "./support/golden.ts";

const CLIENT: Hello = {
  protocol: "distflow-pmd",
  versions: [1],
  frameBytesMax: 16 * 1024 * 1024,
  runtime: "python/3.13.0",
  pid: 4711,
};

const PEER: Hello = {
  ...CLIENT,
  protocol: "distflow-node",
  node: {
    nodeId: "b-node",
    incarnation: 1_764_000_000_000,
    alias: "worker",
    host: "127.0.0.1",
    port: 40_123,
  },
};

function record(nodeId: string, more: Partial<NodeRecord> = {}): NodeRecord {
  return {
    nodeId,
    host: "127.0.0.1",
    port: 40_001,
    incarnation: 1_764_000_000_000,
    pid: 4711,
    runtime: "python/3.13.0",
    ...more,
  };
}

/** The bytes that our own encoder makes of a frame's text. */
function encode(text: string): string {
  const writer = new FrameWriter();
  writer.add(text);
  return toHex(writer.take());
}

/** The value of a golden frame, read by our own decoders. */
function decode(frame: GoldenFrame): unknown {
  const texts: string[] = [];
  const decoder = new FrameDecoder(1024 * 1024, (text) => {
    texts.push(text);
    return true;
  });
  decoder.push(fromHex(frame.hex));
  assertEquals([texts.length, decoder.keptBytes], [1, 0]);
  return parseJson(texts[0] ?? "");
}

const REQUESTS: readonly PmdRequest[] = [
  { type: "register", node: record("a-node"), attempt: 1 },
  {
    type: "register",
    node: record("a-node", { alias: "worker", host: "::1" }),
    attempt: 2 ** 53 - 1,
  },
  { type: "unregister" },
  { type: "resolve", name: "worker" },
  { type: "list" },
  { type: "heartbeat" },
  { type: "watch" },
  { type: "status" },
  { type: "shutdown", force: false },
  { type: "shutdown", force: true },
];

Deno.test("requests are encoded to the golden bytes", () => {
  const frames = REQUESTS.map((request, index) =>
    goldenFrame(request.type, encodePmdRequest(index + 1, request))
  );
  assertGolden("pmd_requests", frames);
  assertEquals(
    REQUESTS.map((request, index) =>
      encode(encodePmdRequest(index + 1, request))
    ),
    frames.map(({ hex }) => hex),
  );
});

Deno.test("golden requests decode to what was asked", () => {
  const golden = readGolden("pmd_requests");
  assertEquals(
    golden.map((frame) => decodePmdRequest(decode(frame))),
    REQUESTS.map((request, index) => ({ id: index + 1, request })),
  );
});

Deno.test("hellos are encoded to the golden bytes, and decode to themselves", () => {
  const hellos: [string, Hello][] = [
    ["a client of a PMD", CLIENT],
    ["a PMD", { ...CLIENT, frameBytesMax: 262_144, pmdId: "5f3a1c20b7e94d68" }],
    ["a node that accepts", PEER],
    ["a node that dials", { ...PEER, link: { id: "e01b6c5f8d2a9734" } }],
    ["a node that dials again", {
      ...PEER,
      link: { id: "9734e01b6c5f8d2a", after: "e01b6c5f8d2a9734" },
    }],
  ];
  const frames = hellos.map(([what, hello]) =>
    goldenFrame(what, encodeHello(hello))
  );
  assertGolden("hellos", frames);
  for (const [index, [, hello]] of hellos.entries()) {
    const frame = frames[index] as GoldenFrame;
    assertEquals(encode(encodeHello(hello)), frame.hex);
    assertEquals(decodeHello(decode(frame), hello.protocol), hello);
  }
});

Deno.test("a PMD answers with the golden bytes", async () => {
  const platform = new FixedPlatform();
  const server = await PmdServer.start({ platform, logger: silentLogger });
  const frames: GoldenFrame[] = [];
  const join = async (name: string) => {
    const session = new GoldenSession(platform.dial(), name, frames);
    session.send(JSON.parse(encodeHello(CLIENT)));
    await platform.settle();
    return session;
  };
  let nextId = 1;
  const ask = async (session: GoldenSession, request: PmdRequest) => {
    session.send(JSON.parse(encodePmdRequest(nextId++, request)));
    await platform.settle();
  };
  const register = (node: NodeRecord): PmdRequest => {
    return { type: "register", node, attempt: 1 };
  };

  const watcher = await join("watcher");
  await ask(watcher, { type: "watch" });
  const first = await join("first");
  await ask(first, register(record("a-node", { alias: "worker" })));
  platform.clock.advance(1500);
  await ask(watcher, { type: "resolve", name: "worker" });
  await ask(watcher, { type: "resolve", name: "a-node" });
  await ask(watcher, { type: "resolve", name: "nobody" });
  await ask(first, { type: "heartbeat" });
  await ask(watcher, { type: "list" });
  await ask(watcher, { type: "status" });
  const second = await join("second");
  await ask(second, register(record("b-node", { alias: "worker" })));
  await ask(second, register(record("b-node", { port: 40_002 })));
  await ask(second, register(record("c-node")));
  await ask(watcher, { type: "watch" });
  await ask(second, { type: "unregister" });
  second.end();
  await platform.settle();
  const later = { alias: "worker", incarnation: 1_764_000_000_001 };
  const third = await join("third");
  await ask(third, register(record("a-node", later)));
  const fourth = await join("fourth");
  await ask(fourth, register(record("a-node")));
  await ask(fourth, register(record("d-node")));
  fourth.end();
  await platform.settle();
  await ask(watcher, { type: "shutdown", force: false });
  platform.clock.advance(LEASE_MS + 1000);
  await platform.settle();
  const far = new GoldenSession(platform.dial("10.0.0.2"), "far", frames);
  far.send(JSON.parse(encodeHello(CLIENT)));
  await ask(far, register(record("e-node")));
  far.send({ id: 99, type: "no-such-request" });
  await platform.settle();
  await ask(watcher, { type: "shutdown", force: true });
  await server.ended;
  assertGolden("pmd_conversation", frames);

  // What each side sent is understood by the decoders of the other.
  for (const frame of readGolden("pmd_conversation")) {
    const value = decode(frame);
    const isHello = isRecord(value) && value.type === "hello";
    const isClose = isRecord(value) && value.type === "close";
    if (isHello) decodeHello(value, "distflow-pmd");
    else if (frame.what.endsWith("sends")) assertRequest(value);
    else if (!isClose) assertEquals(decodePmdMessage(value), frame.json);
  }
  const types = new Set(
    frames.map(({ json }) => isRecord(json) ? json.type : undefined),
  );
  const all = "hello registered ok resolved nodes status error snapshot join " +
    "leave close";
  for (const type of all.split(" ")) assert(types.has(type), type);
});

/** One request of the conversation is not one: a PMD must not understand it. */
function assertRequest(value: unknown): void {
  if (isRecord(value) && value.type === "no-such-request") {
    assertThrows(() => decodePmdRequest(value), DistflowError);
  } else decodePmdRequest(value);
}

/** A node's links, on a platform where everything is fixed. */
async function startLinks(
  platform: FixedPlatform,
): Promise<{ links: LinkTable; received: unknown[] }> {
  const received: unknown[] = [];
  const self = {
    nodeId: "a-node",
    incarnation: 1_764_000_000_000,
    alias: "asker",
    host: "127.0.0.1",
    port: 40_001,
  };
  const links: LinkTable = new LinkTable(self, {
    isFull: false,
    deliver: (message, meta) => received.push([meta, message]),
  }, {
    platform,
    highWaterUnits: 1024 * 1024,
    frameBytesMax: 1024 * 1024,
    connectTimeoutMs: 5000,
    linkIdleMs: 60_000,
  });
  await platform.transport.listen(
    { hostname: "127.0.0.1", port: 40_001 },
    (connection) => links.accept(connection),
  );
  return { links, received };
}

Deno.test("a node that accepts a link answers with the golden bytes", async () => {
  const platform = new FixedPlatform();
  const { links, received } = await startLinks(platform);
  const frames: GoldenFrame[] = [];
  const peer = new GoldenSession(platform.dial(), "peer", frames);
  peer.send({ type: "hello", ...PEER, link: { id: "l1" } });
  peer.send([{ type: "JOB" }, "ready", null]);
  await platform.settle();
  links.find("b-node")?.send('{"type":"ANSWER"}');
  links.find("b-node")?.send('"später"');
  await platform.settle();
  peer.send({ type: "ping" });
  await platform.settle();
  platform.clock.advance(10_000);
  await platform.settle();
  peer.send({ type: "pong" });
  const again = new GoldenSession(platform.dial(), "another dial", frames);
  const old = { ...PEER.node, incarnation: 1 };
  again.send({ type: "hello", ...PEER, node: old, link: { id: "l2" } });
  await platform.settle();
  const self = new GoldenSession(platform.dial(), "itself", frames);
  const own = { ...PEER.node, nodeId: "a-node" };
  self.send({ type: "hello", ...PEER, node: own, link: { id: "l3" } });
  await platform.settle();
  const rude = new GoldenSession(platform.dial(), "somebody", frames);
  rude.send({ type: "hello", ...PEER });
  await platform.settle();
  const lost = new GoldenSession(platform.dial(), "a client", frames);
  lost.send({ type: "hello", ...CLIENT });
  await platform.settle();
  new GoldenSession(platform.dial(), "a silent one", frames);
  platform.clock.advance(3000);
  await platform.settle();
  const shutdown = links.shutdown(1000);
  await platform.settle();
  await shutdown;
  assertGolden("node_accepts", frames);
  const meta = { from: "b-node", alias: "worker" };
  assertEquals(received, [
    [meta, { type: "JOB" }],
    [meta, "ready"],
    [meta, null],
  ]);
});

Deno.test("a node that dials says the golden bytes", async () => {
  const platform = new FixedPlatform();
  const { links, received } = await startLinks(platform);
  const frames: GoldenFrame[] = [];
  const peer = {
    nodeId: "b-node",
    address: { hostname: "127.0.0.1", port: 40_123 },
  };
  const dial = async (answer: unknown, name: string) => {
    const opened = links.open(peer).then(
      (link) => link,
      (error: Error & { code?: string }) => error.code,
    );
    await platform.settle();
    const far = platform.dialed.at(-1);
    assert(far !== undefined);
    const session = new GoldenSession(far, name, frames);
    await platform.settle();
    session.send(answer);
    await platform.settle();
    return { session, far, opened: await opened };
  };
  const wrong = { ...PEER, node: { ...PEER.node, nodeId: "c-node" } };
  const first = await dial({ type: "hello", ...wrong }, "another node");
  assertEquals(first.opened, "WRONG_PEER");
  const second = await dial({ type: "hello", ...PEER }, "the peer");
  links.find("b-node")?.send("1");
  await platform.settle();
  second.session.send([2]);
  await platform.settle();
  second.far.close();
  second.far.reset();
  platform.connections.at(-2)?.reset();
  await platform.settle();
  const third = await dial({ type: "hello", ...PEER }, "the peer again");
  third.session.end();
  await platform.settle();
  const shutdown = links.shutdown(1000);
  await platform.settle();
  await shutdown;
  assertGolden("node_dials", frames);
  assertEquals(received.length, 1);
});

Deno.test("what nodes said is understood by the decoders of the other side", () => {
  for (const name of ["node_accepts", "node_dials"]) {
    for (const frame of readGolden(name)) {
      const value = decode(frame);
      assertEquals(value, frame.json);
      if (Array.isArray(value)) continue;
      assert(isRecord(value));
      if (value.type === "close") continue;
      if (value.type === "hello") {
        if (value.protocol === "distflow-node") {
          decodeHello(value, "distflow-node");
        }
      } else decodeNodeControl(value);
    }
  }
});

Deno.test("close, ping and pong are encoded to the golden bytes", () => {
  const { code, details } = wireError("LIMIT_REACHED", {
    what: "nodes",
    limit: 10_000,
  });
  assertGolden("control", [
    goldenFrame("close", JSON.stringify({ type: "close", code, details })),
    goldenFrame("ping", encodeNodeControl({ type: "ping" })),
    goldenFrame("pong", encodeNodeControl({ type: "pong" })),
  ]);
});
