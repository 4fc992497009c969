import { DistflowError } from "../base/errors.ts";

/** The error for whoever uses a store that was closed. */
export function storeClosed(): DistflowError {
  return new DistflowError(
    "STORE_UNAVAILABLE",
    "Cannot use the store: it was closed. Make a new one for the same place",
  );
}
