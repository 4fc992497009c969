import { DistflowError } from "../../base/errors.ts";
import type { JsonCrdtOptions } from "../options.ts";
import type { StateHead } from "./read_state.ts";

/** Options for `JsonCrdt.restore`. */
export interface RestoreOptions extends Omit<JsonCrdtOptions, "initial"> {
  /**
   * Whether the document that was saved goes on under its own name. Only if no
   * other copy of it goes on, and if everything that it ever sent was saved
   * with it; else its next operations bear the names of others that were sent.
   *
   * @default {false}
   */
  resume?: boolean;
}

/**
 * Makes sure that no two documents write under one name.
 *
 * @throws {DistflowError} `DUPLICATE_REPLICA` if `name` is known to the state.
 * @throws {TypeError} If another document than the one that was saved resumes.
 */
export function checkRestoredName(
  { names, writer }: StateHead,
  name: string,
  isResumed: boolean,
): void {
  if (isResumed && name !== writer) {
    throw new TypeError(
      `Cannot resume as "${name}" what "${writer}" has saved`,
    );
  }
  if (isResumed || !names.includes(name)) return;
  throw new DistflowError(
    "DUPLICATE_REPLICA",
    `Cannot restore as "${name}": the saved document knows a replica of that name`,
  );
}
