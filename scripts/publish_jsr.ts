/**
 * Publishes the three packages to JSR, or shows that it could.
 *
 * JSR takes one package per config file: the root is `@distflow/core`; the
 * other two are staged into `npm/jsr/`, each with the sources that it needs.
 *
 * ```sh
 * deno task publish:dry
 * ```
 *
 * @module
 */
import {
  cpSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { run, type RunOptions } from "./run.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Where the staged packages lie. */
export const STAGE: string = join(ROOT, "npm", "jsr");

interface Config {
  version: string;
  imports: Record<string, string>;
  compilerOptions: unknown;
}

/** Stages `@distflow/pmd` and `@distflow/cli`; returns their folders. */
export function stageJsr(): string[] {
  const config: Config = JSON.parse(
    readFileSync(join(ROOT, "deno.json"), "utf8"),
  );
  rmSync(STAGE, { recursive: true, force: true });
  return ["pmd", "cli"].map((name) => stage(name, config));
}

function stage(name: string, config: Config): string {
  const folder = join(STAGE, name);
  mkdirSync(folder, { recursive: true });
  for (const file of ["LICENSE", "README.md", "pmd.ts", `${name}.ts`]) {
    cpSync(join(ROOT, file), join(folder, file));
  }
  const without = name === "pmd"
    ? ["cli", "crdt", "sim", "node", "store"]
    : ["crdt", "sim", "store"];
  cpSync(join(ROOT, "src"), join(folder, "src"), {
    recursive: true,
    filter: (from) => !without.some((each) => from === join(ROOT, "src", each)),
  });
  const { compilerOptions, imports, version } = config;
  const staged = {
    name: `@distflow/${name}`,
    version,
    license: "MIT",
    exports: `./${name}.ts`,
    imports: name === "cli" ? { "@std/cli": imports["@std/cli"] } : {},
    ...(name === "cli" ? { links: ["../../../scripts/links/cli"] } : {}),
    compilerOptions,
  };
  writeFileSync(join(folder, "deno.json"), JSON.stringify(staged, null, 2));
  return folder;
}

/** Publishes all packages, core first. */
export async function publishJsr(
  isDryRun: boolean,
  options: RunOptions = {},
): Promise<void> {
  const flags = isDryRun ? ["--dry-run", "--allow-dirty"] : [];
  for (const cwd of [ROOT, ...stageJsr()]) {
    await run(process.execPath, ["publish", ...flags], { ...options, cwd });
  }
}

if (import.meta.main) await publishJsr(process.argv.includes("--dry-run"));
