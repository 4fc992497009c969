import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Origin } from "../../../src/crdt/sequence/ids.ts";
import { TextSequence } from "../../../src/crdt/sequence/text_sequence.ts";
import { makeArena } from "./world.ts";

const NAMES = ["a", "b", "c"];

interface Insertion {
  readonly replica: number;
  readonly counter: number;
  readonly text: string;
  readonly origin: Origin;
}

/** What a replica writes on its own, at one place of a common text. */
interface Run {
  /** Whether each piece is put before the one before it, not behind. */
  readonly isBackward: boolean;
  readonly pieceCount: number;
  /** Whether something is typed there, and removed again, at first. */
  readonly hasTombstone: boolean;
}

const run: fc.Arbitrary<Run> = fc.record({
  isBackward: fc.boolean(),
  pieceCount: fc.integer({ min: 1, max: 6 }),
  hasTombstone: fc.boolean(),
});

Deno.test("runs written at one place at once are never mixed", () => {
  fc.assert(
    fc.property(
      fc.array(run, { minLength: 2, maxLength: 3 }),
      fc.nat({ max: 4 }),
      fc.array(fc.nat(), { minLength: 1 }),
      (runs, place, numbers) => {
        const texts = runs.map(() => new TextSequence(makeArena(NAMES)));
        const base: Insertion[] = [];
        const origin = texts[0]!.insertAt(0, "....", 0, 1);
        base.push({ replica: 0, counter: 1, text: "....", origin });
        for (const text of texts.slice(1)) integrate(text, base[0]!);
        const written = runs.map((each, replica) =>
          write(texts[replica]!, each, replica, place)
        );
        for (const [own, text] of texts.entries()) {
          const queues = written.filter((_, other) => other !== own)
            .map((insertions) => [...insertions]);
          for (let turn = 0;; turn++) {
            const left = queues.filter((queue) => queue.length > 0);
            if (left.length === 0) break;
            const number = numbers[turn % numbers.length]!;
            integrate(text, left[number % left.length]!.shift()!);
          }
          const shown = text.toString();
          assertEquals(shown, texts[0]!.toString());
          for (const [replica, { pieceCount }] of runs.entries()) {
            const name = "ABC"[replica]!;
            assert(
              shown.includes(name.repeat(2 * pieceCount)),
              `${shown}: the run of ${name} is torn`,
            );
          }
        }
      },
    ),
    { numRuns: 500 },
  );
});

function integrate(text: TextSequence, insertion: Insertion): void {
  const { replica, counter, origin } = insertion;
  const { length } = insertion.text;
  text.integrateInsert(replica, counter, length, insertion.text, origin);
  // Tombstones are removed at once: the test asks for the order of the rest.
  if (insertion.text === "-") {
    text.integrateRemove({ replica, counter, length });
  }
}

function write(
  text: TextSequence,
  { isBackward, pieceCount, hasTombstone }: Run,
  replica: number,
  place: number,
): Insertion[] {
  const insertions: Insertion[] = [];
  let counter = 10;
  const insert = (index: number, piece: string) => {
    const origin = text.insertAt(index, piece, replica, counter);
    insertions.push({ replica, counter, text: piece, origin });
    counter += piece.length;
  };
  if (hasTombstone) {
    insert(place, "-");
    text.removeAt(place, 1);
  }
  for (let piece = 0; piece < pieceCount; piece++) {
    insert(isBackward ? place : place + 2 * piece, "ABC"[replica]!.repeat(2));
  }
  return insertions;
}
