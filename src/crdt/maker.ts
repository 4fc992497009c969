import { DistflowError } from "../base/errors.ts";
import type { JsonValue } from "../base/json.ts";
import { applyInsertAt, applyOperation } from "./apply.ts";
import type { Branch } from "./branch.ts";
import type { Core } from "./core.ts";
import {
  DELETE,
  DELETE_WINS,
  DOCUMENT,
  Edit,
  INSERT,
  type Kind,
  MOVE,
  NOTHING,
  Operation,
  SET,
  SETTINGS,
  type Shape,
  type Space,
} from "./operation.ts";
import { applyMoveAt } from "./move_edits.ts";
import { COUNTER_MAX } from "./operation_bytes.ts";
import { findPast } from "./past.ts";
import type { Path, Step } from "./pattern.ts";
import type { ItemId, Origin } from "./sequence/ids.ts";
import { checkSchema } from "./schema/check.ts";
import { sumTotals } from "./reader.ts";
import { pathOf } from "./told.ts";
import { introduce } from "./state/introduce.ts";
import type { Transaction } from "./transaction.ts";
import type { Tree } from "./tree.ts";

/** Up to here, no edit can take all counters that are left. */
export const COUNTER_SAFE: number = COUNTER_MAX - 2 ** 30;

/** Where an operation is to act. */
export interface Target {
  /** The element that {@linkcode Target.keys} begin at; `null`: the root. */
  readonly anchor: ItemId | null;
  /** The keys below it. */
  readonly keys: readonly string[];
  /** Where it is shown; empty where no strategy asks for it. */
  readonly path: readonly Step[];
}

const NO_ORIGIN: Origin = { side: "right", replica: -1, counter: 0 };

/** Where a move is to go. */
export interface Destination extends Target {
  /** Before which element of the list; `null` for an entry of a map. */
  readonly index: number | null;
}

/** Makes operations of this replica, each with what is needed of the past. */
export class Maker {
  readonly #core: Core;

  /** Makes operations for `core`. */
  constructor(core: Core) {
    this.#core = core;
  }

  /** Makes a set, delete or increment, and applies it. */
  make(
    transaction: Transaction,
    kind: Kind,
    target: Target,
    shape: Shape,
    value: JsonValue | undefined,
    isSibling = false,
    space: Space = DOCUMENT,
  ): void {
    const isAssignment = kind === SET || kind === DELETE;
    if (isAssignment && this.#core.tree.moves.nodes.size > 0) {
      this.#deleteMoved(transaction, target, space);
    }
    this.#makeHere(
      transaction,
      kind,
      target,
      shape,
      value,
      target.path,
      isSibling,
      space,
    );
  }

  /**
   * Makes an assignment, an increment or a setting; of what lives below the place
   * it takes away what was born there, but not what was moved there.
   *
   * @param own Where the author tells of all that it does.
   */
  #makeHere(
    transaction: Transaction,
    kind: Kind,
    target: Target,
    shape: Shape,
    value: JsonValue | undefined,
    own: Path,
    isSibling = false,
    space: Space = DOCUMENT,
  ): void {
    const { strategies, tree } = this.#core;
    const isAssignment = kind === SET || kind === DELETE;
    const operation = this.begin(
      transaction,
      kind,
      target,
      shape,
      value,
      space,
    );
    operation.isSibling = isSibling ||
      (kind === DELETE && !strategies.isEmpty &&
        strategies.valueAt(target.path) !== "lww");
    if (isAssignment) this.#takeAway(operation, target);
    if (space === DOCUMENT) this.apply(transaction, operation, own);
    else applyOperation(tree, operation);
    this.finish(transaction, operation);
    if (space !== SETTINGS) return;
    this.#core.loadSettings(true);
    this.#takeChanges(transaction);
  }

  /** Makes an insertion before the element at `index`; returns its first dot. */
  insert(
    transaction: Transaction,
    target: Target,
    index: number,
    shape: Shape,
    value: JsonValue,
  ): ItemId {
    const operation = this.begin(transaction, INSERT, target, shape, value);
    const { tree } = this.#core;
    const origin = this.change(
      transaction,
      "rest",
      () => applyInsertAt(tree, operation, index),
      target.path,
    );
    operation.edit = new Edit(origin, null, null);
    this.finish(transaction, operation);
    return operation;
  }

  /** Applies an operation whose author tells of what it does. */
  apply(
    transaction: Transaction,
    operation: Operation,
    own: Path | null = null,
  ): void {
    const { tree } = this.#core;
    this.change(
      transaction,
      "rest",
      () => applyOperation(tree, operation),
      own,
    );
  }

  /**
   * Lets `act` change the document, and tells what comes to show otherwise.
   *
   * @param scope `rest` if the author tells of what it does itself.
   * @param own Where it tells of a place as a whole.
   */
  change<Result>(
    transaction: Transaction,
    scope: "all" | "rest",
    act: () => Result,
    own: Path | null = null,
  ): Result {
    const result = this.#core.tell(scope, act, own);
    this.#takeChanges(transaction);
    return result;
  }

  #takeChanges(transaction: Transaction): void {
    for (const change of this.#core.telling.take()) {
      transaction.addChange(change);
    }
  }

  /** Makes a move. */
  move(transaction: Transaction, source: Target, to: Destination): void {
    const core = this.#core;
    const { anchor, keys, index } = to;
    const operation = this.begin(
      transaction,
      MOVE,
      source,
      NOTHING,
      undefined,
    );
    // The first operation names all anyway.
    if (core.replicas.count > 1 && operation.counter > 1) {
      operation.after = findPast(core, DOCUMENT, anchor, keys, index !== null);
    }
    const address = { anchor, path: keys };
    // Only whether there is an origin tells what kind of move it is.
    const some = index === null ? null : NO_ORIGIN;
    operation.edit = new Edit(some, null, null, address);
    const origin = this.change(
      transaction,
      "all",
      () => applyMoveAt(core.tree, operation, index),
    );
    operation.edit = new Edit(origin, null, null, address);
    this.finish(transaction, operation);
  }

  /**
   * An operation that was not applied yet.
   *
   * @throws {DistflowError} `LIMIT_REACHED` if the replica has no counters left.
   */
  begin(
    transaction: Transaction,
    kind: Kind,
    { anchor, keys }: Target,
    shape: Shape,
    value: JsonValue | undefined,
    space: Space = DOCUMENT,
  ): Operation {
    const core = this.#core;
    const operation = new Operation(
      core.self,
      core.vector.get(core.self) + 1,
      transaction.stamp,
      kind,
      anchor,
      keys,
      shape,
      value,
    );
    operation.space = space;
    if (operation.counter > COUNTER_SAFE) checkCounters(core, operation);
    if (space === DOCUMENT && !core.schemas.isEmpty) {
      checkSchema(core, operation);
    }
    // Removals and edits of texts are hidden by nothing, and claim nothing.
    if (core.replicas.count > 1 && kind <= INSERT) {
      operation.after = findPast(core, space, anchor, keys, kind === INSERT);
    }
    if (operation.counter === 1 && !core.vector.isEmpty) {
      introduce(core, operation);
    }
    return operation;
  }

  /** Takes note of an operation that was applied. */
  finish(transaction: Transaction, operation: Operation): void {
    const { vector, self } = this.#core;
    vector.raise(self, operation.counter + operation.length - 1);
    transaction.addOperation(operation);
  }

  /**
   * Deletes the places that live below `target` and were ever moved, the lowest
   * first: what is made now does not reach them, as it knows of their moves.
   */
  #deleteMoved(transaction: Transaction, target: Target, space: Space): void {
    const { tree } = this.#core;
    const place = tree.childAt(space, target.anchor, target.keys);
    if (typeof place !== "object") return;
    for (const node of movedBelow(place, tree.moves.nodes)) {
      const isKept = tree.isLive(node.slot) || holdsAnything(node);
      const first = node.moved?.records[0];
      if (!isKept || first === undefined) continue;
      const anchor = { replica: first.replica, counter: first.counter };
      const path = pathOf(tree, node) ?? target.path;
      const base = baseOf(tree, node.slot);
      const address = { anchor, keys: [], path };
      const own = target.path;
      this.#makeHere(transaction, DELETE, address, NOTHING, base, own);
    }
  }

  #takeAway(operation: Operation, { anchor, keys, path }: Target): void {
    const { strategies, vector } = this.#core;
    if (!strategies.isEmpty && operation.space === DOCUMENT) {
      operation.mode = strategies.hierarchyAt(path);
    }
    const place = this.#core.tree.childAt(operation.space, anchor, keys);
    if (typeof place !== "object") return;
    if (operation.mode === DELETE_WINS) operation.isBarrier = true;
    // A barrier hides all that this covers; it tells what was seen, for those
    // who ask which edits the delete was in conflict with.
    const isCovering = holdsAnything(place);
    if (isCovering) operation.covers = vector.clone();
    const { moves } = this.#core.tree;
    if (moves.last.size > 0 && (operation.isBarrier || isCovering)) {
      operation.after = joinDots(
        operation.after,
        moves.last,
        operation.replica,
      );
    }
  }
}

function checkCounters(core: Core, { counter, length }: Operation): void {
  if (counter + length - 1 <= COUNTER_MAX) return;
  const name = core.replicas.nameOf(core.self);
  throw new DistflowError(
    "LIMIT_REACHED",
    `Cannot edit as ${name} any more: ${length} more operations and characters than ${
      counter - 1
    } are too many for one replica; restore the snapshot under another name`,
    { details: { limit: "counters", max: COUNTER_MAX } },
  );
}

/** What a delete of a counter writes, so that concurrent increments stay. */
export function baseOf(tree: Tree, slot: number): number | undefined {
  const total = totalOf(tree, slot);
  return total === 0 ? undefined : -total;
}

/** The sum of all totals of a counter. */
export function totalOf(tree: Tree, slot: number): number {
  return sumTotals(tree.counters.get(slot) ?? []);
}

/**
 * Whether anything in a place would show if it were a container: what lives, or
 * containers that nothing is in and nobody assigned, which are claimed alone.
 */
function holdsAnything({ liveCount, claimShape, children }: Branch): boolean {
  if (liveCount > 0 || claimShape !== NOTHING) return true;
  for (const child of children.values()) {
    const isHere = typeof child === "object" && child.moved === null;
    if (isHere && holdsAnything(child)) return true;
  }
  return false;
}

/** Those of `nodes` that live below `place`, the lowest first. */
function movedBelow(place: Branch, nodes: Iterable<Branch>): Branch[] {
  /** How far below `place` one is; -1: it is not. */
  const depths = new Map<Branch, number>([[place, 0]]);
  const depthOf = (node: Branch): number => {
    const way: Branch[] = [];
    let branch: Branch | null = node;
    for (; branch !== null && !depths.has(branch); branch = branch.parent) {
      way.push(branch);
    }
    let depth = branch === null ? -1 : depths.get(branch) as number;
    for (const passed of way.reverse()) {
      if (depth >= 0) depth++;
      depths.set(passed, depth);
    }
    return depth;
  };
  return [...nodes].filter((node) => depthOf(node) > 0)
    .sort((a, b) => depthOf(b) - depthOf(a));
}

/** Dots and those of others in `more`, the greatest of each replica. */
function joinDots(
  dots: readonly number[] | null,
  more: ReadonlyMap<number, number>,
  self: number,
): number[] | null {
  const joined = new Map(more);
  joined.delete(self);
  for (let index = 0; index < (dots?.length ?? 0); index += 2) {
    const replica = dots?.[index] as number;
    const counter = dots?.[index + 1] as number;
    joined.set(replica, Math.max(joined.get(replica) ?? 0, counter));
  }
  return joined.size === 0 ? null : [...joined].flat();
}
