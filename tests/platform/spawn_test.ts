import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { DistflowError } from "../../src/base/errors.ts";
import { currentPlatform } from "../../src/platform/mod.ts";
import { succeed } from "../packages/support.ts";
import { IS_DENO, scriptCommand } from "../support/script.ts";

const EXTENSION = IS_DENO ? "ts" : "js";
const CHILD = new URL(`programs/child.${EXTENSION}`, import.meta.url);

/**
 * What a child says first, to a process of its own: on Deno, who started a
 * process that goes on cannot let go of it, and a test would leak it.
 */
async function firstLine(how: string, ...args: string[]): Promise<string> {
  const line = await succeed(
    scriptCommand(
      "tests/platform/programs/parent.ts",
      CHILD.href,
      how,
      ...args,
    ),
  );
  return line.replace(/\n$/, "");
}

function spawn(
  how: string,
  args: readonly string[] = [],
  readyTimeoutMs = 20_000,
): Promise<string> {
  const request = { module: CHILD, args: [how, ...args], readyTimeoutMs };
  return currentPlatform().process.spawn(request);
}

async function launchError(started: Promise<string>): Promise<string> {
  const error = await assertRejects(() => started, DistflowError);
  assertEquals(error.code, "PMD_LAUNCH_FAILED", error.message);
  return error.message;
}

/** Connects to a port, and returns all that comes. */
async function readAll(port: number): Promise<string> {
  const socket = connect({ host: "127.0.0.1", port });
  let text = "";
  socket.on("data", (bytes) => text += String(bytes));
  await once(socket, "close");
  return text;
}

Deno.test("a module runs with its arguments, and its first line is told", async () => {
  const args = ["two words", "", "--flag", "ü"];
  assertEquals(
    await firstLine("ready", ...args),
    `ready ${JSON.stringify(args)}`,
  );
});

Deno.test("a line that comes in pieces is told as it was written", async () => {
  assertEquals(await firstLine("inPieces"), "für");
});

Deno.test("what it says on standard error does not hold it up", async () => {
  assertEquals(await firstLine("talkative"), "ready");
});

Deno.test("one that ends before it is ready is told with what it said", async () => {
  const message = await launchError(spawn("fails"));
  assert(message.includes("There is no disk left"), message);
  assert(message.includes("code 3"), message);
  assertLess(message.length, 3000);
});

Deno.test("a line without an end is not a first line", async () => {
  await launchError(spawn("withoutEnd"));
});

Deno.test("one that is silent for too long is killed", async () => {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert(typeof address === "object" && address !== null);
  const ended = once(server, "connection").then(async ([socket]) => {
    (socket as Socket).resume().on("error", () => {});
    await once(socket as Socket, "close");
  });
  const message = await launchError(spawn("silent", [`${address.port}`], 2000));
  assert(message.includes("silent"), message);
  // Its connection lives as long as it does.
  await ended;
  server.close();
  await once(server, "close");
});

Deno.test("a module that is not there cannot be run", async () => {
  const { process } = currentPlatform();
  const module = new URL("programs/no_such_file.ts", import.meta.url);
  const error = await assertRejects(
    () => process.spawn({ module, args: [], readyTimeoutMs: 20_000 }),
    DistflowError,
  );
  assertEquals(error.code, "SPAWN_UNAVAILABLE");
  assert(error.message.includes("no_such_file.ts"), error.message);
});

Deno.test({
  name: "Node.js does not run a module from elsewhere",
  ignore: IS_DENO,
  async fn() {
    const { process } = currentPlatform();
    const module = new URL("http://127.0.0.1:1/pmd.js");
    const error = await assertRejects(
      () => process.spawn({ module, args: [], readyTimeoutMs: 20_000 }),
      DistflowError,
    );
    assertEquals(error.code, "SPAWN_UNAVAILABLE");
  },
});

Deno.test("a child outlives the process that started it", async () => {
  const port = Number(await firstLine("serve"));
  assert(port > 0);
  // The parent has ended; the child answers, and then ends.
  const [, pid] = /^I am (\d+)$/.exec(await readAll(port)) ?? [];
  assert(Number(pid) > 0);
});
