import { assert, assertEquals, assertMatch } from "@std/assert";
import { scriptCommand } from "../support/script.ts";
import { assertInOrder, Family, runToEnd } from "./support.ts";

const EXAMPLE = "examples/demo.ts";
/** The demo is to end by itself within this. */
const LIMIT_MS = 15_000;

Deno.test("demo: it tells the main job in order, and leaves no process", async () => {
  const lines = await runToEnd(scriptCommand(EXAMPLE), { limitMs: LIMIT_MS });
  assertInOrder(lines, [
    /^1\. Nothing is running\. Start alice/,
    /^ {3}alice \| is up after \d+ ms as process \d+; finds nobody yet$/,
    /^2\. Start bob/,
    /^ {3}bob {3}\| is up after \d+ ms as process \d+; finds alice$/,
    /^3\. What an administrator sees/,
    /^ {3}\$ distflow pmd list --port \d+$/,
    /^ {3}ALIAS +NODE +ADDRESS +PID +RUNTIME +UPTIME +HEARTBEAT$/,
    /^ {3}alice +[0-9a-f]{24} +127\.0\.0\.1:\d+ /,
    /^ {3}bob +[0-9a-f]{24} +127\.0\.0\.1:\d+ /,
    /^4\. Kill bob the hard way/,
    /^ {3}alice \| peer:leave bob \(disconnected\)$/,
    /^ {3}seen \d+\.\d ms after the kill$/,
    /^5\. Clean up/,
    /^ {3}PMD shut down on 127\.0\.0\.1:\d+ \(pid \d+\)$/,
    /^That was the main job of distflow\.$/,
  ]);
  const talk = lines.slice(0, lines.findIndex((line) => /^3\./.test(line)));
  const text = talk.join("\n");
  assertMatch(text, /alice \| peer:join {2}bob \(pid \d+\)/);
  assertMatch(text, /bob {3}\| received HELLO from alice: "I am alice"/);
  assertMatch(text, /alice \| received WELCOME from bob: "nice to meet you/);
  assert(!lines.some((line) => line.includes("\x1b")), "colours in a pipe");
  assert(!lines.some((line) => line.includes("Download")));
});

Deno.test("demo: one that is interrupted cleans up, too, and fails", async () => {
  await using family = new Family(scriptCommand(EXAMPLE), {
    limitMs: LIMIT_MS,
  });
  await family.program.says("alice | is up");
  family.program.kill("SIGTERM");
  const { code, output } = await family.end();
  assertEquals(code, 1, output);
  assertMatch(output, /The demo ends early/);
  await family.leavesNothing();
});

Deno.test("demo: one that is interrupted again still cleans up", async () => {
  await using family = new Family(scriptCommand(EXAMPLE), {
    limitMs: LIMIT_MS,
  });
  await family.program.says("alice | is up");
  family.program.kill("SIGTERM");
  await family.program.says("The demo ends early");
  family.program.kill("SIGTERM");
  const { code, output } = await family.end();
  assertEquals(code, 1, output);
  assertMatch(output, /PMD shut down/);
  await family.leavesNothing();
});

Deno.test("demo: it cleans up even if nobody reads it to its end", async () => {
  await using family = new Family(scriptCommand(EXAMPLE), {
    limitMs: LIMIT_MS,
  });
  await family.program.says("alice | is up");
  family.program.child.stdout?.destroy();
  await family.end();
  await family.leavesNothing();
});
