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
  /** Greater than that of those that it lies over. */
  readonly level: number;
}

/**
 * Edits that are laid over a document, the later over the earlier. The document
 * does not know of them: taking one away is exact, and what has changed
 * underneath shows.
 */
export class Overlay {
  #entries: Map<OptimisticEdit, Entry> = new Map();
  #nextLevel = 0;

  /** How many edits there are. */
  get count(): number {
    return this.#entries.size;
  }

  /** Lays an edit over all that are there. */
  add(edit: OptimisticEdit, locate: () => Path | null): void {
    this.#entries.set(edit, { edit, locate, level: this.#nextLevel++ });
  }

  /** Takes an edit away; returns a function that puts it back where it was. */
  remove(edit: OptimisticEdit): (() => void) | undefined {
    const entry = this.#entries.get(edit);
    if (entry === undefined) return undefined;
    this.#entries.delete(edit);
    return () => {
      const entries = [...this.#entries, [edit, entry] as const];
      // The others may have changed meanwhile.
      this.#entries = new Map(entries.sort((a, b) => a[1].level - b[1].level));
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
    return this.#located().some(([own]) => {
      const length = Math.min(own.length, path.length);
      return isPrefix(own.slice(0, length), path);
    });
  }

  /** The edits that have a place, and where it is. */
  #located(): [path: Path, edit: OptimisticEdit][] {
    const located: [Path, OptimisticEdit][] = [];
    for (const { edit, locate } of this.#entries.values()) {
      const path = locate();
      if (path === null) continue;
      // The list that its element is in was replaced by an earlier edit.
      const index = path.findLastIndex((step) => typeof step === "number");
      const isGone = located.some(([above]) =>
        above.length <= index && isPrefix(above, path)
      );
      if (!isGone) located.push([path, edit]);
    }
    return located;
  }

  /**
   * What shows at `path`, where the document shows `value`.
   *
   * @param kindOf What the document shows above.
   */
  show(
    path: Path,
    value: JsonValue | undefined,
    kindOf: (path: Path) => Kind,
  ): JsonValue | undefined {
    let shown = value;
    let kinds: Kind[] | undefined;
    for (const [own, edit] of this.#located()) {
      const length = Math.min(own.length, path.length);
      if (!isPrefix(own.slice(0, length), path)) continue;
      kinds ??= path.map((_, index) => kindOf(path.slice(0, index)));
      if (!leadsOn(kinds, path, length)) continue;
      if (own.length > path.length) {
        shown = patch(shown, own.slice(path.length), edit.value);
        continue;
      }
      for (let index = own.length; index < path.length; index++) {
        const above = path.slice(own.length, index);
        kinds[index] = kindOfValue(below(edit.value, above));
      }
      const rest = path.slice(own.length);
      const isInside = edit.put instanceof Register && rest.length > 0;
      shown = isInside ? undefined : below(edit.value, rest);
    }
    return shown;
  }

  /** Whether what shows at `path` is a value that is laid there as a whole. */
  isWhole(path: Path): boolean {
    let isWhole = false;
    for (const [own, edit] of this.#located()) {
      const length = Math.min(own.length, path.length);
      if (!isPrefix(own.slice(0, length), path)) continue;
      isWhole = own.length === path.length && edit.put instanceof Register;
    }
    return isWhole;
  }
}

/** What a place is, for those who go on from it. */
export type Kind = "map" | "list" | "leaf";

/**
 * Whether a set goes along the first `length` steps of a path: a key leads
 * through anything but a list, and makes a map of it.
 */
function leadsOn(kinds: Kind[], path: Path, length: number): boolean {
  for (let index = 0; index < length; index++) {
    const isIndex = typeof path[index] === "number";
    if (isIndex !== (kinds[index] === "list")) return false;
  }
  for (let index = 0; index < length; index++) {
    if (kinds[index] === "leaf") kinds[index] = "map";
  }
  return true;
}

function kindOfValue(value: JsonValue | undefined): Kind {
  if (Array.isArray(value)) return "list";
  return isRecord(value) ? "map" : "leaf";
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
  // A set would be refused.
  if (Array.isArray(value)) return value;
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
