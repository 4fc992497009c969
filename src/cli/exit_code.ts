import { DistflowError, type ErrorCode, hasCode } from "../base/errors.ts";
import { UsageError } from "./usage_error.ts";

/** What the command's exit code tells a script. */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 6;

/** It did what was asked. */
export const EXIT_OK = 0;
/** It failed for a reason that has no code of its own. */
export const EXIT_FAILED = 1;
/** The command line, or the message to send, was not understood. */
export const EXIT_USAGE = 2;
/** No node has that name. */
export const EXIT_NOT_FOUND = 3;
/** The PMD, or distflow itself, refuses to do it. */
export const EXIT_REFUSED = 4;
/** No PMD answers at that address. */
export const EXIT_NO_PMD = 5;
/** It took too long. */
export const EXIT_TIMEOUT = 6;

const EXIT_CODES: { readonly [Code in ErrorCode]?: ExitCode } = {
  ALIAS_TAKEN: EXIT_REFUSED,
  CONNECTION_TIMEOUT: EXIT_TIMEOUT,
  HANDSHAKE_TIMEOUT: EXIT_TIMEOUT,
  INSECURE_LISTEN: EXIT_REFUSED,
  LIMIT_REACHED: EXIT_REFUSED,
  MESSAGE_NOT_JSON: EXIT_USAGE,
  NOT_LOCAL: EXIT_REFUSED,
  PEER_NOT_FOUND: EXIT_NOT_FOUND,
  PMD_IN_USE: EXIT_REFUSED,
  PMD_PORT_TAKEN: EXIT_NO_PMD,
  PMD_SHUT_DOWN: EXIT_NO_PMD,
  PMD_UNREACHABLE: EXIT_NO_PMD,
  TIMEOUT: EXIT_TIMEOUT,
};

/** The exit code of a command that ended with `error`. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof UsageError) return EXIT_USAGE;
  if (!(error instanceof DistflowError)) return EXIT_FAILED;
  // Nobody there and nobody answering in time are told apart by the cause.
  if (
    hasCode(error, "PMD_UNREACHABLE", "PMD_PORT_TAKEN", "PEER_UNREACHABLE") &&
    hasCode(error.cause, "CONNECTION_TIMEOUT", "HANDSHAKE_TIMEOUT", "TIMEOUT")
  ) return EXIT_TIMEOUT;
  return EXIT_CODES[error.code] ?? EXIT_FAILED;
}
