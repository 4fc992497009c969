import { DistflowError, messageOf } from "../base/errors.ts";

const FORBIDDEN: readonly string[] = ["EACCES", "EPERM", "NotCapable"];

/**
 * The coded error for what a runtime threw while it did `act` at `path`.
 *
 * @param act The act and the words up to the path, as in "read".
 */
export function storageError(
  act: string,
  path: string,
  cause: unknown,
): DistflowError {
  const isForbidden = FORBIDDEN.includes(codeOf(cause)) ||
    (cause instanceof Error && FORBIDDEN.includes(cause.name));
  return new DistflowError(
    isForbidden ? "PERMISSION_DENIED" : "STORE_FAILED",
    `Cannot ${act} "${path}": ${messageOf(cause)}`,
    { cause, details: { path } },
  );
}

/** The code of what Node.js throws; empty for anything else. */
export function codeOf(cause: unknown): string {
  return cause instanceof Error && "code" in cause ? String(cause.code) : "";
}
