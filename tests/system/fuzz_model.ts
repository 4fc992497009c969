// What a receiver makes of a stream of bytes, as PROTOCOL.md tells it: read at
// once and as a whole, so that there is nothing to get wrong.
import { Buffer } from "node:buffer";
import { BAD, hello, nodeControl, pmdMessage, request } from "./fuzz_rules.ts";

/** How a stream of bytes reads: the bodies of its frames, and how it ends. */
export interface Reading {
  readonly texts: readonly string[];
  /** The code that the stream is refused with behind the last of `texts`. */
  readonly code?: "FRAME_TOO_LARGE" | "PROTOCOL_VIOLATION";
  /** Bytes of a frame that is not complete. */
  readonly restByteCount: number;
}

/**
 * Cuts a whole stream into frames.
 *
 * @param byteCountMax The longest body that the receiver accepts; it may depend
 * on how many frames came before.
 */
export function readStream(
  bytes: Uint8Array,
  byteCountMax: (index: number) => number,
): Reading {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts: string[] = [];
  let start = 0;
  for (;;) {
    const restByteCount = bytes.length - start;
    if (restByteCount < 4) return { texts, restByteCount };
    const length = view.getUint32(start);
    if (length === 0) {
      return { texts, code: "PROTOCOL_VIOLATION", restByteCount };
    }
    if (length > byteCountMax(texts.length)) {
      return { texts, code: "FRAME_TOO_LARGE", restByteCount };
    }
    if (restByteCount < 4 + length) return { texts, restByteCount };
    const body = bytes.subarray(start + 4, start + 4 + length);
    const text = utf8(body);
    if (text === undefined) {
      return { texts, code: "PROTOCOL_VIOLATION", restByteCount };
    }
    texts.push(text);
    start += 4 + length;
  }
}

/** The text of well-formed UTF-8: what encodes to the same bytes again. */
function utf8(body: Uint8Array): string | undefined {
  const text = Buffer.from(body).toString("utf8");
  return Buffer.from(text, "utf8").equals(body) ? text : undefined;
}

/** The value of a frame; `BAD` if it is not JSON, or nested too deep. */
export function json(body: string): unknown {
  try {
    const value: unknown = JSON.parse(body);
    // A level takes two units of text.
    return body.length > 2000 && depth(value) > 1000 ? BAD : value;
  } catch (error) {
    if (error instanceof SyntaxError) return BAD;
    throw error;
  }
}

/** Levels of nesting, counted no further than matters here. */
function depth(value: unknown, level = 1): number {
  if (typeof value !== "object" || value === null) return level - 1;
  if (level > 1000) return level;
  return Object.values(value).reduce(
    (deepest: number, child) => Math.max(deepest, depth(child, level + 1)),
    level,
  );
}

/** Who receives a stream, and what it is to see. */
export interface Receiver {
  readonly protocol: "distflow-pmd" | "distflow-node";
  readonly isDialer: boolean;
  readonly frameBytesMax: number;
  /** Whether it is a PMD or a node, and not only the channel of one. */
  readonly isService: boolean;
  /** Whether the sender ends its side behind the stream. */
  readonly isEnded: boolean;
}

/** What comes of a stream. */
export interface Outcome {
  readonly hello: object | undefined;
  /** Control frames, the last of which may break the protocol. */
  readonly controls: readonly unknown[];
  readonly messages: readonly unknown[];
  /** The codes that it may be refused with; undefined if it is not. */
  readonly codes: readonly string[] | undefined;
  /** The close frame that it has. */
  readonly close: Readonly<Record<string, unknown>> | undefined;
  /** Whether it ends, or stops, within a frame. */
  readonly isCut: boolean;
}

const VIOLATION = ["PROTOCOL_VIOLATION"];

/** What `receiver` makes of the stream `bytes`. */
export function read(bytes: Uint8Array, receiver: Receiver): Outcome {
  const { protocol, frameBytesMax, isDialer, isService } = receiver;
  const reading = readStream(
    bytes,
    (index) => index === 0 ? 16_384 : frameBytesMax,
  );
  const controlRule = protocol === "distflow-node"
    ? nodeControl
    : isDialer
    ? pmdMessage
    : request;
  const controls: unknown[] = [];
  const messages: unknown[] = [];
  let greeting: { node?: unknown; link?: unknown } | undefined;
  const outcome = (
    codes: Outcome["codes"],
    close?: Record<string, unknown>,
  ): Outcome => ({
    hello: greeting,
    controls,
    messages,
    codes,
    close,
    isCut: reading.restByteCount > 0,
  });
  for (const text of reading.texts) {
    const value = json(text);
    const isArray = Array.isArray(value);
    const record = typeof value === "object" && value !== null && !isArray
      ? new Map<string, unknown>(Object.entries(value))
      : undefined;
    if (record?.get("type") === "close") {
      return outcome(undefined, {
        code: record.get("code"),
        details: record.get("details"),
      });
    }
    if (greeting === undefined) {
      const said = hello(value, protocol);
      if ("codes" in said) return outcome(said.codes);
      greeting = said.hello;
      if (!isService || protocol === "distflow-pmd") continue;
      if (greeting.node === undefined) return outcome(VIOLATION);
      if (greeting.link === undefined) return outcome(VIOLATION);
    } else if (isArray) {
      if (isService && protocol === "distflow-pmd") return outcome(VIOLATION);
      messages.push(...value);
    } else if (record === undefined) return outcome(VIOLATION);
    else if (record.get("type") === "hello") return outcome(VIOLATION);
    else {
      controls.push(value);
      if (controlRule(value) === BAD) return outcome(VIOLATION);
    }
  }
  if (reading.code !== undefined) return outcome([reading.code]);
  const isCutOff = receiver.isEnded && reading.restByteCount > 0;
  return outcome(isCutOff ? VIOLATION : undefined);
}
