// Round trips between peers of any system: peer 0 answers, peer 1 asks one
// question after the other, peer 2 (if there is one) floods peer 0 meanwhile.
// Told what to do on its input: go, end.
import process from "node:process";
import { createInterface } from "node:readline";
import { type Message, openPeer } from "../systems/system.ts";
import { type PeerSpec, textFor } from "../peer_spec.ts";

const spec: PeerSpec = JSON.parse(process.argv[2] ?? "");
const { count, peerCount, port, self, size, system } = spec;
const WARM_UP_COUNT = 10_000;

let onAnswer: (message: Message) => void = () => {};

function say(word: string, value: unknown = ""): void {
  process.stdout.write(`${word} ${JSON.stringify(value)}\n`);
}

const peer = await openPeer(system, {
  self,
  peerCount,
  port,
  onMessage(message) {
    if (self !== 0) return onAnswer(message);
    const { from, id, text } = message;
    if (from === 1) peer.send(1, { from: 0, id, text });
  },
});
say("open");

/** Asks, and resolves with how long the answer took, in microseconds. */
function ask(message: Message): Promise<number> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    onAnswer = ({ id }) => {
      if (id !== message.id) reject(new Error(`Answer ${id} to ${message.id}`));
      resolve((performance.now() - startedAt) * 1000);
    };
    peer.send(0, message);
  });
}

async function go(): Promise<void> {
  const message = { from: 1, id: 0, text: textFor(size) };
  const tookUs: number[] = [];
  for (let id = 0; id < WARM_UP_COUNT + count; id++) {
    message.id = id;
    const us = await ask(message);
    if (id >= WARM_UP_COUNT) tookUs.push(us);
  }
  tookUs.sort((a, b) => a - b);
  const at = (part: number) => tookUs[Math.ceil(part * count) - 1];
  say("took", { p50: at(0.5), p99: at(0.99), p999: at(0.999) });
}

/** Sends without end, as fast as the system takes it. */
async function flood(): Promise<never> {
  const message = { from: 2, id: 0, text: textFor(size) };
  await peer.send(0, message);
  say("flooding");
  for (;; message.id++) await peer.send(0, message);
}

for await (const line of createInterface({ input: process.stdin })) {
  if (line === "go") {
    if (self === 1) await go();
    else if (self === 2) flood();
  } else if (line === "end") {
    await peer.close();
    process.exit(0);
  }
}
