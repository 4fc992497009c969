// Ten thousand connections at once, from a process of their own: idle before the
// hello or behind it, at a PMD and at a node.
import { assert, assertEquals } from "@std/assert";
import { execFileSync } from "node:child_process";
import { Running } from "../packages/support.ts";
import { scriptCommand } from "../support/script.ts";
import { Besieged } from "./besieged.ts";
import { CLIENT, IDENTITY, NODE } from "./hostile_bytes.ts";

const COUNT = 10_000;
/** What the runtime, the good clients and the test itself have open. */
const OTHER_FILES = 500;

/** Files that this process may open; both runtimes ask for all they can get. */
function openFilesMax(): number {
  const text = execFileSync("sh", ["-c", "ulimit -n"], { encoding: "utf8" });
  return text.trim() === "unlimited" ? Infinity : Number(text);
}

function crowdTest(name: string, story: () => Promise<void>): void {
  const filesMax = openFilesMax();
  const ignore = filesMax < COUNT + OTHER_FILES;
  const why = ignore ? ` (skipped: only ${filesMax} open files allowed)` : "";
  Deno.test({ name: name + why, ignore, fn: story });
}

/** A process with so many connections; see `programs/crowd.ts`. */
function crowd(port: number, count: number, hello?: object): Running {
  const greeting = hello === undefined ? [] : [JSON.stringify(hello)];
  const script = "tests/system/programs/crowd.ts";
  return new Running(scriptCommand(script, port, count, ...greeting));
}

crowdTest(
  "10,000 silent connections to a PMD and a node are ended, and harm nobody",
  async () => {
    await using world = await Besieged.start();
    const count = COUNT / 2;
    await using atPmd = crowd(world.pmdPort, count);
    await using atNode = crowd(world.nodePort, count);
    await Promise.all([atPmd, atNode].map(async (silent) => {
      await silent.says(`all are there: ${count}`);
      await world.proveService(10);
      await silent.matches(/ended (\{.*\})\n/);
      const told = /ended (\{.*\})\n/.exec(silent.output)?.[1] ?? "";
      const endings: Record<string, number> = JSON.parse(told);
      const { HANDSHAKE_TIMEOUT = 0, cut = 0 } = endings;
      assertEquals(HANDSHAKE_TIMEOUT + cut, count, told);
      // Above 1024 at a time, the oldest are cut off to make room.
      assert(HANDSHAKE_TIMEOUT >= 512, told);
      assertEquals((await silent.end()).code, 0);
    }));
    await world.proveService(10);
    await world.violations(count);
    await world.quiet();
  },
);

crowdTest(
  "10,000 clients of a PMD may be idle, and others are served",
  async () => {
    await using world = await Besieged.start();
    await using idle = crowd(world.pmdPort, COUNT, CLIENT);
    await idle.says(`all are there: ${COUNT}`);
    assertEquals(world.pmd.status().connectionCount, COUNT + 3);
    await world.proveService(10);
    idle.kill("SIGKILL");
    await world.quiet();
    await world.proveService(10);
    await world.violations(0);
  },
);

crowdTest(
  "10,000 peers of a node may be idle, and others are served",
  async () => {
    await using world = await Besieged.start();
    const node = { ...IDENTITY, nodeId: "peer-NUMBER" };
    await using idle = crowd(world.nodePort, COUNT, { ...NODE, node });
    await idle.says(`all are there: ${COUNT}`);
    assertEquals(world.answerer.stats.linkCount, COUNT + 1);
    await world.proveService(10);
    idle.kill("SIGKILL");
    await world.quiet();
    await world.proveService(10);
  },
);
