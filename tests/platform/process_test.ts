import { assert, assertEquals, assertMatch } from "@std/assert";
import { once } from "node:events";
import { existsSync } from "node:fs";
import process from "node:process";
import { currentPlatform } from "../../src/platform/mod.ts";
import { Running } from "../packages/support.ts";
import { IS_DENO, scriptCommand } from "../support/script.ts";

/** Where Linux lets a program write to as if the disk were full. */
const FULL_DEVICE = "/dev/full";

function control(...args: string[]): string[] {
  return scriptCommand("tests/platform/programs/control.ts", ...args);
}

Deno.test("there is one platform, and it knows its process", () => {
  const platform = currentPlatform();
  assert(platform === currentPlatform());
  assertEquals(platform.process.pid, process.pid);
  platform.process.shared.set("platform test", 7);
  assertEquals(currentPlatform().process.shared.get("platform test"), 7);
  platform.process.shared.delete("platform test");
});

Deno.test("the arguments are those behind the program, and the runtime is told", async () => {
  const args = ["describe", "--port", "0", "two words"];
  const running = new Running(control(...args));
  const { stdout } = await running.end();
  const { runtime, ...rest } = JSON.parse(stdout);
  assertEquals(rest, { args, pid: running.child.pid });
  assertMatch(runtime, IS_DENO ? /^deno\/\d+\.\d+\.\d+/ : /^node\/\d+\.\d+/);
});

Deno.test("an environment variable is what was set, or undefined", () => {
  const { process: control } = currentPlatform();
  const name = "DISTFLOW_PLATFORM_TEST";
  assertEquals(control.env(name), undefined);
  process.env[name] = "here";
  assertEquals(control.env(name), "here");
  delete process.env[name];
  assertEquals(control.env(name), undefined);
});

Deno.test("exit waits for the output, and gives the code", async () => {
  const running = new Running(control("exit", "3"));
  const { code, stdout, output } = await running.end();
  assertEquals([code, stdout.length], [3, 1_000_001]);
  assert(stdout.endsWith("."));
  assert(output.includes("told\n"));
});

Deno.test("a reader that is gone is no failure of who writes", async () => {
  const running = new Running(control("write"));
  const { stdout } = running.child;
  assert(stdout !== null);
  await once(stdout, "data");
  stdout.destroy();
  const { code, output } = await running.end();
  assertEquals([code, output.replace(/x/g, "")], [0, ""]);
});

Deno.test({
  name: "output that is lost makes of success a failure, and is told",
  ignore: !existsSync(FULL_DEVICE),
  async fn() {
    const intoFull = (stream: 1 | 2, ...args: string[]) => {
      const script = `exec "$@" ${stream}>${FULL_DEVICE}`;
      return new Running(["sh", "-c", script, "sh", ...control(...args)]).end();
    };
    const lost = await intoFull(1, "exit", "0");
    assertEquals(lost.code, 1);
    assertMatch(lost.output, /^told\nCannot write the output: .*\n$/);
    const failed = await intoFull(1, "exit", "3");
    assertEquals([failed.code, failed.output], [3, "told\n"]);
    // What is for people only may be lost.
    const mute = await intoFull(2, "exit", "0");
    assertEquals([mute.code, mute.output.length], [0, 1_000_001]);
  },
});

Deno.test("signals come to the handler, until the default is restored", async () => {
  const running = new Running(control("signal"));
  await running.says("ready");
  process.kill(running.child.pid ?? 0, "SIGHUP");
  await running.says("SIGHUP came");
  running.kill("SIGTERM");
  await running.says("restored");
  running.kill("SIGTERM");
  const { stdout } = await running.end();
  assertEquals(running.child.signalCode, "SIGTERM");
  assertEquals(stdout, "ready\nSIGHUP came\nSIGTERM came\nrestored\n");
});

Deno.test("a handler of signals that was removed keeps no process alive", async () => {
  const running = new Running(control("signal", "end"));
  await running.says("ready");
  running.kill("SIGTERM");
  const { code } = await running.end();
  assertEquals([code, running.child.signalCode], [0, null]);
});
