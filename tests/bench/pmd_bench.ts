import { connect, type Socket } from "node:net";
import { currentPlatform } from "../../src/platform/mod.ts";
import { PmdClient } from "../../src/pmd/client.ts";
import { FrameDecoder, FrameWriter } from "../../src/wire/frame.ts";
import { freePort } from "../packages/support.ts";
import type { Result } from "./measure.ts";
import { Program } from "./programs.ts";

const REQUESTS = 200_000;
const IN_FLIGHT = 64;

/** Resolves answered over one connection, beside a bare JSON loop. */
export async function pmdBench(repeats: number): Promise<Result[]> {
  const echo = new Program("echo_json");
  const echoPort = Number(await echo.next("ready"));
  const port = await freePort();
  const pmd = new Program("pmd", port);
  await pmd.next("PMD ready");
  const client = await PmdClient.open({
    address: { hostname: "127.0.0.1", port },
    platform: currentPlatform(),
    timeoutMs: 10_000,
  });
  await client.register({
    nodeId: "bench",
    alias: "worker",
    host: "127.0.0.1",
    port: 1,
    incarnation: 1,
    pid: 1,
    runtime: "bench/1",
  });
  const bare: number[] = [];
  const resolves: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat++) {
    bare.push(await bareLoop(echoPort));
    resolves.push(await resolveLoop(client));
  }
  await client.close();
  await pmd.end();
  await echo.end();
  return [{
    benchmark: "pmd",
    workload: `resolve over one connection, ${IN_FLIGHT} in flight`,
    unit: "requests per second",
    series: [
      { name: "bare JSON request and reply", values: bare },
      { name: "PMD resolve", values: resolves },
    ],
  }];
}

async function resolveLoop(client: PmdClient): Promise<number> {
  let left = REQUESTS;
  const startedAt = performance.now();
  const work = async (): Promise<void> => {
    while (left-- > 0) {
      const { nodeId } = await client.resolve("worker");
      if (nodeId !== "bench") throw new Error("A wrong answer");
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  return REQUESTS / (performance.now() - startedAt) * 1000;
}

function bareLoop(port: number): Promise<number> {
  return new Promise((resolve) => {
    const socket: Socket = connect(port, "127.0.0.1");
    socket.setNoDelay(true);
    const writer = new FrameWriter();
    let sent = 0;
    let received = 0;
    let startedAt = 0;
    const request = (): void => {
      if (sent >= REQUESTS) return;
      sent++;
      writer.add(JSON.stringify({ id: sent, type: "resolve", name: "worker" }));
    };
    const decoder = new FrameDecoder(1 << 20, (text) => {
      if (JSON.parse(text).node.alias !== "worker") {
        throw new Error("A wrong answer");
      }
      received++;
      request();
      return true;
    });
    socket.on("data", (bytes) => {
      decoder.push(bytes);
      if (received === REQUESTS) {
        socket.destroy();
        resolve(REQUESTS / (performance.now() - startedAt) * 1000);
      } else if (writer.byteCount > 0) socket.write(writer.take());
    });
    socket.on("connect", () => {
      startedAt = performance.now();
      for (let count = 0; count < IN_FLIGHT; count++) request();
      socket.write(writer.take());
    });
  });
}
