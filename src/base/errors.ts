/**
 * Every code that a {@linkcode DistflowError} can carry.
 *
 * The union is closed: a `switch` over it can be checked for completeness.
 * The codes cross the wire and are part of the public contract.
 */
export type ErrorCode =
  | "ADDRESS_IN_USE"
  | "ADDRESS_UNAVAILABLE"
  | "ALIAS_TAKEN"
  | "CONNECTION_CLOSED"
  | "CONNECTION_REFUSED"
  | "CONNECTION_RESET"
  | "CONNECTION_TIMEOUT"
  | "CORRUPT_DATA"
  | "DUPLICATE_DOT"
  | "DUPLICATE_LINK"
  | "DUPLICATE_REPLICA"
  | "FRAME_TOO_LARGE"
  | "HANDSHAKE_TIMEOUT"
  | "INSECURE_LISTEN"
  | "INVALID_OPERATION"
  | "INVALID_PATH"
  | "INVALID_REQUEST"
  | "INVALID_VALUE"
  | "LEASE_EXPIRED"
  | "LIMIT_REACHED"
  | "MESSAGE_NOT_JSON"
  | "MESSAGE_TOO_LARGE"
  | "NODE_EXISTS"
  | "NODE_REPLACED"
  | "NODE_SHUT_DOWN"
  | "NOT_LOCAL"
  | "NOT_REGISTERED"
  | "PEER_NOT_FOUND"
  | "PEER_UNREACHABLE"
  | "PERMISSION_DENIED"
  | "PMD_IN_USE"
  | "PMD_LAUNCH_FAILED"
  | "PMD_PORT_TAKEN"
  | "PMD_SHUT_DOWN"
  | "PMD_UNREACHABLE"
  | "PROTOCOL_MISMATCH"
  | "PROTOCOL_VIOLATION"
  | "QUEUE_FULL"
  | "SCHEMA_VIOLATION"
  | "SLOW_CONSUMER"
  | "SNAPSHOT_REQUIRED"
  | "SPAWN_UNAVAILABLE"
  | "STALE_INCARNATION"
  | "STORE_FAILED"
  | "STORE_UNAVAILABLE"
  | "TIMEOUT"
  | "WRONG_PEER";

/** What may be told beside the code and the message of an error. */
export interface DistflowErrorOptions {
  /** The error that led to this one. */
  cause?: unknown;
  /**
   * Data that a program may read, such as the alias or the address; plain
   * JSON, because it crosses the wire with the code.
   */
  details?: Readonly<Record<string, string | number | boolean>>;
}

/**
 * Something that can go wrong in a correct program.
 *
 * Programs read `code` and `details`; people read `message`, which names the
 * act that failed and the next step. Misuse of the API is a `TypeError` or a
 * `RangeError` instead.
 *
 * @example Telling one failure from another
 * ```ts
 * import { DistflowError } from "@distflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const error = new DistflowError("PEER_NOT_FOUND", "Cannot send to \"worker\"");
 * assertEquals(error.code, "PEER_NOT_FOUND");
 * ```
 */
export class DistflowError extends Error {
  /** The class name, written out so that minifiers keep it. */
  override readonly name: string = "DistflowError";
  /** What went wrong, for programs. */
  readonly code: ErrorCode;
  /** Data about the failure, such as the alias or the address; never nested. */
  readonly details: Readonly<Record<string, string | number | boolean>>;

  /** Makes an error with a `code` for programs and a `message` for people. */
  constructor(
    code: ErrorCode,
    message: string,
    options: DistflowErrorOptions = {},
  ) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** Whether `error` is a {@linkcode DistflowError} with one of `codes`. */
export function hasCode(error: unknown, ...codes: ErrorCode[]): boolean {
  return error instanceof DistflowError && codes.includes(error.code);
}

/** The text of anything thrown, for a log line or another error's message. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Throws when something that must always hold does not.
 *
 * A broken invariant is a bug in distflow, so it is an `Error` without a code
 * and is never caught in order to go on.
 *
 * @throws {Error} If `condition` is false.
 */
export function invariant(
  condition: boolean,
  message: string,
): asserts condition {
  if (!condition) {
    throw new Error(`Broken invariant, please report this: ${message}`);
  }
}
