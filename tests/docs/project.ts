import { assert } from "@std/assert";
import {
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { Family, type FamilyOptions } from "../examples/support.ts";
import { succeed } from "../packages/support.ts";
import { IS_DENO } from "../support/script.ts";
import { pmdClient } from "../system/support.ts";
import { codeBlocks } from "./markdown.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The README, beside the tests or in the compiled tree. */
export const README: string = readFileSync(join(ROOT, "README.md"), "utf8");

/** The README's programs, by the name in their first line. */
export const PROGRAMS: ReadonlyMap<string, string> = new Map(
  codeBlocks(README).filter(({ language }) => language === "ts")
    .map(({ text }) => [/^\/\/ (\w+)\.ts\n/.exec(text)?.[1] ?? text, text]),
);

/** A folder of a user, in which `@distflow/core` can be imported. */
export class Project {
  readonly folder: string = mkdtempSync(join(tmpdir(), "distflow-readme-"));

  constructor() {
    if (!IS_DENO) {
      symlinkSync(join(ROOT, "node_modules"), this.path("node_modules"));
      return;
    }
    const imports = {
      "@distflow/core": join(ROOT, "mod.ts"),
      "@distflow/core/crdt": join(ROOT, "src/crdt/mod.ts"),
    };
    writeFileSync(this.path("deno.json"), JSON.stringify({ imports }));
  }

  path(file: string): string {
    return join(this.folder, file);
  }

  /**
   * Saves a program of the README. It is as it stands there, but for the PMD,
   * which is not that of the machine, and what `change` changes.
   *
   * @returns The file to run: the compiled one on Node.js.
   */
  async save(
    name: string,
    port: number,
    change: (text: string) => string = (text) => text,
  ): Promise<string> {
    const text = programNamed(name);
    const alias = `alias: "${name}"`;
    assert(text.includes(alias), `${name}.ts has ${alias}`);
    const ready = change(
      text.replace(alias, `${alias}, pmd: { port: ${port} }`),
    );
    if (IS_DENO) return this.write(`${name}.ts`, ready);
    if (!needsCompiling(ready)) return this.write(`${name}.mjs`, ready);
    const source = this.write(`${name}.mts`, ready);
    const tsc = join(ROOT, "../node_modules/typescript/bin/tsc");
    const options =
      "--ignoreConfig --noCheck --module nodenext --target es2022";
    await succeed([process.execPath, tsc, ...options.split(" "), source]);
    return this.path(`${name}.mjs`);
  }

  /** Saves a program that is no node, as it stands there. */
  saveAsIs(name: string): string {
    return this.write(`${name}.${IS_DENO ? "ts" : "mjs"}`, programNamed(name));
  }

  /** Writes a file; returns its path. */
  write(file: string, text: string): string {
    writeFileSync(this.path(file), text);
    return this.path(file);
  }

  /** Runs a file with all permissions, or with the flags. */
  run(
    file: string,
    flags: readonly string[] = ["-A"],
    options: FamilyOptions = {},
  ): Family {
    const command = IS_DENO
      ? ["deno", "run", "--quiet", ...flags, file]
      : [process.execPath, file];
    return new Family(command, {
      cwd: this.folder,
      ...options,
      env: { ...DENO_FIRST, ...options.env },
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }
}

function programNamed(name: string): string {
  const text = PROGRAMS.get(name);
  assert(text !== undefined, `The README has no program ${name}.ts`);
  return text;
}

/** So that `deno` is the one that runs the tests, wherever it lies. */
export const DENO_FIRST: Record<string, string> = IS_DENO
  ? { PATH: `${dirname(process.execPath)}:${process.env["PATH"]}` }
  : {};

/** Programs with types are not JavaScript. */
function needsCompiling(text: string): boolean {
  return /^type |start</m.test(text);
}

/** Resolves when a node is registered at the PMD on a port of loopback. */
export async function isRegistered(
  alias: string,
  port: number,
  family: Family,
): Promise<void> {
  for (;;) {
    const { exitCode } = family.program.child;
    assert(exitCode === null, `${alias} ended: ${family.program.output}`);
    if ((await aliasesAt(port)).includes(alias)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The aliases that a PMD knows; none if there is no PMD. */
async function aliasesAt(port: number): Promise<(string | undefined)[]> {
  try {
    const client = await pmdClient(port);
    const nodes = await client.list();
    await client.close();
    return nodes.map((node) => node.alias);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "PMD_UNREACHABLE" || code === "CONNECTION_CLOSED") return [];
    throw error;
  }
}
