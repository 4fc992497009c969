// Serves the packages from a registry on loopback, as JSR would, and uses them
// with an empty cache.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { stageJsr } from "../../scripts/publish_jsr.ts";
import { readPackage, type ServedPackage, serveJsr } from "./jsr_registry.ts";
import { freePort, Running, succeed } from "./support.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const DENO = process.execPath;

/** What `@std/cli` is to the command: its JavaScript, from npm. */
function stdCli(): ServedPackage {
  const folder = join(ROOT, "npm/node_modules/deno-std/cli");
  const read = (file: string) => readFileSync(join(folder, file), "utf8");
  return {
    name: "@std/cli",
    version: "1.0.99",
    exports: { "./parse-args": "./parse_args.js" },
    files: new Map([["/parse_args.js", read("parse_args.js")]]),
  };
}

async function withRegistry(
  use: (
    cwd: string,
    env: Record<string, string>,
    requests: readonly string[],
  ) => Promise<void>,
): Promise<void> {
  const [pmd = "", cli = ""] = stageJsr();
  const registry = await serveJsr([
    readPackage(ROOT, ["mod.ts", "pmd.ts", "src"]),
    readPackage(pmd, ["pmd.ts", "src"]),
    readPackage(cli, ["cli.ts", "pmd.ts", "src"]),
    stdCli(),
  ]);
  const cwd = mkdtempSync(join(tmpdir(), "distflow-jsr-"));
  const env = { JSR_URL: registry.url, DENO_DIR: join(cwd, "cache") };
  try {
    await use(cwd, env, registry.requests);
  } finally {
    await registry.close();
    rmSync(cwd, { recursive: true });
  }
}

Deno.test("deno run -A jsr:@distflow/pmd is a PMD, jsr:@distflow/cli talks to it", async () => {
  await withRegistry(async (cwd, env) => {
    const port = String(await freePort());
    const pmdCommand = [DENO, "run", "-A", "jsr:@distflow/pmd"];
    await using pmd = new Running([...pmdCommand, "--port", port], {
      cwd,
      env,
    });
    await pmd.says("PMD ready");
    const cli = [DENO, "run", "-A", "jsr:@distflow/cli"];
    const status = await succeed(
      [...cli, "pmd", "status", "--json", "--port", port],
      { cwd, env: { ...env, DISTFLOW_LOG: "error" } },
    );
    assertMatch(status, /"nodeCount": ?0/);
    await succeed([...cli, "pmd", "kill", "--port", port], { cwd, env });
    assertEquals((await pmd.end()).code, 0);
  });
});

Deno.test("a document of jsr:@distflow/core/crdt is kept by /store, and loads no node", async () => {
  await withRegistry(async (cwd, env, requests) => {
    writeFileSync(
      join(cwd, "save.ts"),
      `import { JsonCrdt } from "jsr:@distflow/core/crdt";
import { FileStore } from "jsr:@distflow/core/store";
const doc = new JsonCrdt("ann", { initial: { a: 1 } });
const store = new FileStore("documents");
await store.save("a", doc.snapshot());
const saved = await store.load("a");
console.log(JSON.stringify(JsonCrdt.restore("bob", saved!.snapshot!)));
`,
    );
    const flags = ["--allow-read=documents", "--allow-write=documents"];
    const output = await succeed([DENO, "run", ...flags, "save.ts"], {
      cwd,
      env,
    });
    assertMatch(output, /{"a":1}/);
    assert(requests.some((path) => path.includes("/src/crdt/")));
    assert(!requests.some((path) => /\/src\/(node|pmd|wire)\//.test(path)));
  });
});

Deno.test("a service that imports jsr:@distflow/core starts the PMD from there", async () => {
  await withRegistry(async (cwd, env, requests) => {
    const port = String(await freePort());
    writeFileSync(
      join(cwd, "service.ts"),
      `import { NodeRuntime } from "jsr:@distflow/core";
const node = await NodeRuntime.start({ alias: "service", pmd: { port: ${port} } });
console.log("up as", node.alias);
await node.shutdown();
`,
    );
    const output = await succeed([DENO, "run", "-A", "service.ts"], {
      cwd,
      env,
    });
    assertMatch(output, /up as service/);
    assert(
      requests.some((path) => path.endsWith("/pmd.ts")),
      "the PMD's module came from the registry",
    );
    const cli = [DENO, "run", "-A", "jsr:@distflow/cli"];
    const status = await succeed(
      [...cli, "pmd", "status", "--json", "--port", port],
      { cwd, env },
    );
    assertMatch(status, /"embedded": ?false/);
    await succeed([...cli, "pmd", "kill", "--port", port], { cwd, env });
  });
});
