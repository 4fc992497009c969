// One peer of a benchmark, of any system: sends numbered messages, and checks
// that those that come are all there, in order. Told what to do on its input:
// meet (open all connections), go, end.
import process from "node:process";
import { createInterface } from "node:readline";
import { type Message, openPeer } from "../systems/system.ts";
import { textFor, type TrafficSpec } from "../peer_spec.ts";

const spec: TrafficSpec = JSON.parse(process.argv[2] ?? "");
const { awaits, count, peerCount, port, self, senders, size, system, targets } =
  spec;
/** A caller that does not await must do so at times, or nothing is written. */
const BURST = 256;

const counts = new Map(senders.map((sender) => [sender, 0]));
const strangers = new Set(senders);
let startedAt = 0;
let unfinished = senders.length;
let sharesAtFirstEnd: number[] | undefined;

function say(word: string, value: unknown = ""): void {
  process.stdout.write(`${word} ${JSON.stringify(value)}\n`);
}

/** Milliseconds since 1970, finer than the wall clock; the same in all. */
function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

function onMessage({ from, id, text }: Message): void {
  if (id < 0) {
    strangers.delete(from);
    if (strangers.size === 0) say("met");
    return;
  }
  const expected = counts.get(from) ?? NaN;
  if (id !== expected || text.length !== filler.length) {
    throw new Error(`Peer ${from} sent ${id} where ${expected} was expected`);
  }
  if (startedAt === 0) startedAt = nowMs();
  counts.set(from, id + 1);
  if (id + 1 < count) return;
  sharesAtFirstEnd ??= [...counts.values()];
  if (--unfinished > 0) return;
  const { rss } = process.memoryUsage();
  say("received", { startedAt, endedAt: nowMs(), sharesAtFirstEnd, rss });
}

const filler = textFor(size);
const peer = await openPeer(system, { self, peerCount, port, onMessage });
say("open");

/** All targets in turn, so that they share what this peer can send. */
async function go(): Promise<void> {
  const message = { from: self, id: 0, text: filler };
  for (let id = 0; id < count; id++) {
    message.id = id;
    for (const target of targets) {
      const sent = peer.send(target, message);
      if (sent !== undefined && (awaits || id % BURST === 0)) await sent;
    }
  }
  say("sent", nowMs());
}

for await (const line of createInterface({ input: process.stdin })) {
  if (line === "meet") {
    for (const target of targets) {
      await peer.send(target, { from: self, id: -1, text: "" });
    }
    if (senders.length === 0) say("met");
  } else if (line === "go") await go();
  else if (line === "end") {
    await peer.close();
    process.exit(0);
  }
}
