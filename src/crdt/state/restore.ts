import { DistflowError } from "../../base/errors.ts";
import type { JsonCrdtOptions } from "../options.ts";
import type { Frame } from "./frame.ts";
import { readState } from "./read_state.ts";

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

/**
 * Makes sure that what was saved may be restored like this.
 *
 * @throws {DistflowError} `CORRUPT_DATA` if its end was torn; `DUPLICATE_REPLICA`
 * if its state knows `name`.
 * @throws {TypeError} If another document than the one that was saved resumes.
 */
export function checkRestored(
  frames: readonly Frame[],
  tornByteCount: number,
  name: string,
  { resume = false, cutTornEnd = false }: RestoreOptions,
): void {
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
  if (resume || !names.includes(name)) return;
  throw new DistflowError(
    "DUPLICATE_REPLICA",
    `Cannot restore as "${name}": the saved document knows a replica of that name`,
  );
}
