import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { buildTree, toolPath, TREE } from "../../scripts/build_tree.ts";
import { bundle } from "../../scripts/bundle.ts";
import { run } from "../../scripts/run.ts";
import { nodeCommand } from "../../scripts/test_node.ts";
import { ENGINE_PACKAGES } from "./crdt/packages.ts";
import { PEER_PACKAGES } from "./systems/packages.ts";

/** What runs the programs that are measured. */
export interface Runtime {
  /** Name and version, as in `node/20.19.5`. */
  readonly name: string;
  /** The command that runs a program of `tests/bench/programs/`. */
  command(program: string): string[];
}

/** Deno runs the sources, Node.js what the packages hold. */
export async function openRuntime(name: string): Promise<Runtime> {
  return name === "deno" ? denoRuntime() : await nodeRuntime(name);
}

function denoRuntime(): Runtime {
  const folder = fileURLToPath(new URL("./programs/", import.meta.url));
  return {
    name: `deno/${process.versions.deno}`,
    command: (program) => [
      process.execPath,
      "run",
      "-A",
      "--no-check",
      "--quiet",
      "--no-lock",
      "--v8-flags=--expose-gc",
      `${folder}${program}.ts`,
    ],
  };
}

let tree: Promise<unknown> | undefined;

async function nodeRuntime(name: string): Promise<Runtime> {
  tree ??= buildTree()
    .then((folder) => bundle(folder, ["mod", "src/crdt/mod"], folder))
    .then(installPeers);
  await tree;
  const [command = "node", ...args] = nodeCommand(
    name.slice("node".length) || undefined,
  );
  const print = "console.log(process.execPath, process.versions.node)";
  const [execPath = "", version = ""] = execFileSync(
    command,
    [...args, "-e", print],
    { encoding: "utf8" },
  ).trim().split(" ");
  return {
    name: `node/${version}`,
    command: (program) => [
      execPath,
      "--expose-gc",
      `${TREE}/tests/bench/programs/${program}.js`,
    ],
  };
}

/** What the library is compared with lies beside the tree's own tools. */
async function installPeers(): Promise<void> {
  const wanted: Record<string, string> = { ...PEER_PACKAGES };
  for (const name of Object.keys(ENGINE_PACKAGES)) {
    if (await canInstall(name)) wanted[name] = ENGINE_PACKAGES[name] ?? "";
    else console.error(`Left out: ${name} cannot be installed`);
  }
  const isThere = Object.keys(wanted).every((name) =>
    existsSync(toolPath(name))
  );
  if (isThere) return;
  // All at once: an installation removes what an earlier one has not saved.
  const packages = Object.entries(wanted).map(([name, version]) =>
    `${name}@${version}`
  );
  const flags = ["--no-save", "--no-audit", "--no-fund", "--no-package-lock"];
  await run("npm", ["install", ...flags, ...packages], {
    cwd: toolPath(".."),
    onOutput: () => {},
  });
}

/** Whether an engine is installed, or the registry has it. */
async function canInstall(name: string): Promise<boolean> {
  if (existsSync(toolPath(name))) return true;
  try {
    const version = `${name}@${ENGINE_PACKAGES[name]}`;
    await run("npm", ["view", version, "version"], { onOutput: () => {} });
    return true;
  } catch {
    // Where there is no network, or a registry that is not complete.
    return false;
  }
}
