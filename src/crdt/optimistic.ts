import type { JsonValue } from "../base/json.ts";
import type { Path } from "./pattern.ts";
import { Register } from "./values.ts";

/** An edit that is shown and not yet made; see `setOptimistic`. */
export class OptimisticEdit {
  /** Where it was made; an element of a list may stand elsewhere by now. */
  readonly path: Path;
  /** What it shows there. */
  readonly value: JsonValue;
  /** What it puts there. */
  readonly put: JsonValue | Register;
  /** When the wall clock makes it lapse; `Infinity` for never. */
  readonly lapsesAtMs: number;

  /** Makes one of a checked path and value. */
  constructor(path: Path, put: JsonValue | Register, lapsesAtMs: number) {
    this.path = path;
    this.put = put;
    this.value = put instanceof Register ? put.value : put;
    this.lapsesAtMs = lapsesAtMs;
  }
}
