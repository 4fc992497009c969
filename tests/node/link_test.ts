import { assert, assertEquals } from "@std/assert";
import { Link, type LinkHost } from "../../src/node/link.ts";
import { FrameWriter } from "../../src/wire/frame.ts";
import { encodeHello } from "../../src/wire/hello.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { HELLO, RawPeer } from "../wire/support/channel_world.ts";
import { MemoryConnection, settle } from "../wire/support/memory_network.ts";

const PING = '{"type":"ping"}';
const PONG = '{"type":"pong"}';

/** A link that a peer has opened, and that peer. */
function openLink(highWaterUnits: number) {
  const clock = new ManualClock();
  const [connection, other] = MemoryConnection.pair();
  const host: LinkHost = {
    clock,
    writer: new FrameWriter(),
    highWaterUnits,
    isFull: false,
    deliver: () => {},
    greeted: (link) => link.accept(),
    closed: () => {},
  };
  const link = new Link(connection, host, { hello: HELLO, isDialer: false });
  const peer = new RawPeer(other);
  peer.send(encodeHello(HELLO));
  settle(clock, connection, other);
  peer.frames.splice(0);
  return {
    link,
    peer,
    connection,
    settle: () => settle(clock, connection, other),
  };
}

Deno.test("each ping is answered", () => {
  const { peer, settle } = openLink(1024 * 1024);
  peer.send(...Array(1000).fill(PING));
  settle();
  assertEquals(peer.frames, Array(1000).fill(PONG));
});

Deno.test("a peer that pings and does not read costs a bounded queue", () => {
  const { link, peer, connection, settle } = openLink(64 * 1024);
  connection.isStuck = true;
  const pings = Array(10_000).fill(PING);
  for (let round = 0; round < 100; round++) {
    peer.send(...pings);
    settle();
  }
  assert(link.isOpen);
  // What the connection takes, the high-water mark, and the last frames.
  const limit = 256 * 1024 + 64 * 1024 + 64 * 1024 + 100;
  assert(link.queuedUnits < limit, `${link.queuedUnits} units`);
  connection.isStuck = false;
  settle();
  peer.frames.splice(0);
  peer.send(PING);
  settle();
  assertEquals(peer.frames, [PONG]);
});
