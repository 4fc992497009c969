import { existsSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** Whether the tests run on Deno; otherwise, on Node.js in the compiled tree. */
export const IS_DENO: boolean = import.meta.url.endsWith(".ts");

const ROOT = new URL("../../", import.meta.url);

/** The command that runs a script of the repository on this runtime. */
export function scriptCommand(
  path: string,
  ...args: (string | number)[]
): string[] {
  const words = args.map(String);
  return IS_DENO
    ? [process.execPath, "run", "-A", "--no-check", scriptPath(path), ...words]
    : [process.execPath, scriptPath(path), ...words];
}

/** The same on the other runtime; undefined if it is not there. */
export function otherScriptCommand(
  path: string,
  ...args: (string | number)[]
): string[] | undefined {
  const words = args.map(String);
  if (IS_DENO) {
    const compiled = new URL(`npm/tree/${path.replace(/ts$/, "js")}`, ROOT);
    return existsSync(compiled)
      ? ["node", fileURLToPath(compiled), ...words]
      : undefined;
  }
  const source = fileURLToPath(new URL(`../../${path}`, ROOT));
  return existsSync(source)
    ? ["npx", "-y", "deno", "run", "-A", "--no-check", source, ...words]
    : undefined;
}

function scriptPath(path: string): string {
  const file = IS_DENO ? path : path.replace(/ts$/, "js");
  return fileURLToPath(new URL(file, ROOT));
}
