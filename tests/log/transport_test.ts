import {
  assert,
  assertEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  createTransport,
  type Logger,
  LoggerHub,
  type LogRecord,
  type LogTransport,
} from "../../src/log/mod.ts";
import { record } from "./recording.ts";

Deno.test("every transport gets the same record, in the order of the calls", () => {
  const first: LogRecord[] = [];
  const second: LogRecord[] = [];
  const { hub } = record({
    transports: [
      createTransport((record) => first.push(record)),
      createTransport((record) => second.push(record)),
    ],
  });
  const logger = hub.getLogger("a");
  logger.info("one");
  logger.info("two");
  assertEquals(first.map((record) => record.message), ["one", "two"]);
  assertEquals(first.length, second.length);
  assert(first.every((record, index) => record === second[index]));
});

Deno.test("a transport with a level gets only what matters to it", () => {
  const errors: string[] = [];
  const all: string[] = [];
  const { hub } = record({
    transports: [
      createTransport((record) => errors.push(record.level), {
        level: "error",
      }),
      createTransport((record) => all.push(record.level)),
      createTransport(() => assert(false), { level: "silent" }),
    ],
  });
  const logger = hub.getLogger("a");
  logger.debug("x");
  logger.warn("x");
  logger.error("x");
  assertEquals(errors, ["error"]);
  assertEquals(all, ["debug", "warn", "error"]);
});

Deno.test("an object with a write method is a transport", () => {
  class Counting implements LogTransport {
    readonly level = "info";
    count = 0;
    write(): void {
      this.count++;
    }
  }
  const counting = new Counting();
  const { hub } = record({ transports: [counting] });
  hub.getLogger("a").info("x");
  hub.getLogger("a").debug("x");
  assertEquals(counting.count, 1);
});

Deno.test("values are read once, however many transports ask for the text", () => {
  let readCount = 0;
  const texts: string[] = [];
  const keep = createTransport((_record, format) => texts.push(format()));
  const { hub } = record({ transports: [keep, keep] });
  hub.getLogger("a").info("x", {
    get value() {
      return ++readCount;
    },
  });
  assertEquals(texts.length, 2);
  assertEquals(texts[0], texts[1]);
  assertEquals(readCount, 1);
});

Deno.test("a transport cannot change what the next one gets", () => {
  const { hub, errors } = record();
  const seen: LogRecord[] = [];
  hub.configure({
    level: "debug",
    clock: { wallMs: () => 1000 },
    writeError: (text) => errors.push(text),
    transports: [
      createTransport((record) => {
        Object.assign(record.context, { list: [], forged: true });
      }),
      createTransport((record) => {
        (record.context["list"] as unknown[]).push(3);
      }),
      createTransport((record) => seen.push(record)),
    ],
  });
  hub.getLogger("a").info("x", { list: [1, 2] });
  assertEquals(seen.map((record) => record.context), [{ list: [1, 2] }]);
  assertEquals(hub.undeliveredCount, 2);
});

Deno.test("a transport that throws hurts neither the caller nor the others", () => {
  const kept: string[] = [];
  const { hub, errors } = record({
    transports: [
      createTransport(() => {
        throw new Error("Disk full");
      }),
      createTransport((record) => kept.push(record.message)),
    ],
  });
  const logger = hub.getLogger("a");
  for (const message of ["one", "two", "three"]) logger.info(message);

  assertEquals(kept, ["one", "two", "three"]);
  assertEquals(hub.undeliveredCount, 3);
  assertEquals(errors.length, 1, "the failure is reported once");
  assertStringIncludes(
    errors[0] ?? "",
    "ERROR distflow.log   A log transport failed; from now on it is only counted  transport=0\n    Error: Disk full\n",
  );
});

Deno.test("each failing transport is reported, in the form of the hub", () => {
  const failing = (message: string) =>
    createTransport(() => {
      throw new Error(message);
    });
  const { hub, errors } = record({
    prettyPrint: false,
    transports: [failing("first"), failing("second")],
  });
  hub.getLogger("a").info("x");
  hub.getLogger("a").info("y");
  const reports = errors.map((text) => JSON.parse(text));
  assertEquals(reports.map((report) => report.context), [
    { transport: 0 },
    { transport: 1 },
  ]);
  assertEquals(reports.map((report) => report.error.message), [
    "first",
    "second",
  ]);
  assertEquals(hub.undeliveredCount, 4);
});

Deno.test("a promise that rejects counts as a failure", async () => {
  const failure = Promise.reject(new Error("No route"));
  const { hub, errors } = record({
    transports: [createTransport(() => failure)],
  });
  hub.getLogger("a").info("x");
  await failure.catch(() => {});
  assertEquals(hub.undeliveredCount, 1);
  assertStringIncludes(errors.join(""), "Error: No route");
});

Deno.test("a default sink that fails is tried again with the next record", () => {
  let isBroken = true;
  let output = "";
  const hub = new LoggerHub({
    clock: { wallMs: () => 0 },
    writeError: (text) => {
      if (isBroken) throw new Error("EPIPE");
      output += text;
    },
  });
  hub.getLogger("a").error("lost");
  isBroken = false;
  hub.getLogger("a").error("seen");
  assertEquals(output.includes("lost"), false);
  assertStringIncludes(output, "seen\n");
  assertEquals(hub.undeliveredCount, 1);
});

Deno.test("a failure that could not be reported is reported the next time", () => {
  let isBroken = true;
  const { hub, errors } = record();
  hub.configure({
    writeError: (text) => {
      if (isBroken) throw new Error("EPIPE");
      errors.push(text);
    },
    transports: [createTransport(() => {
      throw new Error("Disk full");
    })],
  });
  const logger = hub.getLogger("a");
  logger.error("one");
  isBroken = false;
  logger.error("two");
  logger.error("three");
  assertEquals(errors.length, 1);
  assertStringIncludes(errors[0] ?? "", "Disk full");
});

Deno.test("a clock that fails costs the record and nothing else", () => {
  const { hub, records } = record({
    clock: {
      wallMs: () => {
        throw new Error("no time");
      },
    },
  });
  hub.getLogger("a").error("x");
  assertEquals(records, []);
  assertEquals(hub.undeliveredCount, 1);
});

Deno.test("what a transport logs goes to the others, not back to itself", () => {
  const seen: string[] = [];
  const { hub } = record({
    transports: [
      createTransport((record) => {
        seen.push(`first ${record.message}`);
        logger.info("sent");
      }),
      createTransport((record) => {
        seen.push(`second ${record.message}`);
        logger.info("stored");
      }),
    ],
  });
  const logger: Logger = hub.getLogger("a");
  logger.info("x");
  assertEquals(seen, [
    "first x",
    // While the first holds "x", its "sent" reaches the second only.
    "second sent",
    "second x",
    "first stored",
  ]);
  assert(hub.undeliveredCount > 0);
});

Deno.test("a getter that logs its own object ends", () => {
  const { hub, records } = record();
  const logger = hub.getLogger("a");
  const object = {
    get first(): string {
      logger.info("Somebody reads me", { object }, new Error("lost"));
      return "1";
    },
    get second(): string {
      logger.child({ object }).info("Somebody reads me too");
      return "2";
    },
  };
  logger.info("x", { object });
  assertEquals(records.map((record) => [record.message, record.context]), [
    ["Somebody reads me", {}],
    ["Somebody reads me too", {}],
    ["x", { object: { first: "1", second: "2" } }],
  ]);
});

Deno.test("a transport is made of a function and a level that exists", () => {
  assertThrows(
    () => createTransport("stderr" as unknown as () => void),
    TypeError,
    "Cannot create a log transport as 'write' must be a function",
  );
  assertThrows(
    () => createTransport(() => {}, { level: "loud" as "info" }),
    TypeError,
    "Cannot create a log transport as 'level' must be one of",
  );
});
