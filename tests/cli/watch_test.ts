// `pmd watch` on a simulated machine: what it sees of nodes and of PMDs that
// come and go.
import { assert, assertEquals } from "@std/assert";
import type { SimProcess } from "../../src/sim/mod.ts";
import {
  assertGolden,
  CliWorld,
  FakeTerminal,
  type RunningCommand,
} from "./support.ts";

/** The words of each line but the time: `join`, `worker`, `w-1`, … */
function sights({ process }: RunningCommand): string[] {
  return process.output.map((line) => {
    const [time = "", ...words] = line.split(/ +/);
    assert(/^\d\d:\d\d:\d\d$/.test(time), line);
    return words.slice(0, 4).join(" ");
  });
}

function events({ process }: RunningCommand): Record<string, unknown>[] {
  return process.output.map((line) => JSON.parse(line));
}

/** Waits until so many lines are printed, and for a second more. */
async function lines(
  cli: CliWorld,
  command: RunningCommand,
  count: number,
): Promise<void> {
  await cli.world.until(() => command.process.output.length >= count);
  await cli.world.run(1000);
  assertEquals(command.process.output.length, count);
}

async function notes(
  cli: CliWorld,
  process: SimProcess,
  count: number,
): Promise<readonly string[]> {
  await cli.world.until(() => process.errorOutput.length >= count);
  return process.errorOutput;
}

Deno.test("watch prints the nodes there are, then each join and leave", async () => {
  const cli = new CliWorld();
  await cli.startPmd();
  await cli.startNode({ alias: "first", nodeId: "n-1", port: 4001 });
  const watch = cli.begin("pmd watch");
  await lines(cli, watch, 1);
  const second = await cli.startNode({
    alias: "second",
    nodeId: "n-2",
    port: 4002,
  });
  const third = await cli.startNode({ nodeId: "n-3", port: 4003 });
  await lines(cli, watch, 3);
  await cli.world.until(second.node.shutdown());
  third.process.crash();
  await lines(cli, watch, 5);
  watch.process.signal("SIGINT");
  const { code, out, error } = await cli.world.until(watch.ended);
  assertEquals([code, error], [0, ""]);
  assertGolden("watch", out.replace(/^\d\d:\d\d:\d\d/gm, "HH:MM:SS"));
});

Deno.test("watch says that there is nothing to see yet", async () => {
  const cli = new CliWorld();
  await cli.startPmd();
  const watch = cli.begin("pmd watch");
  assertEquals(await notes(cli, watch.process, 1), [
    "No nodes are registered with the PMD at 127.0.0.1:4369 yet: waiting",
  ]);
  watch.process.signal("SIGINT");
  assertEquals((await cli.world.until(watch.ended)).out, "");
});

Deno.test("watch --json prints one object a line", async () => {
  const cli = new CliWorld();
  await cli.startPmd();
  await cli.startNode({ alias: "first", nodeId: "n-1", port: 4001 });
  const watch = cli.begin("pmd watch --json");
  await lines(cli, watch, 1);
  const { process } = await cli.startNode({ nodeId: "n-2", port: 4002 });
  await lines(cli, watch, 2);
  process.crash();
  await lines(cli, watch, 3);
  const told = events(watch).map(({ atMs, node, type, reason }) => {
    assert(Number.isSafeInteger(atMs));
    const { pid, registeredAtMs, ...peer } = node as Record<string, unknown>;
    assert(Number.isSafeInteger(pid) && Number.isSafeInteger(registeredAtMs));
    return { type, reason, node: peer };
  });
  const peer = { host: "127.0.0.1", runtime: "sim/1.0.0", incarnation: 1 };
  const first = { ...peer, alias: "first", nodeId: "n-1", port: 4001 };
  const second = { ...peer, alias: null, nodeId: "n-2", port: 4002 };
  assertEquals(told, [
    { type: "present", reason: undefined, node: first },
    { type: "join", reason: undefined, node: second },
    { type: "leave", node: second, reason: "disconnected" },
  ]);
  watch.process.signal("SIGTERM");
  assertEquals((await cli.world.until(watch.ended)).code, 0);
});

Deno.test("a PMD that is replaced causes no false leave, and no false join", async () => {
  const cli = new CliWorld();
  const pmd = await cli.startPmd();
  await cli.startNode({ alias: "stays", nodeId: "n-1" });
  const gone = await cli.startNode({ alias: "goes", nodeId: "n-2" });
  const watch = cli.begin("pmd watch");
  await lines(cli, watch, 2);
  pmd.crash();
  gone.process.crash();
  assertEquals(await notes(cli, watch.process, 1), [
    "Lost the PMD at 127.0.0.1:4369: waiting for the next one",
  ]);
  await cli.startPmd();
  const [, again = ""] = await notes(cli, watch.process, 2);
  assert(
    /^Watching the PMD at 127.0.0.1:4369 again \(pid \d+\)$/.test(again),
    again,
  );
  await lines(cli, watch, 3);
  await cli.startNode({ alias: "new", nodeId: "n-3" });
  await lines(cli, watch, 4);
  assertEquals(sights(watch), [
    "present stays n-1 127.0.0.1:" + portOf(watch, 0),
    "present goes n-2 127.0.0.1:" + portOf(watch, 1),
    "leave goes n-2 expired",
    "join new n-3 127.0.0.1:" + portOf(watch, 3),
  ]);
  watch.process.signal("SIGINT");
  await cli.world.until(watch.ended);
});

function portOf({ process }: RunningCommand, index: number): string {
  return /127\.0\.0\.1:(\d+)/.exec(process.output[index] ?? "")?.[1] ?? "";
}

Deno.test("with --json, the loss of the PMD is an event as well", async () => {
  const cli = new CliWorld();
  const pmd = await cli.startPmd();
  const watch = cli.begin("pmd watch --json");
  await cli.world.run(100);
  pmd.crash();
  const next = await cli.startPmd();
  await cli.world.until(() => watch.process.output.length === 2);
  const [loss, connect] = events(watch);
  assertEquals(loss?.type, "disconnect");
  assertEquals([connect?.type, connect?.pid], ["connect", next.pid]);
  watch.process.signal("SIGINT");
  const { code, error } = await cli.world.until(watch.ended);
  assertEquals([code, error], [0, ""]);
});

Deno.test("a PMD that stands still is lost as well", async () => {
  const cli = new CliWorld();
  const pmd = await cli.startPmd();
  const watch = cli.begin("pmd watch");
  await cli.world.run(100);
  pmd.freeze();
  await notes(cli, watch.process, 2);
  pmd.crash();
  await cli.startPmd();
  await notes(cli, watch.process, 3);
  watch.process.signal("SIGINT");
  assertEquals((await cli.world.until(watch.ended)).code, 0);
});

Deno.test("watch ends while it waits for a PMD, too", async () => {
  const cli = new CliWorld();
  const pmd = await cli.startPmd();
  const watch = cli.begin("pmd watch");
  await cli.world.run(100);
  pmd.crash();
  await notes(cli, watch.process, 2);
  await cli.world.run(5000);
  watch.process.signal("SIGINT");
  assertEquals((await cli.world.until(watch.ended)).code, 0);
});

Deno.test("watch ends when nobody reads its output any more", async () => {
  const cli = new CliWorld();
  await cli.startPmd();
  const terminal = new FakeTerminal();
  const watch = cli.begin("pmd watch", { terminal });
  await cli.world.run(100);
  terminal.closeOut();
  assertEquals((await cli.world.until(watch.ended)).code, 0);
});

Deno.test("watch without a PMD to begin with says so", async () => {
  const cli = new CliWorld();
  const { code, out } = await cli.run("pmd watch");
  assertEquals([code, out], [5, ""]);
});
