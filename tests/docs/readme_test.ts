// Runs the README's programs, as Deno and as Node.js would, and compares its
// tables and numbers with the code.
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { silentLogger } from "../../src/log/mod.ts";
import { COMMANDS } from "../../src/cli/spec.ts";
import { helpText } from "../../src/cli/help.ts";
import { Mailbox } from "../../src/node/mailbox.ts";
import { resolveNodeOptions } from "../../src/node/options.ts";
import type { NodeEvents } from "../../src/node/events.ts";
import { IDLE_EXIT_MS, LEASE_MS } from "../../src/pmd/options.ts";
import { freePort } from "../packages/support.ts";
import { IS_DENO } from "../support/script.ts";
import { endPmd } from "../system/support.ts";
import { currentPlatform } from "../../src/platform/mod.ts";
import { codeBlocks, proseOf, tableRows } from "./markdown.ts";
import { isRegistered, PROGRAMS, Project, README } from "./project.ts";

const prose = proseOf(README);

Deno.test("README: a test here runs each program, and one elsewhere each command", () => {
  assertEquals([...PROGRAMS.keys()], [
    "greeter",
    "visitor",
    "orders",
    "notes",
    "open",
    "far",
  ]);
  const languages = codeBlocks(README).map(({ language }) => language);
  assertEquals([...new Set(languages)].sort(), ["sh", "ts"]);
});

Deno.test("README: greeter and visitor start a PMD, meet and talk", async () => {
  const port = await freePort();
  using project = new Project();
  try {
    await using greeter = project.run(await project.save("greeter", port));
    await isRegistered("greeter", port, greeter);
    await using visitor = project.run(await project.save("visitor", port));
    const { code, stdout, output } = await visitor.end();
    assertEquals(stdout, "greeter answers: Nice to meet you\n", output);
    assertEquals(code, 0);
    await greeter.program.says("visitor says: Hello\n");
  } finally {
    await endPmd(port);
  }
});

Deno.test("README: orders finds nobody, and says so", async () => {
  const port = await freePort();
  using project = new Project();
  try {
    await using orders = project.run(await project.save("orders", port));
    const { code, output } = await orders.end();
    assertEquals([code, output], [0, "[]\nPEER_NOT_FOUND\n"]);
  } finally {
    await endPmd(port);
  }
});

Deno.test("README: notes are the same at both in the end", async () => {
  using project = new Project();
  await using notes = project.run(project.saveAsIs("notes"), []);
  const { code, output, lines } = await notes.end();
  assertEquals([code, lines[0]], [0, "true"], output);
  assertEquals(
    lines.slice(1).join(" ").replace(/\s+/g, " "),
    '[ { text: "Buy oat milk", done: true }, { text: "Call Cy", done: false } ]'
      .replaceAll('"', IS_DENO ? '"' : "'"),
  );
});

Deno.test("README: far and open talk, each with a PMD of its own", async () => {
  const [port, farPort] = [await freePort(), await freePort()];
  using project = new Project();
  try {
    await using open = project.run(await project.save("open", port));
    await isRegistered("open", port, open);
    const far = await project.save(
      "far",
      farPort,
      (text) => text.replace("open@192.0.2.7", `open@127.0.0.1:${port}`),
    );
    await using visitor = project.run(far);
    const { code, stdout, output } = await visitor.end();
    assertEquals(stdout, "open answers: Welcome\n", output);
    assertEquals(code, 0);
    await open.program.says("far says: Hello from another machine\n");
  } finally {
    await endPmd(port);
    await endPmd(farPort);
  }
});

Deno.test("README: the table of events is the list of events", () => {
  const events: Record<keyof NodeEvents, true> = {
    "peer:join": true,
    "peer:leave": true,
    "mailbox:drop": true,
    "pmd:disconnect": true,
    "pmd:connect": true,
    "pmd:refuse": true,
  };
  const told = tableRows(README, "event").map(([event]) => event);
  assertEquals(told, Object.keys(events).map((event) => `\`${event}\``));
});

Deno.test("README: the table of commands has all but what explains the others", () => {
  const told = tableRows(README, "command").map(([command]) => command).sort();
  const known = COMMANDS
    .filter(({ path }) => !["version", "help", "completions"].includes(path))
    .map(({ path, operands }) => ["distflow", path, ...operands].join(" "));
  assertEquals(told, known.map((command) => `\`${command}\``).sort());
  assertMatch(prose, /`distflow help` tells the rest, exit codes included/);
  assertMatch(helpText(""), /Exit codes/);
});

/** What the prose says in place of the first group. */
function told(pattern: RegExp): string {
  const match = pattern.exec(prose);
  assert(match !== null, `The README does not say ${pattern}`);
  return match[1] ?? "";
}

Deno.test("README: its numbers are those of the code", () => {
  const options = resolveNodeOptions({});
  const mebibytes = (bytes: number) => `${bytes / 2 ** 20} MiB`;
  const kibibytes = (bytes: number) => `${bytes / 2 ** 10} KiB`;
  assertEquals(
    told(/larger than the receiver takes \((.*?) unless/),
    mebibytes(options.messageBytesMax),
  );
  assertEquals(
    told(/while more than (.*?) wait for one peer/),
    kibibytes(options.highWaterBytes),
  );
  assertEquals(
    told(/rejects with `QUEUE_FULL` from (.*?) on/),
    mebibytes(options.queueBytesMax),
  );
  assertEquals(
    told(/ends by itself after (\d+) s without any node/),
    `${IDLE_EXIT_MS / 1000}`,
  );
  assertEquals(told(/after (\d+) s if it hangs/), `${LEASE_MS / 1000}`);

  const size = Number(told(/Up to (\d+) more wait in the mailbox/));
  const mailbox = new Mailbox<number>({
    clock: currentPlatform().clock,
    dropped: () => {},
    failed: () => {},
  });
  for (let count = 1; count < size; count++) mailbox.offer(count, { from: "" });
  assert(!mailbox.isFull);
  mailbox.offer(size, { from: "" });
  assert(mailbox.isFull);
});

Deno.test("README: a node listens on loopback unless it is told otherwise", () => {
  told(/A PMD and a node listen on loopback unless told otherwise/);
  const { address, pmd } = resolveNodeOptions({});
  assertEquals([address.hostname, pmd.hostname], ["127.0.0.1", "127.0.0.1"]);
  const open = { host: "0.0.0.0", logger: silentLogger };
  const error = assertThrows(() => resolveNodeOptions(open));
  assertEquals((error as { code?: string }).code, "INSECURE_LISTEN");
  resolveNodeOptions({ ...open, insecure: true });
});
