import { DistflowError, type ErrorCode, messageOf } from "../base/errors.ts";
import {
  type Address,
  type Connection,
  formatAddress,
} from "../transport/transport.ts";

interface Failure {
  readonly code: ErrorCode;
  /** What it means and, where there is anything, what to do. */
  readonly hint: string;
}

const REFUSED: Failure = {
  code: "CONNECTION_REFUSED",
  hint: "nobody listens there",
};
const RESET: Failure = {
  code: "CONNECTION_RESET",
  hint: "the other side broke the connection",
};
const TIMEOUT: Failure = {
  code: "CONNECTION_TIMEOUT",
  hint: "no answer came; is a firewall in between?",
};
const IN_USE: Failure = {
  code: "ADDRESS_IN_USE",
  hint: "something listens there already; stop it, or choose another port",
};
const FORBIDDEN: Failure = {
  code: "PERMISSION_DENIED",
  hint: "the system does not permit it; ports below 1024 may need privileges",
};
const UNREACHABLE: Failure = {
  code: "ADDRESS_UNAVAILABLE",
  hint: "there is no way to that address",
};
const FILES: Failure = {
  code: "ADDRESS_UNAVAILABLE",
  hint: "too many files are open; close some, or raise the limit (ulimit -n)",
};

/** What is not known is an address that is of no use. */
const UNKNOWN: Failure = {
  code: "ADDRESS_UNAVAILABLE",
  hint: "there is no such address here; check its spelling",
};

/** Node.js' and Deno's names for what can happen to a socket. */
const FAILURES: ReadonlyMap<string, Failure> = new Map([
  ["ECONNREFUSED", REFUSED],
  ["ConnectionRefused", REFUSED],
  ["ECONNRESET", RESET],
  ["ConnectionReset", RESET],
  ["ECONNABORTED", RESET],
  ["ConnectionAborted", RESET],
  ["EPIPE", RESET],
  ["BrokenPipe", RESET],
  ["ENOTCONN", RESET],
  ["NotConnected", RESET],
  ["ETIMEDOUT", TIMEOUT],
  ["TimedOut", TIMEOUT],
  ["EADDRINUSE", IN_USE],
  ["AddrInUse", IN_USE],
  ["EACCES", FORBIDDEN],
  ["EPERM", FORBIDDEN],
  ["PermissionDenied", FORBIDDEN],
  ["EHOSTUNREACH", UNREACHABLE],
  ["ENETUNREACH", UNREACHABLE],
  ["HostUnreachable", UNREACHABLE],
  ["NetworkUnreachable", UNREACHABLE],
  ["EMFILE", FILES],
  ["ENFILE", FILES],
]);

/**
 * The coded error for what a runtime threw while it did `act` at `address`.
 *
 * @param act The act and the words up to the address, as in "connect to".
 */
export function socketError(
  act: string,
  address: Address,
  cause: unknown,
): DistflowError {
  const { code, hint } = failureOf(cause, address) ?? UNKNOWN;
  return new DistflowError(
    code,
    `Cannot ${act} ${formatAddress(address)}: ${hint} (${textOf(cause)})`,
    { cause, details: { hostname: address.hostname, port: address.port } },
  );
}

/** The error for a connection that took longer than it may. */
export function connectTimeout(
  address: Address,
  timeoutMs: number,
): DistflowError {
  return new DistflowError(
    "CONNECTION_TIMEOUT",
    `Cannot connect to ${
      formatAddress(address)
    }: no answer came within ${timeoutMs} ms; is a firewall in between?`,
    {
      details: { hostname: address.hostname, port: address.port, timeoutMs },
    },
  );
}

/** The error for a connection that was given up before it was there. */
export function connectGivenUp(address: Address): DistflowError {
  const { hostname, port } = address;
  return new DistflowError(
    "CONNECTION_CLOSED",
    `Cannot connect to ${formatAddress(address)}: the attempt was given up`,
    { details: { hostname, port } },
  );
}

/** The error for a connection that broke while it was in use. */
export function brokenConnection(
  remote: Address,
  cause: unknown,
): DistflowError {
  const isTimeout = failureOf(cause, remote) === TIMEOUT;
  return new DistflowError(
    isTimeout ? "CONNECTION_TIMEOUT" : "CONNECTION_RESET",
    `Cannot go on with ${formatAddress(remote)}: the connection broke (${
      textOf(cause)
    })`,
    { cause, details: { hostname: remote.hostname, port: remote.port } },
  );
}

/**
 * Whether a connection that was just opened leads back to itself.
 *
 * TCP allows that, and Linux does it when it happens to choose, as the port of
 * this side, the very port that is dialed and that nobody listens on. It would
 * keep who belongs there from listening again.
 */
export function isOwnEcho({ local, remote }: Connection): boolean {
  return local.port === remote.port && local.hostname === remote.hostname;
}

/** The error for a connection that leads back to itself. */
export function ownEcho(address: Address): DistflowError {
  return socketError(
    "connect to",
    address,
    Object.assign(new Error("the connection would lead back to itself"), {
      code: "ECONNREFUSED",
    }),
  );
}

function failureOf(cause: unknown, address: Address): Failure | undefined {
  if (!(cause instanceof Error)) return undefined;
  if (cause.name === "NotCapable") {
    const hostname = formatAddress(address).replace(/:\d+$/, "");
    return {
      code: "PERMISSION_DENIED",
      hint: `Deno does not permit it; run it with --allow-net=${hostname}`,
    };
  }
  const code = "code" in cause ? String(cause.code) : "";
  return FAILURES.get(code) ?? FAILURES.get(cause.name);
}

/** Node.js reports several failed addresses in one error without a text. */
function textOf(cause: unknown): string {
  if (cause instanceof AggregateError && cause.message === "") {
    return cause.errors.map(messageOf).join(", ");
  }
  return messageOf(cause);
}
