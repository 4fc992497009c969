import { assertEquals } from "@std/assert";
import { DistflowError, type ErrorCode } from "../../src/base/errors.ts";
import { exitCodeOf } from "../../src/cli/exit_code.ts";
import { UsageError } from "../../src/cli/usage_error.ts";

function exitCode(code: ErrorCode, cause?: unknown): number {
  return exitCodeOf(new DistflowError(code, "Cannot", { cause }));
}

Deno.test("exit codes tell what went wrong", () => {
  assertEquals(exitCodeOf(new UsageError("Cannot", "")), 2);
  assertEquals(exitCode("MESSAGE_NOT_JSON"), 2);
  assertEquals(exitCode("PEER_NOT_FOUND"), 3);
  assertEquals(exitCode("PMD_IN_USE"), 4);
  assertEquals(exitCode("NOT_LOCAL"), 4);
  assertEquals(exitCode("ALIAS_TAKEN"), 4);
  assertEquals(exitCode("INSECURE_LISTEN"), 4);
  assertEquals(exitCode("PMD_UNREACHABLE"), 5);
  assertEquals(exitCode("PMD_PORT_TAKEN"), 5);
  assertEquals(exitCode("TIMEOUT"), 6);
  assertEquals(exitCode("MESSAGE_TOO_LARGE"), 1);
  assertEquals(exitCode("PEER_UNREACHABLE"), 1);
  assertEquals(exitCodeOf(new TypeError("a bug")), 1);
});

Deno.test("nobody there is told from nobody who answers in time", () => {
  const refused = new DistflowError("CONNECTION_REFUSED", "Cannot");
  const late = new DistflowError("CONNECTION_TIMEOUT", "Cannot");
  assertEquals(exitCode("PMD_UNREACHABLE", refused), 5);
  assertEquals(exitCode("PMD_UNREACHABLE", late), 6);
  const silent = new DistflowError("HANDSHAKE_TIMEOUT", "Cannot");
  assertEquals(exitCode("PMD_PORT_TAKEN", silent), 6);
  assertEquals(exitCode("PEER_UNREACHABLE", refused), 1);
  assertEquals(exitCode("PEER_UNREACHABLE", late), 6);
});
