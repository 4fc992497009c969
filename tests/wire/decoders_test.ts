// What the decoders take from outside, and what they refuse: one line a rule.
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { DistflowError } from "../../src/base/errors.ts";
import type { JsonRecord } from "../../src/base/json.ts";
import {
  fromWireFailure,
  toWireFailure,
  WIRE_CODES,
  wireError,
} from "../../src/wire/failure.ts";
import { decodeHello } from "../../src/wire/hello.ts";
import { parseJson } from "../../src/wire/json_text.ts";
import { decodeNodeControl } from "../../src/wire/node_messages.ts";
import {
  decodePmdMessage,
  decodePmdRequest,
  encodePmdRequest,
  NODES_MAX,
  type PmdRequest,
} from "../../src/wire/pmd_messages.ts";

const NODE = {
  nodeId: "a-node",
  alias: "worker",
  host: "127.0.0.1",
  port: 40_001,
  incarnation: 1,
  pid: 7,
  runtime: "test/1.0.0",
};
const REGISTERED = { ...NODE, registeredAtMs: 5, heartbeatAgeMs: 6 };
const REGISTER = { id: 1, type: "register", node: NODE, attempt: 1 };
const HELLO = {
  type: "hello",
  protocol: "distflow-node",
  versions: [1],
  frameBytesMax: 1024 * 1024,
  runtime: "test/1.0.0",
  pid: 7,
  node: {
    nodeId: "a-node",
    incarnation: 1,
    alias: "worker",
    host: "127.0.0.1",
    port: 40_001,
  },
  link: { id: "l2", after: "l1" },
};
const STATUS = {
  pmdId: "p",
  pid: 1,
  runtime: "test/1.0.0",
  protocolVersion: 1,
  embedded: false,
  uptimeMs: 1,
  nodeCount: 1,
  connectionCount: 1,
  watcherCount: 1,
  requestCount: 1,
  violationCount: 1,
};

const decodeNodeHello = (value: unknown) => decodeHello(value, "distflow-node");

type Decode = (value: unknown) => unknown;

/** Refused with `PROTOCOL_VIOLATION`, and with a reason that can be read. */
function refuse(decode: Decode, value: unknown): void {
  const error = assertThrows(
    () => decode(value),
    DistflowError,
    undefined,
    JSON.stringify(value)?.slice(0, 200),
  );
  assertEquals(error.code, "PROTOCOL_VIOLATION");
  const { reason } = error.details;
  assert(typeof reason === "string" && reason.length > 4);
}

/** Values of every type that JSON has, to stand where another one belongs. */
const TYPES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e300,
  2 ** 53,
  "",
  "a b",
  "\ud800",
  [],
  {},
];

/** A copy of `value` whose field at `path` is `field`, or is gone. */
function change(value: unknown, path: string, field: unknown): unknown {
  const copy = structuredClone(value) as Record<string, unknown>;
  const keys = path.split(".");
  const last = keys.pop() ?? "";
  let place = copy;
  for (const key of keys) place = place[key] as Record<string, unknown>;
  if (field === undefined) delete place[last];
  else place[last] = field;
  return copy;
}

/** What must be refused: the decoder, a good value, and each field's wrongs. */
const RULES: readonly (readonly [
  string,
  Decode,
  unknown,
  Readonly<
    Record<string, "name" | "token" | "text" | "integer" | "flag" | "other">
  >,
])[] = [
  ["a hello", decodeNodeHello, HELLO, {
    "type": "other",
    "versions": "other",
    "frameBytesMax": "integer",
    "runtime": "text",
    "pid": "integer",
    "node.nodeId": "name",
    "node.incarnation": "integer",
    "node.host": "token",
    "node.port": "integer",
    "link.id": "token",
  }],
  ["a register request", decodePmdRequest, REGISTER, {
    "id": "integer",
    "type": "other",
    "attempt": "integer",
    "node": "other",
    "node.nodeId": "name",
    "node.host": "token",
    "node.port": "integer",
    "node.incarnation": "integer",
    "node.pid": "integer",
    "node.runtime": "text",
  }],
  ["a resolve request", decodePmdRequest, {
    id: 1,
    type: "resolve",
    name: "worker",
  }, { id: "integer", name: "text" }],
  ["a shutdown request", decodePmdRequest, {
    id: 1,
    type: "shutdown",
    force: true,
  }, { id: "integer", force: "flag" }],
  ["a resolved answer", decodePmdMessage, {
    id: 1,
    type: "resolved",
    node: REGISTERED,
  }, {
    "id": "integer",
    "type": "other",
    "node": "other",
    "node.nodeId": "name",
    "node.registeredAtMs": "integer",
    "node.heartbeatAgeMs": "integer",
  }],
  ["a registered answer", decodePmdMessage, {
    id: 1,
    type: "registered",
    leaseMs: 15_000,
    heartbeatMs: 5000,
  }, { leaseMs: "integer", heartbeatMs: "integer" }],
  ["a join", decodePmdMessage, {
    type: "join",
    sequence: 1,
    node: REGISTERED,
  }, { "sequence": "integer", "node": "other", "node.host": "token" }],
  ["a leave", decodePmdMessage, {
    type: "leave",
    sequence: 1,
    nodeId: "a-node",
    incarnation: 1,
    reason: "expired",
  }, {
    sequence: "integer",
    nodeId: "name",
    incarnation: "integer",
    reason: "other",
  }],
  ["a status", decodePmdMessage, { id: 1, type: "status", status: STATUS }, {
    "status": "other",
    "status.pmdId": "token",
    "status.pid": "integer",
    "status.runtime": "text",
    "status.protocolVersion": "integer",
    "status.embedded": "flag",
    "status.uptimeMs": "integer",
    "status.nodeCount": "integer",
    "status.connectionCount": "integer",
    "status.watcherCount": "integer",
    "status.requestCount": "integer",
    "status.violationCount": "integer",
  }],
];

for (const [what, decode, good, fields] of RULES) {
  Deno.test(`${what} is read as it was written`, () => {
    const decoded = decode(structuredClone(good));
    const { id, request } = decoded as { id: number; request: PmdRequest };
    const flat = request === undefined ? decoded : { id, ...request };
    const expected = what === "a hello"
      ? { ...flat as object, type: "hello" }
      : flat;
    assertEquals(expected, good);
  });

  Deno.test(`${what} must have its fields, each of its type and range`, () => {
    for (const [path, kind] of Object.entries(fields)) {
      refuse(decode, change(good, path, undefined));
      for (const wrong of TYPES) {
        const isInteger = typeof wrong === "number" &&
          Number.isSafeInteger(wrong) && wrong >= 0;
        // Zero is a good number for some fields, any text for others.
        if (kind === "integer" && isInteger) continue;
        if (kind === "flag" && typeof wrong === "boolean") continue;
        if (kind === "text" && typeof wrong === "string" && wrong !== "") {
          continue;
        }
        // Whether a version is among them is not a question of form.
        if (path === "versions" && Array.isArray(wrong)) continue;
        refuse(decode, change(good, path, wrong));
      }
    }
  });

  Deno.test(`${what} may have fields that nobody knows`, () => {
    const more = {
      ...good as object,
      later: { deep: [1] },
      auth: { scheme: "token" },
      toString: "x",
      constructor: { prototype: 1 },
      hasOwnProperty: null,
    };
    assertEquals(decode(more), decode(good));
    const tricky = parseJson(
      JSON.stringify(good).replace("{", '{"__proto__":{"polluted":1},'),
    );
    assertEquals(decode(tricky), decode(good));
    assertEquals(({} as JsonRecord).polluted, undefined);
    assertEquals((decode(tricky) as JsonRecord).polluted, undefined);
  });
}

Deno.test("a field is not found in a prototype", () => {
  for (const [, decode, good, fields] of RULES) {
    for (const path of Object.keys(fields)) {
      if (path.includes(".")) continue;
      const text = JSON.stringify(change(good, path, undefined));
      const inherited = JSON.stringify({
        [path]: (good as JsonRecord)[path],
      });
      refuse(
        decode,
        parseJson(text.replace("{", `{"__proto__":${inherited},`)),
      );
    }
  }
});

Deno.test("what is no object is no message", () => {
  for (const value of [null, 1, "x", true, [], [[]], [{ type: "ping" }]]) {
    for (
      const decode of [decodeNodeHello, decodePmdRequest, decodePmdMessage]
    ) {
      refuse(decode, value);
    }
  }
});

Deno.test("an unknown verb is refused, however it is called", () => {
  const verbs = ["", "REGISTER", "toString", "__proto__", "constructor", 1, {}];
  for (const type of verbs) {
    refuse(decodePmdRequest, { id: 1, type });
    refuse(decodePmdMessage, { id: 1, type });
    refuse((value) => decodeNodeControl(value as JsonRecord), { type });
  }
});

Deno.test("names are short and plain", () => {
  const good = ["a", "0", "_x", "a.b-c_d", "A".repeat(128)];
  const bad = [
    "",
    ".a",
    "-a",
    "a b",
    "a/b",
    "a@b",
    "ä",
    "a\n",
    "A".repeat(129),
  ];
  for (const name of good) {
    decodePmdRequest(change(REGISTER, "node.nodeId", name));
    decodePmdRequest(change(REGISTER, "node.alias", name));
    decodeNodeHello(change(HELLO, "node.nodeId", name));
  }
  for (const name of bad) {
    refuse(decodePmdRequest, change(REGISTER, "node.nodeId", name));
    refuse(decodePmdRequest, change(REGISTER, "node.alias", name));
    refuse(decodeNodeHello, change(HELLO, "node.nodeId", name));
    refuse(decodeNodeHello, change(HELLO, "node.alias", name));
  }
});

Deno.test("an optional field may be absent, but it is not null", () => {
  decodePmdRequest(change(REGISTER, "node.alias", undefined));
  decodeNodeHello(change(HELLO, "link.after", undefined));
  decodeNodeHello(change(HELLO, "link", undefined));
  refuse(decodePmdRequest, change(REGISTER, "node.alias", null));
  refuse(decodeNodeHello, change(HELLO, "link.after", null));
  refuse(decodeNodeHello, change(HELLO, "node.alias", null));
  refuse(decodeNodeHello, { ...HELLO, pmdId: null });
});

Deno.test("a host is one word of printable ASCII", () => {
  const good = ["localhost", "10.0.0.1", "::1", "fe80::1%eth0", "a_b.example"];
  const bad = ["a b", 'a"b', "a\\b", "a\u001b[2J", "ä", "x".repeat(256), ""];
  for (const host of good) {
    decodePmdRequest(change(REGISTER, "node.host", host));
  }
  for (const host of bad) {
    refuse(decodePmdRequest, change(REGISTER, "node.host", host));
    refuse(decodeNodeHello, change(HELLO, "node.host", host));
  }
});

Deno.test("numbers keep to their bounds", () => {
  const bounds: [Decode, unknown, string, number[], number[]][] = [
    [decodePmdRequest, REGISTER, "id", [1, 2 ** 53 - 1], [0, 2 ** 53]],
    [decodePmdRequest, REGISTER, "attempt", [1], [0]],
    [decodePmdRequest, REGISTER, "node.port", [1, 65_535], [0, 65_536]],
    [decodePmdRequest, REGISTER, "node.incarnation", [0, 2 ** 53 - 1], [-1]],
    [decodePmdRequest, REGISTER, "node.pid", [0], [-1]],
    [
      decodeNodeHello,
      HELLO,
      "frameBytesMax",
      [256 * 1024, 16 * 1024 * 1024],
      [256 * 1024 - 1, 16 * 1024 * 1024 + 1],
    ],
  ];
  for (const [decode, value, path, good, bad] of bounds) {
    for (const number of good) decode(change(value, path, number));
    for (const number of bad) refuse(decode, change(value, path, number));
  }
});

Deno.test("a number is an integer by its value, not by how it is written", () => {
  const text = '{"id":1e0,"type":"resolve","name":"x"}';
  assertEquals(decodePmdRequest(parseJson(text)).id, 1);
  for (const id of ["1e400", "-1e400", "1.5", "1e-5", "-0.5"]) {
    refuse(decodePmdRequest, parseJson(text.replace("1e0", id)));
  }
});

Deno.test("no list is longer than a PMD can have nodes", () => {
  const list = (length: number) => ({
    id: 1,
    type: "nodes",
    nodes: Array<unknown>(length).fill(REGISTERED),
  });
  decodePmdMessage(list(NODES_MAX));
  refuse(decodePmdMessage, list(NODES_MAX + 1));
  refuse(decodePmdMessage, { ...list(NODES_MAX + 1), type: "snapshot" });
  refuse(decodePmdMessage, { id: 1, type: "nodes", nodes: [REGISTERED, null] });
});

Deno.test("the largest list of nodes fits the largest frame", () => {
  const name = "n".repeat(128);
  const largest = {
    nodeId: name,
    alias: name,
    host: "h".repeat(255),
    port: 65_535,
    incarnation: 2 ** 53 - 1,
    pid: 2 ** 53 - 1,
    // Six bytes of JSON for each unit: the worst that a text can have.
    runtime: "\u0001".repeat(64),
    registeredAtMs: 2 ** 53 - 1,
    heartbeatAgeMs: 2 ** 53 - 1,
  };
  const id = 2 ** 53 - 1;
  decodePmdMessage({ id, type: "resolved", node: largest });
  const byteCount = JSON.stringify({ id, type: "nodes", nodes: [] }).length +
    NODES_MAX * (JSON.stringify(largest).length + 1);
  assert(byteCount < 16 * 1024 * 1024, `${byteCount} bytes`);
});

Deno.test("a hello for another protocol or version is a mismatch, not a violation", () => {
  const mismatches = [
    { ...HELLO, protocol: "distflow-pmd" },
    { ...HELLO, versions: [] },
    { ...HELLO, versions: [2] },
    { ...HELLO, versions: ["1", null, {}] },
  ];
  for (const hello of mismatches) {
    const error = assertThrows(() => decodeNodeHello(hello), DistflowError);
    assertEquals(error.code, "PROTOCOL_MISMATCH");
    assertEquals(error.details, { protocol: "distflow-node", version: 1 });
  }
  const mixed = parseJson(
    JSON.stringify({ ...HELLO, versions: [9, "x", 1.5] })
      .replace("1.5", "1.5,1e400,1"),
  );
  assertEquals(decodeNodeHello(mixed).versions, [9, 1]);
  refuse(decodeNodeHello, { ...HELLO, versions: Array(33).fill(1) });
});

Deno.test("requests decode to themselves", () => {
  const name = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/);
  const whole = fc.maxSafeNat();
  const node = fc.record({
    nodeId: name,
    alias: name,
    host: fc.stringMatching(/^[!#-[\]-~]{1,255}$/),
    port: fc.integer({ min: 1, max: 65_535 }),
    incarnation: whole,
    pid: whole,
    runtime: fc.string({ minLength: 1, maxLength: 30, unit: "binary" }),
  }, {
    requiredKeys: [
      "nodeId",
      "host",
      "port",
      "incarnation",
      "pid",
      "runtime",
    ],
  });
  const request = fc.oneof(
    fc.record({
      type: fc.constant("register" as const),
      node,
      attempt: fc.integer({ min: 1 }),
    }),
    fc.record({
      type: fc.constant("resolve" as const),
      name: fc.string({ minLength: 1, maxLength: 60, unit: "binary" }),
    }),
    fc.record({
      type: fc.constant("shutdown" as const),
      force: fc.boolean(),
    }),
    fc.record({ type: fc.constantFrom("list" as const, "watch" as const) }),
  );
  fc.assert(fc.property(fc.integer({ min: 1 }), request, (id, request) => {
    const decoded = decodePmdRequest(parseJson(encodePmdRequest(id, request)));
    assertEquals(decoded, { id, request });
  }));
});

Deno.test("no JSON value makes a decoder throw anything but a coded error", () => {
  const keys = fc.constantFrom(
    ...["type", "id", "node", "nodes", "nodeId", "versions", "protocol"],
    ...["status", "code", "details", "sequence", "__proto__", "toString"],
  );
  const leaf = fc.oneof(
    fc.constantFrom<unknown>(
      ...["hello", "register", "nodes", "status", "error", "snapshot"],
      ...["join", "leave", "close", "resolved", "distflow-node", 1, null],
    ),
    fc.jsonValue(),
  );
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(keys, tie("value"), { maxKeys: 6 }),
    ),
  }));
  const decoders: Decode[] = [
    decodeNodeHello,
    decodePmdRequest,
    decodePmdMessage,
    (value) => decodeNodeControl(value as JsonRecord),
  ];
  fc.assert(
    fc.property(value, (value) => {
      const parsed = parseJson(JSON.stringify(value));
      for (const decode of decoders) {
        try {
          decode(parsed);
        } catch (error) {
          if (error instanceof DistflowError) continue;
          // A control frame is known to be an object before it is decoded.
          if (parsed === null && decode === decoders[3]) continue;
          throw error;
        }
      }
    }),
    { numRuns: 3000 },
  );
});

Deno.test("every code crosses the wire and back, with its details", () => {
  for (const code of WIRE_CODES) {
    const error = fromWireFailure(code, { name: "x", limit: 1, ok: true });
    assertEquals(error.code, code);
    assertEquals(error.details, { name: "x", limit: 1, ok: true });
    assert(error.message.startsWith("Cannot "), error.message);
    assertEquals(toWireFailure(error), {
      code: error.code,
      details: error.details,
    });
  }
});

Deno.test("details from outside are few, flat and short", () => {
  const many = Object.fromEntries(
    Array.from({ length: 100 }, (_, index) => [`k${index}`, index]),
  );
  assertEquals(
    Object.keys(fromWireFailure("TIMEOUT", many).details).length,
    16,
  );
  const { details } = fromWireFailure("TIMEOUT", {
    long: "x".repeat(1000),
    nested: { a: 1 },
    list: [1],
    none: null,
  });
  assertEquals(details, { long: "x".repeat(256) });
  const odd = parseJson(`{"${"k".repeat(65)}":1,"limit":1e400,"ok":true}`);
  assertEquals(fromWireFailure("TIMEOUT", odd).details, { ok: true });
  for (const value of [null, undefined, 1, "x", [1], [[{}]]]) {
    assertEquals(fromWireFailure("TIMEOUT", value).details, {});
  }
});

Deno.test("details named __proto__ change nobody's prototype", () => {
  const details = parseJson('{"__proto__":"x","constructor":"y"}');
  const error = fromWireFailure("TIMEOUT", details);
  assertEquals(Object.getPrototypeOf(error.details), Object.prototype);
  assertEquals(({} as JsonRecord).x, undefined);
});

Deno.test("a code that is no code is told as text, cut, or not at all", () => {
  const shown = fromWireFailure("LATER_CODE", {});
  assertEquals(shown.code, "INVALID_REQUEST");
  assert(shown.message.includes('"LATER_CODE"'));
  for (const code of [{ toString: null }, [{ toString: 1 }], 1, null, {}]) {
    assertEquals(fromWireFailure(code, {}).code, "INVALID_REQUEST");
  }
  const { reason } = fromWireFailure("\u0001".repeat(9999), {}).details;
  assert(typeof reason === "string" && reason.length <= 256);
  assertEquals(fromWireFailure("toString", {}).code, "INVALID_REQUEST");
});

Deno.test("an error that nobody foresaw tells the other side nothing", () => {
  for (const error of [new Error("secret"), "secret", undefined]) {
    const failure = toWireFailure(error);
    assertEquals(failure.code, "INVALID_REQUEST");
    assert(!JSON.stringify(failure).includes("secret"));
  }
});

Deno.test("the texts of codes name what the details tell", () => {
  const texts: [DistflowError, string][] = [
    [
      wireError("PMD_IN_USE", { nodeCount: 1 }),
      "Cannot shut the PMD down: 1 node is registered. Shut it down first, or use --force",
    ],
    [
      wireError("PROTOCOL_VIOLATION", { reason: "a second hello" }),
      "Cannot go on: the other side could not read a second hello",
    ],
    [
      wireError("PROTOCOL_VIOLATION"),
      "Cannot go on: the other side could not read what it was sent",
    ],
    [
      wireError("PROTOCOL_MISMATCH", { protocol: "distflow-pmd", version: 2 }),
      'Cannot talk to the other side: it speaks "distflow-pmd" in version 2. Check the port, and that both sides run the same release of distflow',
    ],
    [
      wireError("STALE_INCARNATION", { nodeId: "n1" }),
      "Cannot register: the same node id is registered with a newer incarnation. Choose another 'nodeId', or a higher 'incarnation'",
    ],
    [
      wireError("LIMIT_REACHED", { what: "nodes", limit: 10_000 }),
      "Cannot accept more nodes: the limit is 10000. Shut some down first",
    ],
  ];
  for (const [error, text] of texts) assertEquals(error.message, text);
});
