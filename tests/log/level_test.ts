import { assertEquals, assertThrows } from "@std/assert";
import {
  LoggerHub,
  type LogLevel,
  type LogLevels,
  silentLogger,
} from "../../src/log/mod.ts";
import { record } from "./recording.ts";

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

function enabled(level: LogLevels, name: string): LogLevel[] {
  const logger = new LoggerHub({ level, transports: [] }).getLogger(name);
  return LEVELS.filter((candidate) => logger.isEnabled(candidate));
}

Deno.test("a threshold lets its own level and those above through", () => {
  assertEquals(enabled("debug", "a"), ["debug", "info", "warn", "error"]);
  assertEquals(enabled("info", "a"), ["info", "warn", "error"]);
  assertEquals(enabled("warn", "a"), ["warn", "error"]);
  assertEquals(enabled("error", "a"), ["error"]);
  assertEquals(enabled("silent", "a"), []);
});

Deno.test("what isEnabled denies is not written, what it grants is", () => {
  for (const level of ["debug", "info", "warn", "error", "silent"] as const) {
    const { hub, records } = record({ level });
    const logger = hub.getLogger("a");
    for (const each of LEVELS) logger[each](each);
    assertEquals(
      records.map((record) => record.level),
      LEVELS.filter((each) => logger.isEnabled(each)),
    );
  }
});

Deno.test("a disabled level reads neither the context nor the clock", () => {
  const hub = new LoggerHub({
    level: "info",
    clock: {
      wallMs: () => {
        throw new Error("the clock was asked");
      },
    },
  });
  const context = {
    get costly(): never {
      throw new Error("the context was read");
    },
  };
  hub.getLogger("a").debug("nothing", context);
  assertEquals(hub.undeliveredCount, 0);
});

Deno.test("a name covers the names below it, and the longest one wins", () => {
  const level: LogLevels = {
    "*": "error",
    "distflow": "warn",
    "distflow.pmd": "debug",
    "distflow.pmd.lease": "silent",
  };
  assertEquals(enabled(level, "shop").at(0), "error");
  assertEquals(enabled(level, "distflow").at(0), "warn");
  assertEquals(enabled(level, "distflow.node").at(0), "warn");
  assertEquals(enabled(level, "distflow.pmd").at(0), "debug");
  assertEquals(enabled(level, "distflow.pmd.registry.x").at(0), "debug");
  assertEquals(enabled(level, "distflow.pmd.lease.x"), []);
});

Deno.test("a name covers no name that only begins with the same letters", () => {
  assertEquals(enabled({ "distflow": "debug" }, "distflower").at(0), "warn");
});

Deno.test("names that no rule covers have the threshold warn", () => {
  assertEquals(enabled({ "shop": "debug" }, "other").at(0), "warn");
  assertEquals(enabled({}, "other").at(0), "warn");
});

Deno.test("names of object methods are no rules", () => {
  for (const name of ["constructor", "__proto__", "toString", "__proto__.a"]) {
    assertEquals(enabled({ "*": "info", "a": "debug" }, name).at(0), "info");
  }
});

Deno.test("a level that does not exist is refused by name", () => {
  assertThrows(
    () => new LoggerHub({ level: "loud" as "info" }),
    TypeError,
    `Cannot configure the logger as 'level' must be one of "debug", "info", "warn", "error", "silent": current value is "loud"`,
  );
  assertThrows(
    () => new LoggerHub({ level: { "distflow.pmd": "loud" as "info" } }),
    TypeError,
    `'level["distflow.pmd"]' must be one of`,
  );
});

Deno.test("the silent logger and its children are never enabled", () => {
  const child = silentLogger.child({ a: 1 });
  for (const level of LEVELS) {
    assertEquals(silentLogger.isEnabled(level), false);
    assertEquals(child.isEnabled(level), false);
    child[level]("nothing", {}, new Error("nothing"));
  }
});
