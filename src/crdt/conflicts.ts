import type { JsonValue } from "../base/json.ts";
import type { Branch } from "./branch.ts";
import {
  addressOf,
  destinationOf,
  forEachBelow,
  type Hider,
  hidersAbove,
  type Met,
  metAt,
} from "./conflict_places.ts";
import type { ConflictEvent, ConflictSide, Dot } from "./events.ts";
import { stampMs } from "./hybrid_clock.ts";
import {
  DELETE,
  INCREMENT,
  INSERT,
  LIST,
  MAP,
  MOVE,
  NOTHING,
  type Operation,
  SET,
  type Shape,
} from "./operation.ts";
import type { MoveRecord } from "./move_log.ts";
import type { Path } from "./pattern.ts";
import type { Strategies } from "./strategies.ts";
import type { Tree } from "./tree.ts";
import { isSameValue } from "./values.ts";

/** Conflicts with what is below its place that are told of one operation. */
const BELOW_COUNT_MAX = 100;

const NONE: readonly never[] = [];

/** Two operations that had not seen each other, and meet. */
interface Meeting {
  readonly kind: ConflictEvent["kind"];
  /** The place that both mean, or the upper one of two. */
  readonly path: Path;
  /** What was there when the operation came. */
  readonly met: Met;
  /** Where that is. */
  readonly metPath: Path;
  /** Whether the operation wins, as far as that is known before it is joined. */
  readonly isWon: boolean | null;
  /** The upper place, which tells afterwards who won. */
  readonly place: Branch | null;
  /** Whether the loser is kept beside the winner. */
  readonly isKept: boolean;
  /** Where the operation is, if its own path does not tell. */
  readonly ownPath?: Path;
}

/**
 * Notes which operations of others meet something that neither side had seen of
 * the other, while they are joined with the state.
 *
 * Who wins depends on the two alone; each replica tells of it when the second
 * side arrives there. An operation names what it replaces and not all that its
 * author had seen, so that a replica to which operations come in an order that
 * nobody saw may be told of a conflict that an author had settled.
 */
export class Witness {
  /** How many conflicts there were. */
  count = 0;
  /** Whether anyone will ask for them. */
  isAsked = false;
  readonly #tree: Tree;
  readonly #strategies: Strategies;
  #meetings: Meeting[] = [];
  /** Registers at which the transaction that comes has met another value. */
  readonly #slots: Set<number> = new Set();

  /** Makes the witness of `tree`. */
  constructor(tree: Tree, strategies: Strategies) {
    this.#tree = tree;
    this.#strategies = strategies;
  }

  /** A transaction comes, whose operations are joined one after the other. */
  begin(): void {
    // Clearing makes a new table, even of an empty set.
    if (this.#slots.size > 0) this.#slots.clear();
  }

  /** An assignment comes to the register at the end of the walk. */
  meet(slot: number, operation: Operation): void {
    const { columns, walk } = this.#tree;
    const { stamp, replica, counter, shape } = operation;
    if ((columns.stamps[slot] as number) < 0) return;
    const met = metAt(this.#tree, slot);
    const { parent, key } = walk;
    const place = key === null ? parent : parent.children.get(key);
    const hiders = typeof place === "object"
      ? hidersAbove(place)
      : [parent, ...hidersAbove(parent)];
    if (!this.#isStrange(met, operation) || isCovered(hiders, met)) return;
    const old = columns.shapeOf(slot);
    if (old === shape && isSameValue(met.value, operation.value)) return;
    this.#slots.add(slot);
    const isNewer = columns.isNewer(slot, stamp, replica, counter);
    const isKept = operation.isSibling && columns.isSibling(slot) &&
      shape !== NOTHING && old !== NOTHING;
    const path = this.#pathOf(operation);
    const isWon = isKept ? this.#isPreferred(operation, met, path) : null;
    this.#note({
      kind: "value",
      path,
      met,
      metPath: path,
      isWon: isWon ?? isNewer,
      place: null,
      isKept,
    });
  }

  /** An operation passes a place on its way to one below it. */
  pass(branch: Branch, operation: Operation): void {
    const { columns } = this.#tree;
    const { slot, barrier } = branch;
    const { kind } = operation;
    if ((columns.stamps[slot] as number) < 0) return;
    if (kind !== SET && kind !== INCREMENT && kind !== INSERT) return;
    const met = metAt(this.#tree, slot);
    // The container that it fills was told of.
    if (!this.#isStrange(met, operation) || this.#slots.has(slot)) return;
    const isBarred = barrier?.has(met.replica, met.counter) ?? false;
    // Once others have made a container of it again, that is what was met.
    const { claimStamp, claimReplica, claimCounter } = branch;
    const isSettled = isContainer(columns.shapeOf(slot)) ||
      columns.isNewer(slot, claimStamp, claimReplica, claimCounter) ||
      isCovered(hidersAbove(branch), met);
    if (isSettled && !isBarred) return;
    const path = addressOf(branch);
    this.#note({
      kind: "hierarchy",
      path,
      met,
      metPath: path,
      isWon: isBarred ? false : null,
      place: branch,
      isKept: false,
    });
  }

  /** A set or delete comes to a place that others live below. */
  replace(branch: Branch, operation: Operation): void {
    const { columns } = this.#tree;
    const { isBarrier, shape, covers, stamp, replica, counter } = operation;
    if (branch.liveCount === 0 || (isContainer(shape) && !isBarrier)) return;
    // One that is older than what was assigned there decides nothing any more.
    const isNewer = columns.isNewer(branch.slot, stamp, replica, counter);
    if (!isNewer && !isBarrier) return;
    const path = addressOf(branch);
    const own = metAt(this.#tree, branch.slot);
    const isMet = this.#isStrange(own, operation);
    let count = 0;
    forEachBelow(this.#tree, branch, [], (met, below) => {
      const isSeen = covers?.has(met.replica, met.counter) ?? false;
      if (isSeen || !this.#isStrange(met, operation)) return true;
      // What came with the container that stood there is told of with that.
      if (isMet && isPartOf(met, own)) return true;
      this.#note({
        kind: "hierarchy",
        path,
        met,
        metPath: [...path, ...below],
        isWon: isBarrier ? true : null,
        place: branch,
        isKept: false,
      });
      return ++count < BELOW_COUNT_MAX;
    });
  }

  /** Two moves cannot both be in effect. */
  meetMoves(own: MoveRecord, other: MoveRecord, operation: Operation): void {
    const met = { ...dotOf(other), value: undefined, isDelete: false };
    if (own.node === null || !this.#isStrange(met, operation)) return;
    const { moves } = this.#tree;
    this.#note({
      kind: "move",
      path: addressOf(own.node),
      met,
      metPath: destinationOf(other),
      isWon: other.node !== own.node
        ? other.before === null
        : moves.records.indexOf(own) > moves.records.indexOf(other),
      place: null,
      isKept: false,
      ownPath: destinationOf(own),
    });
  }

  /** What was noted since it was asked last, while `operation` was joined. */
  settle(operation: Operation): readonly ConflictEvent[] {
    if (this.#meetings.length === 0) return NONE;
    const meetings = this.#meetings;
    this.#meetings = [];
    const own = this.#sideOf(operation);
    return meetings.map((meeting) => {
      const { kind, path, met, metPath, isKept, ownPath } = meeting;
      const other: ConflictSide = {
        dot: this.#dot(met.replica, met.counter),
        kind: kind === "move" ? kind : met.isDelete ? "delete" : "set",
        path: metPath,
        atMs: stampMs(met.stamp),
        ...met.value === undefined ? {} : { value: met.value },
      };
      const mine = { ...own, path: ownPath ?? own.path };
      const [winner, loser] = this.#isWon(meeting)
        ? [mine, other]
        : [other, mine];
      return { kind, path, winner, loser, isKept };
    });
  }

  /** Of two places, the lower one wins if the upper one shows a container. */
  #isWon({ isWon, place, path, metPath }: Meeting): boolean {
    if (isWon !== null) return isWon;
    const isLower = metPath.length === path.length;
    return isLower === isContainer(this.#tree.shown(place as Branch));
  }

  /** Whether neither had seen the other; what had been seen would have come. */
  #isStrange({ replica, counter }: Met, operation: Operation): boolean {
    return !operation.hasSeen(replica, counter) &&
      (replica !== operation.replica || counter !== operation.counter);
  }

  /** Whether a bias prefers the operation; `null` if that does not decide. */
  #isPreferred(
    { replica }: Operation,
    met: Met,
    path: Path,
  ): boolean | null {
    const strategy = this.#strategies.valueAt(path);
    if (typeof strategy !== "object") return null;
    const rank = (index: number) => {
      const found = strategy.bias.indexOf(this.#tree.replicas.nameOf(index));
      return found < 0 ? strategy.bias.length : found;
    };
    const difference = rank(met.replica) - rank(replica);
    return difference === 0 ? null : difference > 0;
  }

  #note(meeting: Meeting): void {
    this.count++;
    if (this.isAsked) this.#meetings.push(meeting);
  }

  #pathOf({ anchor, path }: Operation): Path {
    if (anchor === null) return path;
    const element = this.#tree.elementAt(anchor);
    return element === null ? path : [...addressOf(element), ...path];
  }

  #sideOf(operation: Operation): ConflictSide {
    const { replica, counter, kind, value, shape, stamp } = operation;
    const hasValue = value !== undefined && kind !== DELETE &&
      !(isContainer(shape) && kind === INSERT);
    return {
      dot: this.#dot(replica, counter),
      kind: KINDS.find(([number]) => number === kind)?.[1] ?? "set",
      path: this.#pathOf(operation),
      atMs: stampMs(stamp),
      ...hasValue ? { value: value as JsonValue } : {},
    };
  }

  #dot(replica: number, counter: number): Dot {
    return [this.#tree.replicas.nameOf(replica), counter];
  }
}

const KINDS = [
  [DELETE, "delete"],
  [INCREMENT, "increment"],
  [INSERT, "insert"],
  [MOVE, "move"],
] as const;

/** Whether it was taken away by what happened above it. */
function isCovered(hiders: readonly Hider[], met: Met): boolean {
  return hiders.some(({ cover, barrier }) =>
    cover?.has(met.replica, met.counter) || (met.isDelete && barrier !== null)
  );
}

function dotOf(
  { replica, counter, stamp }: MoveRecord,
): Pick<Met, "replica" | "counter" | "stamp"> {
  return { replica, counter, stamp };
}

/** Whether an assignment came with the one of the container that it is in. */
function isPartOf(part: Met, container: Met): boolean {
  return part.replica === container.replica &&
    part.counter > container.counter &&
    (part.stamp === container.stamp || part.stamp === 0);
}

function isContainer(shape: Shape): boolean {
  return shape === MAP || shape === LIST;
}
