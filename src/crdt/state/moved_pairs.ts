import { Branch, type Child } from "../branch.ts";
import { DOCUMENT } from "../operation.ts";
import type { ItemId } from "../sequence/ids.ts";
import type { VersionVector } from "../version_vector.ts";
import type { Above, JoinContext } from "./join_context.ts";
import { movedIn } from "./write_moves.ts";

/** What hides things below a place. */
interface Hiding {
  readonly cover: VersionVector | null;
  readonly barrier: VersionVector | null;
}

/** One place in two states; `null` where it is not. */
interface Pair {
  readonly ours: Branch | null;
  readonly theirs: Branch | null;
}

/** A place that was moved in one of two states, or in both. */
export interface MovedPair {
  /** Ours, if there was one before anything was joined. */
  readonly ours: Branch | null;
  /** Theirs, or its register. */
  readonly theirs: Child | null;
  /** What hides things in it, whatever hides things around. */
  readonly above: Above;
  /** What it keeps from now on. */
  readonly hiding: Hiding;
}

/**
 * Finds the places that were moved in one of two states, and what each state
 * hides in them. A state that knows of no move of a place hides there what it
 * hides where that was born.
 *
 * A part of a state may lack what is the same in both: whether they know of a
 * move is told by what they have seen.
 */
export class MovedPairs {
  /** All pairs. */
  readonly all: MovedPair[] = [];
  readonly #context: JoinContext;
  /** Elements that stand in no list of theirs, by our dots. */
  readonly #anchored: Map<number, Branch> = new Map();
  /** Elements among the pairs, by our dots. */
  readonly #elements: Map<number, MovedPair> = new Map();

  /** Finds the pairs of two states of which none was changed yet. */
  constructor(context: JoinContext, anchored: readonly Branch[]) {
    this.#context = context;
    for (const element of anchored) {
      this.#anchored.set(numberOf(this.#idOf(element)), element);
    }
    const { core, other } = context;
    const found = new Set<Branch>();
    for (const theirs of movedIn(other.tree.moves.records)) {
      const ours = this.ourOf(theirs);
      if (ours !== null) found.add(ours);
      this.#add(ours, theirs, theirs);
    }
    for (const ours of core.tree.moves.nodes) {
      if (found.has(ours)) continue;
      const theirs = this.#theirChildOf(ours);
      this.#add(ours, theirs, typeof theirs === "object" ? theirs : null);
    }
  }

  /** The pair of an element, by our dot. */
  ofElement(replica: number, counter: number): MovedPair | undefined {
    return this.#elements.get(numberOf({ replica, counter }));
  }

  /** Whether an element of theirs is one of a pair. */
  isMoved(theirs: Branch): boolean {
    const { replica, counter } = this.#idOf(theirs);
    return this.ofElement(replica, counter) !== undefined;
  }

  /** Our place for one of theirs; a register becomes a branch. */
  ourOf(theirs: Branch): Branch | null {
    const { tree } = this.#context.core;
    if (theirs.homeId !== null) return tree.elementAt(this.#idOf(theirs));
    const { home, homeKey } = theirs;
    if (home === null || homeKey === null) return tree.roots[DOCUMENT];
    const parent = this.ourOf(home);
    return parent?.children.has(homeKey)
      ? tree.branchAt(parent, homeKey)
      : null;
  }

  #theirOf(ours: Branch): Branch | null {
    const child = this.#theirChildOf(ours);
    return typeof child === "object" ? child : null;
  }

  #theirChildOf({ home, homeKey, homeId }: Branch): Child | null {
    const { core, other } = this.#context;
    if (homeId !== null) {
      const anchored = this.#anchored.get(numberOf(homeId));
      if (anchored !== undefined) return anchored;
      const name = core.replicas.nameOf(homeId.replica);
      const replica = other.replicas.find(name);
      const found = other.tree.lists.find(replica, homeId.counter)?.value;
      return found instanceof Branch ? found : null;
    }
    if (home === null || homeKey === null) return other.tree.roots[DOCUMENT];
    return this.#theirOf(home)?.children.get(homeKey) ?? null;
  }

  #add(ours: Branch | null, theirs: Child | null, place: Branch | null): void {
    const context = this.#context;
    const pair = { ours, theirs: place };
    const own = ours?.moved ?? this.#hidingAt(pair, "ours");
    const their = this.#isMovedThere(pair)
      ? this.#translate(place?.moved ?? null)
      : this.#hidingAt(pair, "theirs");
    const cover = unite(own.cover, their.cover);
    const barrier = unite(own.barrier, their.barrier);
    const { vector } = context.core;
    const hidesOurs = their.barrier !== null &&
      !vector.includes(their.barrier);
    const hidesTheirs = own.barrier !== null &&
      !context.seen.includes(own.barrier);
    const isCovered = their.cover !== null &&
      !(own.cover?.includes(their.cover) ?? false);
    const moved: MovedPair = {
      ours,
      theirs,
      above: { cover, hidesOurs, hidesTheirs, isNew: hidesOurs || isCovered },
      hiding: { cover, barrier },
    };
    this.all.push(moved);
    const id = ours?.homeId ?? (place?.homeId ? this.#idOf(place) : null);
    if (id !== null) this.#elements.set(numberOf(id), moved);
  }

  /** What one side hides where a place was born. */
  #hidingAt(pair: Pair, side: "ours" | "theirs"): Hiding {
    let cover: VersionVector | null = null;
    let barrier: VersionVector | null = null;
    const add = (hiding: Hiding | null) => {
      const own = side === "ours" ? hiding : this.#translate(hiding);
      cover = unite(cover, own?.cover ?? null);
      barrier = unite(barrier, own?.barrier ?? null);
    };
    let above = this.#above(pair);
    for (; above !== null; above = this.#above(above)) {
      const place = above[side];
      add(place);
      const isMoved = side === "ours"
        ? place !== null && place.moved !== null
        : this.#isMovedThere(above);
      if (!isMoved) continue;
      add(place?.moved ?? null);
      break;
    }
    return { cover, barrier };
  }

  /** Whether they know of a move of a place. */
  #isMovedThere({ ours, theirs }: Pair): boolean {
    if (theirs !== null && theirs.moved !== null) return true;
    return ours?.moved?.records.some(({ replica, counter }) =>
      this.#context.seen.has(replica, counter)
    ) ?? false;
  }

  /** The place that another one was born at. */
  #above({ ours, theirs }: Pair): Pair | null {
    const own = ours?.home ?? null;
    const their = theirs === null ? null : this.#homeOf(theirs);
    if (own !== null) return { ours: own, theirs: this.#theirOf(own) };
    return their === null ? null : { ours: this.ourOf(their), theirs: their };
  }

  #homeOf({ home, homeId }: Branch): Branch | null {
    if (home !== null || homeId === null) return home;
    // It may stand in a list of the part all the same.
    const { lists } = this.#context.other.tree;
    const owner = lists.find(homeId.replica, homeId.counter)?.owner;
    return owner instanceof Branch ? owner : null;
  }

  #translate(hiding: Hiding | null): Hiding {
    const translate = (vector: VersionVector | null) =>
      vector && this.#context.translate(vector);
    return {
      cover: translate(hiding?.cover ?? null),
      barrier: translate(hiding?.barrier ?? null),
    };
  }

  #idOf({ homeId }: Branch): ItemId {
    const { replica, counter } = homeId as ItemId;
    return { replica: this.#context.indexOf(replica), counter };
  }
}

function numberOf({ replica, counter }: ItemId): number {
  return replica * 2 ** 31 + counter;
}

/** The union of two vectors; never one that changes. */
export function unite(
  first: VersionVector | null,
  second: VersionVector | null,
): VersionVector | null {
  if (first === null || second === null) return first ?? second;
  const united = first.clone();
  united.join(second);
  return united;
}
