import type { JsonRecord } from "../base/json.ts";
import { violation } from "./fields.ts";

/** A control message between two nodes; data messages are arrays instead. */
export type NodeControl =
  /** Asks whether the other side is there. */
  | { readonly type: "ping" }
  /** Answers a ping. */
  | { readonly type: "pong" };

/** The frame of a control message. */
export function encodeNodeControl(message: NodeControl): string {
  return JSON.stringify(message);
}

/**
 * The control message in a frame's value.
 *
 * @throws {DistflowError} `PROTOCOL_VIOLATION` if its type is unknown.
 */
export function decodeNodeControl(record: JsonRecord): NodeControl {
  if (record.type === "ping" || record.type === "pong") {
    return { type: record.type };
  }
  throw violation("a control message of an unknown type");
}
