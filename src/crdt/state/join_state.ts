import type { Branch, Child } from "../branch.ts";
import type { Columns } from "../columns.ts";
import type { Core } from "../core.ts";
import type { Change } from "../events.ts";
import { DOCUMENT, NOTHING, SETTINGS } from "../operation.ts";
import type { CounterCell, Sibling } from "../register_parts.ts";
import { VersionVector } from "../version_vector.ts";

/**
 * What hides things at a place: the covers above, and whether a barrier above
 * hides all that one of the two states holds.
 */
interface Above {
  /** The covers of both states; `null` for none. */
  readonly cover: VersionVector | null;
  /** Whether a barrier that only the other state has seen hides ours. */
  readonly hidesOurs: boolean;
  /** Whether a barrier that only we have seen hides theirs. */
  readonly hidesTheirs: boolean;
  /** Whether ours has to be looked at where the other state has nothing. */
  readonly isNew: boolean;
}

const NOTHING_ABOVE: Above = {
  cover: null,
  hidesOurs: false,
  hidesTheirs: false,
  isNew: false,
};

/**
 * Joins the state of another document with that of `core`.
 *
 * Each kept part is joined as the README says. What needs a thought is what one
 * state hides and the other has not heard of. A cover names what it hides. A
 * barrier hides what had not seen it; and what one of us applied without having
 * the barrier cannot have, for then it would have waited for it. So a barrier
 * that only one has seen hides all that the other has, but for what both have:
 * there the one that has seen it knows.
 *
 * Costs a step for each place of the other state, and for each of ours that is
 * newly hidden.
 */
export class StateJoin {
  /** What shows otherwise, in the order in which it was found. */
  readonly changes: Change[] = [];
  readonly #core: Core;
  readonly #other: Core;
  /** What each of the other's replicas is here. */
  readonly #replicas: readonly number[];
  /** What the other had applied, by our indexes. */
  readonly #seen: VersionVector;
  readonly #path: string[] = [];
  #isTold = false;

  /** Prepares to join `other` into `core`. */
  constructor(core: Core, other: Core) {
    this.#core = core;
    this.#other = other;
    this.#replicas = other.replicas.names.map((name) =>
      core.replicas.indexOf(name)
    );
    this.#seen = this.#translate(other.vector);
  }

  /** Joins everything. */
  run(): void {
    const { tree, vector, clock } = this.#core;
    for (const space of [DOCUMENT, SETTINGS]) {
      this.#isTold = space === DOCUMENT;
      const ours = tree.roots[space] as Branch;
      const theirs = this.#other.tree.roots[space] as Branch;
      this.#joinSlots(ours.slot, theirs.slot, NOTHING_ABOVE);
      this.#joinBranches(ours, theirs, NOTHING_ABOVE);
    }
    vector.join(this.#seen);
    clock.receive(this.#other.clock.last);
    this.#core.loadSettings();
  }

  #translate(vector: VersionVector): VersionVector {
    const translated = new VersionVector();
    vector.forEach((replica, counter) =>
      translated.raise(this.#replicas[replica] as number, counter)
    );
    return translated;
  }

  /**
   * Joins what is kept below two branches for one place, and what of the branch
   * itself its own cover and barrier can hide.
   *
   * @returns How many more registers live below it.
   */
  #joinBranches(ours: Branch, theirs: Branch, outer: Above): number {
    const above = this.#joinHiding(ours, theirs, outer);
    this.#joinClaims(ours, theirs, above);
    const missed = above.isNew ? new Set(ours.children.keys()) : null;
    let live = 0;
    for (const [key, child] of theirs.children) {
      missed?.delete(key);
      this.#path.push(key);
      live += this.#joinChild(ours, key, child, above);
      this.#path.pop();
    }
    for (const key of missed ?? []) {
      this.#path.push(key);
      live += this.#hideChild(ours.children.get(key) as Child, above);
      this.#path.pop();
    }
    ours.liveCount += live;
    return live;
  }

  #joinHiding(ours: Branch, theirs: Branch, outer: Above): Above {
    let { cover, hidesOurs, hidesTheirs, isNew } = outer;
    const own = ours.cover;
    if (theirs.cover !== null) {
      const translated = this.#translate(theirs.cover);
      if (own === null || !own.includes(translated)) {
        ours.cover = own?.clone() ?? new VersionVector();
        ours.cover.join(translated);
        isNew = true;
      }
    }
    if (ours.cover !== null) cover = unite(cover, ours.cover);
    const ownBarrier = ours.barrier;
    ownBarrier?.forEach((replica, counter) => {
      if (!this.#seen.has(replica, counter)) hidesTheirs = true;
    });
    if (theirs.barrier !== null) {
      const joined = ownBarrier?.clone() ?? new VersionVector();
      this.#translate(theirs.barrier).forEach((replica, counter) => {
        if (!this.#core.vector.has(replica, counter)) hidesOurs = true;
        joined.raise(replica, counter);
      });
      ours.barrier = joined;
    }
    return { cover, hidesOurs, hidesTheirs, isNew: isNew || hidesOurs };
  }

  #joinClaims(ours: Branch, theirs: Branch, above: Above): void {
    if (theirs.claimStamp >= 0) {
      const replica = this.#replicas[theirs.claimReplica] as number;
      const order = ours.claimStamp - theirs.claimStamp ||
        this.#core.replicas.compare(ours.claimReplica, replica) ||
        ours.claimCounter - theirs.claimCounter;
      if (order < 0) {
        ours.claimStamp = theirs.claimStamp;
        ours.claimReplica = replica;
        ours.claimCounter = theirs.claimCounter;
        ours.claimShape =
          this.#isTheirsGone(replica, theirs.claimCounter, above)
            ? NOTHING
            : theirs.claimShape;
        return;
      }
    }
    if (this.#isOursGone(ours.claimReplica, ours.claimCounter, above)) {
      ours.claimShape = NOTHING;
    }
  }

  /** Joins a child of theirs; returns how many more registers live in it. */
  #joinChild(parent: Branch, key: string, theirs: Child, above: Above): number {
    const { tree } = this.#core;
    if (typeof theirs === "number") {
      const known = parent.children.get(key);
      const slot = known === undefined
        ? tree.columns.add()
        : typeof known === "number"
        ? known
        : known.slot;
      if (known === undefined) parent.children.set(key, slot);
      const live = this.#joinSlots(slot, theirs, above);
      return typeof known === "object" && above.isNew
        ? live + this.#hideBranch(known, above)
        : live;
    }
    const ours = tree.branchAt(parent, key);
    return this.#joinSlots(ours.slot, theirs.slot, above) +
      this.#joinBranches(ours, theirs, above);
  }

  /** Hides what newly is to be hidden in a place that they do not have. */
  #hideChild(child: Child, above: Above): number {
    const slot = typeof child === "number" ? child : child.slot;
    const live = this.#hideSlot(slot, above);
    return typeof child === "number"
      ? live
      : live + this.#hideBranch(child, above);
  }

  #hideBranch(branch: Branch, above: Above): number {
    if (this.#isOursGone(branch.claimReplica, branch.claimCounter, above)) {
      branch.claimShape = NOTHING;
    }
    let live = 0;
    for (const [key, child] of branch.children) {
      this.#path.push(key);
      live += this.#hideChild(child, above);
      this.#path.pop();
    }
    branch.liveCount += live;
    return live;
  }

  #isOursGone(replica: number, counter: number, above: Above): boolean {
    return above.hidesOurs || (above.cover?.has(replica, counter) ?? false);
  }

  #isTheirsGone(replica: number, counter: number, above: Above): boolean {
    return above.hidesTheirs || (above.cover?.has(replica, counter) ?? false);
  }

  #hideSlot(slot: number, above: Above): number {
    const { tree } = this.#core;
    const wasLive = tree.isLive(slot);
    const isAlone = !tree.siblings.has(slot) && !tree.counters.has(slot);
    if (!wasLive && isAlone) return 0;
    const isChanged = this.#clearOurs(slot, above);
    const siblings = tree.siblings.get(slot);
    const left = siblings?.filter(({ replica, counter }) =>
      !this.#isOursGone(replica, counter, above)
    );
    if (left !== undefined) tree.setSiblings(slot, left);
    const cells = tree.counters.get(slot);
    if (cells !== undefined) {
      tree.setCounter(slot, cells.map((cell) => this.#hideOur(cell, above)));
    }
    return this.#told(
      slot,
      wasLive,
      isChanged || left?.length !== siblings?.length || cells !== undefined,
    );
  }

  #clearOurs(slot: number, above: Above): boolean {
    const { columns } = this.#core.tree;
    const isHeld = columns.shapeOf(slot) !== NOTHING ||
      columns.values[slot] !== undefined;
    if (
      !isHeld || !this.#isOursGone(
        columns.replicas[slot] as number,
        columns.counters[slot] as number,
        above,
      )
    ) return false;
    columns.clear(slot);
    return true;
  }

  #hideOur(cell: CounterCell, above: Above): CounterCell {
    return this.#isOursGone(cell.replica, cell.counter, above)
      ? dead(cell)
      : cell;
  }

  /** Joins two registers; returns by how much the count of living ones grows. */
  #joinSlots(slot: number, theirSlot: number, above: Above): number {
    const { tree } = this.#core;
    const theirs = this.#other.tree;
    const wasLive = tree.isLive(slot);
    const hasSiblings = tree.siblings.has(slot) ||
      theirs.siblings.has(theirSlot) || tree.columns.isSibling(slot) ||
      theirs.columns.isSibling(theirSlot);
    const values = hasSiblings
      ? this.#joinSiblings(slot, theirSlot, above)
      : null;
    let isChanged = this.#joinRegisters(slot, theirSlot, above);
    if (values !== null) {
      const { columns } = tree;
      const siblings = values.filter(({ replica, counter }) =>
        replica !== columns.replicas[slot] || counter !== columns.counters[slot]
      );
      const before = tree.siblings.get(slot) ?? [];
      isChanged ||= siblings.length !== before.length ||
        siblings.some((each, index) => each.counter !== before[index]?.counter);
      tree.setSiblings(slot, siblings);
    }
    if (tree.counters.has(slot) || theirs.counters.has(theirSlot)) {
      tree.setCounter(slot, this.#joinCells(slot, theirSlot, above));
      isChanged = true;
    }
    return this.#told(slot, wasLive, isChanged);
  }

  #joinRegisters(slot: number, theirSlot: number, above: Above): boolean {
    const { columns } = this.#core.tree;
    const theirs: Columns = this.#other.tree.columns;
    const stamp = theirs.stamps[theirSlot] as number;
    if (stamp < 0) return this.#clearOurs(slot, above);
    const replica = this.#replicas[
      theirs.replicas[theirSlot] as number
    ] as number;
    const counter = theirs.counters[theirSlot] as number;
    if (columns.isNewer(slot, stamp, replica, counter)) {
      const flags = theirs.flags[theirSlot] as number;
      const value = theirs.values[theirSlot];
      columns.assign(slot, stamp, replica, counter, flags, value);
      if (this.#isTheirsGone(replica, counter, above)) columns.clear(slot);
      return true;
    }
    return this.#clearOurs(slot, above);
  }

  /** All values that one has and the other has not seen, or that both have. */
  #joinSiblings(slot: number, theirSlot: number, above: Above): Sibling[] {
    const identity = (replica: number) => replica;
    const ours = valuesOf(this.#core, slot, identity);
    const theirs = valuesOf(
      this.#other,
      theirSlot,
      (replica) => this.#replicas[replica] as number,
    );
    const { vector } = this.#core;
    return [
      ...ours.filter((each) =>
        (includes(theirs, each) ||
          !this.#seen.has(each.replica, each.counter)) &&
        !this.#isOursGone(each.replica, each.counter, above)
      ),
      ...theirs.filter((each) =>
        !vector.has(each.replica, each.counter) &&
        !this.#isTheirsGone(each.replica, each.counter, above)
      ),
    ];
  }

  #joinCells(slot: number, theirSlot: number, above: Above): CounterCell[] {
    const ours = this.#core.tree.counters.get(slot) ?? [];
    const cells = new Map<number, CounterCell>();
    for (const cell of ours) {
      cells.set(cell.replica, this.#hideOur(cell, above));
    }
    for (const their of this.#other.tree.counters.get(theirSlot) ?? []) {
      const replica = this.#replicas[their.replica] as number;
      const own = cells.get(replica);
      if (own === undefined || own.counter < their.counter) {
        const cell = { ...their, replica };
        const isGone = this.#isTheirsGone(replica, cell.counter, above);
        cells.set(replica, isGone ? dead(cell) : cell);
      }
    }
    return [...cells.values()];
  }

  #told(slot: number, wasLive: boolean, isChanged: boolean): number {
    const isLive = this.#core.tree.isLive(slot);
    if (isChanged && this.#isTold && (wasLive || isLive)) {
      this.changes.push({
        kind: isLive ? "set" : "delete",
        path: [...this.#path],
      });
    }
    return (isLive ? 1 : 0) - (wasLive ? 1 : 0);
  }
}

function unite(
  first: VersionVector | null,
  second: VersionVector,
): VersionVector {
  if (first === null) return second;
  const united = first.clone();
  united.join(second);
  return united;
}

function dead(cell: CounterCell): CounterCell {
  return { ...cell, total: 0, isDead: true };
}

function includes(values: readonly Sibling[], wanted: Sibling): boolean {
  return values.some(({ replica, counter }) =>
    replica === wanted.replica && counter === wanted.counter
  );
}

/** The values at a place that stay until someone has seen them. */
function valuesOf(
  { tree }: Core,
  slot: number,
  translate: (replica: number) => number,
): Sibling[] {
  const { columns } = tree;
  const values = (tree.siblings.get(slot) ?? []).map((each) => ({
    ...each,
    replica: translate(each.replica),
  }));
  const shape = columns.shapeOf(slot);
  if (columns.isSibling(slot) && shape !== NOTHING) {
    values.push({
      replica: translate(columns.replicas[slot] as number),
      counter: columns.counters[slot] as number,
      stamp: columns.stamps[slot] as number,
      shape,
      value: columns.values[slot] as Sibling["value"],
    });
  }
  return values;
}
