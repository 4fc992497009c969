import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  configureLogger,
  createTransport,
  getLogger,
  type LoggerOptions,
  type LogRecord,
} from "../../src/log/mod.ts";

/** Configures the program's loggers for one test, then as at the start. */
function withLogger(
  options: LoggerOptions,
  body: (records: LogRecord[]) => void,
): void {
  const records: LogRecord[] = [];
  try {
    configureLogger({
      clock: { wallMs: () => 1000 },
      transports: [createTransport((record) => records.push(record))],
      ...options,
    });
    body(records);
  } finally {
    configureLogger({});
  }
}

Deno.test("before any configuration only warnings and errors are let through", () => {
  const logger = getLogger("distflow.node");
  assert(!logger.isEnabled("info"));
  assert(logger.isEnabled("warn"));
});

Deno.test("configureLogger decides about loggers made before and after", () => {
  const before = getLogger("before");
  withLogger({ level: "info" }, (records) => {
    before.info("one");
    getLogger("after").child({ a: 1 }).info("two");
    getLogger("after").debug("not let through");
    assertEquals(records.map((record) => record.name), ["before", "after"]);
  });
  assert(!before.isEnabled("info"));
});

Deno.test("configureLogger replaces the configuration as a whole", () => {
  withLogger({ level: "debug", name: "shop" }, (records) => {
    const logger = getLogger();
    logger.warn("one");
    configureLogger({
      transports: [createTransport((record) => records.push(record))],
      clock: { wallMs: () => 1000 },
    });
    assert(!logger.isEnabled("info"));
    logger.warn("two");
    assertEquals(records.map((record) => record.name), ["shop", "app"]);
  });
});

Deno.test("configureLogger returns the hub that counts what was not taken", () => {
  withLogger({}, () => {
    const hub = configureLogger({
      clock: { wallMs: () => 1000 },
      writeError: () => {},
      transports: [createTransport(() => {
        throw new Error("Disk full");
      })],
    });
    const countBefore = hub.undeliveredCount;
    getLogger("a").error("x");
    assertEquals(hub.undeliveredCount, countBefore + 1);
  });
});

Deno.test("configureLogger refuses what it does not know", () => {
  assertThrows(
    () => configureLogger({ level: "verbose" as "debug" }),
    TypeError,
    "Cannot configure the logger as 'level'",
  );
});
