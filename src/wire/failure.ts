import { DistflowError, type ErrorCode } from "../base/errors.ts";
import { isRecord } from "../base/json.ts";

type Details = Readonly<Record<string, string | number | boolean>>;
type Describe = (details: Details) => string;

/**
 * The codes that cross the wire, each with the text that people read.
 *
 * Only the code and its details are sent; the reader's side makes the text, so
 * a peer's own words come into our errors and logs as details only: few and
 * short.
 */
const DESCRIPTIONS: { readonly [Code in ErrorCode]?: Describe } = {
  ALIAS_TAKEN: ({ alias, holder, pid, since }) =>
    `Cannot register "${alias}": node ${holder} holds it (pid ${pid}, since ${since}). Stop that process, or choose another alias`,
  DUPLICATE_LINK: () => "Cannot open a second link to a peer",
  FRAME_TOO_LARGE: ({ byteCount, byteCountMax }) =>
    `Cannot pass a frame of ${byteCount} bytes: its receiver accepts ${byteCountMax}`,
  HANDSHAKE_TIMEOUT: () => "Cannot open a connection: no hello came in time",
  INVALID_REQUEST: ({ reason }) => `Cannot do what was asked: ${reason}`,
  LEASE_EXPIRED: () =>
    "Cannot keep the registration: no heartbeat came within its lease",
  LIMIT_REACHED: ({ what, limit }) =>
    `Cannot accept more ${what}: the limit is ${limit}. Shut some down first`,
  NODE_REPLACED: () =>
    "Cannot stay registered: the same node id registered again with a newer incarnation. Give each process a 'nodeId' of its own",
  NODE_SHUT_DOWN: () => "Cannot talk to a node that has shut down",
  NOT_LOCAL: ({ request }) =>
    `Cannot ${request} from another machine: run it on the machine of the PMD`,
  NOT_REGISTERED: () => "Cannot do this before the node is registered",
  PEER_NOT_FOUND: ({ name }) => `Cannot find "${name}": no node has that name`,
  PMD_IN_USE: ({ nodeCount }) =>
    `Cannot shut the PMD down: ${
      nodeCount === 1
        ? "1 node is registered. Shut it"
        : `${nodeCount} nodes are registered. Shut them`
    } down first, or use --force`,
  PMD_SHUT_DOWN: () => "Cannot go on: the PMD was shut down",
  PROTOCOL_MISMATCH: ({ protocol, version }) =>
    `Cannot talk to the other side: it speaks ${
      protocol === undefined
        ? "another protocol, or another version of it"
        : `"${protocol}" in version ${version}`
    }. Check the port, and that both sides run the same release of distflow`,
  PROTOCOL_VIOLATION: ({ reason }) =>
    `Cannot go on: the other side could not read ${
      reason ?? "what it was sent"
    }`,
  SLOW_CONSUMER: () => "Cannot go on: this side did not read what it was sent",
  STALE_INCARNATION: () =>
    "Cannot register: the same node id is registered with a newer incarnation. Choose another 'nodeId', or a higher 'incarnation'",
  TIMEOUT: () => "Cannot go on: the other side was silent for too long",
  WRONG_PEER: ({ nodeId }) =>
    `Cannot open a link: another node than ${nodeId} listens at that address`,
};

/** The codes that cross the wire. */
export const WIRE_CODES: readonly string[] = Object.keys(DESCRIPTIONS);

/** These ends of a connection mean that the other side broke the protocol. */
const VIOLATIONS: ReadonlySet<ErrorCode> = new Set([
  "FRAME_TOO_LARGE",
  "HANDSHAKE_TIMEOUT",
  "PROTOCOL_MISMATCH",
  "PROTOCOL_VIOLATION",
]);

const DETAIL_COUNT_MAX = 16;
const DETAIL_KEY_LENGTH_MAX = 64;
const DETAIL_LENGTH_MAX = 256;
/** Told as a detail it is up to six times as long, and must fit there. */
const UNKNOWN_CODE_LENGTH_MAX = 32;

/** The fields that tell a failure to the other side. */
export interface WireFailure {
  /** What went wrong. */
  readonly code: ErrorCode;
  /** Data about it. */
  readonly details: Details;
}

/** Whether one who ends a connection with `failure` says that it broke rules. */
export function isViolation(failure: DistflowError): boolean {
  return VIOLATIONS.has(failure.code);
}

/** What of `error` crosses the wire; an unforeseen error tells nothing else. */
export function toWireFailure(error: unknown): WireFailure {
  if (error instanceof DistflowError && error.code in DESCRIPTIONS) {
    return { code: error.code, details: error.details };
  }
  return { code: "INVALID_REQUEST", details: { reason: "internal error" } };
}

/** A failure with a code that crosses the wire, described by its `details`. */
export function wireError(
  code: ErrorCode,
  details: Details = {},
  cause?: unknown,
): DistflowError {
  const describe = DESCRIPTIONS[code];
  const message = describe ? describe(details) : `Cannot go on: ${code}`;
  return new DistflowError(
    code,
    message,
    cause === undefined ? { details } : { details, cause },
  );
}

/**
 * The error that the other side told with `code` and `details`; both are
 * unchecked. An unknown code, perhaps of a later version, is told as text.
 */
export function fromWireFailure(
  code: unknown,
  details: unknown,
): DistflowError {
  if (typeof code !== "string" || !Object.hasOwn(DESCRIPTIONS, code)) {
    // Not `String(code)`: that throws for an object of the other side's making.
    const shown = typeof code === "string"
      ? JSON.stringify(code.slice(0, UNKNOWN_CODE_LENGTH_MAX))
      : "no code";
    return wireError("INVALID_REQUEST", {
      reason: `the other side reported ${shown}`,
    });
  }
  return wireError(code as ErrorCode, cleanDetails(details));
}

function cleanDetails(details: unknown): Details {
  const clean = new Map<string, string | number | boolean>();
  if (!isRecord(details)) return {};
  for (const [key, value] of Object.entries(details)) {
    if (clean.size >= DETAIL_COUNT_MAX) break;
    if (key.length > DETAIL_KEY_LENGTH_MAX) continue;
    if (typeof value === "string") {
      clean.set(key, value.slice(0, DETAIL_LENGTH_MAX));
    } else if (typeof value === "boolean" || Number.isFinite(value)) {
      clean.set(key, value as boolean | number);
    }
  }
  return Object.fromEntries(clean);
}

/** The error for a connection that ended without a reason, unless it has one. */
export function connectionLost(cause: Error | undefined): DistflowError {
  if (cause instanceof DistflowError) return cause;
  return new DistflowError(
    "CONNECTION_CLOSED",
    "Cannot go on: the other side closed the connection without a word",
    { cause },
  );
}
