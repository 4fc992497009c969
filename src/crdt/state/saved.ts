import { checkBytes } from "../../base/options.ts";
import {
  DIFF,
  failToRead,
  type Frame,
  KNOWLEDGE,
  readFrame,
  STATE,
} from "./frame.ts";

/** What stands in a file that begins with a state and goes on with diffs. */
export interface SavedParts {
  /** How many bytes the state takes, with which the file begins. */
  readonly stateByteCount: number;
  /** How many diffs and acknowledgements follow. */
  readonly diffCount: number;
  /** How many bytes are whole: the file should end there. */
  readonly byteCount: number;
  /** How many bytes behind are the beginning of a diff that was torn. */
  readonly tornByteCount: number;
}

/** The frames of a file, and what is left of one that was torn. */
export interface SavedFrames {
  /** The state, and then the diffs. */
  readonly frames: readonly Frame[];
  /** How many bytes are left over. */
  readonly tornByteCount: number;
}

/**
 * Reads a file that begins with a state and goes on with diffs, and with
 * acknowledgements that were given. Whoever writes
 * such a file may be stopped at any byte: what is left of the last diff then is
 * told apart from damage.
 *
 * @throws {DistflowError} `CORRUPT_DATA` if the state is torn, if anything was
 * altered, or if it is no such file.
 */
export function readSaved(bytes: Uint8Array): SavedFrames {
  const frames: Frame[] = [];
  let from = 0;
  while (from < bytes.length) {
    // A file that had grown when the power went may end in zeros.
    const frame = from > 0 && isZero(bytes, from)
      ? null
      : readFrame(bytes, from);
    if (frame === null) break;
    const isExpected = from === 0
      ? frame.kind === STATE
      : frame.kind === STATE || frame.kind === DIFF ||
        frame.kind === KNOWLEDGE;
    if (!isExpected) {
      failToRead(`a part of kind ${frame.kind} is none of a document`);
    }
    frames.push(frame);
    from = frame.end;
  }
  if (frames.length === 0) failToRead("its state was cut off");
  return { frames, tornByteCount: bytes.length - from };
}

/**
 * What stands in a file of `snapshot()` followed by any number of
 * `encodeDiff(clock)`, each from the clock at which the one before was made.
 *
 * @throws {DistflowError} `CORRUPT_DATA` if the state is torn, if anything was
 * altered, or if it is no such file.
 * @throws {TypeError} If it is no `Uint8Array`.
 *
 * @example A torn end
 * ```ts
 * import { inspectSaved, JsonCrdt } from "@distflow/core/crdt";
 * import { assertEquals } from "@std/assert";
 *
 * const doc = new JsonCrdt("ann");
 * const clock = doc.clock();
 * const state = doc.snapshot();
 * doc.set(["a"], 1);
 * const diff = doc.encodeDiff(clock);
 * const file = new Uint8Array([...state, ...diff.subarray(0, 5)]);
 * assertEquals(inspectSaved(file).tornByteCount, 5);
 * ```
 */
export function inspectSaved(bytes: Uint8Array): SavedParts {
  const { frames, tornByteCount } = readSaved(
    checkBytes("inspect what was saved", "bytes", bytes),
  );
  return {
    stateByteCount: (frames[0] as Frame).end,
    diffCount: frames.length - 1,
    byteCount: bytes.length - tornByteCount,
    tornByteCount,
  };
}

function isZero(bytes: Uint8Array, from: number): boolean {
  for (let at = from; at < bytes.length; at++) {
    if (bytes[at] !== 0) return false;
  }
  return true;
}
