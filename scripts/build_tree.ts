/**
 * Compiles the whole source tree to JavaScript for Node.js, one file for one,
 * into `npm/tree/`: the library, the tests and the examples.
 *
 * The npm packages are made from it, and Node.js runs the tests in it. Bare
 * imports are found in a `node_modules` folder beside it.
 *
 * ```sh
 * deno task build:tree
 * ```
 *
 * @module
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import process from "node:process";
import { run } from "./run.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const NPM = join(ROOT, "npm");

/** Where the compiled tree lies. */
export const TREE: string = join(NPM, "tree");

/** What the build and the tests take from npm; exact, so that builds repeat. */
const TOOLS = {
  "@sinonjs/fake-timers": "15.5.0",
  "@types/node": "20.19.25",
  "ajv": "8.20.0",
  "deno-std": "1.4.0",
  "esbuild": "0.28.2",
  "fast-check": "4.10.2",
  "typescript": "7.0.2",
  "valibot": "1.5.0",
};

/** The modules of `@std` that the tree imports, as the npm package has them. */
const STD_MODULES = {
  "@std/assert": { ".": "assert/mod.js" },
  "@std/cli": { "./parse-args": "cli/parse_args.js" },
};

/** Installs the tools, compiles, and returns the folder of the tree. */
export async function buildTree(): Promise<string> {
  await installTools();
  rmSync(TREE, { recursive: true, force: true });
  mkdirSync(TREE, { recursive: true });
  writeFileSync(join(NPM, "tsconfig.json"), JSON.stringify(tsconfig()));
  await run(process.execPath.includes("deno") ? "node" : process.execPath, [
    join(NPM, "node_modules", "typescript", "bin", "tsc"),
    "--project",
    join(NPM, "tsconfig.json"),
  ], { cwd: NPM });
  for (const path of ["tests/fixtures", "README.md", "src/wire/PROTOCOL.md"]) {
    cpSync(join(ROOT, path), join(TREE, path), { recursive: true });
  }
  writeFileSync(join(TREE, "package.json"), '{ "type": "module" }\n');
  writeBareModules();
  return TREE;
}

/** Where a tool from npm is installed. */
export function toolPath(...parts: string[]): string {
  return join(NPM, "node_modules", ...parts);
}

async function installTools(): Promise<void> {
  const manifest = JSON.stringify({ private: true, dependencies: TOOLS });
  const path = join(NPM, "package.json");
  const isInstalled = existsSync(path) &&
    readFileSync(path, "utf8") === manifest &&
    existsSync(toolPath("typescript"));
  if (isInstalled) return;
  mkdirSync(NPM, { recursive: true });
  writeFileSync(path, manifest);
  await run(
    "npm",
    ["install", "--no-audit", "--no-fund", "--no-package-lock"],
    {
      cwd: NPM,
    },
  );
}

/** Types are checked by `deno check`; here, one file becomes one file. */
function tsconfig(): unknown {
  return {
    compilerOptions: {
      target: "ES2022",
      lib: ["ES2023", "ESNext.Disposable", "DOM", "DOM.AsyncIterable"],
      module: "ESNext",
      moduleResolution: "Bundler",
      moduleDetection: "force",
      types: ["node"],
      rootDir: "..",
      outDir: "tree",
      declaration: true,
      isolatedDeclarations: false,
      rewriteRelativeImportExtensions: true,
      verbatimModuleSyntax: true,
      noCheck: true,
      skipLibCheck: true,
    },
    include: [
      "../mod.ts",
      "../pmd.ts",
      "../cli.ts",
      "../src",
      "../tests",
      "../examples",
    ],
    exclude: ["../tests/**/*_deno_test.ts"],
  };
}

/** Makes `@std/…` and `@distflow/core` importable from the tree. */
function writeBareModules(): void {
  const modules = join(TREE, "node_modules");
  for (const [name, entries] of Object.entries(STD_MODULES)) {
    const exports: Record<string, string> = {};
    for (const [entry, file] of Object.entries(entries)) {
      exports[entry] = `./${file}`;
      writeModule(
        join(modules, name, file),
        `export * from "deno-std/${file}";\n`,
      );
    }
    writePackage(join(modules, name), name, exports);
  }
  writePackage(join(modules, "@distflow", "core"), "@distflow/core", {
    ".": "./mod.js",
    "./crdt": "./crdt.js",
    "./store": "./store.js",
    "./testing": "./testing.js",
  });
  const entries = {
    mod: "mod",
    crdt: "src/crdt/mod",
    store: "src/store/mod",
    testing: "src/sim/mod",
  };
  for (const [file, target] of Object.entries(entries)) {
    writeModule(
      join(modules, "@distflow", "core", `${file}.js`),
      `export * from "../../../${target}.js";\n`,
    );
  }
}

function writePackage(
  folder: string,
  name: string,
  exports: Record<string, string>,
): void {
  writeModule(
    join(folder, "package.json"),
    JSON.stringify({ name, version: "0.0.0", type: "module", exports }),
  );
}

function writeModule(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

if (import.meta.main) console.log(`Compiled ${await buildTree()}`);
