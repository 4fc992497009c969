import { DistflowError } from "../base/errors.ts";
import {
  ALIAS_PATTERN,
  NODE_ID_PATTERN,
  readArray,
  readInteger,
  readName,
  readOptionalToken,
  readRecord,
  readText,
  readToken,
  violation,
} from "./fields.ts";
import {
  FRAME_BYTES_CAP,
  FRAME_BYTES_MIN,
  PROTOCOL_VERSION,
} from "./limits.ts";

/** The two protocols that share frames and hellos. */
export type ProtocolName = "distflow-node" | "distflow-pmd";

/** Who a node says it is when a link between two nodes opens. */
export interface NodeIdentity {
  /** The node's id, unique for all time. */
  readonly nodeId: string;
  /** Grows with each life of the node; milliseconds since 1970 by default. */
  readonly incarnation: number;
  /** The node's alias, if it has one. */
  readonly alias?: string;
  /** The hostname or IP address that the node listens on. */
  readonly host: string;
  /** The TCP port that the node listens on. */
  readonly port: number;
}

/** What one hello carries, whichever side sends it. */
export interface Hello {
  /** The protocol that this connection is for. */
  readonly protocol: ProtocolName;
  /** The versions that the sender speaks. */
  readonly versions: readonly number[];
  /** The largest frame body that the sender accepts, in bytes. */
  readonly frameBytesMax: number;
  /** Name and version of the sender's runtime. */
  readonly runtime: string;
  /** The sender's process id. */
  readonly pid: number;
  /** Who the sender is; on links between nodes only. */
  readonly node?: NodeIdentity;
  /** The link that the dialer offers; on links between nodes only. */
  readonly link?: LinkOffer;
  /** Which life of the PMD this is; in the PMD's own hello only. */
  readonly pmdId?: string;
}

/** How a link between two nodes is told from the links before it. */
export interface LinkOffer {
  /** A name for the link that is offered, unique between the two nodes. */
  readonly id: string;
  /** The last link with this peer that the dialer knows of and holds dead. */
  readonly after?: string;
}

const RUNTIME_LENGTH_MAX = 64;
const HOST_LENGTH_MAX = 255;
const VERSION_COUNT_MAX = 32;

/** The frame of a hello. */
export function encodeHello(hello: Hello): string {
  return JSON.stringify({ type: "hello", ...hello });
}

/**
 * The hello in `value`, which must be for `protocol`.
 *
 * @throws {DistflowError} `PROTOCOL_VIOLATION` if it is malformed,
 * `PROTOCOL_MISMATCH` if the protocol is another or no version is common.
 */
export function decodeHello(value: unknown, protocol: ProtocolName): Hello {
  const record = readRecord(value, "a hello");
  if (record.type !== "hello") throw violation("a first frame but a hello");
  const named = readText(record, "protocol", 64);
  const versions = readArray(record, "versions", VERSION_COUNT_MAX)
    .filter((version) => Number.isSafeInteger(version)) as number[];
  if (named !== protocol || !versions.includes(PROTOCOL_VERSION)) {
    throw new DistflowError(
      "PROTOCOL_MISMATCH",
      `Cannot talk to a peer that speaks "${named}" in versions ${
        versions.join(", ")
      }: this side speaks "${protocol}" in version ${PROTOCOL_VERSION}. Check the port, and that both sides run the same release of distflow`,
      { details: { protocol, version: PROTOCOL_VERSION } },
    );
  }
  const pmdId = readOptionalToken(record, "pmdId", 64);
  return {
    protocol,
    versions,
    frameBytesMax: readInteger(
      record,
      "frameBytesMax",
      FRAME_BYTES_MIN,
      FRAME_BYTES_CAP,
    ),
    runtime: readText(record, "runtime", RUNTIME_LENGTH_MAX),
    pid: readInteger(record, "pid", 0),
    ...(record.node === undefined ? {} : { node: decodeIdentity(record.node) }),
    ...(record.link === undefined ? {} : { link: decodeOffer(record.link) }),
    ...(pmdId === undefined ? {} : { pmdId }),
  };
}

function decodeIdentity(value: unknown): NodeIdentity {
  const record = readRecord(value, "a node's identity");
  return {
    nodeId: readName(record, "nodeId", NODE_ID_PATTERN),
    incarnation: readInteger(record, "incarnation", 0),
    ...(record.alias === undefined
      ? {}
      : { alias: readName(record, "alias", ALIAS_PATTERN) }),
    host: readToken(record, "host", HOST_LENGTH_MAX),
    port: readInteger(record, "port", 1, 65535),
  };
}

function decodeOffer(value: unknown): LinkOffer {
  const record = readRecord(value, "a link's offer");
  const after = readOptionalToken(record, "after", 64);
  return {
    id: readToken(record, "id", 64),
    ...(after === undefined ? {} : { after }),
  };
}
