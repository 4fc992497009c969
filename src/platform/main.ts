import { builtin, nodeProcess } from "./builtins.ts";

/**
 * Whether the module that `meta` belongs to is what the process runs.
 *
 * Node.js knows `import.meta.main` from version 24.2 on; before, the path of
 * the script tells, also through the link that npm makes for a command.
 */
export function isMain(meta: ImportMeta): boolean {
  const { main, url } = meta as { main?: boolean; url: string };
  if (main !== undefined) return main;
  const script = nodeProcess().argv[1];
  if (script === undefined || !url.startsWith("file:")) return false;
  try {
    const path = builtin("node:url").fileURLToPath(url);
    return builtin("node:fs").realpathSync(script) === path;
  } catch {
    // The script is not a file, as with `node --eval`.
    return false;
  }
}
