import type { Branch, Item } from "../branch.ts";
import { ByteReader, ByteWriter } from "../bytes.ts";
import type { Core } from "../core.ts";
import type { IdRange, ItemId, Origin } from "../sequence/ids.ts";
import type { ListSequence } from "../sequence/list_sequence.ts";
import type { Sequence } from "../sequence/sequence.ts";
import { TextSequence } from "../sequence/text_sequence.ts";
import { VersionVector } from "../version_vector.ts";

/**
 * What hides things at a place: the covers above, and whether a barrier above
 * hides all that one of the two states holds.
 */
export interface Above {
  /** The covers of both states; `null` for none. */
  readonly cover: VersionVector | null;
  /** Whether a barrier that only the other state has seen hides ours. */
  readonly hidesOurs: boolean;
  /** Whether a barrier that only we have seen hides theirs. */
  readonly hidesTheirs: boolean;
  /** Whether ours has to be looked at where the other state has nothing. */
  readonly isNew: boolean;
}

/** Whether what we hold, with that dot, is hidden. */
export function isOursGone(
  above: Above,
  replica: number,
  counter: number,
): boolean {
  return above.hidesOurs || (above.cover?.has(replica, counter) ?? false);
}

/** Whether what they hold, with that dot, is hidden. */
export function isTheirsGone(
  above: Above,
  replica: number,
  counter: number,
): boolean {
  return above.hidesTheirs || (above.cover?.has(replica, counter) ?? false);
}

/** Two documents of which one takes in what the other has. */
export class JoinContext {
  /** Ours, which changes. */
  readonly core: Core;
  /** Theirs, which does not. */
  readonly other: Core;
  /** What they had applied, by our indexes. */
  readonly seen: VersionVector;
  /** Whether someone may want to know what changes. */
  isTold = true;
  /** What each of their replicas is here. */
  readonly #replicas: readonly number[];
  /** What stands for moved places in lists of ours, but for whom yet. */
  readonly guests: {
    readonly list: ListSequence<Item>;
    readonly id: ItemId;
  }[] = [];

  /** Prepares to join `other` into `core`. */
  constructor(core: Core, other: Core) {
    this.core = core;
    this.other = other;
    this.#replicas = other.replicas.names.map((name) =>
      core.replicas.indexOf(name)
    );
    this.seen = this.translate(other.vector);
  }

  /** What one of their replicas is here. */
  indexOf(replica: number): number {
    return this.#replicas[replica] as number;
  }

  /** A vector of theirs by our indexes. */
  translate(vector: VersionVector): VersionVector {
    const translated = new VersionVector();
    vector.forEach((replica, counter) =>
      translated.raise(this.indexOf(replica), counter)
    );
    return translated;
  }

  /** Notes that what stands at `key` of `parent`, or there, may show otherwise. */
  note(parent: Branch, key: string | null): void {
    if (this.isTold) this.core.telling.want(parent, key);
  }

  /** Notes what a place shows, before that may change. */
  noteShown(place: Branch): void {
    if (!this.isTold) return;
    const { telling, tree } = this.core;
    // Who is refused no more claims what is above again.
    if (tree.columns.refused.size > 0) telling.noteAbove(place);
    else telling.note(place);
  }

  /** Adds to a sequence of ours what one of theirs has. */
  joinSequences<Part extends string | readonly unknown[]>(
    ours: Sequence<Part>,
    theirs: Sequence<Part>,
    insert: (
      replica: number,
      counter: number,
      length: number,
      content: Part | undefined,
      origin: Origin,
    ) => void,
    remove: (range: IdRange) => void,
  ): void {
    const { vector } = this.core;
    const known = (replica: number) => vector.get(this.indexOf(replica));
    const parentOf = (origin: Origin): Origin =>
      origin.replica < 0
        ? origin
        : { ...origin, replica: this.indexOf(origin.replica) };
    let isWhole = true;
    for (const { replica, origin, ...span } of theirs.spansSince(known)) {
      const { counter, length, content } = span;
      const parent = parentOf(origin);
      if (!ours.hasOrigin(parent)) isWhole = false;
      else insert(this.indexOf(replica), counter, length, content, parent);
    }
    if (!isWhole) {
      // They name what we have forgotten, so we remember it, and do not name it.
      for (const span of theirs.spansSince(() => 0)) {
        const replica = this.indexOf(span.replica);
        let origin = parentOf(span.origin);
        for (let at = 0; at < span.length; at++) {
          const counter = span.counter + at;
          const own: Origin = { side: "right", replica, counter };
          if (!ours.hasOrigin(own) && ours.hasOrigin(origin)) {
            const content = span.content?.slice(at, at + 1) as Part | undefined;
            insert(replica, counter, 1, content, origin);
          }
          origin = own;
        }
      }
      ours.retire(ours.removedRanges());
    }
    for (const range of theirs.removedRanges()) {
      remove({ ...range, replica: this.indexOf(range.replica) });
    }
  }

  /** A text of theirs as one of ours. */
  copyText(text: TextSequence): TextSequence {
    const writer = new ByteWriter();
    text.exportTo(writer);
    const copy = new TextSequence(this.core.tree.texts);
    copy.importFrom(new ByteReader(writer.finish()), this.#replicas);
    return copy;
  }
}
