import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  createTransport,
  LoggerHub,
  type LoggerOptions,
  type LogRecord,
} from "../../src/log/mod.ts";
import { record } from "./recording.ts";

Deno.test("a record holds time, level, name, message and context", () => {
  const { hub, records } = record();
  hub.getLogger("shop.till").info("Paid", { cents: 250 });
  assertEquals(records, [{
    time: 1000,
    level: "info",
    name: "shop.till",
    message: "Paid",
    context: { cents: 250 },
  }]);
});

Deno.test("a record without a context has an empty one", () => {
  const { hub, records } = record();
  hub.getLogger("a").info("Here");
  assertEquals(records[0]?.context, {});
});

Deno.test("each record is stamped with the time of its call", () => {
  let timeMs = 5;
  const { hub, records } = record({ clock: { wallMs: () => timeMs } });
  hub.getLogger("a").info("first");
  timeMs = 6;
  hub.getLogger("a").info("second");
  assertEquals(records.map((record) => record.time), [5, 6]);
});

Deno.test("a child adds its context, and the call's own values win", () => {
  const { hub, records } = record();
  const child = hub.getLogger("a").child({ peer: "x", attempt: 0 });
  child.child({ link: 7 }).info("Dialled", { attempt: 2 });
  child.info("Idle");
  assertEquals(records.map((record) => record.context), [
    { peer: "x", attempt: 2, link: 7 },
    { peer: "x", attempt: 0 },
  ]);
  assertEquals(records.map((record) => record.name), ["a", "a"]);
});

Deno.test("a child's values are those at the time it was made", () => {
  const { hub, records } = record();
  const state = { count: 1 };
  const child = hub.getLogger("a").child({ state });
  state.count = 2;
  child.info("Here");
  assertEquals(records[0]?.context, { state: { count: 1 } });
});

Deno.test("what the caller changes after the call does not show", () => {
  const { hub, records } = record();
  const context = { list: [1] };
  hub.getLogger("a").info("Here", context);
  context.list.push(2);
  assertEquals(records[0]?.context, { list: [1] });
});

Deno.test("a logger without a name has that of the configuration", () => {
  const { hub, records } = record({ name: "shop", level: { shop: "info" } });
  const logger = hub.getLogger();
  logger.debug("not for shop");
  logger.info("Open");
  assertEquals(records.map((record) => record.name), ["shop"]);
});

Deno.test("a new configuration holds for the loggers that exist", () => {
  const { hub, records } = record({ level: "error" });
  const logger = hub.getLogger();
  const child = logger.child({ a: 1 });
  child.info("too quiet to be heard");

  const later: LogRecord[] = [];
  hub.configure({
    level: "info",
    name: "late",
    clock: { wallMs: () => 2000 },
    transports: [createTransport((record) => later.push(record))],
  });
  child.info("Heard");
  logger.debug("too quiet to be heard");
  assertEquals(records, []);
  assertEquals(later, [{
    time: 2000,
    level: "info",
    name: "late",
    message: "Heard",
    context: { a: 1 },
  }]);
});

Deno.test("an option that is left out returns to its default", () => {
  const { hub } = record({ level: "debug" });
  hub.configure({ transports: [] });
  assert(!hub.getLogger("a").isEnabled("info"));
  assert(hub.getLogger("a").isEnabled("warn"));
});

Deno.test("by default warnings and errors go to standard error as text", () => {
  let output = "";
  const hub = new LoggerHub({
    clock: { wallMs: () => 0 },
    writeError: (text) => output += text,
  });
  const logger = hub.getLogger("a");
  logger.info("not shown");
  logger.warn("Low", { left: 1 });
  logger.error("Out");
  assertEquals(
    output,
    "1970-01-01T00:00:00.000Z WARN  a              Low  left=1\n" +
      "1970-01-01T00:00:00.000Z ERROR a              Out\n",
  );
});

Deno.test("without prettyPrint a record is one line of JSON", () => {
  let output = "";
  const hub = new LoggerHub({
    prettyPrint: false,
    clock: { wallMs: () => 0 },
    writeError: (text) => output += text,
  });
  hub.getLogger("a").warn("Low\nlevel");
  assertEquals(
    output,
    '{"time":0,"level":"warn","name":"a","message":"Low\\nlevel","context":{}}\n',
  );
});

Deno.test("two hubs do not notice each other", () => {
  const quiet = record({ level: "silent" });
  const loud = record();
  quiet.hub.getLogger("a").error("lost");
  loud.hub.getLogger("a").debug("kept");
  assertEquals(quiet.records, []);
  assertEquals(loud.records.length, 1);
});

Deno.test("configuration that is refused leaves the old one in force", () => {
  const { hub, records } = record();
  const refused: [unknown, string][] = [
    [{ level: 3 }, "'level'"],
    [{ name: "" }, "'name'"],
    [{ name: "x".repeat(257) }, "'name'"],
    [{ transports: "stderr" }, "'transports' must be a list"],
    [{ transports: [{}] }, "'transports[0]' must have a method 'write'"],
    [{ transports: [null] }, "'transports[0]'"],
    [
      { transports: [{ write: () => {}, level: "loud" }] },
      "'transports[0].level'",
    ],
  ];
  for (const [options, message] of refused) {
    assertThrows(
      () => hub.configure(options as LoggerOptions),
      TypeError,
      message,
    );
  }
  hub.getLogger("a").debug("Still here");
  assertEquals(records.length, 1);
});

Deno.test("a logger's name is 1 to 256 characters", () => {
  const { hub } = record();
  hub.getLogger("x".repeat(256));
  for (const name of ["", "x".repeat(257), 7 as unknown as string]) {
    assertThrows(() => hub.getLogger(name), TypeError, "Cannot get a logger");
  }
});
