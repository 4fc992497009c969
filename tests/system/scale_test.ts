// A thousand nodes, each with sockets of its own, and one PMD for all of them.
import { assert, assertEquals } from "@std/assert";
import { existsSync, readFileSync } from "node:fs";
import { silentLogger } from "../../src/log/mod.ts";
import { NodeRuntime } from "../../src/node/runtime.ts";
import type { PmdClient } from "../../src/pmd/client.ts";
import type { RegisteredNode } from "../../src/wire/pmd_messages.ts";
import { freePort, Running, succeed } from "../packages/support.ts";
import { scriptCommand } from "../support/script.ts";
import { ownPlatform } from "./besieged.ts";
import { cleanUp, pmdClient } from "./support.ts";

const CREWS = ["a", "b", "c", "d"] as const;
const CREW_SIZE = 250;
const NODE_COUNT = CREWS.length * CREW_SIZE;
const MEMORY_MIB_MAX = 150;
const SAMPLES = 200;
const PATIENCE_MS = 120_000;

/** What a node saw of the others, event by event. */
class Witness {
  readonly present: Set<string> = new Set();
  /** Events that contradict the ones before. */
  readonly contradictions: string[] = [];
  #onChange: () => void = () => {};

  constructor(node: NodeRuntime<string>) {
    node.on("peer:join", ({ alias = "" }) => {
      if (this.present.has(alias)) this.contradictions.push(`join ${alias}`);
      this.present.add(alias);
      this.#onChange();
    });
    node.on("peer:leave", ({ alias = "" }, reason) => {
      const isRight = this.present.delete(alias) && reason === "disconnected";
      if (!isRight) this.contradictions.push(`leave ${alias} ${reason}`);
      this.#onChange();
    });
  }

  /** Resolves when it sees exactly so many others. */
  async sees(count: number): Promise<void> {
    while (this.present.size !== count) {
      await new Promise<void>((resolve) => this.#onChange = resolve);
    }
  }
}

Deno.test("1,000 nodes in one PMD: list, resolve and watch are right, memory is small", async () => {
  const running: Running[] = [];
  const port = await freePort();
  await succeed(scriptCommand("cli.ts", "pmd", "start", "--port", port));
  const watcher = await NodeRuntime.start<string>({
    alias: "watcher",
    pmd: { port, mode: "external" },
    logger: silentLogger,
    platform: ownPlatform(),
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new Error("Not all nodes saw all others");
    timer = setTimeout(() => reject(error), PATIENCE_MS);
  });
  try {
    // An event that is missing is waited for in vain.
    await Promise.race([late, comeAndGo(port, watcher, running)]);
  } finally {
    clearTimeout(timer);
    await watcher.shutdown();
    await cleanUp(port, running);
  }
});

/** All crews come, and one is killed; what is known is right each time. */
async function comeAndGo(
  port: number,
  watcher: NodeRuntime<string>,
  running: Running[],
): Promise<void> {
  await using client = await pmdClient(port);
  const witness = new Witness(watcher);
  const program = "tests/system/programs/crew.ts";
  for (const crew of CREWS) {
    running.push(new Running(scriptCommand(program, port, crew, CREW_SIZE)));
  }
  await witness.sees(NODE_COUNT);
  for (const crew of running) await crew.says(`all see ${NODE_COUNT} peers`);
  await checkAnswers(client, watcher, CREWS);

  const [killed, ...rest] = running;
  killed?.kill("SIGKILL");
  await witness.sees(NODE_COUNT - CREW_SIZE);
  for (const crew of rest) {
    await crew.says(`all see ${NODE_COUNT - CREW_SIZE} peers`);
    assert(!crew.output.includes("twice"), crew.output);
  }
  assertEquals(witness.contradictions, []);
  await checkAnswers(client, watcher, CREWS.slice(1));
  assertMemory(client.pmdPid);
}

/** The PMD knows the nodes of `crews`, no others, and where each of them is. */
async function checkAnswers(
  client: PmdClient,
  watcher: NodeRuntime<string>,
  crews: readonly string[],
): Promise<void> {
  const wanted = crews.flatMap((crew) =>
    Array.from({ length: CREW_SIZE }, (_, index) => `${crew}-${index}`)
  );
  const nodes = await client.list();
  const aliases = nodes.map(({ alias }) => alias ?? "");
  assertEquals(aliases.sort(), [...wanted, "watcher"].sort());
  const places = new Set(nodes.map(({ port }) => port));
  assertEquals(places.size, nodes.length);

  const listed = new Map(nodes.map((node) => [node.alias, fixed(node)]));
  const replies = new Set<string>();
  const allReplied = new Promise<void>((resolve) => {
    const detach = watcher.onMessage((alias, meta) => {
      assertEquals(alias, meta.alias);
      replies.add(alias);
      if (replies.size < SAMPLES) return;
      detach();
      resolve();
    });
  });
  for (const alias of sample(wanted)) {
    const node = await client.resolve(alias);
    assertEquals(fixed(node), listed.get(alias));
    assertEquals((await client.resolve(node.nodeId)).alias, alias);
    await watcher.send(alias, "who are you?");
  }
  await allReplied;
}

/** What does not change as long as the node lives. */
function fixed({ heartbeatAgeMs: _, ...node }: RegisteredNode) {
  return node;
}

/** So many of `names`, from all over. */
function sample(names: readonly string[]): string[] {
  const rest = [...names];
  return Array.from(
    { length: SAMPLES },
    () => rest.splice(Math.floor(Math.random() * rest.length), 1)[0] ?? "",
  );
}

/** The most that a process has ever needed, as Linux tells. */
function assertMemory(pid: number): void {
  const file = `/proc/${pid}/status`;
  if (!existsSync(file)) return;
  const text = readFileSync(file, "utf8");
  const mib = Number(/VmHWM:\s*(\d+) kB/.exec(text)?.[1]) / 1024;
  console.log(
    `memory of a PMD with ${NODE_COUNT} nodes: ${mib.toFixed(0)} MiB`,
  );
  assert(mib < MEMORY_MIB_MAX, `${mib} MiB`);
}
