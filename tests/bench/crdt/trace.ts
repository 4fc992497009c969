import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { gunzipSync } from "node:zlib";
import { makeRandom } from "./work.ts";

/** One edit: at an index, so many units are removed, and these inserted. */
export type Edit = readonly [
  index: number,
  removedCount: number,
  inserted: string,
];

/** What somebody typed, and what came out. */
export interface Trace {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** The text after so many edits. */
  textAfter(count: number): string;
}

/** Edits of the trace that stands in. */
const STAND_IN_COUNT = 20_000;

/**
 * The paper that Martin Kleppmann wrote, from the folder that `CRDT_TRACES`
 * names; where there is none, a shorter one that nobody wrote.
 */
export function loadTrace(): Trace {
  const name = "automerge-paper";
  const path = join(process.env["CRDT_TRACES"] ?? "", `${name}.json.gz`);
  if (!existsSync(path)) return new Typing("a stand-in for it", standIn());
  const { txns, endContent } = JSON.parse(
    gunzipSync(readFileSync(path)).toString(),
  ) as {
    txns: readonly { readonly patches: readonly Edit[] }[];
    endContent: string;
  };
  return new Typing(name, txns.flatMap(({ patches }) => patches), endContent);
}

/** The name of the trace that would be used. */
export function traceName(): string {
  return loadTrace().name;
}

class Typing implements Trace {
  readonly name: string;
  readonly edits: readonly Edit[];
  readonly #end: string | undefined;

  constructor(name: string, edits: readonly Edit[], end?: string) {
    this.name = name;
    this.edits = edits;
    this.#end = end;
  }

  textAfter(count: number): string {
    if (count === this.edits.length && this.#end !== undefined) {
      return this.#end;
    }
    const units: string[] = [];
    for (const [index, removedCount, inserted] of this.edits.slice(0, count)) {
      units.splice(index, removedCount, ...inserted);
    }
    return units.join("");
  }
}

/** Words in a row, some taken back at once, and now and then a jump. */
function standIn(): Edit[] {
  const random = makeRandom(7);
  const edits: Edit[] = [];
  let length = 0;
  let cursor = 0;
  while (edits.length < STAND_IN_COUNT) {
    if (random() < 0.02) cursor = Math.floor(random() * (length + 1));
    if (random() < 0.3 && cursor > 0) {
      cursor--;
      length--;
      edits.push([cursor, 1, ""]);
    } else {
      const letter = "etaoin shrdlu"[Math.floor(random() * 13)] as string;
      edits.push([cursor, 0, letter]);
      cursor++;
      length++;
    }
  }
  return edits;
}
