import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  formatRecordAsJson,
  formatRecordAsText,
  type LogRecord,
} from "../../src/log/mod.ts";
import { record } from "./recording.ts";

/** Values that generators seldom find, and that logging code meets one day. */
function oddValues(): unknown[] {
  const fail = (): never => {
    throw new Error("odd");
  };
  const failAlways = new Proxy({}, {
    get: fail,
    has: fail,
    ownKeys: fail,
    getPrototypeOf: fail,
    getOwnPropertyDescriptor: fail,
  });
  const revoked = Proxy.revocable(function () {}, {});
  revoked.revoke();
  const revokedList = Proxy.revocable([], {});
  revokedList.revoke();
  const endless: unknown = new Proxy({}, { get: () => endless });
  class EndlessMap extends Map<unknown, unknown> {
    override *keys(): MapIterator<unknown> {
      for (let index = 0;; index++) yield `${index}`;
    }
  }
  class BadList extends Array<unknown> {
    override get length(): number {
      return fail();
    }
    override set length(_value: number) {}
  }
  return [
    failAlways,
    revoked.proxy,
    revokedList.proxy,
    endless,
    new EndlessMap(),
    new BadList(),
    { toJSON: fail },
    { toJSON: () => failAlways },
    { toString: fail, valueOf: fail, [Symbol.toPrimitive]: fail },
    { toString: null },
    { constructor: null },
    {
      get constructor() {
        return fail();
      },
    },
    { name: "a", message: "b", stack: "c" },
    { then: fail },
    Object.create(null),
    Object.create(Date.prototype),
    Object.create(Map.prototype),
    Object.create(Error.prototype),
    Object.create(failAlways),
    Object.assign(new Error("x"), { message: Symbol("m"), stack: 7, code: {} }),
    Object.assign(new Error("x"), { cause: failAlways, errors: [failAlways] }),
    Object.defineProperty(() => {}, "name", { value: Symbol("name") }),
    Object.defineProperty(() => {}, "name", { get: fail }),
    Object.defineProperty(new Date(), "getTime", { get: fail }),
    globalThis,
    function* () {},
    async () => {},
    new (class extends Error {
      override get message(): string {
        return fail();
      }
    })(),
    new Array(4_294_967_295),
    new Array(100).fill(new Array(100).fill(new Array(100).fill({ a: 1 }))),
    Object(1n),
    Object("text"),
    Object(Symbol("s")),
    document(2000),
    "\ud800",
    "a".repeat(100_000) + "\ud83d",
    -0,
    1n << 1_000_000n,
    new Uint8Array(1_000_000),
    new SharedArrayBuffer(8),
    new WeakRef({}),
    new Intl.NumberFormat(),
  ];
}

/** An object nested `depth` levels deep. */
function document(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = { value };
  return value;
}

/** Logs it everywhere at once and checks what came out. */
function assertLogs(value: unknown): void {
  const { hub, records, texts } = record();
  const logger = hub.getLogger("a");
  const context = value as Record<string, unknown>;
  logger.info("as a context", context);
  logger.info("as a value", {
    value,
    list: [value],
    map: new Map([["k", value]]),
  });
  logger.info("as an error", {}, value);
  logger.info("as a cause", {}, new Error("x", { cause: value }));
  logger.info(value as string);
  logger.child(context).child({ value }).info("as a child's context");

  assertEquals(hub.undeliveredCount, 0);
  assertEquals(records.length, 6);
  assertEquals(texts.length, 6);
  for (const record of records) assertIsSafe(record);
}

function assertIsSafe(record: LogRecord): void {
  const line = formatRecordAsJson(record);
  assert(!line.includes("\n"));
  assert(line.length < 1_000_000, `${line.length} characters`);
  assertEquals(JSON.parse(line), record);
  const [head = "", ...rest] = formatRecordAsText(record).split("\n");
  assert(head.startsWith("1970-01-01T00:00:01.000Z INFO  a "), head);
  assert(rest.every((line) => line.startsWith("    ")), rest.join("\n"));
}

Deno.test("logging an odd value never throws and gives a safe record", () => {
  for (const value of oddValues()) assertLogs(value);
});

Deno.test("logging any value never throws and gives a safe record", () => {
  const anything = fc.anything({
    withBigInt: true,
    withBoxedValues: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withNullPrototype: true,
    withObjectString: true,
    withSparseArray: true,
    withTypedArray: true,
    key: fc.string({ unit: "binary" }),
    maxDepth: 4,
  });
  fc.assert(fc.property(anything, assertLogs), { numRuns: 300 });
});

Deno.test("any text, however hostile, stays on its line", () => {
  const text = fc.string({ unit: "binary", maxLength: 40 });
  fc.assert(
    fc.property(text, text, text, (message, key, value) => {
      const { hub, records } = record();
      const error = new Error(message, { cause: value });
      hub.getLogger("a").info(message, { [key]: value }, error);
      for (const record of records) assertIsSafe(record);
      assertEquals(records.length, 1);
    }),
    { numRuns: 500 },
  );
});

Deno.test("running out of stack while logging leaves the logger working", () => {
  const { hub, records, texts } = record();
  const logger = hub.getLogger("a");
  const descendLogging = (depth: number): void => {
    try {
      descendLogging(depth + 1);
    } finally {
      // Each of the last calls has a little more room than the one below it.
      if (depth % 10 === 0) {
        logger.info("deep", { a: { b: [1, 2] } });
      }
    }
  };
  assertThrows(() => descendLogging(0), RangeError);

  logger.info("after", { a: { b: [1, 2] } });
  assertEquals(records.at(-1)?.message, "after");
  assertEquals(records.at(-1)?.context, { a: { b: [1, 2] } });
  assert(texts.at(-1)?.includes("after"));
});
