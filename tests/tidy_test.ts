// Keeps the map of the source tree and the rules that a program can check.
import { assert, assertEquals } from "@std/assert";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** The compiled tree is not the source tree: nothing to check there. */
const ignore = !existsSync(join(ROOT, "deno.json"));

const LINES_MAX = 500;
/** What other folders may import of `platform`: its default, and no more. */
const PLATFORM_MODULE = "platform/mod.ts";
/** The command also asks for the terminal that it is used at. */
const CLI_MODULE = "platform/terminal.ts";

interface Source {
  readonly path: string;
  readonly text: string;
}

/** Files that git knows, or would: not what it ignores. */
function files(...patterns: string[]): Source[] {
  const listed = execFileSync(
    "git",
    ["ls-files", "--cached", "--others", "--exclude-standard", ...patterns],
    { cwd: ROOT, encoding: "utf8" },
  );
  return listed.split("\n")
    .filter((path) => path !== "" && existsSync(join(ROOT, path)))
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }));
}

const typescript = () => files("*.ts");
const library = () => files("src/*.ts", "src/**/*.ts");

/** The text without comments and without the insides of strings. */
function codeOf(text: string): string {
  return text.replace(
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\[\s\S])*`/g,
    (part) => (part.startsWith("/") ? "" : '""'),
  );
}

/** All places where `pattern` matches the code of `sources`. */
function places(sources: readonly Source[], pattern: RegExp): string[] {
  return sources.flatMap(({ path, text }) =>
    codeOf(text).split("\n")
      .filter((line) => pattern.test(line))
      .map((line) => `${path}: ${line.trim()}`)
  );
}

function importsOf({ text }: Source): string[] {
  const pattern = /^(?:import|export|\}).*? from "([^"]+)"|^import "([^"]+)"/gm;
  const plain = text.replace(/\/\*[\s\S]*?\*\//g, "");
  return [...plain.matchAll(pattern)].map((match) =>
    match[1] ?? match[2] ?? ""
  );
}

function readTable(): Map<string, readonly string[]> {
  const text = readFileSync(join(ROOT, "src/README.md"), "utf8");
  const rows = text.matchAll(/^\| `(\w+)` *\|[^|]*\|([^|]*)\|$/gm);
  return new Map(
    [...rows].map(([, folder = "", allowed = ""]) => [
      folder,
      allowed.trim().split(/\s+/).filter((name) => name !== ""),
    ]),
  );
}

Deno.test({
  name: "each folder of src is on the map",
  ignore,
  fn() {
    const folders = readdirSync(join(ROOT, "src"), { withFileTypes: true })
      .filter((entry) => entry.isDirectory()).map((entry) => entry.name);
    const table = readTable();
    assert(table.size >= 10);
    assertEquals(folders.filter((folder) => !table.has(folder)), []);
  },
});

Deno.test({
  name: "imports go in the directions of the map",
  ignore,
  fn() {
    const table = readTable();
    const wrong: string[] = [];
    for (const source of library()) {
      const folder = source.path.split("/")[1] ?? "";
      for (const specifier of importsOf(source)) {
        if (!specifier.startsWith(".")) continue;
        const target = relative(
          join(ROOT, "src"),
          resolve(ROOT, dirname(source.path), specifier),
        ).split("/");
        const [other = ""] = target;
        if (other === folder || table.get(folder)?.includes(other)) continue;
        const path = target.join("/");
        if (path === PLATFORM_MODULE) continue;
        if (path === CLI_MODULE && folder === "cli") continue;
        wrong.push(`${source.path} imports ${specifier}`);
      }
    }
    assertEquals(wrong, []);
  },
});

Deno.test({
  name: "the core has no runtime dependencies",
  ignore,
  fn() {
    const wrong = library().flatMap((source) =>
      importsOf(source)
        .filter((name) => !name.startsWith("."))
        .filter((name) =>
          !(name.startsWith("node:") &&
            source.path.startsWith("src/platform/")) &&
          !(name.startsWith("@std/cli/") && source.path.startsWith("src/cli/"))
        )
        .map((name) => `${source.path} imports ${name}`)
    );
    assertEquals(wrong, []);
  },
});

Deno.test({
  name: "a module of Node.js is loaded when it is used, not at the start",
  ignore,
  fn() {
    assertEquals(places(library(), /^import (?!type).*"node:/), []);
    assertEquals(places(library(), /^\} from "node:/), []);
  },
});

Deno.test({
  name: "only src/platform knows runtime, clock, chance and console",
  ignore,
  fn() {
    const others = [
      ...library().filter(({ path }) => !path.startsWith("src/platform/")),
      ...files("mod.ts", "pmd.ts", "cli.ts"),
    ];
    const pattern =
      /\bDeno\.|(?<![.\w#])process\.(?!platform)(?:exit|env|argv|on|stdout|stderr|pid)\b(?=.*node:)|\bBuffer\.|\bDate\.now\(|\bperformance\.|(?<![.\w])set(?:Timeout|Interval|Immediate)\(|\bMath\.random\(|\bconsole\.|\bcrypto\./;
    assertEquals(places(others, pattern), []);
  },
});

Deno.test({
  name: "relative imports name the file with .ts",
  ignore,
  fn() {
    const wrong = typescript().flatMap((source) =>
      importsOf(source)
        .filter((name) => name.startsWith(".") && !name.endsWith(".ts"))
        .map((name) => `${source.path} imports ${name}`)
    );
    assertEquals(wrong, []);
  },
});

Deno.test({
  name: "no module of src works when it is imported",
  ignore,
  fn() {
    assertEquals(places(library(), /^(?:await|for|if|while|try)\b/), []);
  },
});

Deno.test({
  name: "no any, no ts-ignore, no marks left over, no enum",
  ignore,
  fn() {
    const sources = [...library(), ...files("mod.ts", "pmd.ts", "cli.ts")];
    assertEquals(
      places(sources, /: any\b|\bas any\b|<any>|^\s*(?:export )?enum\b/),
      [],
    );
    const marks = typescript()
      .filter(({ path }) => path !== "tests/tidy_test.ts")
      .filter(({ text }) => /\b(?:TODO|FIXME|XXX|HACK)\b|@ts-ignore/.test(text))
      .map(({ path }) => path);
    assertEquals(marks, []);
  },
});

Deno.test({
  name: "no empty catch, and no .catch() without a function",
  ignore,
  fn() {
    const wrong = typescript()
      .filter(({ text }) =>
        /catch\s*(?:\([^)]*\))?\s*\{\s*\}/.test(text) ||
        /\.catch\(\s*\)/.test(text)
      ).map(({ path }) => path)
      .filter((path) => path !== "tests/tidy_test.ts");
    assertEquals(wrong, []);
  },
});

Deno.test({
  name: "comments have no banner lines",
  ignore,
  fn() {
    const wrong = typescript().flatMap(({ path, text }) =>
      text.split("\n")
        .filter((line) => /^\s*(?:\/\/|\*)\s*[^\w]*[-=*#~]{5,}/.test(line))
        .map((line) => `${path}: ${line}`)
    );
    assertEquals(wrong, []);
  },
});

Deno.test({
  name: "files are named in snake_case and are not too long",
  ignore,
  fn() {
    const names = typescript().map(({ path }) => path)
      .filter((path) =>
        !/^[a-z0-9_]+(?:\.d)?\.ts$/.test(path.split("/").pop() ?? "")
      );
    assertEquals(names, []);
    const long = library()
      .map(({ path, text }) => [path, text.split("\n").length] as const)
      .filter(([, count]) => count > LINES_MAX);
    assertEquals(long, []);
  },
});

Deno.test({
  name: "no file names a registry's host or a path of a machine",
  ignore,
  fn() {
    const pattern =
      /registry\.npmjs\.org|registry\.yarnpkg|\/home\/\w+\/|\/root\/|\/Users\/\w+\//;
    const wrong = files()
      .filter(({ path, text }) =>
        path !== "tests/tidy_test.ts" && pattern.test(text)
      )
      .map(({ path }) => path);
    assertEquals(wrong, []);
  },
});

Deno.test({
  name: "all versions are the same",
  ignore,
  fn() {
    const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
    const { version } = JSON.parse(read("deno.json"));
    assert(read("src/base/version.ts").includes(`"${version}"`));
    assert(read("CHANGELOG.md").includes(`## ${version}`));
  },
});

Deno.test({
  name: "the top level holds what it is meant to hold",
  ignore,
  fn() {
    const allowed = new Set([
      ".ci",
      ".github",
      ".gitignore",
      "CHANGELOG.md",
      "CONTRIBUTING.md",
      "LICENSE",
      "README.md",
      "cli.ts",
      "deno.json",
      "deno.lock",
      "examples",
      "mod.ts",
      "pmd.ts",
      "scripts",
      "src",
      "tests",
    ]);
    const top = new Set(files().map(({ path }) => path.split("/")[0] ?? ""));
    assertEquals([...top].filter((name) => !allowed.has(name)), []);
  },
});
