import { isRecord, type JsonValue } from "../base/json.ts";
import type { Path, Step } from "./pattern.ts";
import { defineEntry, Register } from "./values.ts";

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

interface Entry {
  readonly edit: OptimisticEdit;
  /** Where it is now; `null` while its place is gone. */
  readonly locate: () => Path | null;
}

/**
 * Edits that are laid over a document, the later over the earlier. The document
 * does not know of them: taking one away is exact, and what has changed
 * underneath shows.
 */
export class Overlay {
  readonly #entries: Map<OptimisticEdit, Entry> = new Map();

  /** How many edits there are. */
  get count(): number {
    return this.#entries.size;
  }

  /** Lays an edit over all that are there. */
  add(edit: OptimisticEdit, locate: () => Path | null): void {
    this.#entries.set(edit, { edit, locate });
  }

  /** Takes an edit away; returns a function that puts it back where it was. */
  remove(edit: OptimisticEdit): (() => void) | undefined {
    if (!this.#entries.has(edit)) return undefined;
    const before = [...this.#entries];
    this.#entries.delete(edit);
    return () => {
      this.#entries.clear();
      for (const [key, entry] of before) this.#entries.set(key, entry);
    };
  }

  /** Where an edit is now; `null` if its place is gone, or it is not here. */
  locate(edit: OptimisticEdit): Path | null {
    return this.#entries.get(edit)?.locate() ?? null;
  }

  /** The edits that lapse at `nowMs` or before. */
  lapsed(nowMs: number): OptimisticEdit[] {
    return [...this.#entries.keys()].filter((edit) => edit.lapsesAtMs <= nowMs);
  }

  /** Whether an edit is at `path`, above it or below. */
  concerns(path: Path): boolean {
    for (const { locate } of this.#entries.values()) {
      const own = locate();
      if (own === null) continue;
      const length = Math.min(own.length, path.length);
      if (isPrefix(own.slice(0, length), path)) return true;
    }
    return false;
  }

  /** What shows at `path`, where the document shows `value`. */
  show(path: Path, value: JsonValue | undefined): JsonValue | undefined {
    let shown = value;
    for (const { edit, locate } of this.#entries.values()) {
      const own = locate();
      if (own === null) continue;
      if (isPrefix(own, path)) {
        shown = below(edit.value, path.slice(own.length));
      } else if (isPrefix(path, own)) {
        shown = patch(shown, own.slice(path.length), edit.value);
      }
    }
    return shown;
  }
}

function isPrefix(prefix: Path, path: Path): boolean {
  return prefix.length <= path.length &&
    prefix.every((step, index) => step === path[index]);
}

function below(value: JsonValue, path: Path): JsonValue | undefined {
  let found: unknown = value;
  for (const step of path) {
    const isThere = typeof step === "number"
      ? Array.isArray(found)
      : isRecord(found) && Object.hasOwn(found, step);
    if (!isThere) return undefined;
    found = Reflect.get(found as object, step);
  }
  return found as JsonValue | undefined;
}

/** A copy of `value` with another one at `path`, as a set would make it. */
function patch(
  value: JsonValue | undefined,
  path: Path,
  put: JsonValue,
): JsonValue | undefined {
  const [step, ...rest] = path as [Step, ...Step[]];
  if (step === undefined) return put;
  if (typeof step === "number") {
    if (!Array.isArray(value) || step >= value.length) return value;
    const copy: JsonValue[] = [...value];
    copy[step] = patch(copy[step], rest, put) as JsonValue;
    return copy;
  }
  const copy: Record<string, JsonValue> = {};
  if (isRecord(value)) {
    for (const [key, entry] of Object.entries(value)) {
      defineEntry(copy, key, entry as JsonValue);
    }
  }
  const old = Object.hasOwn(copy, step) ? copy[step] : undefined;
  const entry = patch(old, rest, put);
  if (entry !== undefined) defineEntry(copy, step, entry);
  return copy;
}
