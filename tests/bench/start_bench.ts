import { PmdClient } from "../../src/pmd/client.ts";
import { currentPlatform } from "../../src/platform/mod.ts";
import { freePort } from "../packages/support.ts";
import type { Result } from "./measure.ts";
import { Program } from "./programs.ts";

/** How long `NodeRuntime.start()` takes, with and without a PMD. */
export async function startBench(repeats: number): Promise<Result[]> {
  const bare: number[] = [];
  const cold: number[] = [];
  const warm: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat++) {
    bare.push(await bareProcess());
    const port = await freePort();
    cold.push(await startNode(port));
    warm.push(await startNode(port));
    await endPmd(port);
  }
  return [{
    benchmark: "start",
    workload: "NodeRuntime.start() in a new process",
    unit: "ms",
    series: [
      { name: "bare listening process, from spawn to ready", values: bare },
      { name: "no PMD: it is started, too", values: cold },
      { name: "the PMD is there", values: warm },
    ],
  }];
}

async function bareProcess(): Promise<number> {
  const startedAt = performance.now();
  const program = new Program("listen");
  await program.next("ready");
  const tookMs = performance.now() - startedAt;
  await program.end();
  return tookMs;
}

async function startNode(port: number): Promise<number> {
  const program = new Program("start_node", port);
  return Number(await program.next("took"));
}

async function endPmd(port: number): Promise<void> {
  const client = await PmdClient.open({
    address: { hostname: "127.0.0.1", port },
    platform: currentPlatform(),
    timeoutMs: 5000,
  });
  await client.shutdown(true);
  await client.close();
}
