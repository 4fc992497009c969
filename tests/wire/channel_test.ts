import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { DistflowError } from "../../src/base/errors.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { Channel } from "../../src/wire/channel.ts";
import { wireError } from "../../src/wire/failure.ts";
import { FrameWriter, utf8Length } from "../../src/wire/frame.ts";
import { encodeHello } from "../../src/wire/hello.ts";
import {
  CLOSE_TIMEOUT_MS,
  CONTROL_FLUSH_UNITS,
  FLUSH_UNITS,
  FRAME_BYTES_DEFAULT,
  FRAME_BYTES_MIN,
  HELLO_BYTES_MAX,
  HELLO_TIMEOUT_MS,
} from "../../src/wire/limits.ts";
import { ManualClock } from "../support/manual_clock.ts";
import {
  ChannelWorld,
  frames,
  HELLO,
  Recorder,
} from "./support/channel_world.ts";
import { MemoryConnection, settle } from "./support/memory_network.ts";

const HELLO_FRAME = encodeHello(HELLO);
const PING = '{"type":"ping"}';

function closeFrame(code: string, details: object = {}): string {
  return JSON.stringify({ type: "close", code, details });
}

/** The code in the close frame that the peer got; fails if there is none. */
function toldCode(world: ChannelWorld): string {
  const last = JSON.parse(world.peer.frames.at(-1) ?? "null");
  assertEquals(last?.type, "close");
  return last.code;
}

Deno.test("a dialer speaks first, and an acceptor waits for it", () => {
  const dialer = new ChannelWorld({ dialer: true });
  const acceptor = new ChannelWorld({ dialer: false });
  dialer.settle();
  acceptor.settle();
  assertEquals(dialer.peer.frames, [HELLO_FRAME]);
  assertEquals(acceptor.peer.frames, []);
});

Deno.test("a dialer's channel is open as soon as the answer to its hello came", () => {
  const world = new ChannelWorld({ dialer: true });
  assertEquals(world.channel.isOpen, false);
  world.receive(HELLO_FRAME);
  assertEquals(world.recorder.calls, ["hello n1"]);
  assertEquals(world.channel.isOpen, true);
});

Deno.test("an acceptor's channel is open once its owner accepts", () => {
  const world = new ChannelWorld({ dialer: false });
  world.receive(HELLO_FRAME);
  assertEquals(world.peer.frames, []);
  assertEquals(world.channel.isOpen, false);
  world.channel.accept();
  world.settle();
  assertEquals(world.peer.frames, [HELLO_FRAME]);
  assertEquals(world.channel.isOpen, true);
});

Deno.test("what comes behind a hello waits until its receiver accepts", () => {
  const world = new ChannelWorld({ dialer: false });
  world.receive(HELLO_FRAME, "[1]", PING, "[2]");
  assertEquals(world.recorder.calls, ["hello n1"]);
  assert(world.connection.isPaused);
  world.channel.accept();
  world.settle();
  assertEquals(world.recorder.calls, [
    "hello n1",
    "batch of 1",
    `control ${PING}`,
    "batch of 1",
  ]);
  assert(!world.connection.isPaused);
});

Deno.test("an acceptor may refuse instead, and the dialer is told why", () => {
  const acceptor = new ChannelWorld({ dialer: false });
  acceptor.receive(HELLO_FRAME);
  acceptor.channel.close(wireError("DUPLICATE_LINK"));
  acceptor.settle();
  assertEquals(acceptor.peer.frames, [closeFrame("DUPLICATE_LINK")]);
  assertEquals(acceptor.channel.violation, undefined);

  const dialer = new ChannelWorld({ dialer: true });
  dialer.receive(closeFrame("DUPLICATE_LINK"));
  dialer.peer.connection.end();
  dialer.settle();
  assertEquals(dialer.recorder.calls, ["closed DUPLICATE_LINK"]);
});

Deno.test("a link that waits for its acceptor ends at once when it is refused", () => {
  const world = new ChannelWorld({ dialer: false });
  world.receive(HELLO_FRAME);
  world.channel.close(wireError("DUPLICATE_LINK"));
  world.peer.connection.end();
  world.settle();
  assertEquals(world.recorder.end, "DUPLICATE_LINK");
  assertEquals(world.clock.pendingCount, 0);
});

Deno.test("an eager dialer's control messages share a write with its hello", () => {
  const world = new ChannelWorld({ dialer: true, isEager: true });
  assertEquals(world.channel.isOpen, false);
  world.channel.sendControl(PING);
  assertThrows(() => world.channel.sendData("1"), DistflowError);
  world.settle();
  assertEquals(world.peer.frames, [HELLO_FRAME, PING]);
  assertEquals(world.connection.writeCount, 1);
  world.receive(HELLO_FRAME);
  assertEquals(world.channel.isOpen, true);
});

Deno.test("an eager dialer's requests do not wait for the end of their turn", async () => {
  const world = new ChannelWorld({ dialer: true, isEager: true });
  world.channel.sendControl(PING);
  world.channel.sendControl(PING);
  assertEquals(world.connection.writeCount, 0);
  await Promise.resolve();
  assertEquals(world.connection.writeCount, 1);
  world.settle();
  assertEquals(world.peer.frames, [HELLO_FRAME, PING, PING]);
});

Deno.test("a dialer that is not eager drops what comes before the hello", () => {
  const world = new ChannelWorld({ dialer: true });
  world.channel.sendControl(PING);
  world.receive(HELLO_FRAME);
  assertEquals(world.peer.frames, [HELLO_FRAME]);
});

Deno.test("before the hello, no more than any peer accepts is sent", () => {
  const world = new ChannelWorld({ dialer: true, isEager: true });
  world.channel.sendControl(JSON.stringify("x".repeat(FRAME_BYTES_MIN - 2)));
  world.channel.sendControl(JSON.stringify("x".repeat(FRAME_BYTES_MIN - 1)));
  world.settle();
  assertEquals(toldCode(world), "FRAME_TOO_LARGE");
});

Deno.test("an eager acceptor's answers share a write with its hello", () => {
  const world = new ChannelWorld({ dialer: false, isEager: true });
  world.recorder.onHello = () => world.channel.accept();
  world.recorder.onControl = () => world.channel.sendControl('{"id":1}');
  world.receive(HELLO_FRAME, PING);
  assertEquals(world.peer.frames, [HELLO_FRAME, '{"id":1}']);
  assertEquals(world.connection.writeCount, 1);
});

Deno.test("an eager acceptor's answers leave with the read, before its turn ends", () => {
  const world = ChannelWorld.open({ dialer: false, isEager: true });
  world.recorder.onControl = () => world.channel.sendControl('{"id":1}');
  world.peer.send(PING, PING);
  world.peer.connection.step();
  while (world.connection.step());
  assertEquals(world.peer.frames, []);
  while (world.peer.connection.step());
  assertEquals(world.peer.frames, ['{"id":1}', '{"id":1}']);
  assertEquals(world.connection.writeCount, 1);
});

Deno.test("a close in the turn of an eager acceptor's hello comes behind it", () => {
  const world = new ChannelWorld({ dialer: false, isEager: true });
  world.recorder.onHello = () => world.channel.accept();
  world.recorder.onControl = () => world.channel.sendControl('{"id":1}');
  world.receive(HELLO_FRAME, PING, "null");
  const [hello, close, ...others] = world.peer.frames;
  assertEquals([hello, others], [HELLO_FRAME, []]);
  assertEquals(JSON.parse(close ?? "").code, "PROTOCOL_VIOLATION");
});

for (const dialer of [true, false]) {
  const who = dialer ? "dialer" : "acceptor";

  Deno.test(`nothing but a hello is read before it, by a ${who}`, () => {
    const early = ["[1]", "[]", PING, "1", "null", '"hello"', "{}", "true"];
    for (const text of early) {
      const world = new ChannelWorld({ dialer });
      world.receive(text);
      assertEquals(toldCode(world), "PROTOCOL_VIOLATION", text);
      assert(world.peer.isEnded);
      world.peer.connection.end();
      world.settle();
      assertEquals(world.recorder.calls, ["closed PROTOCOL_VIOLATION"]);
      assertEquals(world.channel.violation?.code, "PROTOCOL_VIOLATION");
    }
  });

  Deno.test(`a second hello breaks the protocol, for a ${who}`, () => {
    const world = ChannelWorld.open({ dialer });
    world.receive(HELLO_FRAME);
    assertEquals(toldCode(world), "PROTOCOL_VIOLATION");
  });

  Deno.test(`a ${who} ends a silent connection after 3 s, not before`, () => {
    const world = new ChannelWorld({ dialer });
    world.clock.advance(HELLO_TIMEOUT_MS - 1);
    world.settle();
    assertEquals(world.peer.isEnded, false);
    world.clock.advance(1);
    world.settle();
    assertEquals(toldCode(world), "HANDSHAKE_TIMEOUT");
    assert(world.peer.isEnded);
    world.peer.connection.end();
    world.settle();
    assertEquals(world.recorder.end, "HANDSHAKE_TIMEOUT");
    assertEquals(world.channel.violation?.code, "HANDSHAKE_TIMEOUT");
  });

  Deno.test(`a hello that drips in has no more time than another, for a ${who}`, () => {
    const world = new ChannelWorld({ dialer });
    const bytes = frames(HELLO_FRAME);
    for (let index = 0; index < 30; index++) {
      world.peer.connection.write(bytes.slice(index, index + 1));
      world.settle();
      world.clock.advance(HELLO_TIMEOUT_MS / 30);
    }
    world.settle();
    assertEquals(toldCode(world), "HANDSHAKE_TIMEOUT");
  });
}

Deno.test("a hello in time ends the wait for it", () => {
  const world = new ChannelWorld({ dialer: false });
  world.clock.advance(HELLO_TIMEOUT_MS - 1);
  world.receive(HELLO_FRAME);
  world.channel.accept();
  world.clock.advance(10 * HELLO_TIMEOUT_MS);
  world.settle();
  assert(world.channel.isOpen);
  assertEquals(world.clock.pendingCount, 0);
});

Deno.test("another protocol, or no common version, is a mismatch", () => {
  const hellos = [
    { ...HELLO, protocol: "distflow-pmd" },
    { ...HELLO, protocol: "something-else" },
    { ...HELLO, versions: [2, 3] },
    { ...HELLO, versions: [] },
    { ...HELLO, versions: ["1"] },
  ];
  for (const hello of hellos) {
    const world = new ChannelWorld({ dialer: false });
    world.receive(JSON.stringify({ type: "hello", ...hello }));
    assertEquals(toldCode(world), "PROTOCOL_MISMATCH");
  }
});

Deno.test("a hello of a later version passes if it names version 1, too", () => {
  const world = new ChannelWorld({ dialer: false });
  world.receive(JSON.stringify({
    type: "hello",
    ...HELLO,
    versions: [3, 2, 1],
    auth: { scheme: "token", token: "abc" },
    colour: "blue",
  }));
  assertEquals(world.recorder.calls, ["hello n1"]);
});

Deno.test("a hello must be small, and later frames may be as large as ours said", () => {
  const small = new ChannelWorld({ dialer: false });
  small.receive(`${HELLO_FRAME}${" ".repeat(HELLO_BYTES_MAX)}`);
  assertEquals(toldCode(small), "FRAME_TOO_LARGE");

  const large = ChannelWorld.open();
  const fitting = JSON.stringify(["x".repeat(FRAME_BYTES_MIN - 4)]);
  large.receive(fitting);
  assertEquals(large.recorder.messages.length, 1);
  large.receive(`${fitting} `);
  assertEquals(JSON.parse(large.peer.frames.at(-1) ?? ""), {
    type: "close",
    code: "FRAME_TOO_LARGE",
    details: { byteCount: FRAME_BYTES_MIN + 1, byteCountMax: FRAME_BYTES_MIN },
  });
});

Deno.test("each malformed frame closes the channel with a code and a reason", () => {
  const deep = "[".repeat(5000) + "]".repeat(5000);
  const malformed = ["1", "null", "true", '"x"', "[1", "{]", deep, "\ufeff[1]"];
  for (const text of malformed) {
    const world = ChannelWorld.open();
    world.receive(text, "[1]");
    assertEquals(toldCode(world), "PROTOCOL_VIOLATION", text);
    const { details } = JSON.parse(world.peer.frames.at(-1) ?? "");
    assert(details.reason.length > 0);
    assertEquals(world.recorder.messages, [], "nothing behind it is read");
  }
});

Deno.test("bytes that are no frames at all close the channel with a code", () => {
  const cases: [readonly number[], string][] = [
    [[0, 0, 0, 0], "PROTOCOL_VIOLATION"],
    [[0, 0, 0, 2, 0xc3, 0x28], "PROTOCOL_VIOLATION"],
    [[0, 0, 0, 3, 0xed, 0xa0, 0x80], "PROTOCOL_VIOLATION"],
    [[0xff, 0xff, 0xff, 0xff], "FRAME_TOO_LARGE"],
    [[0x80, 0, 0, 0], "FRAME_TOO_LARGE"],
    [[...new TextEncoder().encode("GET / HTTP/1.1\r\n")], "FRAME_TOO_LARGE"],
  ];
  for (const [bytes, code] of cases) {
    const world = ChannelWorld.open();
    world.peer.connection.write(new Uint8Array(bytes));
    world.settle();
    assertEquals(toldCode(world), code);
  }
});

Deno.test("a stream that ends within a frame was cut, which is no peace", () => {
  for (const count of [1, 3, 4, 5]) {
    const world = ChannelWorld.open();
    world.peer.connection.write(frames("[1]").slice(0, count));
    world.peer.connection.end();
    world.settle();
    assertEquals(world.recorder.end, "PROTOCOL_VIOLATION");
    assertEquals(toldCode(world), "PROTOCOL_VIOLATION");
    assertEquals(world.channel.violation?.code, "PROTOCOL_VIOLATION");
  }
});

Deno.test("a cut frame behind what is held back is found once that is taken", () => {
  const world = ChannelWorld.open();
  world.recorder.isFull = true;
  world.receive("[1]");
  world.peer.connection.write(frames("[2]").slice(0, 5));
  world.peer.connection.end();
  world.settle();
  world.recorder.isFull = false;
  world.channel.resume();
  world.settle();
  assertEquals(world.recorder.messages, [1]);
  assertEquals(world.recorder.end, "PROTOCOL_VIOLATION");
});

Deno.test("close tells why, drops what is queued, and ignores what still comes", () => {
  const world = ChannelWorld.open();
  world.channel.sendData("1");
  world.channel.close(wireError("LIMIT_REACHED", { what: "nodes", limit: 3 }));
  world.channel.close(wireError("TIMEOUT"));
  world.channel.sendControl(PING);
  world.receive("[2]", PING, "not even JSON");
  assertEquals(world.peer.frames, [
    closeFrame("LIMIT_REACHED", { what: "nodes", limit: 3 }),
  ]);
  assert(world.peer.isEnded);
  assertEquals(world.recorder.calls, ["closing"]);
  world.peer.connection.end();
  world.settle();
  assertEquals(world.recorder.calls, ["closing", "closed LIMIT_REACHED"]);
});

Deno.test("an error that is not for other ears crosses the wire without its text", () => {
  const world = ChannelWorld.open();
  world.channel.close(new DistflowError("MESSAGE_NOT_JSON", "secret"));
  world.settle();
  assertEquals(world.peer.frames, [
    closeFrame("INVALID_REQUEST", { reason: "internal error" }),
  ]);
});

Deno.test("whoever does not end after a close frame is cut off after 2 s", () => {
  const world = ChannelWorld.open();
  world.channel.close(wireError("TIMEOUT"));
  world.settle();
  // Going on to talk does not help.
  world.clock.advance(CLOSE_TIMEOUT_MS / 4);
  for (let index = 0; index < 10; index++) {
    assertEquals(world.recorder.end, undefined);
    world.receive("[1]");
    world.clock.advance(CLOSE_TIMEOUT_MS / 10);
  }
  world.settle();
  assertEquals(world.recorder.calls, ["closing", "closed TIMEOUT"]);
  assertEquals(world.clock.pendingCount, 0);
});

Deno.test("whoever does not take a close frame is cut off after 2 s, its end or not", () => {
  const world = ChannelWorld.open();
  world.connection.isStuck = true;
  world.peer.connection.write(frames("[1]").slice(0, 5));
  world.peer.connection.end();
  world.settle();
  assertEquals(world.recorder.end, undefined);
  world.clock.advance(CLOSE_TIMEOUT_MS);
  world.settle();
  assertEquals(world.recorder.end, "PROTOCOL_VIOLATION");
  assertEquals(world.clock.pendingCount, 0);
});

Deno.test("a close frame ends the channel with the other side's reason", () => {
  const world = ChannelWorld.open();
  world.channel.sendData("1");
  world.receive("[2]", closeFrame("NODE_REPLACED"), "[3]");
  assertEquals(world.recorder.messages, [2]);
  assert(world.peer.isEnded);
  world.peer.connection.end();
  world.settle();
  assertEquals(world.recorder.calls, [
    "batch of 1",
    "closing",
    "closed NODE_REPLACED",
  ]);
});

Deno.test("a close frame is read before the hello, too", () => {
  const world = new ChannelWorld({ dialer: true });
  world.receive(closeFrame("PROTOCOL_MISMATCH"));
  world.peer.connection.end();
  world.settle();
  assertEquals(world.recorder.calls, ["closed PROTOCOL_MISMATCH"]);
});

Deno.test("being told of a violation is not the other side's violation", () => {
  const world = ChannelWorld.open();
  world.receive(closeFrame("PROTOCOL_VIOLATION"));
  world.peer.connection.end();
  world.settle();
  assertEquals(world.recorder.end, "PROTOCOL_VIOLATION");
  assertEquals(world.channel.violation, undefined);
});

Deno.test("a close frame with any code and any details is read", () => {
  const closes: [unknown, unknown][] = [
    [{ toString: null, valueOf: null }, {}],
    [[{ toString: 1 }], {}],
    ["NO_SUCH_CODE", {}],
    ["constructor", {}],
    ["__proto__", { __proto__: { a: 1 } }],
    [undefined, undefined],
    [12, [1, 2]],
    ["x".repeat(10_000), "text"],
    ["INVALID_REQUEST", { reason: "y".repeat(10_000) }],
  ];
  for (const [code, details] of closes) {
    const world = new ChannelWorld({ dialer: false });
    world.receive(JSON.stringify({ type: "close", code, details }));
    world.peer.connection.end();
    world.settle();
    assertEquals(world.recorder.end, "INVALID_REQUEST");
    assert((world.recorder.ends[0]?.message.length ?? 999) < 400);
  }
});

Deno.test("what one turn sends is one write and one frame", () => {
  const world = ChannelWorld.open();
  for (let index = 0; index < 100; index++) {
    world.channel.sendData(String(index));
  }
  assertEquals(world.connection.writeCount, 0);
  world.settle();
  assertEquals(world.connection.writeCount, 1);
  assertEquals(world.peer.frames.length, 1);
  world.channel.sendData("1");
  world.settle();
  assertEquals(world.connection.writeCount, 2);
});

Deno.test("64 KiB do not wait for the end of the turn", () => {
  const world = ChannelWorld.open();
  world.channel.sendData(JSON.stringify("x".repeat(FLUSH_UNITS)));
  assertEquals(world.connection.writeCount, 1);
});

Deno.test("2 KiB with a control message do not wait for it, either", () => {
  const world = ChannelWorld.open();
  const filler = "x".repeat(CONTROL_FLUSH_UNITS / 2);
  world.channel.sendData(JSON.stringify(filler));
  world.channel.sendData(JSON.stringify(filler));
  assertEquals(world.connection.writeCount, 0);
  world.channel.sendControl(PING);
  assertEquals(world.connection.writeCount, 1);
});

Deno.test("control goes out before the data of its turn", () => {
  const world = ChannelWorld.open();
  world.channel.sendData("1");
  world.channel.sendControl(PING);
  world.channel.sendData("2");
  world.settle();
  assertEquals(world.peer.frames, [PING, "[1,2]"]);
});

Deno.test("control overtakes data that a slow reader keeps waiting", () => {
  const world = ChannelWorld.open();
  world.connection.isStuck = true;
  const large = JSON.stringify("x".repeat(FLUSH_UNITS));
  for (let index = 0; index < 10; index++) world.channel.sendData(large);
  world.channel.sendControl(PING);
  world.settle();
  world.connection.isStuck = false;
  world.settle();
  const index = world.peer.frames.indexOf(PING);
  assert(index >= 0 && index < 6, `it is frame ${index}`);
  assertEquals(world.peer.frames.length, 11);
});

Deno.test("what waits for a slow reader is sent in order, and control before it", () => {
  const world = ChannelWorld.open({ highWaterUnits: 2 ** 30 });
  world.connection.isStuck = true;
  const count = 20_000;
  const filler = "x".repeat(90);
  for (let index = 0; index < count; index++) {
    world.channel.sendData(JSON.stringify([index, filler]));
  }
  const before = world.connection.queuedBytes;
  world.channel.sendControl(PING);
  world.connection.isStuck = false;
  world.settle();
  const { frames } = world.peer;
  const ahead = frames.slice(0, frames.indexOf(PING)).join("").length;
  assert(ahead <= before, `${ahead} of ${before} bytes were ahead`);
  const indices = frames.filter((frame) => frame !== PING)
    .flatMap((frame) => JSON.parse(frame).map(([index]: number[]) => index));
  assertEquals(indices, Array.from({ length: count }, (_, index) => index));
});

Deno.test("what waits for a slow reader does not hold on to memory that is shared", () => {
  const world = ChannelWorld.open();
  world.connection.isStuck = true;
  const held = new Set<ArrayBufferLike>();
  const write = world.connection.write.bind(world.connection);
  world.connection.write = (bytes) => {
    held.add(bytes.buffer);
    return write(bytes);
  };
  for (let index = 0; index < 100; index++) {
    world.channel.sendData("1");
    world.settle();
  }
  const byteCounts = [...held].map((buffer) => buffer.byteLength);
  assertEquals(held.size, 100);
  // The first one is on its way, as far as the channel can tell.
  assertEquals(Math.max(...byteCounts.slice(1)), 4 + 3);
});

Deno.test("above the high-water mark senders are told, and again at half of it", () => {
  const world = ChannelWorld.open({ highWaterUnits: 301_000 });
  world.connection.isStuck = true;
  const text = JSON.stringify("x".repeat(99_998));
  const answers = Array.from({ length: 8 }, () => world.channel.sendData(text));
  // The connection takes 256 KiB and more before it says that it is full.
  assertEquals(answers.indexOf(false), 6);
  assert(world.channel.isAboveHighWater);
  world.settle();
  assertEquals(world.recorder.calls, []);
  world.connection.take(150_000);
  world.settle();
  assertEquals(world.recorder.calls, [], "it is not short enough yet");
  world.connection.isStuck = false;
  world.settle();
  assertEquals(world.recorder.calls, ["drain"]);
  assert(!world.channel.isAboveHighWater);
  assertEquals(world.channel.queuedUnits, 0);
  assertEquals(world.peer.frames.length, 8);
});

Deno.test("a message must fit what the peer accepts, in bytes with its brackets", () => {
  const world = ChannelWorld.open({
    hello: { frameBytesMax: FRAME_BYTES_DEFAULT },
    peerHello: { frameBytesMax: FRAME_BYTES_MIN },
  });
  const fill = (unit: string, byteCount: number): string =>
    JSON.stringify(unit.repeat((byteCount - 2) / utf8Length(unit)));
  world.channel.sendData(fill("x", FRAME_BYTES_MIN - 2));
  world.channel.sendData(fill("é", FRAME_BYTES_MIN - 2));
  for (const unit of ["x", "é"]) {
    const text = fill(unit, FRAME_BYTES_MIN);
    const error = assertThrows(
      () => world.channel.sendData(text),
      DistflowError,
    );
    assertEquals(error.code, "MESSAGE_TOO_LARGE");
    assertEquals(error.details.byteCountMax, FRAME_BYTES_MIN);
  }
  world.settle();
  assertEquals(
    world.peer.frames.map(utf8Length),
    [FRAME_BYTES_MIN, FRAME_BYTES_MIN],
  );
});

Deno.test("no joined frame is larger than any peer accepts", () => {
  const world = ChannelWorld.open();
  // Three bytes of UTF-8 for each UTF-16 unit: the worst case.
  const text = JSON.stringify("中".repeat(1000));
  for (let index = 0; index < 500; index++) world.channel.sendData(text);
  world.settle();
  const sizes = world.peer.frames.map(utf8Length);
  assert(Math.max(...sizes) <= FRAME_BYTES_MIN, `${Math.max(...sizes)}`);
});

Deno.test("a control message that the peer would not accept closes the channel", () => {
  const world = ChannelWorld.open();
  world.channel.sendControl(`"${"x".repeat(FRAME_BYTES_MIN)}"`);
  world.channel.sendControl(PING);
  world.settle();
  assertEquals(world.peer.frames, [
    closeFrame("FRAME_TOO_LARGE", {
      byteCount: FRAME_BYTES_MIN + 2,
      byteCountMax: FRAME_BYTES_MIN,
    }),
  ]);
  assertEquals(world.channel.violation, undefined);
});

Deno.test("data cannot be sent before the hello, nor once the channel ends", () => {
  const early = new ChannelWorld({ dialer: false });
  const late = ChannelWorld.open();
  late.channel.end();
  for (const world of [early, late]) {
    const error = assertThrows(
      () => world.channel.sendData("1"),
      DistflowError,
    );
    assertEquals(error.code, "CONNECTION_CLOSED");
    world.channel.sendControl(PING);
    world.settle();
    assertEquals(world.peer.frames, []);
  }
});

Deno.test("a full receiver holds back the frames behind a batch, and feels them", () => {
  const world = ChannelWorld.open();
  world.recorder.isFull = true;
  world.receive("[1]", PING, "[2]", "[3]");
  assertEquals(world.recorder.calls, ["batch of 1"]);
  assert(world.connection.isPaused);
  world.channel.resume();
  world.settle();
  assertEquals(world.recorder.messages, [1, 2]);
  world.recorder.isFull = false;
  world.channel.resume();
  world.settle();
  assertEquals(world.recorder.messages, [1, 2, 3]);
  assert(!world.connection.isPaused);
});

Deno.test("a lost connection is told once what it brought is taken", () => {
  const world = ChannelWorld.open();
  world.recorder.isFull = true;
  world.receive("[1]", "[2]");
  world.connection.reset();
  world.settle();
  assertEquals(world.recorder.calls, ["batch of 1", "closing"]);
  assertEquals(world.channel.isOpen, false);
  world.recorder.isFull = false;
  world.channel.resume();
  assertEquals(world.recorder.calls, [
    "batch of 1",
    "closing",
    "batch of 1",
    "closed CONNECTION_RESET",
  ]);
});

Deno.test("a peaceful end waits for what is held back, too", () => {
  const world = ChannelWorld.open();
  world.recorder.isFull = true;
  world.peer.send("[1]", "[2]");
  world.peer.connection.end();
  world.settle();
  assertEquals(world.recorder.messages, [1]);
  world.recorder.isFull = false;
  world.channel.resume();
  world.settle();
  assertEquals(world.recorder.messages, [1, 2]);
  assertEquals(world.recorder.end, "peace");
});

Deno.test("an end sends what is queued, and hears the other side out", () => {
  const world = ChannelWorld.open();
  world.connection.isStuck = true;
  const large = JSON.stringify("x".repeat(FLUSH_UNITS));
  for (let index = 0; index < 10; index++) world.channel.sendData(large);
  world.channel.end();
  world.settle();
  assertEquals(world.peer.isEnded, false);
  world.connection.isStuck = false;
  world.settle();
  assertEquals(world.peer.frames.length, 10);
  assert(world.peer.isEnded);
  world.receive("[1]");
  world.peer.connection.end();
  world.settle();
  assertEquals(world.recorder.calls, [
    "closing",
    "batch of 1",
    "closed in peace",
  ]);
});

Deno.test("the end of the other side is answered with ours, behind what is queued", () => {
  const world = ChannelWorld.open();
  world.channel.sendData("1");
  world.peer.send("[2]");
  world.peer.connection.end();
  world.settle();
  assertEquals(world.peer.frames, ["[1]"]);
  assert(world.peer.isEnded);
  assertEquals(world.recorder.calls, [
    "batch of 1",
    "closing",
    "closed in peace",
  ]);
  assertEquals(world.clock.pendingCount, 0);
});

Deno.test("an end during which nothing moves is over after 2 s, and no peace", () => {
  const world = ChannelWorld.open();
  world.connection.isStuck = true;
  world.channel.sendData("1");
  world.channel.end();
  world.settle();
  world.clock.advance(CLOSE_TIMEOUT_MS - 1);
  world.settle();
  assertEquals(world.recorder.end, undefined);
  world.clock.advance(1);
  world.settle();
  assertEquals(world.recorder.calls, ["closing", "closed TIMEOUT"]);
});

Deno.test("an end takes as long as the other side goes on reading", () => {
  const world = ChannelWorld.open();
  world.connection.isStuck = true;
  const large = JSON.stringify("x".repeat(FLUSH_UNITS));
  for (let index = 0; index < 20; index++) world.channel.sendData(large);
  world.channel.end();
  while (world.peer.frames.length < 20) {
    world.connection.take(30_000);
    world.settle();
    world.clock.advance(CLOSE_TIMEOUT_MS / 2);
    assertEquals(world.recorder.end, undefined);
  }
  world.peer.connection.end();
  world.settle();
  assertEquals(world.recorder.end, "peace");
});

Deno.test("an end takes as long as the other side goes on talking", () => {
  const world = ChannelWorld.open();
  world.channel.end();
  for (let index = 0; index < 10; index++) {
    world.receive(`[${index}]`);
    world.clock.advance(CLOSE_TIMEOUT_MS - 1);
  }
  world.peer.connection.end();
  world.settle();
  assertEquals(world.recorder.messages.length, 10);
  assertEquals(world.recorder.end, "peace");
});

Deno.test("a connection that closes without a word is an error, with its cause", () => {
  const word = ChannelWorld.open();
  word.connection.reset();
  word.settle();
  assertEquals(word.recorder.calls, ["closed CONNECTION_RESET"]);

  const early = new ChannelWorld({ dialer: true });
  early.peer.connection.end();
  early.settle();
  assertEquals(early.recorder.calls, ["closed CONNECTION_CLOSED"]);
});

Deno.test("destroy ends at once, with the reason it is given", () => {
  const world = ChannelWorld.open();
  world.channel.sendData("1");
  world.channel.destroy(wireError("SLOW_CONSUMER"));
  world.settle();
  assertEquals(world.peer.frames, []);
  assertEquals(world.recorder.calls, ["closed SLOW_CONSUMER"]);
  assertEquals(world.clock.pendingCount, 0);
});

Deno.test("destroy without a reason ends an open channel in peace", () => {
  const world = ChannelWorld.open();
  world.channel.destroy();
  assertThrows(() => world.channel.sendData("1"), DistflowError);
  world.settle();
  assertEquals(world.recorder.calls, ["closing", "closed in peace"]);
  assertEquals(world.clock.pendingCount, 0);

  const early = new ChannelWorld({ dialer: true });
  early.channel.destroy();
  early.settle();
  assertEquals(early.recorder.calls, ["closed CONNECTION_CLOSED"]);
});

Deno.test("closed is told once and last, whatever ends a channel", () => {
  const acts: ((world: ChannelWorld) => void)[] = [
    ({ channel }) => channel.end(),
    ({ channel }) => channel.close(wireError("TIMEOUT")),
    ({ channel }) => channel.destroy(),
    ({ channel }) => channel.resume(),
    ({ channel }) => channel.sendControl(PING),
    ({ connection }) => connection.reset(),
    ({ peer }) => peer.connection.end(),
    ({ peer }) => peer.send("[1]", "[2]"),
    ({ peer }) => peer.send("0"),
    ({ peer }) => peer.send(closeFrame("TIMEOUT")),
    (world) => world.recorder.isFull = !world.recorder.isFull,
    (world) => world.clock.advance(CLOSE_TIMEOUT_MS),
    (world) => world.settle(),
  ];
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: acts.length - 1 }), { maxLength: 12 }),
      fc.boolean(),
      (indexes, dialer) => {
        const world = ChannelWorld.open({ dialer });
        for (const index of indexes) acts[index]?.(world);
        world.channel.destroy();
        world.settle();
        // What is held back is told before the end.
        for (let count = 0; count < 10; count++) world.channel.resume();
        for (const act of acts) act(world);
        world.settle();
        const ends = world.recorder.calls.filter((call) =>
          call.startsWith("closed")
        );
        assertEquals(ends.length, 1, world.recorder.calls.join(", "));
        assert(world.recorder.calls.at(-1)?.startsWith("closed"));
        const told = world.recorder.calls.filter((call) => call === "closing");
        assert(told.length <= 1);
      },
    ),
    { numRuns: 2000 },
  );
});

Deno.test("a bug in a handler is not taken for a peer's fault", () => {
  const world = ChannelWorld.open();
  world.recorder.onControl = () => {
    throw new RangeError("a bug");
  };
  world.peer.send(PING);
  assertThrows(() => world.settle(), RangeError, "a bug");
});

/** Two channels that talk to each other, over bytes that are cut anywhere. */
function talk(seed: number) {
  const clock = new ManualClock();
  const connections = MemoryConnection.pair();
  const writer = new FrameWriter();
  const recorders = [new Recorder(), new Recorder()] as const;
  const channels = connections.map((connection, index) => {
    connection.random = new SeededRandom(seed + index);
    return new Channel(connection, recorders[index] as Recorder, {
      clock,
      writer,
      hello: HELLO,
      dialer: index === 0,
      highWaterUnits: 100_000,
    });
  }) as [Channel, Channel];
  recorders[1].onHello = () => channels[1].accept();
  const run = () => settle(clock, ...connections);
  run();
  return { clock, connections, recorders, channels, run };
}

Deno.test("a peaceful end loses nothing in either direction, however bytes are cut", () => {
  const step = fc.record({
    side: fc.constantFrom(0 as const, 1 as const),
    sizes: fc.array(fc.integer({ min: 0, max: 40_000 }), { maxLength: 5 }),
    act: fc.constantFrom("send", "settle", "hold", "release", "stick", "flow"),
  });
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 30 }),
      fc.nat(),
      fc.constantFrom(0 as const, 1 as const),
      (steps, seed, ender) => {
        const { connections, recorders, channels, run } = talk(seed);
        const sent: string[][] = [[], []];
        for (const { side, sizes, act } of steps) {
          if (act === "settle") run();
          if (act === "hold") recorders[side].isFull = true;
          if (act === "release") recorders[side].isFull = false;
          if (act === "stick") connections[side].isStuck = true;
          if (act === "flow") connections[side].isStuck = false;
          for (const size of sizes) {
            const text = `${sent[side]?.length} ${"é".repeat(size)}`;
            sent[side]?.push(text);
            channels[side].sendData(JSON.stringify(text));
          }
        }
        channels[ender].end();
        for (const connection of connections) connection.isStuck = false;
        run();
        for (const side of [0, 1] as const) {
          recorders[side].isFull = false;
          channels[side].resume();
        }
        run();
        assertEquals(recorders[1].messages, sent[0]);
        assertEquals(recorders[0].messages, sent[1]);
        assertEquals([recorders[0].end, recorders[1].end], ["peace", "peace"]);
      },
    ),
    { numRuns: 300 },
  );
});
