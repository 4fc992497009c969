// What the pages for people say of each other, of the tasks, and of where
// distflow runs.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { succeed } from "../packages/support.ts";
import { anchorsOf, codeBlocks, localLinks, proseOf } from "./markdown.ts";
import { Project } from "./project.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PAGES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"];

const read = (file: string) => readFileSync(join(ROOT, file), "utf8");
const config: { version: string; tasks: Record<string, unknown> } = JSON.parse(
  read("deno.json"),
);
const readme = proseOf(read("README.md"));
const contributing = read("CONTRIBUTING.md");
const ci = read(".github/workflows/ci.yml");

/** The list behind `name` in the matrix of a job of ci.yml. */
function matrix(name: string): string[] {
  const lists = [...ci.matchAll(new RegExp(`^ +${name}: \\[(.*)\\]$`, "gm"))];
  return lists.flatMap(([, list = ""]) =>
    list.split(", ").map((item) => item.replaceAll('"', ""))
  );
}

Deno.test("the pages' links lead to files and headings that are there", () => {
  const wrong = PAGES.flatMap((page) =>
    localLinks(read(page)).filter((link) => {
      const [file = "", anchor] = link.split("#");
      if (!existsSync(join(ROOT, file))) return true;
      return anchor !== undefined && !anchorsOf(read(file)).includes(anchor);
    })
  );
  assertEquals(wrong, []);
});

Deno.test("the tasks that the pages name are in deno.json", () => {
  const named = PAGES.flatMap((page) => [
    ...read(page).matchAll(/deno task ([\w:]+)/g),
  ]).map(([, task = ""]) => task);
  assert(named.length > 5);
  assertEquals(named.filter((task) => !(task in config.tasks)), []);
});

Deno.test("README: it says whether there is a release, as the changelog does", () => {
  const [, version, state] = /^## (\S+)( \(unreleased\))?$/m.exec(
    read("CHANGELOG.md"),
  ) ?? [];
  assertEquals(version, config.version);
  assertEquals(
    readme.includes(`Version ${version} is not on the registries yet`),
    state !== undefined,
  );
});

Deno.test("README: the systems and versions are those that CI runs", () => {
  const systems = new Set(matrix("os"));
  assertMatch(readme, /Linux and macOS are supported; Windows is not tested/);
  assertEquals(systems, new Set(["ubuntu-latest", "macos-latest"]));

  const [, deno = ""] = /In Deno \((\d+\.\d+) or later\)/.exec(readme) ?? [];
  assert(matrix("deno").includes(`${deno}.x`));
  const [, node = ""] = /In Node\.js \((\d+\.\d+) or later/.exec(readme) ?? [];
  assert(
    read("scripts/build_npm.ts").includes(`engines: { node: ">=${node}" }`),
  );
  const [major = ""] = node.split(".");
  assert(read("scripts/test.ts").includes(`testOnNode("${major}"`));
  assertMatch(ci, new RegExp(`node-version: ${major}\n`));
  assertEquals(matrix("node"), ["22", "24"]);
});

Deno.test("CONTRIBUTING: there is a rule for each block", () => {
  assertEquals(
    codeBlocks(contributing).map(({ language, text }) => [
      language,
      text.split("\n")[0]?.split("#")[0]?.trim(),
    ]),
    [
      ["sh", "npx -y deno task ok"],
      ["sh", "npx -y deno test -A tests/node"],
      ["json", "{"],
      ["sh", "npx -y deno task build:npm"],
    ],
  );
});

Deno.test("CONTRIBUTING: its commands name tasks, folders and stages that are there", () => {
  const commands = codeBlocks(contributing)
    .filter(({ language }) => language === "sh")
    .flatMap(({ text }) => text.trimEnd().split("\n"))
    .map((line) => line.split("#")[0]?.trim() ?? "");
  const stages = [...read("scripts/test.ts").matchAll(/name: "(.*?)"/g)]
    .map(([, name = ""]) => name);
  for (const command of commands) {
    const task = /^npx -y deno task ([\w:]+)/.exec(command)?.[1];
    assert(task === undefined || task in config.tasks, command);
    const folder = / (tests\/\w+)/.exec(command)?.[1];
    assert(folder === undefined || existsSync(join(ROOT, folder)), command);
    const stage = /--only (\w+)/.exec(command)?.[1] ?? "";
    assert(stages.some((name) => name.includes(stage)), command);
    const tarball = /^npm install \.\.\/distflow\/npm\/(.*)$/.exec(command)
      ?.[1];
    const known = ["core", "pmd", "cli"].map((name) =>
      `distflow-${name}-${config.version}.tgz`
    );
    assert(tarball === undefined || known.includes(tarball), command);
    // Whatever else a new command is, it needs a check of its own here.
    assert(task ?? folder ?? tarball, command);
  }
});

Deno.test("CONTRIBUTING: a project of yours finds the clone", async () => {
  const block = codeBlocks(contributing)
    .find(({ language }) => language === "json");
  using project = new Project();
  project.write("deno.json", block?.text.replace("../distflow", ROOT) ?? "");
  const program = 'import { VERSION } from "@distflow/core";\n' +
    "console.log(VERSION);\n";
  const output = await succeed(
    [process.execPath, "run", project.write("version.ts", program)],
    { cwd: project.folder },
  );
  assertEquals(output, `${config.version}\n`);
});

Deno.test("the release workflow runs what there is, for each package", () => {
  const publish = read(".github/workflows/publish.yml");
  for (const [, task = ""] of publish.matchAll(/deno task ([\w:]+)/g)) {
    assert(task in config.tasks, task);
  }
  for (const [, file = ""] of publish.matchAll(/deno run -A (\S+)/g)) {
    assert(existsSync(join(ROOT, file)), file);
  }
  const folders = [
    ...read("scripts/build_npm.ts").matchAll(/^ {4}folder: "(.*)",$/gm),
  ].map(([, folder]) => folder);
  assertEquals(
    /for package in (.*); do/.exec(publish)?.[1]?.split(" "),
    folders,
  );
  assertMatch(publish, /id-token: write/);
  assertMatch(publish, /npm publish .*--provenance/);
});
