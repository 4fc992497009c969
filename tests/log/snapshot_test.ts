import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { runInNewContext } from "node:vm";
import { DistflowError } from "../../src/base/errors.ts";
import type { LoggedError, LogRecord } from "../../src/log/mod.ts";
import { record } from "./recording.ts";

function logged(context: unknown, error?: unknown): LogRecord {
  const { hub, records } = record();
  hub.getLogger("a").info("x", context as Record<string, unknown>, error);
  const only = records[0];
  assert(only !== undefined, "nothing was logged");
  return only;
}

function valueOf(value: unknown): unknown {
  return logged({ value }).context["value"];
}

function errorOf(error: unknown): LoggedError {
  const { error: result } = logged({}, error);
  assert(result !== undefined, "no error was logged");
  return result;
}

Deno.test("values that JSON can carry stay as they are", () => {
  const value = { a: [1, -2.5, "text", true, null, { b: {} }], "": [] };
  assertEquals(valueOf(value), value);
  assert(Object.is(valueOf(-0), 0), "JSON has no negative zero");
});

Deno.test("values that JSON cannot carry are written as text", () => {
  class Socket {
    readonly #secret = 1;
    secret(): number {
      return this.#secret;
    }
  }
  const cases: [unknown, unknown][] = [
    [12n, "12n"],
    [-(2n ** 100n), "-1267650600228229401496703205376n"],
    [1n << 100_000n, "[BigInt of more than 512 bits]"],
    [NaN, "NaN"],
    [-Infinity, "-Infinity"],
    [Symbol("mark"), "Symbol(mark)"],
    [function serve() {}, "[Function serve]"],
    [(() => () => {})(), "[Function]"],
    [Socket, "[Function Socket]"],
    [new Socket(), "[Socket]"],
    [Promise.resolve(1), "[Promise]"],
    [new WeakMap(), "[WeakMap]"],
    [/a\/b/gi, "/a\\/b/gi"],
    [new Date(0), "1970-01-01T00:00:00.000Z"],
    [new Date(NaN), "Invalid Date"],
    [new URL("http://a.example/b?c"), "http://a.example/b?c"],
    [new Uint8Array(12), "[Uint8Array of 12 bytes]"],
    [new DataView(new ArrayBuffer(3)), "[DataView of 3 bytes]"],
    [new ArrayBuffer(5), "[ArrayBuffer of 5 bytes]"],
    [new Map([["a", 1n]]), { a: "1n" }],
    [new Map<unknown, unknown>([["a", 1], [2, "b"]]), [["a", 1], [2, "b"]]],
    [new Set(["a", 1n]), ["a", "1n"]],
    [[undefined, , 1], [null, null, 1]],
    [Object.create(null), {}],
  ];
  for (const [value, expected] of cases) assertEquals(valueOf(value), expected);
});

Deno.test("a field that is undefined is left out", () => {
  assertEquals(logged({ a: undefined, b: { c: undefined } }).context, {
    b: {},
  });
});

Deno.test("a toJSON method decides how its object is written", () => {
  assertEquals(valueOf({ toJSON: () => ({ short: 1n }) }), { short: "1n" });
  const self = { a: 1, toJSON: () => self };
  assertEquals(valueOf(self), { a: 1, toJSON: "[Function toJSON]" });
});

Deno.test("a cycle is cut where it closes; the same value twice is no cycle", () => {
  const node: Record<string, unknown> = { id: 1 };
  node["self"] = { list: [node] };
  assertEquals(valueOf(node), { id: 1, self: { list: ["[Circular]"] } });
  const shared = { a: 1 };
  assertEquals(valueOf([shared, shared]), [shared, shared]);
});

Deno.test("what throws while it is read is told in its place", () => {
  const thrower = {
    good: 1,
    get bad(): never {
      throw new Error("Not now");
    },
    get worse(): never {
      throw 7;
    },
    get worst(): never {
      throw Object.defineProperty(new Error(), "message", {
        get: () => {
          throw new Error("no message either");
        },
      });
    },
  };
  assertEquals(valueOf(thrower), {
    good: 1,
    bad: "[Thrown: Not now]",
    worse: "[Thrown: number]",
    worst: "[Thrown: an error that cannot be read]",
  });
  const json = {
    toJSON: () => {
      throw new Error("Not as JSON");
    },
  };
  assertEquals(valueOf(json), "[Thrown: Not as JSON]");
});

Deno.test("a revoked proxy is told, also in the place of the context", () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  assertMatch(String(valueOf(proxy)), /^\[Thrown: .*revoked.*\]$/);
  assertMatch(String(logged(proxy).context["value"]), /^\[Thrown: .*revoked/);
  assertMatch(errorOf(proxy).message, /^\[Thrown: .*revoked/);
});

Deno.test("a context that is no object appears as a value", () => {
  assertEquals(logged("text").context, { value: "text" });
  assertEquals(logged([1]).context, { value: [1] });
  assertEquals(logged(null).context, {});
});

Deno.test("a message that is no string is written as JSON", () => {
  const { hub, records } = record();
  const logger = hub.getLogger("a");
  const messages: unknown[] = [7, { a: 1n }, undefined, null, Symbol("s")];
  for (const message of messages) logger.info(message as string);
  assertEquals(
    records.map((record) => record.message),
    ["7", '{"a":"1n"}', "undefined", "null", "Symbol(s)"],
  );
});

Deno.test("a key cannot set a prototype", () => {
  const context = JSON.parse('{"__proto__":{"admin":true},"a":1}');
  const copy = logged(context).context;
  assertEquals(copy, { "[__proto__]": { admin: true }, a: 1 });
  assertEquals(Object.getPrototypeOf(copy), Object.prototype);
  const map = logged(new Map([["__proto__", { admin: true }]])).context;
  assertEquals(Object.keys(map), ["[__proto__]"]);
});

Deno.test("a record is frozen all the way down", () => {
  const result = logged({ a: [{ b: 1 }] }, new Error("x", { cause: "y" }));
  const assertFrozen = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    assert(Object.isFrozen(value), JSON.stringify(value));
    Object.values(value).forEach(assertFrozen);
  };
  assertFrozen(result);
});

Deno.test("a long text is cut, never inside a surrogate pair", () => {
  const value = String(valueOf("a" + "😀".repeat(5000)));
  assertMatch(value, /😀… \[\d+ more characters\]$/u);
  assert(value.isWellFormed());
  assert(value.length < 8300);
  const { hub, records } = record();
  hub.getLogger("a").info("m".repeat(1_000_000));
  assertStringIncludes(records[0]?.message ?? "", "[991808 more characters]");
});

Deno.test("a list, an object and a map are cut after 100 entries", () => {
  const list = valueOf(new Array(1_000_000).fill(1));
  assert(Array.isArray(list));
  assertEquals(list.length, 101);
  assertEquals(list.at(-1), "[999900 more]");

  const keys = Array.from({ length: 150 }, (_, index) => `key${index}`);
  const entries = keys.map((key) => [key, 1] as const);
  for (const value of [Object.fromEntries(entries), new Map(entries)]) {
    const object = valueOf(value);
    assert(typeof object === "object" && object !== null);
    assertEquals(Object.keys(object).length, 101);
    assertEquals(Object.entries(object).at(-1), ["…", "[50 more]"]);
  }
});

Deno.test("an object is cut at the eighth level", () => {
  let value: unknown = "bottom";
  for (let depth = 0; depth < 20; depth++) value = { in: value };
  const text = JSON.stringify(logged({ value }).context);
  assertEquals(text.match(/"in"/g)?.length, 7);
  assertStringIncludes(text, "[Too deep]");
});

Deno.test("a record stays small however much it refers to", () => {
  // 100 to the power of 7 values if it were written out.
  let value: unknown = "x".repeat(1000);
  for (let depth = 0; depth < 7; depth++) value = new Array(100).fill(value);
  const text = JSON.stringify(logged({ value }));
  assert(text.length < 200_000, `${text.length} characters`);
});

Deno.test("an error keeps name, message, code, stack, details and cause", () => {
  const cause = Object.assign(new TypeError("Port is a string"), {
    errno: -98,
    path: "/tmp/x",
    retry: () => {},
    request: { headers: { authorization: "secret" } },
  });
  const error = errorOf(
    new DistflowError("ALIAS_TAKEN", "Cannot register", {
      cause,
      details: { alias: "worker", pid: 12 },
    }),
  );
  const { stack, cause: loggedCause, ...rest } = error;
  assertEquals(rest, {
    name: "DistflowError",
    message: "Cannot register",
    code: "ALIAS_TAKEN",
    details: { alias: "worker", pid: 12 },
  });
  assertMatch(stack ?? "", /snapshot_test|\.m?js/);
  assertEquals(loggedCause?.name, "TypeError");
  assertEquals(loggedCause?.details, { errno: -98, path: "/tmp/x" });
});

Deno.test("an error inside the context is written like one", () => {
  const value = valueOf({ reason: new RangeError("Too big") });
  const { reason } = value as { reason: LoggedError };
  assertEquals([reason.name, reason.message], ["RangeError", "Too big"]);
});

Deno.test("an error in the place of the context is taken as the error", () => {
  const result = logged(new RangeError("Too big"));
  assertEquals(result.error?.message, "Too big");
  assertEquals(result.context, {});
});

Deno.test("an error of another realm is an error, too", () => {
  const foreign: unknown = runInNewContext('new TypeError("From afar")');
  assertEquals(foreign instanceof Error, false);
  const error = errorOf(foreign);
  assertEquals([error.name, error.message], ["TypeError", "From afar"]);
});

Deno.test("a chain of causes is cut at a cycle and at the eighth error", () => {
  const cyclic: Error = new Error("a", { cause: new Error("b") });
  (cyclic.cause as Error).cause = cyclic;
  assertEquals(errorOf(cyclic).cause?.cause, {
    name: "NonError",
    message: "[Circular]",
  });

  let long = new Error("0");
  for (let index = 1; index < 50; index++) {
    long = new Error(`${index}`, { cause: long });
  }
  const messages: string[] = [];
  let error: LoggedError | undefined = errorOf(long);
  for (; error !== undefined; error = error.cause) messages.push(error.message);
  assertEquals(messages, [
    ...["49", "48", "47", "46", "45", "44", "43", "42"],
    "[Too deep]",
  ]);
});

Deno.test("an AggregateError tells its errors, at most ten", () => {
  const errors = Array.from(
    { length: 12 },
    (_, index) => new Error(`${index}`),
  );
  const error = errorOf(new AggregateError(errors, "All failed"));
  assertEquals(error.errors?.length, 11);
  assertEquals(error.errors?.[9]?.message, "9");
  assertEquals(error.errors?.[10]?.message, "[2 more]");
});

Deno.test("what was thrown without being an error is told as text", () => {
  const cases: [unknown, string][] = [
    ["boom", "boom"],
    [7, "7"],
    [null, "null"],
    [{ status: 500 }, '{"status":500}'],
    [() => {}, "[Function]"],
  ];
  for (const [thrown, message] of cases) {
    assertEquals(errorOf(thrown), { name: "NonError", message });
  }
  assertEquals(logged({}, undefined).error, undefined);
});

Deno.test("an error whose fields throw is still told", () => {
  const fail = (): never => {
    throw new Error("unreadable");
  };
  const error = new Error("x");
  // The stack first: V8 may format it, and so read the name, on redefinition.
  for (const key of ["stack", "name", "message", "code", "cause", "errors"]) {
    Object.defineProperty(error, key, { get: fail });
  }
  const result = errorOf(error);
  assertEquals(result.message, "[Thrown: unreadable]");
  assertEquals(result.cause, {
    name: "NonError",
    message: "[Thrown: unreadable]",
  });
});
