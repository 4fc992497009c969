// Inputs that are almost right, at everything that reads from outside: the
// decoders and a channel in memory, then a PMD and a node on real sockets.
//
// `deno task fuzz --seeds N` runs the seeds from 1 to N, `SEED=1234 deno task
// fuzz` that one alone.
import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import process from "node:process";
import { DistflowError } from "../../src/base/errors.ts";
import { isRecord, type JsonRecord } from "../../src/base/json.ts";
import { SeededRandom } from "../../src/base/random.ts";
import {
  fromWireFailure,
  toWireFailure,
  WIRE_CODES,
} from "../../src/wire/failure.ts";
import { FrameDecoder, FrameWriter } from "../../src/wire/frame.ts";
import { decodeHello, encodeHello, type Hello } from "../../src/wire/hello.ts";
import { parseJson } from "../../src/wire/json_text.ts";
import {
  decodeNodeControl,
  encodeNodeControl,
  type NodeControl,
} from "../../src/wire/node_messages.ts";
import {
  decodePmdMessage,
  decodePmdRequest,
  encodePmdRequest,
  type PmdRequest,
} from "../../src/wire/pmd_messages.ts";
import { chooseSeeds } from "../sim/support/sim_test.ts";
import { ChannelWorld, frames, HELLO } from "../wire/support/channel_world.ts";
import { RawSocket } from "../wire/support/raw_socket.ts";
import { Besieged } from "./besieged.ts";
import { json, type Outcome, read, readStream } from "./fuzz_model.ts";
import { join, Mutator } from "./fuzz_mutator.ts";
import * as rules from "./fuzz_rules.ts";

const SEED_COUNT = 1000;
/** What each seed throws at the decoders, and what at a channel. */
const STREAMS_PER_SEED = { decoders: 60, channel: 41 };

type Story = (seed: number) => void | Promise<void>;

/** Runs `story` with each seed; one that fails says how to run it again. */
async function forEachSeed(story: Story): Promise<void> {
  const before = globals();
  const { stackTraceLimit } = Error;
  const seeds = chooseSeeds(SEED_COUNT, process.env, process.argv);
  // On Node.js stacks are half of what the refusal of so many inputs costs. Who
  // runs a seed alone gets them.
  if (seeds.length > 1) Error.stackTraceLimit = 0;
  try {
    for (const seed of seeds) {
      try {
        await story(seed);
        assertEquals(globals(), before);
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        throw new Error(
          `Seed ${seed} fails: ${text}\nRun it again: SEED=${seed} deno task fuzz`,
          { cause: error },
        );
      }
    }
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** What hostile JSON could try to change for all. */
function globals(): string {
  return [Object, Array, Function, Error, Map].flatMap((constructor) => [
    ...Reflect.ownKeys(constructor),
    ...Reflect.ownKeys(constructor.prototype),
  ]).map(String).join();
}

/** The JSON of a value, whatever the order of its keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (!isRecord(part)) return part;
    return Object.fromEntries(
      Object.entries(part).sort(([a], [b]) => a < b ? -1 : 1),
    );
  }) ?? "undefined";
}

/** What `act` returns, or the code that it throws; another error is a bug. */
function attempt(act: () => unknown): { value: unknown } | { code: string } {
  try {
    return { value: act() };
  } catch (error) {
    if (!(error instanceof DistflowError)) throw error;
    assert(WIRE_CODES.includes(error.code), error.code);
    const { details } = error;
    assertEquals(canonical(rules.details(details)), canonical(details));
    return { code: error.code };
  }
}

interface Decoder {
  readonly what: string;
  decode(value: unknown): unknown;
  /** What has to come of it, or the codes that it may be refused with. */
  expect(value: unknown): { known: unknown } | { codes: readonly string[] };
  encode(decoded: unknown): string;
}

function byRule(rule: rules.Rule): Decoder["expect"] {
  return (value) => {
    const known = rule(value);
    return known === rules.BAD ? { codes: ["PROTOCOL_VIOLATION"] } : { known };
  };
}

function helloDecoder(protocol: Hello["protocol"]): Decoder {
  return {
    what: `a hello of ${protocol}`,
    decode: (value) => decodeHello(value, protocol),
    expect: (value) => {
      const said = rules.hello(value, protocol);
      return "codes" in said ? said : { known: said.hello };
    },
    encode: (decoded) => encodeHello(decoded as Hello),
  };
}

const DECODERS: readonly Decoder[] = [
  helloDecoder("distflow-pmd"),
  helloDecoder("distflow-node"),
  {
    what: "a request",
    decode: (value) => {
      const { id, request } = decodePmdRequest(value);
      return { id, ...request };
    },
    expect: byRule(rules.request),
    encode: (decoded) => {
      const { id, ...request } = decoded as { id: number } & PmdRequest;
      return encodePmdRequest(id, request);
    },
  },
  {
    what: "a message of a PMD",
    decode: decodePmdMessage,
    expect: byRule(rules.pmdMessage),
    encode: (decoded) => JSON.stringify(decoded),
  },
  {
    what: "a control frame",
    // A channel only passes on objects.
    decode: (value) => decodeNodeControl(isRecord(value) ? value : {}),
    expect: byRule(rules.nodeControl),
    encode: (decoded) => encodeNodeControl(decoded as NodeControl),
  },
];

/** How often each decoder has taken and refused a value. */
const counts = new Map(
  DECODERS.map(({ what }) => [what, { taken: 0, refused: 0 }]),
);

function checkDecoder(decoder: Decoder, value: unknown): void {
  const { decode, encode, expect, what } = decoder;
  const expected = expect(value);
  const got = attempt(() => decode(value));
  const count = counts.get(what) ?? { taken: 0, refused: 0 };
  if ("code" in got) {
    count.refused++;
    const codes = "codes" in expected ? expected.codes : [];
    assert(codes.includes(got.code), `${what}: ${got.code}, not ${codes}`);
    return;
  }
  count.taken++;
  assert("known" in expected, `${what} that breaks the rules is taken`);
  assertEquals(canonical(got.value), canonical(expected.known), what);
  const again = decode(parseJson(encode(got.value)));
  assertEquals(canonical(again), canonical(got.value), `${what}, sent on`);
}

function checkFailure({ code, details }: JsonRecord): void {
  const failure = fromWireFailure(code, details);
  const isKnown = typeof code === "string" && WIRE_CODES.includes(code);
  assertEquals(failure.code, isKnown ? code : "INVALID_REQUEST");
  const told = canonical(failure.details);
  if (isKnown) assertEquals(told, canonical(rules.details(details)));
  assert(failure.message.length < 2000);
  const sent = toWireFailure(failure);
  const again = fromWireFailure(
    sent.code,
    JSON.parse(JSON.stringify(sent.details)),
  );
  assertEquals(canonical(again.details), told);
  assertEquals(again.message, failure.message);
}

/** Cuts `bytes` into frames, as `parts`, and compares with the model. */
function checkFrames(
  bytes: Uint8Array,
  parts: readonly Uint8Array[],
  byteCountMax: number,
): readonly string[] {
  const texts: string[] = [];
  const decoder = new FrameDecoder(byteCountMax, (text) => {
    texts.push(text);
    return true;
  });
  const got = attempt(() => {
    for (const part of parts) {
      decoder.push(part);
      assert(decoder.keptBytes < 4 + byteCountMax, "too much is kept");
    }
  });
  const expected = readStream(bytes, () => byteCountMax);
  assertEquals(texts.join("\n"), expected.texts.join("\n"));
  assertEquals("code" in got ? got.code : undefined, expected.code);
  if (!("code" in got)) assertEquals(decoder.keptBytes, expected.restByteCount);
  return texts;
}

const writer = new FrameWriter();

function checkRewritten(text: string): void {
  const byteCount = writer.add(text);
  const texts: string[] = [];
  new FrameDecoder(byteCount, (again) => texts.push(again) > 0).push(
    writer.take(),
  );
  assertEquals(texts, [text]);
}

Deno.test("decoders take what PROTOCOL.md allows, as it is, and refuse all else with a code", async () => {
  await forEachSeed((seed) => {
    const random = new SeededRandom(seed);
    const mutator = new Mutator(random);
    for (let count = 0; count < STREAMS_PER_SEED.decoders; count++) {
      const bytes = mutator.stream();
      const limit = random.pick([16_384, 262_144, 1_048_576]);
      for (const text of checkFrames(bytes, mutator.cut(bytes), limit)) {
        checkRewritten(text);
        const expected = json(text);
        const got = attempt(() => parseJson(text));
        assertEquals("code" in got, expected === rules.BAD);
        if (expected === rules.BAD) continue;
        for (const decoder of DECODERS) checkDecoder(decoder, expected);
        if (isRecord(expected)) checkFailure(expected);
      }
    }
  });
  // A seed alone need not show both, all of them have to.
  for (const [what, { taken, refused }] of counts) {
    const isFew = taken + refused < 10_000;
    assert(isFew || taken > 100 && refused > 100, `${what}: ${taken} taken`);
  }
});

const NOTHING = new Uint8Array(0);
const GREETINGS = {
  "distflow-node": frames(encodeHello(HELLO)),
  "distflow-pmd": frames(encodeHello({ ...HELLO, protocol: "distflow-pmd" })),
};

/** What a channel's peer does to it, and what has to come of it. */
function checkChannel(random: SeededRandom): void {
  const mutator = new Mutator(random);
  const protocol = random.pick(["distflow-pmd", "distflow-node"] as const);
  const isDialer = random.chance(30);
  const isEnded = random.chance(50);
  const isSlow = random.chance(30);
  const isLate = random.chance(30);
  const hello: Hello = { ...HELLO, protocol };
  const world = new ChannelWorld({ dialer: isDialer, hello });
  const { channel, clock, connection, peer, recorder } = world;
  const decode = protocol === "distflow-node"
    ? decodeNodeControl
    : isDialer
    ? decodePmdMessage
    : decodePmdRequest;
  recorder.isFull = isSlow;
  recorder.onHello = () => isLate || channel.accept();
  recorder.onControl = (message) => void decode(message);

  const greeting = random.chance(70) ? GREETINGS[protocol] : NOTHING;
  const bytes = join([greeting, mutator.stream()]);
  for (const part of mutator.cut(bytes)) {
    peer.connection.write(part);
    world.settle();
  }
  channel.accept();
  if (isEnded) peer.connection.end();
  world.settle();
  while (connection.isPaused) {
    channel.resume();
    world.settle();
  }
  while (clock.pendingCount > 0) {
    clock.advance(1000);
    world.settle();
  }

  const expected = read(bytes, {
    protocol,
    isDialer,
    isEnded,
    frameBytesMax: hello.frameBytesMax,
    isService: false,
  });
  assertEquals(canonical(recorder.messages), canonical(expected.messages));
  assertEquals(
    recorder.calls.filter((call) => call.startsWith("control")),
    expected.controls.map((control) => `control ${JSON.stringify(control)}`),
  );
  const ends = endsOf(expected, isEnded);
  assert(ends.includes(recorder.end), `${recorder.end}, not ${ends}`);
  assertEquals(channel.isOpen, recorder.end === undefined);
  const isTooLate = expected.hello === undefined && !isEnded;
  const isRefused = expected.codes !== undefined ||
    expected.close === undefined && isTooLate;
  assertEquals(channel.violation?.code, isRefused ? recorder.end : undefined);
  const told = peer.frames.map((text): unknown => JSON.parse(text));
  if (isDialer || expected.hello !== undefined) told.shift();
  if (told.length > 0 || !(isEnded && isSlow)) {
    assertEquals(told.length, isRefused ? 1 : 0);
  }
  for (const close of told) {
    assert(isRecord(close));
    assertEquals([close.type, close.code], ["close", recorder.end]);
    assertEquals(rules.details(close.details), close.details);
  }
  channel.destroy();
  world.settle();
  assertEquals(recorder.ends.length, 1);
  assertEquals([channel.queuedUnits, clock.pendingCount], [0, 0]);
}

/** How a channel may end; undefined if it goes on. */
function endsOf(
  { codes, close, hello }: Outcome,
  isEnded: boolean,
): readonly (string | undefined)[] {
  if (codes !== undefined) return codes;
  if (close !== undefined) {
    return [fromWireFailure(close.code, close.details).code];
  }
  if (hello === undefined) {
    return [isEnded ? "CONNECTION_CLOSED" : "HANDSHAKE_TIMEOUT"];
  }
  return [isEnded ? "peace" : undefined];
}

Deno.test("a channel takes what came before a violation, refuses it with a code, and ends", async () => {
  await forEachSeed((seed) => {
    const random = new SeededRandom(seed);
    for (let count = 0; count < STREAMS_PER_SEED.channel; count++) {
      checkChannel(random);
    }
  });
});

type Target = "distflow-pmd" | "distflow-node";

/** Streams for one connection, before its hello or behind it. */
function volley(
  random: SeededRandom,
  protocol: Target,
  id: string,
): Uint8Array {
  const mutator = new Mutator(random);
  const node = { ...HELLO.node, nodeId: id };
  const greeting = frames(encodeHello({ ...HELLO, protocol, node } as Hello));
  const streams = [random.chance(80) ? greeting : NOTHING];
  for (let count = 1 + random.below(10); count > 0; count--) {
    const stream = mutator.stream();
    // The PMD is to outlive this.
    if (!Buffer.from(stream).includes("shut")) streams.push(stream);
  }
  return join(streams);
}

/** Sends a volley to a port and reads all answers; returns what was expected. */
async function assault(
  port: number,
  protocol: Target,
  seed: number,
): Promise<Outcome> {
  const random = new SeededRandom(seed);
  const bytes = volley(random, protocol, `fuzz-${seed}`);
  const expected = read(bytes, {
    protocol,
    isDialer: false,
    isEnded: true,
    frameBytesMax: protocol === "distflow-pmd" ? 262_144 : 1_048_576,
    isService: true,
  });
  const socket = await RawSocket.open(port);
  for (const part of new Mutator(random).cut(bytes)) socket.send(part);
  const isFinished = expected.codes === undefined && !expected.isCut;
  if (isFinished && random.chance(20)) {
    socket.destroy();
    await socket.ended;
    return expected;
  }
  socket.end();
  await socket.ended;
  assertEquals(socket.isBroken, false, "it was reset");
  const { closeCode, values } = socket;
  if (expected.codes === undefined) assertEquals(closeCode, undefined);
  else {
    assert(
      expected.codes.includes(String(closeCode)),
      `${closeCode}, not ${expected.codes}`,
    );
  }
  if (protocol === "distflow-pmd") checkAnswers(values, expected);
  return expected;
}

/** A PMD answers each request, in order, unless one breaks the protocol. */
function checkAnswers(values: readonly unknown[], expected: Outcome): void {
  const ids: unknown[] = [];
  for (const value of values) {
    if (!isRecord(value) || value.type === "hello") continue;
    if (value.type === "close") continue;
    assert(rules.pmdMessage(value) !== rules.BAD, JSON.stringify(value));
    if (value.id !== undefined) ids.push(value.id);
  }
  const asked = expected.controls.map((request) => (request as JsonRecord).id);
  const isAll = expected.codes === undefined && expected.close === undefined;
  assertEquals(ids, isAll ? asked : asked.slice(0, ids.length));
}

Deno.test("a PMD and a node refuse the same on real sockets, and go on serving", async () => {
  await using world = await Besieged.start();
  let violationCount = 0;
  await forEachSeed(async (seed) => {
    const [atPmd] = await Promise.all([
      assault(world.pmdPort, "distflow-pmd", 2 * seed),
      assault(world.nodePort, "distflow-node", 2 * seed + 1),
    ]);
    await world.quiet();
    if (atPmd.codes !== undefined) violationCount++;
    await world.violations(violationCount);
  });
  await world.proveService(10);
  assertEquals(
    (await world.client.list()).map((node) => node.alias),
    ["answerer", "asker", "good-alias"],
  );
});
