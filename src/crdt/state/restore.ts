import { DistflowError } from "../../base/errors.ts";
import { isRecord } from "../../base/json.ts";
import { checkBytes, isBytes, show } from "../../base/options.ts";
import type { SavedDocument } from "../../base/saved_document.ts";
import type { JsonCrdtOptions } from "../options.ts";
import type { Frame } from "./frame.ts";
import { readState } from "./read_state.ts";
import { readSaved } from "./saved.ts";

/** Options for `JsonCrdt.restore`. */
export interface RestoreOptions extends Omit<JsonCrdtOptions, "initial"> {
  /**
   * Whether the document that was saved goes on under its own name. Only if no
   * other copy of it goes on, and if everything that it ever sent was saved
   * with it, acknowledgements included; else its next operations bear the names
   * of others that were sent.
   *
   * @default {false}
   */
  resume?: boolean;
  /**
   * Whether the beginning of a diff at the end of the bytes, where a write was
   * torn, is left away. `inspectSaved` tells how many bytes that are: cut the
   * file there before more is added.
   *
   * @default {false}
   */
  cutTornEnd?: boolean;
}

/** What was saved, taken apart. */
export interface OpenedDocument {
  /** The frames of the snapshot, of which the first is a state. */
  readonly frames: readonly Frame[];
  /** What was saved apart from it. */
  readonly messages: readonly Uint8Array[];
}

/**
 * Makes sure that what was saved may be restored like this.
 *
 * @throws {DistflowError} `CORRUPT_DATA` if its end was torn; `DUPLICATE_REPLICA`
 * if its state knows `name`.
 * @throws {TypeError} If another document than the one that was saved resumes,
 * if there is no snapshot, or if something is no `Uint8Array`.
 */
export function openSaved(
  saved: Uint8Array | SavedDocument,
  name: string,
  { resume = false, cutTornEnd = false }: RestoreOptions,
): OpenedDocument {
  const { snapshot, messages } = checkSaved(saved);
  const { frames, tornByteCount } = readSaved(snapshot);
  if (tornByteCount > 0 && !cutTornEnd) {
    throw new DistflowError(
      "CORRUPT_DATA",
      `Cannot restore a document whose last ${tornByteCount} bytes were torn; 'cutTornEnd' leaves them away`,
      { details: { tornByteCount } },
    );
  }
  const { names, writer } = readState(frames[0] as Frame).head;
  if (resume && name !== writer) {
    throw new TypeError(
      `Cannot resume as "${name}" what "${writer}" has saved`,
    );
  }
  if (!resume && names.includes(name)) {
    throw new DistflowError(
      "DUPLICATE_REPLICA",
      `Cannot restore as "${name}": the saved document knows a replica of that name`,
    );
  }
  return { frames, messages };
}

/** Makes sure that all parts are bytes. */
function checkSaved(
  saved: Uint8Array | SavedDocument,
): { snapshot: Uint8Array; messages: readonly Uint8Array[] } {
  const act = "restore a document";
  const isDocument = isRecord(saved) &&
    ("snapshot" in saved || "messages" in saved);
  if (isBytes(saved) || !isDocument) {
    return { snapshot: checkBytes(act, "saved", saved), messages: [] };
  }
  const { snapshot, messages } = saved;
  if (snapshot === undefined) {
    throw new TypeError(
      "Cannot restore a document without a snapshot: save one before the first message",
    );
  }
  if (!Array.isArray(messages)) {
    throw new TypeError(
      `Cannot ${act} as 'saved.messages' must be an array: current value is ${
        show(messages)
      }`,
    );
  }
  return {
    snapshot: checkBytes(act, "saved.snapshot", snapshot),
    messages: Array.from(
      messages,
      (message, index) => checkBytes(act, `saved.messages[${index}]`, message),
    ),
  };
}
