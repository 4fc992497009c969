// What comes and goes, over and over, leaves nothing behind: memory, sockets,
// timers. With LEAK_ROUNDS=full, as often as the project promises.
import { assert, assertEquals } from "@std/assert";
import process from "node:process";
import { Running } from "../packages/support.ts";
import { IS_DENO, scriptCommand } from "../support/script.ts";

const IS_FULL = process.env.LEAK_ROUNDS === "full";
const CONNECTS = IS_FULL ? 10_000 : 2000;
const LIVES = IS_FULL ? 1000 : 300;

/** The heap still grows a little, as the engine compiles more of the code. */
const HEAP_KIB_MAX = 1024;
/** The engine keeps memory that it has freed, up to some 100 MiB (2026-11). */
const RSS_KIB_MAX = 128 * 1024;

const PATIENCE_MS = 60_000;

interface Figures {
  readonly heapKib: number;
  readonly rssKib: number;
  readonly socketCount: number;
  readonly messageCount: number;
  readonly nodeCount: number;
  readonly violationCount: number;
}

/**
 * Runs `programs/leaks.ts`, and compares what it holds after a fifth of its
 * rounds with what it holds after all. It ends by itself: no timer and no
 * socket is left.
 *
 * @returns The figures at the end.
 */
async function checkLeaks(scenario: string, count: number): Promise<Figures> {
  const [runtime = "", ...args] = scriptCommand(
    "tests/system/programs/leaks.ts",
    scenario,
    count,
  );
  const flags = IS_DENO
    ? ["run", "--v8-flags=--expose-gc", ...args.slice(1)]
    : ["--expose-gc", ...args];
  await using program = new Running([runtime, ...flags]);
  // It is a failure, too, if something is left that keeps it alive.
  const timer = setTimeout(() => program.kill("SIGKILL"), PATIENCE_MS);
  const { code, output } = await program.end();
  clearTimeout(timer);
  assertEquals(code, 0, `It did not end by itself: ${output}`);
  const [before, after] = ["before", "after"].map((what) => {
    const json = new RegExp(`${what} (.*)\\.`).exec(output)?.[1] ?? "";
    return JSON.parse(json) as Figures;
  });
  assert(before !== undefined && after !== undefined, output);
  const grownKib = after.heapKib - before.heapKib;
  const rssKib = after.rssKib - before.rssKib;
  console.log(
    `${scenario}, ${count} rounds: heap grew by ${grownKib} KiB, RSS by ${rssKib} KiB`,
  );
  assert(grownKib < HEAP_KIB_MAX, output);
  assert(rssKib < RSS_KIB_MAX, output);
  assertEquals(after.socketCount, before.socketCount, output);
  assertEquals(after.nodeCount, 1);
  return after;
}

Deno.test("connections to a PMD that end, break or are cut leave nothing behind", async () => {
  const { violationCount } = await checkLeaks("pmd", CONNECTS);
  assertEquals(violationCount, CONNECTS / 4);
});

Deno.test("connections to a node that end, break or are cut leave nothing behind", async () => {
  const { messageCount } = await checkLeaks("node", CONNECTS);
  assertEquals(messageCount, CONNECTS / 4);
});

Deno.test("a node that starts, talks and shuts down, again and again, leaves nothing behind", async () => {
  const { messageCount } = await checkLeaks("lives", LIVES);
  assertEquals(messageCount, LIVES);
});
