import type { Item } from "../branch.ts";
import type { Contraction } from "../sequence/contract.ts";
import type { Content } from "../sequence/ids.ts";
import type { ListSequence } from "../sequence/list_sequence.ts";
import type { TextSequence } from "../sequence/text_sequence.ts";
import type { VersionVector } from "../version_vector.ts";

/** A sequence in which items may be forgotten. */
export type AnySequence = ListSequence<Item> | TextSequence;

/** What is under way. */
interface Run {
  readonly sequence: AnySequence;
  readonly contraction: Contraction<Content>;
}

/**
 * Contracts the chains of the sequences in which items were spent, one sequence
 * after the other, a few steps at a time. Nothing may be spent meanwhile.
 */
export class Contracting {
  /** Sequences with chains, perhaps, and what had been applied when it was so. */
  readonly #ends: Map<AnySequence, VersionVector> = new Map();
  /** Those that are next. */
  readonly #due: Set<AnySequence> = new Set();
  #run: Run | null = null;

  /** Whether there is something to do. */
  get isActive(): boolean {
    return this.#run !== null || this.#due.size > 0;
  }

  /** Items of a sequence were spent that had been removed at `end`. */
  add(sequence: AnySequence, end: VersionVector): void {
    this.#ends.set(sequence, end);
    this.#due.add(sequence);
  }

  /** Makes all due that were left for later. */
  addAll(): void {
    for (const sequence of this.#ends.keys()) this.#due.add(sequence);
  }

  /** Begins again what is under way: the sequence is another one. */
  restart(): void {
    if (this.#run !== null) this.#due.add(this.#run.sequence);
    this.#run = null;
  }

  /** Forgets all: the sequences are new. */
  reset(): void {
    this.#ends.clear();
    this.#due.clear();
    this.#run = null;
  }

  /**
   * Does about `budget` steps of work; returns how many are left.
   *
   * @param isPatient Whether a sequence can wait until a good part of it is spent.
   * @param onForgotten Is told how many items were forgotten.
   */
  step(
    budget: number,
    isPatient: boolean,
    onForgotten: (count: number, end: VersionVector) => void,
  ): number {
    let left = budget;
    while (left > 0) {
      const run = this.#run ??= this.#begin(isPatient);
      if (run === null) break;
      const { sequence, contraction } = run;
      const end = this.#ends.get(sequence) as VersionVector;
      const before = contraction.count;
      left = contraction.step(left) - 1;
      if (contraction.count > before) {
        onForgotten(contraction.count - before, end);
      }
      if (!contraction.isDone) continue;
      this.#run = null;
      if (contraction.hasGivenUp) continue;
      sequence.endContraction();
      this.#ends.delete(sequence);
    }
    return left;
  }

  #begin(isPatient: boolean): Run | null {
    for (const sequence of this.#due) {
      this.#due.delete(sequence);
      const contraction = sequence.beginContraction(isPatient);
      if (contraction !== null) return { sequence, contraction };
      this.#ends.delete(sequence);
    }
    return null;
  }
}
