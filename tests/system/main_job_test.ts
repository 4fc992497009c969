// The main job on real processes: who starts the PMD, who sees whom, and what
// happens when processes are killed.
import { assert, assertEquals, assertMatch } from "@std/assert";
import process from "node:process";
import { freePort, Running } from "../packages/support.ts";
import {
  IS_DENO,
  otherScriptCommand,
  scriptCommand,
} from "../support/script.ts";
import { cleanUp, pmdClient, startChat } from "./support.ts";

Deno.test("the first node starts the PMD, which outlives it; peers talk both ways", async () => {
  const port = await freePort();
  const running: Running[] = [];
  try {
    const alice = startChat("alice", port, "bob");
    running.push(alice);
    await alice.says("up");
    assertMatch(alice.output, /sees $/m);
    const bob = startChat("bob", port, "alice");
    running.push(bob);
    await bob.says("sees alice");
    await alice.says("join bob");
    await alice.says("answer 1 from bob");
    await bob.says("answer 1 from alice");
    await alice[Symbol.asyncDispose]();
    await bob.says("leave alice disconnected");
    await using client = await pmdClient(port);
    const nodes = await client.list();
    assertEquals(nodes.map((node) => node.alias), ["bob"]);
  } finally {
    await cleanUp(port, running);
  }
});

Deno.test("a kill -9 is seen by the others within 100 ms (median of 5)", async () => {
  const port = await freePort();
  const running: Running[] = [];
  const delaysMs: number[] = [];
  try {
    const watcher = startChat("watcher", port);
    running.push(watcher);
    await watcher.says("up");
    for (let round = 0; round < 5; round++) {
      const victim = startChat(`victim${round}`, port);
      running.push(victim);
      await victim.says("up");
      await watcher.says(`join victim${round}`);
      const killedAt = Date.now();
      victim.kill("SIGKILL");
      await watcher.says(`leave victim${round} disconnected`);
      const told = new RegExp(`leave victim${round} \\w+ (\\d+)`);
      // The line may still be on its way in parts.
      await watcher.matches(told);
      delaysMs.push(Number(told.exec(watcher.output)?.[1]) - killedAt);
    }
    console.log(`peer:leave after kill -9: ${delaysMs.join(", ")} ms`);
    const median = delaysMs.toSorted((a, b) => a - b)[2] ?? Infinity;
    assert(median < 100, `${median} ms`);
  } finally {
    await cleanUp(port, running);
  }
});

Deno.test("a node that hangs without closing is gone after its lease", async () => {
  const port = await freePort();
  const running: Running[] = [];
  try {
    const watcher = startChat("watcher", port);
    running.push(watcher);
    await watcher.says("up");
    const victim = startChat("victim", port);
    running.push(victim);
    await watcher.says("join victim");
    victim.kill("SIGSTOP");
    await watcher.says("leave victim expired");
  } finally {
    await cleanUp(port, running);
  }
});

Deno.test("ten processes that start at one moment end with one PMD", async () => {
  const port = await freePort();
  const names = Array.from({ length: 10 }, (_, index) => `n${index}`);
  const running = names.map((name) => startChat(name, port));
  try {
    for (const each of running) await each.says("up");
    await using client = await pmdClient(port);
    const nodes = await client.list();
    assertEquals(nodes.map((node) => node.alias).sort(), names);
    // Whoever lost the race to the port has ended: only one can listen.
    assertEquals((await client.status()).nodeCount, 10);
  } finally {
    await cleanUp(port, running);
  }
});

Deno.test("a PMD killed with kill -9: nodes talk on, a new one comes, nobody seems to leave", async () => {
  const port = await freePort();
  const running: Running[] = [];
  try {
    const partners = [["a", "b"], ["b", "c"], ["c", "a"]] as const;
    for (const [name, partner] of partners) {
      const node = startChat(name, port, partner);
      running.push(node);
      await node.says("up");
    }
    for (const node of running) await node.says("answer 1 from");
    const before = await pmdClient(port);
    const { pmdPid } = before;
    process.kill(pmdPid, "SIGKILL");
    await before.ended;
    for (const node of running) await node.says("pmd lost");
    for (const node of running) await node.says("pmd back");
    await using after = await pmdClient(port);
    assert(after.pmdPid !== pmdPid);
    await waitFor(async () => (await after.list()).length === 3);
    for (const node of running) {
      const count = Number(/.*answer (\d+)/s.exec(node.output)?.[1]);
      await node.says(`answer ${count + 5}`);
      assert(!node.output.includes("leave"), node.output);
      assert(!node.output.includes("failed"), node.output);
    }
  } finally {
    await cleanUp(port, running);
  }
});

Deno.test("Deno and Node.js: 100,000 messages both ways, in order, none lost", async () => {
  const port = await freePort();
  const count = 100_000;
  const program = "tests/system/programs/flood.ts";
  const here = scriptCommand(program, "here", port, "there", count);
  const there = otherScriptCommand(program, "there", port, "here", count);
  if (there === undefined) {
    console.log(
      "Skipped: run `deno task build:tree` to have Node.js take part",
    );
    return;
  }
  const running = [new Running(here), new Running(there)];
  try {
    // All at once: one that fails would let the other wait for ever.
    await Promise.all(running.map(async (each) => {
      const { code, output } = await each.end();
      assertEquals(code, 0, output);
      assertMatch(output, /received 100000 in order, dropped 0/);
    }));
  } finally {
    await cleanUp(port, running);
  }
});

Deno.test("a second PMD on a port is success, and says so", async () => {
  const port = await freePort();
  const pmd = new Running(scriptCommand("pmd.ts", "--port", port));
  try {
    await pmd.says("PMD ready");
    const second = await new Running(scriptCommand("pmd.ts", "--port", port))
      .end();
    assertEquals(second.code, 0, second.output);
    assertMatch(second.output, /PMD already runs on .* \(pid \d+\)/);
  } finally {
    await cleanUp(port, [pmd]);
  }
});

/** Asks again until `isTrue`; each question waits for its answer. */
async function waitFor(isTrue: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 100_000; attempt++) {
    if (await isTrue()) return;
  }
  throw new Error("It did not become true");
}

Deno.test({
  name:
    "without the right to run processes, a node hosts the PMD, and the next takes over",
  ignore: !IS_DENO,
  async fn() {
    const port = await freePort();
    const running: Running[] = [];
    const start = (alias: string): Running => {
      const script = scriptCommand("tests/system/programs/chat.ts")[4] ?? "";
      const node = new Running([
        process.execPath,
        "run",
        "--no-prompt",
        "--no-check",
        "--allow-net",
        script,
        alias,
        String(port),
      ]);
      running.push(node);
      return node;
    };
    try {
      const first = start("first");
      await first.says("up");
      const second = start("second");
      await second.says("sees first");
      first.kill("SIGKILL");
      await second.says("pmd back");
      await second.says("leave first");
      await using client = await pmdClient(port);
      const status = await client.status();
      assertEquals([status.embedded, status.nodeCount], [true, 1]);
    } finally {
      await cleanUp(port, running);
    }
  },
});
