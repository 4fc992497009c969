// Installs the packed npm packages into an empty project, as a user would, and
// uses them on Node.js 20 and 24. `deno task build:npm` makes them.
import { assertEquals, assertMatch } from "@std/assert";
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nodeCommand } from "../../scripts/test_node.ts";
import { freePort, Running, succeed } from "./support.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CONSUMER = fileURLToPath(new URL("./consumer", import.meta.url));

let project: string | undefined;

/** An empty project with the three packages, installed once for all tests. */
async function installed(): Promise<string> {
  if (project !== undefined) return project;
  const folder = mkdtempSync(join(tmpdir(), "distflow-consumer-"));
  cpSync(CONSUMER, folder, { recursive: true });
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ private: true, type: "module" }),
  );
  const tarballs = readdirSync(join(ROOT, "npm"))
    .filter((file) => file.endsWith(".tgz"))
    .map((file) => join(ROOT, "npm", file));
  assertEquals(tarballs.length, 3, "run `deno task build:npm` first");
  await succeed(["npm", "install", "--no-audit", "--no-fund", ...tarballs], {
    cwd: folder,
  });
  addEventListener("unload", () => rmSync(folder, { recursive: true }));
  return project = folder;
}

Deno.test("a consumer's file type-checks against the packages", async () => {
  const cwd = await installed();
  const tsc = join(ROOT, "npm/node_modules/typescript/bin/tsc");
  await succeed([
    "node",
    tsc,
    "--strict",
    "--noEmit",
    "--skipLibCheck",
    "false",
    "--module",
    "nodenext",
    "--target",
    "es2022",
    "--lib",
    "es2022,esnext.disposable",
    "--types",
    "node",
    "--typeRoots",
    join(ROOT, "npm/node_modules/@types"),
    "service.ts",
  ], { cwd });
});

for (const major of ["20", "24"]) {
  const node = nodeCommand(major);

  Deno.test(`Node.js ${major}: an ES module and a CommonJS one talk, and the PMD starts by itself`, async () => {
    const cwd = await installed();
    const port = String(await freePort());
    await using server = new Running([...node, "server.mjs", port], { cwd });
    await server.says("server is up");
    const output = await succeed([...node, "client.cjs", port], { cwd });
    assertMatch(output, /client got {"echo":{"hello":"world"}}/);
    assertEquals((await server.end()).code, 0);
    // The PMD has outlived both; the command ends it.
    const kill = ["node_modules/.bin/distflow", "pmd", "kill", "--port", port];
    await succeed([...node, ...kill], { cwd });
  });

  Deno.test(`Node.js ${major}: an ES module saves a document, and a CommonJS one goes on`, async () => {
    const cwd = await installed();
    await succeed([...node, "save.mjs"], { cwd });
    const output = await succeed([...node, "load.cjs"], { cwd });
    assertEquals(
      output,
      '{"todos":["Buy milk","Call Cy"]}\ntrue INVALID_PATH\n',
    );
  });

  Deno.test(`Node.js ${major}: the commands run from their npm links`, async () => {
    const cwd = await installed();
    const bin = (name: string, ...args: string[]) =>
      new Running([...node, `node_modules/.bin/${name}`, ...args], { cwd })
        .end();
    assertMatch((await bin("distflow", "--help")).output, /pmd list/);
    assertMatch((await bin("distflow-pmd", "--version")).stdout, /^\d+\.\d+/);
    const port = String(await freePort());
    const listed = await bin("distflow", "pmd", "list", "--port", port);
    assertEquals(listed.code, 5, listed.output);
    assertEquals(listed.stdout, "");
  });
}

Deno.test("npx runs the PMD and the command by their package's name", async () => {
  const cwd = await installed();
  const port = String(await freePort());
  await using pmd = new Running(["npx", "@distflow/pmd", "--port", port], {
    cwd,
  });
  await pmd.says("PMD ready");
  const output = await succeed(
    ["npx", "@distflow/cli", "pmd", "status", "--json", "--port", port],
    { cwd },
  );
  assertEquals(JSON.parse(output).nodeCount, 0);
  await succeed(["npx", "@distflow/cli", "pmd", "kill", "--port", port], {
    cwd,
  });
  await pmd.end();
});
