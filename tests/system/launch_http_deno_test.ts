// A node whose library came from a web server, as from any registry of
// `https:` modules, starts the PMD from there.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { once } from "node:events";
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { freePort, Running } from "../packages/support.ts";
import { endPmd, pmdClient } from "./support.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

interface WebServer extends AsyncDisposable {
  readonly url: string;
  /** The paths of the files that were asked for. */
  readonly paths: readonly string[];
}

/** Serves the source tree as it is. */
async function serveSources(): Promise<WebServer> {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    paths.push(path);
    const file = join(ROOT, path);
    if (!path.endsWith(".ts") || !existsSync(file)) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "content-type": "text/typescript" })
      .end(readFileSync(file));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    paths,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

Deno.test("a node from an http: module starts the PMD from there, with the least rights", async () => {
  const port = await freePort();
  const cache = mkdtempSync(join(tmpdir(), "distflow-http-"));
  const web = await serveSources();
  const { host } = new URL(web.url);
  const start = (alias: string): Running =>
    new Running([
      process.execPath,
      "run",
      "--no-prompt",
      "--allow-net=127.0.0.1",
      `--allow-run=${process.execPath}`,
      `--allow-import=${host}`,
      `${web.url}/tests/system/programs/chat.ts`,
      alias,
      String(port),
    ], { cwd: cache, env: { DENO_DIR: cache } });
  let isServing = true;
  const running: Running[] = [];
  try {
    const first = start("first");
    running.push(first);
    await first.says("up");
    assertEquals(web.paths.filter((path) => path === "/pmd.ts").length, 1);
    await web[Symbol.asyncDispose]();
    isServing = false;

    await using client = await pmdClient(port);
    const { embedded, pid } = await client.status();
    assertEquals(embedded, false);
    assert(pid !== first.child.pid);
    if (process.platform === "linux") {
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      assertMatch(command.replaceAll("\0", " "), pmdAt(web.url));
    }

    // It outlives who started it, and where it came from.
    await first[Symbol.asyncDispose]();
    const second = start("second");
    running.push(second);
    await second.says("up");
    assertEquals((await client.list()).map(({ alias }) => alias), ["second"]);
    assertEquals((await client.status()).pid, pid);
    assert(statSync(cache).isDirectory());
  } finally {
    for (const each of running) await each[Symbol.asyncDispose]();
    await endPmd(port);
    if (isServing) await web[Symbol.asyncDispose]();
    rmSync(cache, { recursive: true });
  }
});

/** What runs a PMD from a web server, and may do no more than it must. */
function pmdAt(url: string): RegExp {
  const { host } = new URL(url);
  return new RegExp(
    ` run .*--no-prompt .*--allow-net .*--allow-import=${host} ${url}/pmd\\.ts --host 127\\.0\\.0\\.1 `,
  );
}
