import { nodeProcess } from "./builtins.ts";
import { denoApi } from "./deno_api.ts";
import { codeOf } from "./storage_errors.ts";

/** The name of a file, the process that replaces it, and which time that is. */
const PATTERN = /^(.+)\.([1-9]\d{0,9})-(\d+)\.tmp$/;

/** Distinguishes files that one process writes at the same time. */
let count = 0;

/** Those that it is writing now. */
const written: Set<number> = new Set();

/** Does `act` with the name of a file beside `path` that nobody else uses. */
export async function withTemporary<Result>(
  path: string,
  act: (temporary: string) => Promise<Result>,
): Promise<Result> {
  const number = ++count;
  written.add(number);
  try {
    return await act(`${path}.${nodeProcess().pid}-${number}.tmp`);
  } finally {
    written.delete(number);
  }
}

/**
 * The name of the file that `file` was to replace, if whoever wrote it is known
 * to be gone: another process, or one that had this one's number before.
 *
 * @returns `undefined` for any other file.
 */
export function leftoverOf(file: string): string | undefined {
  const [, name, pid, number] = PATTERN.exec(file) ?? [];
  const isLeft = Number(pid) === nodeProcess().pid
    ? !written.has(Number(number))
    : isDead(Number(pid));
  return isLeft ? name : undefined;
}

/** Whether there is surely no such process. */
function isDead(pid: number): boolean {
  // Without the permission, Deno would stop and ask the user for it.
  const run = denoApi()?.permissions.querySync({ name: "run" });
  if (run !== undefined && run.state !== "granted") return false;
  try {
    nodeProcess().kill(pid, 0);
    return false;
  } catch (error) {
    // It may also be there and not be ours to signal.
    return codeOf(error) === "ESRCH";
  }
}
