import { assert, assertEquals, assertMatch } from "@std/assert";
import type { ErrorCode } from "../../src/base/errors.ts";
import {
  brokenConnection,
  connectTimeout,
  isOwnEcho,
  ownEcho,
  socketError,
} from "../../src/platform/errors.ts";
import type { Connection } from "../../src/transport/transport.ts";

const ADDRESS = { hostname: "::1", port: 4369 };

/** An error as Node.js makes it. */
function nodeError(code: string): Error {
  return Object.assign(new Error(`connect ${code}`), { code });
}

/** An error as Deno makes it. */
function denoError(name: string): Error {
  return Object.assign(new Error("it failed (os error)"), { name });
}

Deno.test("each failure of a socket has its code, on both runtimes", () => {
  const expected: readonly (readonly [ErrorCode, string, string])[] = [
    ["CONNECTION_REFUSED", "ECONNREFUSED", "ConnectionRefused"],
    ["CONNECTION_RESET", "ECONNRESET", "ConnectionReset"],
    ["CONNECTION_RESET", "EPIPE", "BrokenPipe"],
    ["CONNECTION_RESET", "ENOTCONN", "NotConnected"],
    ["CONNECTION_RESET", "ECONNABORTED", "ConnectionAborted"],
    ["CONNECTION_TIMEOUT", "ETIMEDOUT", "TimedOut"],
    ["ADDRESS_IN_USE", "EADDRINUSE", "AddrInUse"],
    ["ADDRESS_UNAVAILABLE", "EADDRNOTAVAIL", "AddrNotAvailable"],
    ["ADDRESS_UNAVAILABLE", "ENETUNREACH", "NetworkUnreachable"],
    ["ADDRESS_UNAVAILABLE", "EHOSTUNREACH", "HostUnreachable"],
    ["ADDRESS_UNAVAILABLE", "ENOTFOUND", "URIError"],
    ["PERMISSION_DENIED", "EACCES", "PermissionDenied"],
    ["PERMISSION_DENIED", "EPERM", "NotCapable"],
  ];
  for (const [code, onNode, onDeno] of expected) {
    const { code: ofNode } = socketError(
      "listen on",
      ADDRESS,
      nodeError(onNode),
    );
    const { code: ofDeno } = socketError(
      "listen on",
      ADDRESS,
      denoError(onDeno),
    );
    assertEquals([onNode, ofNode, ofDeno], [onNode, code, code]);
  }
});

Deno.test("an error says the act, the address, what to do, and the origin", () => {
  const cause = nodeError("EADDRINUSE");
  const error = socketError("listen on", ADDRESS, cause);
  assertEquals(
    error.message,
    "Cannot listen on [::1]:4369: something listens there already; stop it, " +
      "or choose another port (connect EADDRINUSE)",
  );
  assertEquals(error.details, ADDRESS);
  assertEquals(error.cause, cause);
});

Deno.test("too many open files are told as such", () => {
  for (const code of ["EMFILE", "ENFILE"]) {
    const { message } = socketError("connect to", ADDRESS, nodeError(code));
    assertMatch(message, /ulimit -n/);
  }
});

Deno.test("where Deno does not permit it, the error names the permission", () => {
  const { message } = socketError(
    "connect to",
    ADDRESS,
    denoError("NotCapable"),
  );
  assertMatch(message, /--allow-net=\[::1\] /);
});

Deno.test("what fails at several addresses tells each reason", () => {
  const cause = Object.assign(
    new AggregateError([new Error("::1 refused"), new Error("127 refused")]),
    { code: "ECONNREFUSED" },
  );
  const error = socketError("connect to", ADDRESS, cause);
  assertEquals(error.code, "CONNECTION_REFUSED");
  assert(error.message.endsWith("(::1 refused, 127 refused)"));
});

Deno.test("whatever is thrown becomes a coded error", () => {
  for (const cause of ["text", undefined, null, 7, {}]) {
    const error = socketError("connect to", ADDRESS, cause);
    assertEquals(error.code, "ADDRESS_UNAVAILABLE");
  }
});

Deno.test("a connection breaks by a reset, or a timeout, and nothing else", () => {
  const codes = ["ECONNRESET", "EPIPE", "EWHATEVER", "ETIMEDOUT"]
    .map((code) => brokenConnection(ADDRESS, nodeError(code)).code);
  assertEquals(codes, [
    "CONNECTION_RESET",
    "CONNECTION_RESET",
    "CONNECTION_RESET",
    "CONNECTION_TIMEOUT",
  ]);
});

Deno.test("a connect that took too long says how long it was given", () => {
  const error = connectTimeout(ADDRESS, 1500);
  assertEquals(error.code, "CONNECTION_TIMEOUT");
  assertMatch(error.message, /\[::1\]:4369.*1500 ms/);
  assertEquals(error.details, { ...ADDRESS, timeoutMs: 1500 });
});

Deno.test("a connection is its own echo if both its ends are one", () => {
  const isEcho = (hostname: string, port: number) =>
    isOwnEcho({ local: ADDRESS, remote: { hostname, port } } as Connection);
  assertEquals([isEcho("::1", 4369), isEcho("::1", 1)], [true, false]);
  assertEquals(isEcho("127.0.0.1", 4369), false);
  assertEquals(ownEcho(ADDRESS).code, "CONNECTION_REFUSED");
});
