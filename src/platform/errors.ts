import { DistflowError, type ErrorCode, messageOf } from "../base/errors.ts";
import { type Address, formatAddress } from "../transport/transport.ts";

/** Node.js' and Deno's names for what can happen to a socket. */
const CODES: ReadonlyMap<string, ErrorCode> = new Map<string, ErrorCode>([
  ["ECONNREFUSED", "CONNECTION_REFUSED"],
  ["ConnectionRefused", "CONNECTION_REFUSED"],
  ["ECONNRESET", "CONNECTION_RESET"],
  ["ConnectionReset", "CONNECTION_RESET"],
  ["ECONNABORTED", "CONNECTION_RESET"],
  ["ConnectionAborted", "CONNECTION_RESET"],
  ["EPIPE", "CONNECTION_RESET"],
  ["BrokenPipe", "CONNECTION_RESET"],
  ["ENOTCONN", "CONNECTION_RESET"],
  ["NotConnected", "CONNECTION_RESET"],
  ["ETIMEDOUT", "CONNECTION_TIMEOUT"],
  ["TimedOut", "CONNECTION_TIMEOUT"],
  ["EADDRINUSE", "ADDRESS_IN_USE"],
  ["AddrInUse", "ADDRESS_IN_USE"],
  ["EACCES", "PERMISSION_DENIED"],
  ["EPERM", "PERMISSION_DENIED"],
  ["PermissionDenied", "PERMISSION_DENIED"],
  ["NotCapable", "PERMISSION_DENIED"],
]);

const HINTS: ReadonlyMap<ErrorCode, string> = new Map<ErrorCode, string>([
  ["CONNECTION_REFUSED", "nobody listens there"],
  ["CONNECTION_RESET", "the other side broke the connection"],
  ["CONNECTION_TIMEOUT", "no answer came in time"],
  ["ADDRESS_IN_USE", "something listens there already"],
  ["PERMISSION_DENIED", "it is not permitted; on Deno, see --allow-net"],
  ["ADDRESS_UNAVAILABLE", "there is no such address, or no way to it"],
]);

/**
 * The coded error for what a runtime threw while it did `act` at `address`;
 * whatever is not known is an address that is of no use.
 */
export function socketError(
  act: string,
  address: Address,
  cause: unknown,
): DistflowError {
  const code = codeOf(cause) ?? "ADDRESS_UNAVAILABLE";
  return new DistflowError(
    code,
    `Cannot ${act} ${formatAddress(address)}: ${HINTS.get(code)} (${
      messageOf(cause)
    })`,
    {
      cause,
      details: { hostname: address.hostname, port: address.port },
    },
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
    }: no answer came within ${timeoutMs} ms`,
    {
      details: { hostname: address.hostname, port: address.port, timeoutMs },
    },
  );
}

/** The error for a connection that broke while it was in use. */
export function brokenConnection(
  remote: Address,
  cause: unknown,
): DistflowError {
  const code = codeOf(cause) ?? "CONNECTION_RESET";
  return new DistflowError(
    code,
    `Cannot go on with ${formatAddress(remote)}: the connection broke (${
      messageOf(cause)
    })`,
    { cause },
  );
}

function codeOf(cause: unknown): ErrorCode | undefined {
  if (!(cause instanceof Error)) return undefined;
  const code = "code" in cause ? String(cause.code) : "";
  return CODES.get(code) ?? CODES.get(cause.name);
}
