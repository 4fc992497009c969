// What can be wrong with bytes, frames and messages, by name, and the code that
// each is refused with.
import { Buffer } from "node:buffer";
import type { JsonRecord } from "../../src/base/json.ts";
import { frame, header, textFrame } from "../wire/support/raw_socket.ts";

/** A good hello to a PMD. */
export const CLIENT: JsonRecord = {
  type: "hello",
  protocol: "distflow-pmd",
  versions: [1],
  frameBytesMax: 16 * 1024 * 1024,
  runtime: "hostile/1.0.0",
  pid: 1,
};

/** Who a hostile node says that it is. */
export const IDENTITY: JsonRecord = {
  nodeId: "hostile",
  incarnation: 1,
  host: "127.0.0.1",
  port: 4001,
};

/** A good hello to a node. */
export const NODE: JsonRecord = {
  ...CLIENT,
  protocol: "distflow-node",
  node: IDENTITY,
  link: { id: "l1" },
};

/** What a hostile node registers. */
export const RECORD: JsonRecord = {
  ...IDENTITY,
  pid: 1,
  runtime: "hostile/1.0.0",
};

/** What is thrown, and the code that it is refused with. */
export interface Attack {
  readonly what: string;
  readonly bytes: Uint8Array;
  readonly code: string;
  /** Whether the attacker ends its side behind it. */
  readonly isCut?: boolean;
}

type Bytes = Readonly<Record<string, Uint8Array>>;

function attacks(code: string, all: Bytes): readonly Attack[] {
  return Object.entries(all).map(([what, bytes]) => ({ what, bytes, code }));
}

const violations = (all: Bytes) => attacks("PROTOCOL_VIOLATION", all);
const cuts = (all: Bytes) =>
  violations(all).map((attack) => ({ ...attack, isCut: true }));
const tooLarge = (all: Bytes) => attacks("FRAME_TOO_LARGE", all);
const mismatches = (all: Bytes) => attacks("PROTOCOL_MISMATCH", all);

function deep(levels: number): Buffer {
  return textFrame("[".repeat(levels) + "]".repeat(levels));
}

function register(changes: object): Buffer {
  const node = { ...RECORD, ...changes };
  return frame({ id: 1, type: "register", node, attempt: 1 });
}

/** What is wrong with bytes and frames, whatever they are for. */
const MALFORMED: readonly Attack[] = [
  ...tooLarge({
    "a frame of 4 GiB": header(0xffffffff),
    "a frame of 2 GiB": header(0x80000000),
  }),
  ...violations({
    "an empty frame": header(0),
    "bytes that are not UTF-8": Buffer.from("00000002c328", "hex"),
    "a surrogate in UTF-8": Buffer.from("0000000522eda08022", "hex"),
    "a byte order mark": textFrame("\ufeff{}"),
    "half an object": textFrame('{"type":'),
    "a number": textFrame("1"),
    "null": textFrame("null"),
    "an empty object": textFrame("{}"),
    "a prototype that says hello": textFrame(
      `{"__proto__":${JSON.stringify(CLIENT)}}`,
    ),
    "a verb called __proto__": textFrame(
      '{"id":1,"type":"__proto__","__proto__":{"id":1}}',
    ),
    "a verb called constructor": frame({ id: 1, type: "constructor" }),
    "a verb that is no text": frame({ id: 1, type: {} }),
    "100,000 levels": deep(100_000),
  }),
  ...cuts({
    "a header that is cut": header(10).subarray(0, 3),
    "a body that is cut": Buffer.concat([header(10), Buffer.from("{")]),
  }),
];

/** What may not come in place of a hello. */
const INSTEAD_OF_HELLO: readonly Attack[] = [
  // Before a hello, no frame is as long as that many levels.
  ...MALFORMED.filter(({ what }) => what !== "100,000 levels"),
  ...tooLarge({
    "100,000 levels": deep(100_000),
    "a request for a web page": Buffer.from("GET / HTTP/1.1\r\n\r\n"),
    "the beginning of TLS": Buffer.from("16030100f8010000f4030352", "hex"),
    "a hello of more than 16 KiB": header(16 * 1024 + 1),
  }),
  ...cuts({ "what Erlang asks its epmd": Buffer.from("00016e", "hex") }),
  ...violations({
    "8,000 levels": deep(8000),
    "data": frame([1, 2, 3]),
    "a ping": frame({ type: "ping" }),
    "a request": frame({ id: 1, type: "list" }),
  }),
  ...mismatches({
    "another protocol": frame({ ...CLIENT, protocol: "amqp" }),
  }),
];

/** What is wrong with a hello, for either protocol. */
function wrongHellos(good: object): readonly Attack[] {
  const hello = (changes: object) => frame({ ...good, ...changes });
  return [
    ...mismatches({ "a later version only": hello({ versions: [2] }) }),
    ...violations({
      "no list of versions": hello({ versions: 1 }),
      "tiny frames": hello({ frameBytesMax: 1 }),
      "endless frames": hello({ frameBytesMax: 2 ** 40 }),
      "a runtime of 1,000 units": hello({ runtime: "x".repeat(1000) }),
      "a pid of null": hello({ pid: null }),
      "an id that is an object": hello({ node: { ...IDENTITY, nodeId: {} } }),
      "a port that does not exist": hello({
        node: { ...IDENTITY, port: 65_536 },
      }),
      "a link without a name": hello({ link: {} }),
    }),
  ];
}

/** What a PMD refuses from one who has not said hello. */
export const PMD_BEFORE_HELLO: readonly Attack[] = [
  ...INSTEAD_OF_HELLO,
  ...wrongHellos(CLIENT),
  ...mismatches({ "a node's hello": frame(NODE) }),
];

/** What a PMD refuses from a client. */
export const PMD_AFTER_HELLO: readonly Attack[] = [
  ...MALFORMED,
  ...tooLarge({ "a frame above 256 KiB": header(256 * 1024 + 1) }),
  ...violations({
    "a second hello": frame(CLIENT),
    "data": frame([{ type: "list", id: 1 }]),
    "a request without an id": frame({ type: "list" }),
    "a request number 0": frame({ id: 0, type: "list" }),
    "a request number beyond all": textFrame('{"id":1e999,"type":"list"}'),
    "an unknown verb": frame({ id: 1, type: "eval", code: "1" }),
    "a name that is an array": frame({ id: 1, type: "resolve", name: ["x"] }),
    "a registration of nobody": frame({ id: 1, type: "register", attempt: 1 }),
    "an alias with a space": register({ alias: "__proto__ " }),
    "a host with a terminal's codes": register({ host: "\u001b[2J" }),
    "force that is a text": frame({ id: 1, type: "shutdown", force: "true" }),
  }),
];

/** What a node refuses from one who has not said hello. */
export const NODE_BEFORE_HELLO: readonly Attack[] = [
  ...INSTEAD_OF_HELLO,
  ...wrongHellos(NODE),
  ...mismatches({ "a client's hello": frame(CLIENT) }),
  ...violations({
    "a hello without an identity": frame({ ...NODE, node: undefined }),
    "a hello that offers no link": frame({ ...NODE, link: undefined }),
  }),
];

/** What a node refuses from a peer. */
export const NODE_AFTER_HELLO: readonly Attack[] = [
  ...MALFORMED,
  ...tooLarge({ "a frame above 1 MiB": header(1024 * 1024 + 1) }),
  ...violations({
    "a second hello": frame(NODE),
    "300,000 levels": deep(300_000),
    "a ping that is data's": frame({ type: ["ping"] }),
    "an unknown control frame": frame({ type: "message", from: "asker" }),
  }),
];
