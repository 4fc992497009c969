import { assert, assertEquals, assertFalse, assertMatch } from "@std/assert";
import {
  formatRecordAsJson,
  formatRecordAsText,
  type LogRecord,
} from "../../src/log/mod.ts";

const RECORD: LogRecord = {
  time: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
  level: "warn",
  name: "distflow.node",
  message: "Lost the PMD",
  context: {},
};

/** Each would begin a line, move the cursor, or turn text around. */
const HOSTILE = [
  ..."\n\r\t\v\f\0\b\u001b\u007f\u0085\u009b\u2028\u2029",
  ..."\u202a\u202e\u2066\u2069\u200e\u200f\u061c",
  "\ud800",
  "\udc00",
];

function text(changes: Partial<LogRecord>): string {
  return formatRecordAsText({ ...RECORD, ...changes });
}

function fields(context: LogRecord["context"]): string {
  return text({ context }).split("  ").at(-1) ?? "";
}

Deno.test("text is time, level, name, message and context in columns", () => {
  assertEquals(
    text({ context: { delayMs: 200, peer: "worker@10.0.0.1:4369" } }),
    "2026-01-02T03:04:05.006Z WARN  distflow.node  Lost the PMD  delayMs=200 peer=worker@10.0.0.1:4369",
  );
  assertEquals(
    text({ level: "error", name: "a.rather.long.name" }),
    "2026-01-02T03:04:05.006Z ERROR a.rather.long.name Lost the PMD",
  );
});

Deno.test("text that could be taken for something else is quoted", () => {
  assertEquals(fields({ a: 1, b: "1" }), 'a=1 b="1"');
  assertEquals(fields({ a: null, b: "null" }), 'a=null b="null"');
  assertEquals(fields({ a: true, b: "true" }), 'a=true b="true"');
  assertEquals(fields({ a: "", b: "b c" }), 'a="" b="b c"');
  assertEquals(fields({ a: "b=c" }), 'a="b=c"');
  assertEquals(fields({ a: 'say "hi"' }), 'a="say \\"hi\\""');
  assertEquals(fields({ "a b": "Grüße" }), '"a b"=Grüße');
  assertEquals(fields({ a: [1, { b: "c" }] }), 'a=[1,{"b":"c"}]');
});

Deno.test("an error follows on indented lines, with its stack and causes", () => {
  assertEquals(
    text({
      error: {
        name: "DistflowError",
        message: "Cannot send\nto worker",
        code: "PEER_NOT_FOUND",
        details: { alias: "worker" },
        stack:
          "Error: Cannot send\nto worker\n    at a (a.ts:1:2)\n    at b.ts",
        cause: {
          name: "AggregateError",
          message: "",
          stack: "AggregateError\n    at c.ts:1:2",
          errors: [{ name: "NonError", message: "7" }],
        },
      },
    }).split("\n").slice(1),
    [
      "    DistflowError [PEER_NOT_FOUND]: Cannot send\\nto worker  alias=worker",
      "      at a (a.ts:1:2)",
      "      at b.ts",
      "    Caused by AggregateError: ",
      "      at c.ts:1:2",
      "      With NonError: 7",
    ],
  );
});

Deno.test("the stack is shown of a real error, also one with many lines", () => {
  const { stack = "" } = new Error("one\n    at forged (x.ts:1:1)\nthree");
  const lines = text({
    error: {
      name: "Error",
      message: "one\n    at forged (x.ts:1:1)\nthree",
      stack,
    },
  }).split("\n");
  assertEquals(
    lines[1],
    "    Error: one\\n    at forged (x.ts:1:1)\\nthree",
  );
  assert(lines.length > 2);
  for (const line of lines.slice(2)) assertMatch(line, /^ {6}at /);
  assertFalse(lines.slice(2).join().includes("forged"));
});

Deno.test("nothing from outside begins a line of text or reaches a terminal", () => {
  for (const bad of HOSTILE) {
    const line = text({
      name: `a${bad}b`,
      message: `a${bad}b`,
      context: {
        [`a${bad}b`]: `a${bad}b`,
        list: [{ [bad]: bad }],
        x: `${bad}`,
      },
      error: {
        name: bad,
        message: bad,
        code: bad,
        details: { [bad]: bad },
        stack: `${bad}\n at a ${bad}`,
      },
    });
    const shown = line.split("\n");
    assertFalse(
      shown.join("").includes(bad) && bad !== "\n",
      JSON.stringify(bad),
    );
    assert(shown.slice(1).every((line) => line.startsWith("    ")));
    assert(line.isWellFormed());
  }
});

Deno.test("JSON is one line without hostile characters, and parses back", () => {
  for (const bad of HOSTILE) {
    const record: LogRecord = {
      ...RECORD,
      message: `a${bad}b`,
      context: { [`a${bad}b`]: [bad] },
      error: { name: "Error", message: bad, stack: bad },
    };
    const line = formatRecordAsJson(record);
    assertFalse(line.includes(bad), JSON.stringify(bad));
    assertEquals(JSON.parse(line), record);
  }
});

Deno.test("colours are added on request, and only around the text", () => {
  const record: LogRecord = {
    ...RECORD,
    context: { a: 1 },
    error: { name: "Error", message: "x\x1b[2J", stack: "Error\n at y" },
  };
  const colored = formatRecordAsText(record, { colors: true });
  assert(colored.includes("\x1b[33mWARN \x1b[0m"));
  assertEquals(
    // deno-lint-ignore no-control-regex
    colored.replaceAll(/\x1b\[\d+m/g, ""),
    formatRecordAsText(record),
  );
});

Deno.test("a time that is no date is shown as the number it is", () => {
  assertMatch(text({ time: NaN }), /^NaN WARN/);
  assertMatch(text({ time: 9e15 }), /^9000000000000000 WARN/);
});
