/**
 * Builds the three npm packages into `npm/core`, `npm/pmd` and `npm/cli`.
 *
 * Releases are built by dnt. Where JSR does not answer, so that dnt cannot be
 * had, the same packages (entry points, `package.json`, ES modules and their
 * types, JSR's code inlined) are made from the compiled tree.
 *
 * ```sh
 * deno task build:npm            # dnt if it can be had
 * deno task build:npm --no-dnt   # the compiled tree
 * ```
 *
 * @module
 */
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { buildTree, toolPath, TREE } from "./build_tree.ts";
import { bundle } from "./bundle.ts";
import { run } from "./run.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const NPM = join(ROOT, "npm");

/** What one of the packages consists of. */
interface Package {
  readonly folder: string;
  readonly name: string;
  readonly description: string;
  /** Entry modules without extension, by export. */
  readonly exports: Record<string, string>;
  readonly bin?: Record<string, string>;
  /** Folders of `src/` that it does without. */
  readonly without: readonly string[];
}

const PACKAGES: readonly Package[] = [
  {
    folder: "core",
    name: "@distflow/core",
    description:
      "Processes that find each other by name and send each other messages: Erlang's distribution for Node.js and Deno",
    exports: {
      ".": "mod",
      "./crdt": "src/crdt/mod",
      "./store": "src/store/mod",
      "./testing": "src/sim/mod",
    },
    without: ["cli"],
  },
  {
    folder: "pmd",
    name: "@distflow/pmd",
    description: "The port mapper daemon of distflow",
    exports: { ".": "pmd" },
    bin: { "distflow-pmd": "pmd" },
    without: ["cli", "crdt", "sim", "node", "store"],
  },
  {
    folder: "cli",
    name: "@distflow/cli",
    description: "The admin command of distflow",
    exports: { ".": "cli" },
    bin: { distflow: "cli" },
    without: ["crdt", "sim", "store"],
  },
];

/** Modules of `@std` that are inlined, and where the npm package has them. */
const INLINED: ReadonlyMap<string, string> = new Map([
  ["@std/cli/parse-args", "cli/parse_args.js"],
]);

/** Builds all packages and packs them; returns the tarballs, core first. */
export async function buildNpm(useDnt: boolean): Promise<string[]> {
  const { version } = readJson<{ version: string }>(join(ROOT, "deno.json"));
  const dnt = useDnt ? await importDnt() : undefined;
  console.log(
    dnt === undefined
      ? "Building the npm packages from the compiled tree (without dnt)"
      : "Building the npm packages with dnt",
  );
  if (dnt === undefined) await buildTree();
  const tarballs: string[] = [];
  for (const each of PACKAGES) {
    const folder = join(NPM, each.folder);
    rmSync(folder, { recursive: true, force: true });
    if (dnt === undefined) buildFromTree(each, folder, version);
    else await buildWithDnt(dnt, each, folder, version);
    await bundlePackage(each, join(folder, dnt ? "esm" : ""));
    for (const file of ["LICENSE", "README.md"]) {
      cpSync(join(ROOT, file), join(folder, file));
    }
    for (const entry of Object.values(each.bin ?? {})) {
      makeExecutable(join(folder, dnt ? "esm" : "", `${entry}.js`));
    }
    await run("npm", ["pack", "--silent", "--pack-destination", NPM], {
      cwd: folder,
      onOutput: () => {},
    });
    const name = each.name.slice(1).replace("/", "-");
    tarballs.push(join(NPM, `${name}-${version}.tgz`));
  }
  return tarballs;
}

function buildFromTree(each: Package, folder: string, version: string): void {
  const entries = new Set([...Object.values(each.exports), "pmd"]);
  for (const entry of entries) copyModule(entry, folder);
  cpSync(join(TREE, "src"), join(folder, "src"), {
    recursive: true,
    filter: (from) =>
      !each.without.some((name) => from === join(TREE, "src", name)),
  });
  inlineStd(folder);
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify(manifest(each, version, ""), null, 2) + "\n",
  );
}

function copyModule(entry: string, folder: string): void {
  for (const extension of [".js", ".d.ts"]) {
    cpSync(join(TREE, entry + extension), join(folder, entry + extension));
  }
}

/** Puts what the package imports of `@std` into it. */
function inlineStd(folder: string): void {
  for (
    const file of readdirSync(folder, { recursive: true, encoding: "utf8" })
  ) {
    if (!file.endsWith(".js")) continue;
    const path = join(folder, file);
    const text = readFileSync(path, "utf8");
    // Not in comments, whose examples import it, too.
    const imports = /^((?:import|export|\}).*) from "(@std\/[^"]+)"/gm;
    const inlined = text.replace(imports, (_, what: string, name: string) => {
      const target = INLINED.get(name);
      if (target === undefined) throw new Error(`Cannot inline ${name}`);
      copyStd(target, folder);
      const from = relative(dirname(path), join(folder, "std", target));
      return `${what} from "${from.startsWith(".") ? from : `./${from}`}"`;
    });
    if (inlined !== text) writeFileSync(path, inlined);
  }
}

/** Copies a module of `@std` and what it imports. */
function copyStd(file: string, folder: string): void {
  const text = readFileSync(toolPath("deno-std", file), "utf8");
  const imports = /^(?:import|export|\}).* from "(\.[^"]+)"/gm;
  for (const [, path = ""] of text.matchAll(imports)) {
    copyStd(join(dirname(file), path), folder);
  }
  const to = join(folder, "std", file);
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, text);
}

/** Puts a few large files in the place of a hundred small ones. */
async function bundlePackage(each: Package, folder: string): Promise<void> {
  const target = join(folder, "bundled");
  await bundle(folder, Object.values(each.exports), target);
  for (
    const file of readdirSync(folder, { recursive: true, encoding: "utf8" })
  ) {
    const isModule = file.endsWith(".js") && !file.startsWith("bundled");
    if (isModule) rmSync(join(folder, file));
  }
  cpSync(target, folder, { recursive: true });
  rmSync(target, { recursive: true });
}

function makeExecutable(path: string): void {
  const text = readFileSync(path, "utf8");
  if (!text.startsWith("#!")) {
    writeFileSync(path, `#!/usr/bin/env node\n${text}`);
  }
  chmodSync(path, 0o755);
}

function manifest(each: Package, version: string, base: string): unknown {
  const exports = Object.entries(each.exports).map(([name, entry]) => [name, {
    types: `./${base}${entry}.d.ts`,
    default: `./${base}${entry}.js`,
  }]);
  const bin = Object.entries(each.bin ?? {}).map((
    [name, entry],
  ) => [name, `${base}${entry}.js`]);
  return {
    name: each.name,
    version,
    description: each.description,
    license: "MIT",
    type: "module",
    exports: Object.fromEntries(exports),
    ...(bin.length > 0 ? { bin: Object.fromEntries(bin) } : {}),
    sideEffects: false,
    engines: { node: ">=20.19" },
    repository: {
      type: "git",
      url: "git+https://github.com/distflow/distflow.git",
    },
    keywords: ["distributed", "erlang", "messaging", "cluster", "deno"],
  };
}

interface Dnt {
  build(options: Record<string, unknown>): Promise<void>;
}

/** dnt, if JSR answers. */
async function importDnt(): Promise<Dnt | undefined> {
  // Not a literal, so that nothing looks for it before it is wanted.
  const name = "jsr:@deno/dnt@^0.42";
  try {
    return await import(name);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    console.log(`dnt cannot be had: ${text.split("\n")[0]}`);
    return undefined;
  }
}

async function buildWithDnt(
  dnt: Dnt,
  each: Package,
  folder: string,
  version: string,
): Promise<void> {
  const { exports: _exports, bin, ...rest } = manifest(each, version, "esm/") as
    & Record<string, unknown>
    & { bin?: unknown };
  await dnt.build({
    entryPoints: [
      ...Object.entries(each.exports).map(([name, entry]) => ({
        name,
        path: join(ROOT, `${entry}.ts`),
      })),
      // The launcher looks for it beside the library's entry.
      { name: "./pmd", path: join(ROOT, "pmd.ts") },
    ],
    outDir: folder,
    scriptModule: false,
    test: false,
    typeCheck: false,
    shims: {},
    importMap: join(ROOT, "deno.json"),
    package: bin === undefined ? rest : { ...rest, bin },
  });
}

function readJson<Shape>(path: string): Shape {
  return JSON.parse(readFileSync(path, "utf8"));
}

if (import.meta.main) {
  const tarballs = await buildNpm(!process.argv.includes("--no-dnt"));
  for (const tarball of tarballs) console.log(tarball.slice(ROOT.length));
}
