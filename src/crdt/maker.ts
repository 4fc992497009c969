import type { JsonValue } from "../base/json.ts";
import { applyInsertAt, applyOperation } from "./apply.ts";
import type { Core } from "./core.ts";
import type { Change } from "./events.ts";
import {
  DELETE,
  DELETE_WINS,
  DOCUMENT,
  Edit,
  INSERT,
  type Kind,
  Operation,
  SET,
  SETTINGS,
  type Shape,
  type Space,
} from "./operation.ts";
import { findPast } from "./past.ts";
import type { Step } from "./pattern.ts";
import type { ItemId } from "./sequence/ids.ts";
import { checkSchema } from "./schema/check.ts";
import type { Transaction } from "./transaction.ts";

/** Where an operation is to act. */
export interface Target {
  /** The element that {@linkcode Target.keys} begin at; `null`: the root. */
  readonly anchor: ItemId | null;
  /** The keys below it. */
  readonly keys: readonly string[];
  /** Where it is shown; empty where no strategy asks for it. */
  readonly path: readonly Step[];
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
    const { strategies, tree } = this.#core;
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
    if (kind === SET || kind === DELETE) this.#takeAway(operation, target);
    applyOperation(tree, operation);
    this.finish(transaction, operation);
    if (space !== SETTINGS) return;
    const changes: Change[] = [];
    this.#core.loadSettings(changes);
    for (const change of changes) transaction.addChange(change);
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
    const origin = applyInsertAt(this.#core.tree, operation, index);
    operation.edit = new Edit(origin, null, null);
    this.finish(transaction, operation);
    return operation;
  }

  /** An operation that was not applied yet. */
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
    if (space === DOCUMENT && !core.schemas.isEmpty) {
      checkSchema(core, operation);
    }
    // Removals and edits of texts are hidden by nothing, and claim nothing.
    if (core.replicas.count > 1 && kind <= INSERT) {
      operation.after = findPast(core, space, anchor, keys, kind === INSERT);
    }
    return operation;
  }

  /** Takes note of an operation that was applied. */
  finish(transaction: Transaction, operation: Operation): void {
    const { vector, self } = this.#core;
    vector.raise(self, operation.counter + operation.length - 1);
    transaction.addOperation(operation);
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
    if (place.liveCount > 0) operation.covers = vector.clone();
  }
}
