import { DistflowError } from "../base/errors.ts";

/** Of what a child says before it fails, this much is told. */
export const STDERR_LENGTH_MAX = 2000;

/** The error where no process can be made. */
export function unavailable(why: string, cause?: unknown): DistflowError {
  return new DistflowError(
    "SPAWN_UNAVAILABLE",
    `Cannot start a process: ${why}`,
    cause === undefined ? {} : { cause },
  );
}

/** The error for a child that ended before its first line. */
export function endedEarly(code: number | null, errors: string): DistflowError {
  return launchFailed(`it ended with code ${code} before it was ready`, errors);
}

/** The error for a child that said nothing in time. */
export function tooSilent(errors: string): DistflowError {
  return launchFailed("it was silent for too long", errors);
}

function launchFailed(why: string, errors: string): DistflowError {
  const said = errors.trim().slice(0, STDERR_LENGTH_MAX);
  return new DistflowError(
    "PMD_LAUNCH_FAILED",
    `Cannot start a process: ${why}${said === "" ? "" : `. It said: ${said}`}`,
  );
}
