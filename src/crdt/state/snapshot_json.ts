import { DistflowError } from "../../base/errors.ts";
import { isRecord } from "../../base/json.ts";
import { checkBytes } from "../../base/options.ts";
import type { ClockRecord } from "../version_vector.ts";
import { defineEntry } from "../values.ts";
import type { Frame } from "./frame.ts";
import { readState } from "./read_state.ts";
import { readSaved } from "./saved.ts";

const FORMAT = "distflow-crdt";
const VERSION = 1;

/** Bytes whose characters are given to one call. */
const CHUNK_SIZE = 8192;

/** A saved document where only JSON can be kept or sent. */
export interface SnapshotJson {
  /** Always `distflow-crdt`. */
  readonly format: string;
  /** The version of this form, from 1 on. */
  readonly version: number;
  /** The replica that saved it. */
  readonly replica: string;
  /** What it had applied by then. */
  readonly clock: ClockRecord;
  /** The bytes of the snapshot, as base64 (RFC 4648, section 4). */
  readonly bytes: string;
}

/**
 * A snapshot as JSON, for where bytes cannot be kept or sent; a third longer.
 *
 * @throws {DistflowError} `CORRUPT_DATA` if the bytes are none, or torn.
 * @throws {TypeError} If it is no `Uint8Array`.
 *
 * @example In a message that is JSON
 * ```ts
 * import {
 *   JsonCrdt,
 *   snapshotFromJson,
 *   snapshotToJson,
 * } from "@distflow/core/crdt";
 * import { assertEquals } from "@std/assert";
 *
 * const ann = new JsonCrdt("ann");
 * ann.set(["a"], 1);
 * const text = JSON.stringify(snapshotToJson(ann.snapshot()));
 * const bytes = snapshotFromJson(JSON.parse(text));
 * assertEquals(JsonCrdt.restore("bob", bytes).toJSON(), { a: 1 });
 * ```
 */
export function snapshotToJson(snapshot: Uint8Array): SnapshotJson {
  const { frames, tornByteCount } = readSaved(
    checkBytes("write a snapshot as JSON", "snapshot", snapshot),
  );
  if (tornByteCount > 0) fail(`its last ${tornByteCount} bytes were torn`);
  const { names, counters, writer } = readState(frames[0] as Frame).head;
  const clock: Record<string, number> = {};
  names.forEach((name, index) => {
    const counter = counters[index] as number;
    if (counter > 0) defineEntry(clock, name, counter);
  });
  let characters = "";
  for (let from = 0; from < snapshot.length; from += CHUNK_SIZE) {
    const chunk = snapshot.subarray(from, from + CHUNK_SIZE);
    characters += String.fromCharCode(...chunk);
  }
  return {
    format: FORMAT,
    version: VERSION,
    replica: writer,
    clock,
    bytes: btoa(characters),
  };
}

/**
 * The snapshot that {@linkcode snapshotToJson} gave, as bytes again.
 *
 * @throws {DistflowError} `CORRUPT_DATA` if it is none. Whether the bytes were
 * altered is told by who restores or merges them.
 *
 * @example Of a kind that is not known
 * ```ts
 * import { snapshotFromJson } from "@distflow/core/crdt";
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(() => snapshotFromJson({ format: "other" }), Error, "format");
 * ```
 */
export function snapshotFromJson(json: unknown): Uint8Array {
  if (!isRecord(json) || json.format !== FORMAT) {
    return fail(`its 'format' is not "${FORMAT}"`);
  }
  if (json.version !== VERSION) {
    return fail(`version ${json.version} is not known`);
  }
  let characters: string;
  try {
    characters = atob(typeof json.bytes === "string" ? json.bytes : "?");
  } catch {
    return fail("its 'bytes' are no base64");
  }
  return Uint8Array.from(characters, (character) => character.charCodeAt(0));
}

function fail(what: string): never {
  throw new DistflowError(
    "CORRUPT_DATA",
    `Cannot read a snapshot as JSON: ${what}`,
  );
}
