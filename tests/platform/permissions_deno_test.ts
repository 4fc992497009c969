import { assert, assertEquals, assertRejects } from "@std/assert";
import { DistflowError, type ErrorCode } from "../../src/base/errors.ts";
import process from "node:process";
import { denoApi } from "../../src/platform/deno_api.ts";
import { currentPlatform } from "../../src/platform/mod.ts";
import { spawnWithDeno } from "../../src/platform/spawn_deno.ts";
import { succeed } from "../packages/support.ts";

const CHILD = new URL("programs/child.ts", import.meta.url);
const READY = { module: CHILD, args: ["ready"], readyTimeoutMs: 20_000 };

async function rejection(
  code: ErrorCode,
  act: () => Promise<unknown>,
): Promise<string> {
  const error = await assertRejects(act, DistflowError);
  assertEquals(error.code, code, error.message);
  return error.message;
}

Deno.test({
  name: "without the permission to run Deno, no process can be made",
  permissions: { run: false, read: true },
  async fn() {
    const message = await rejection(
      "SPAWN_UNAVAILABLE",
      () => currentPlatform().process.spawn(READY),
    );
    assert(message.includes("--allow-run=deno"), message);
  },
});

Deno.test("the permission to run deno, and no other, is enough", async () => {
  const parent = new URL("programs/parent.ts", import.meta.url).href;
  const command = [process.execPath, "run", "--no-check", "--no-prompt"];
  const line = await succeed(
    [...command, "--allow-run=deno", parent, CHILD.href, "ready"],
  );
  assertEquals(line, "ready []\n");
});

Deno.test("a compiled program cannot run a module", async () => {
  const deno = denoApi();
  assert(deno !== undefined);
  const compiled = Object.create(deno, {
    build: { value: { standalone: true } },
  });
  await rejection("SPAWN_UNAVAILABLE", () => spawnWithDeno(compiled, READY));
});

Deno.test({
  name: "without the permission for the network, the error names it",
  permissions: { net: false },
  async fn() {
    const { transport } = currentPlatform();
    const address = { hostname: "127.0.0.1", port: 4369 };
    const acts = [
      () => transport.listen(address, () => {}),
      () => transport.connect(address, { timeoutMs: 1000 }),
    ];
    for (const act of acts) {
      const message = await rejection("PERMISSION_DENIED", act);
      assert(message.includes("--allow-net=127.0.0.1"), message);
    }
  },
});

Deno.test({
  name: "a variable that may not be read is as if it were not set",
  permissions: { env: ["DISTFLOW_LOG"] },
  fn() {
    const { process } = currentPlatform();
    const values = ["PATH", "DISTFLOW_LOG"].map((name) => process.env(name));
    assertEquals(values, [undefined, undefined]);
  },
});
