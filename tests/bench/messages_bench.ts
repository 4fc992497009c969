import { once } from "node:events";
import { freePort } from "../packages/support.ts";
import type { Result } from "./measure.ts";
import { Program } from "./programs.ts";

/** Bytes of JSON of a message, and how many are sent. */
const WORKLOADS = [[100, 500_000], [1024, 200_000], [16_384, 20_000]] as const;

const PROGRAMS = [
  ["bare socket, one JSON text a frame", "frames"],
  ["bare socket, one JSON array a turn", "arrays"],
  ["node.send, not awaited", "node"],
  ["node.send, each awaited", "node-await"],
] as const;

/** One sender to one receiver, two processes on loopback. */
export async function messagesBench(repeats: number): Promise<Result[]> {
  const results: Result[] = [];
  for (const [size, count] of WORKLOADS) {
    const values = new Map<string, number[]>();
    for (let repeat = 0; repeat < repeats; repeat++) {
      for (const [name, kind] of PROGRAMS) {
        const rates = values.get(name) ?? [];
        values.set(name, rates);
        rates.push(await measure(kind, size, count));
      }
    }
    results.push({
      benchmark: "messages",
      workload: `${count} messages of ${size} bytes, one to one`,
      unit: "messages per second",
      series: [...values].map(([name, rates]) => ({ name, values: rates })),
    });
  }
  return results;
}

async function measure(
  kind: string,
  size: number,
  count: number,
): Promise<number> {
  const isNode = kind.startsWith("node");
  const receiver = isNode
    ? new Program("receive", "node", count, await freePort())
    : new Program("receive", "bare", count);
  const port = await receiver.next("ready");
  const sender = new Program("send", kind, count, size, port);
  const rate = Number(await receiver.next("rate"));
  if (sender.child.exitCode === null) await once(sender.child, "close");
  await receiver.end();
  return rate;
}
