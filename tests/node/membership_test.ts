import { assertEquals, assertRejects } from "@std/assert";
import { DistflowError } from "../../src/base/errors.ts";
import { silentLogger } from "../../src/log/mod.ts";
import { Membership } from "../../src/node/membership.ts";
import { PmdServer } from "../../src/pmd/server.ts";
import type { MemoryConnection } from "../wire/support/memory_network.ts";
import { FixedPlatform } from "../wire/support/fixed_platform.ts";

/** Lets all promises settle, as a runtime does before it goes on. */
async function drainPromises(): Promise<void> {
  for (let count = 0; count < 50; count++) await Promise.resolve();
}

/** Memberships of nodes on one machine, whose PMD runs. */
async function startPmd() {
  const machine = new FixedPlatform();
  const ends: MemoryConnection[] = [];
  const platform = {
    ...machine,
    transport: {
      ...machine.transport,
      connect: () => {
        const end = machine.dial();
        ends.push(end);
        return Promise.resolve(end);
      },
    },
  };
  await PmdServer.start({ platform, logger: silentLogger });
  const enter = (nodeId: string, alias: string) => {
    const told: string[] = [];
    const membership = new Membership(
      {
        ...{ nodeId, alias, host: "127.0.0.1", port: 40_001 },
        ...{ incarnation: 1, pid: 1, runtime: "test/1" },
      },
      {
        changed: ({ type, peer }) => told.push(`${type} ${peer.nodeId}`),
        connected: () => told.push("connected"),
        disconnected: () => told.push("disconnected"),
        refused: () => told.push("refused"),
      },
      {
        pmd: { hostname: "127.0.0.1", port: 4369 },
        pmdOpenHost: undefined,
        mode: "external",
        timeoutMs: 5000,
        platform,
        logger: silentLogger,
      },
    );
    const started = membership.start();
    started.catch(() => {});
    return { told, started };
  };
  return { machine, ends, enter };
}

Deno.test("a node is registered, and knows its peers, after one round trip", async () => {
  const { machine, ends, enter } = await startPmd();
  const first = enter("a-node", "first");
  await drainPromises();
  await machine.settle();
  const second = enter("b-node", "second");
  await drainPromises();
  await machine.settle();
  await Promise.all([first.started, second.started]);
  assertEquals(first.told, ["connected", "join b-node"]);
  assertEquals(second.told, ["join a-node", "connected"]);
  assertEquals(ends.map(({ writeCount }) => writeCount), [1, 1]);
});

Deno.test("a node that is refused learns of no peers, and leaves nothing behind", async () => {
  const { machine, ends, enter } = await startPmd();
  const first = enter("a-node", "worker");
  await machine.settle();
  const second = enter("b-node", "worker");
  await machine.settle();
  const error = await assertRejects(() => second.started, DistflowError);
  assertEquals(error.code, "ALIAS_TAKEN");
  await machine.settle();
  assertEquals(second.told, []);
  assertEquals(first.told, ["connected"]);
  assertEquals(ends.map(({ isOver }) => isOver), [false, true]);
});
