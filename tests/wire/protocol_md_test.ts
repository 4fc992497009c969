// Keeps PROTOCOL.md true: its examples, its numbers and its list of codes.
import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { isRecord } from "../../src/base/json.ts";
import { HEARTBEAT_MS, LEASE_MS } from "../../src/pmd/options.ts";
import { fromWireFailure, WIRE_CODES } from "../../src/wire/failure.ts";
import { ALIAS_PATTERN, NODE_ID_PATTERN } from "../../src/wire/fields.ts";
import { decodeHello } from "../../src/wire/hello.ts";
import { parseJson } from "../../src/wire/json_text.ts";
import {
  BATCH_UNITS,
  CLOSE_TIMEOUT_MS,
  FRAME_BYTES_CAP,
  FRAME_BYTES_DEFAULT,
  FRAME_BYTES_MIN,
  HELLO_BYTES_MAX,
  HELLO_TIMEOUT_MS,
  JSON_DEPTH_MAX,
} from "../../src/wire/limits.ts";
import { decodeNodeControl } from "../../src/wire/node_messages.ts";
import {
  decodePmdMessage,
  decodePmdRequest,
  NODES_MAX,
} from "../../src/wire/pmd_messages.ts";
import { readGolden } from "./support/golden.ts";

const TEXT = readFileSync(
  new URL("../../src/wire/PROTOCOL.md", import.meta.url),
  "utf8",
);

interface Example {
  readonly kind: string;
  readonly value: unknown;
}

function examples(): Example[] {
  const fences = TEXT.matchAll(/^```json(?: ([\w-]+))?\n(.*?)^```$/gms);
  return [...fences].map(([, kind = "", text = ""]) => ({
    kind,
    value: parseJson(text),
  }));
}

/** What our decoders make of an example; the kinds are the marks in the text. */
const DECODERS: Readonly<Record<string, (value: unknown) => unknown>> = {
  "hello-pmd": (value) => ({
    type: "hello",
    ...decodeHello(value, "distflow-pmd"),
  }),
  "hello-node": (value) => ({
    type: "hello",
    ...decodeHello(value, "distflow-node"),
  }),
  request(value) {
    const { id, request } = decodePmdRequest(value);
    return { id, ...request };
  },
  answer: decodePmdMessage,
  control(value) {
    assert(isRecord(value));
    return decodeNodeControl(value);
  },
  close(value) {
    assert(isRecord(value));
    const { code, details } = fromWireFailure(value.code, value.details);
    return { type: "close", code, details };
  },
  batch(value) {
    assert(Array.isArray(value));
    return value;
  },
};

Deno.test("each example in PROTOCOL.md decodes to exactly what it shows", () => {
  const found = examples();
  assert(found.length >= 20, `${found.length} examples`);
  for (const { kind, value } of found) {
    const decode = DECODERS[kind];
    assert(decode !== undefined, `an example without a kind: "${kind}"`);
    assertEquals(decode(value), value);
  }
});

Deno.test("PROTOCOL.md has an example of every request, answer and event", () => {
  const typesOf = (values: readonly unknown[]): Set<unknown> =>
    new Set(values.map((value) => isRecord(value) ? value.type : undefined));
  const shown = typesOf(examples().map(({ value }) => value));
  for (const file of ["pmd_requests", "pmd_conversation", "control"]) {
    const sent = typesOf(readGolden(file).map(({ json }) => json));
    sent.delete("no-such-request");
    for (const type of sent) assert(shown.has(type), `${type} is missing`);
  }
});

Deno.test("the limits in PROTOCOL.md are those of the code", () => {
  const limits: readonly (readonly [string, number])[] = [
    ["body of a hello", HELLO_BYTES_MAX],
    ["`frameBytesMax`, least", FRAME_BYTES_MIN],
    ["`frameBytesMax`, default of a node", FRAME_BYTES_DEFAULT],
    ["`frameBytesMax`, greatest", FRAME_BYTES_CAP],
    ["levels of nesting", JSON_DEPTH_MAX],
    ["wait for a hello, ms", HELLO_TIMEOUT_MS],
    ["stillness of an ending connection, ms", CLOSE_TIMEOUT_MS],
    ["nodes of a PMD", NODES_MAX],
    ["lease of a registration, ms", LEASE_MS],
    ["heartbeat of a registration, ms", HEARTBEAT_MS],
    ["joined messages in one frame, UTF-16 units", BATCH_UNITS],
  ];
  for (const [name, value] of limits) {
    const row = TEXT.split("\n").find((line) => line.startsWith(`| ${name} `));
    assertEquals(row?.split("|")[2]?.trim(), String(value), name);
  }
});

Deno.test("PROTOCOL.md names each code that crosses the wire, and no other", () => {
  const section = TEXT.slice(TEXT.indexOf("## 9."), TEXT.indexOf("## 10."));
  const rows = section.matchAll(/^\| `([A-Z_]+)` +\|/gm);
  assertEquals(
    [...rows].map(([, code]) => code),
    [...WIRE_CODES].sort(),
  );
});

Deno.test("the pattern of names in PROTOCOL.md is that of the code", () => {
  assert(TEXT.includes(`\`${ALIAS_PATTERN.source}\``));
  assertEquals(ALIAS_PATTERN.source, NODE_ID_PATTERN.source);
});
