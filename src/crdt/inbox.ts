import type { ErrorCode } from "../base/errors.ts";
import { applyOperation } from "./apply.ts";
import type { Core } from "./core.ts";
import type { Change, ConflictEvent, Dot, SyncEvent } from "./events.ts";
import { lastCounter, type Unit } from "./message.ts";
import {
  INCREMENT,
  NOTHING,
  type Operation,
  SET,
  SETTINGS,
  TREE,
} from "./operation.ts";
import {
  type IndexedDot,
  isImpossible,
  missingDot,
  type Pending,
  type Waiting,
} from "./pending.ts";
import { TextSequence } from "./sequence/text_sequence.ts";
import { isSameValue } from "./values.ts";

/**
 * What became of something received.
 *
 * `applied` says that its dots are taken. An operation in it that can mean
 * nothing here, as one that names an item that never was, does nothing then,
 * the same everywhere, and a `reject` event tells: were its dot not taken, all
 * that its author does later would wait for it.
 */
export type Receipt = "applied" | "buffered" | "duplicate" | "rejected";

/** What an inbox tells its document. */
export interface InboxListener {
  /** Whether anyone wants to know what changes. */
  isObserved(): boolean;
  /** A transaction was applied; `changes` is empty if no one wants to know. */
  onApplied(unit: Unit, changes: readonly Change[]): void;
  /** What was applied with a dot, if that is still known. */
  findApplied(replica: number, counter: number): Unit | null;
  /** Whether anyone is told of conflicts. */
  hasConflictListener(): boolean;
  /** Operations met that had not seen each other. */
  onConflict(event: ConflictEvent): void;
  /** Whether anyone is told of what waits. */
  hasSyncListener(): boolean;
  /** Something waits or was let go. */
  onSync(event: SyncEvent): void;
  /** Something was refused. */
  onReject(code: ErrorCode, operation: Operation, reason: string): void;
}

/**
 * Takes operations of other replicas in: applies what is ready, keeps what is
 * not, refuses what never will be.
 *
 * A transaction is applied as a whole. Ready means: all earlier ones of its
 * author were applied, and all that it names in the past.
 */
export class Inbox {
  readonly #core: Core;
  readonly #pending: Pending;
  readonly #listener: InboxListener;
  /** For each replica, who waits for which of its counters. */
  readonly #waiters: Map<number, Map<number, number>> = new Map();
  /** What waited, and of which a part was applied. */
  readonly #longer: Waiting[] = [];
  /**
   * Replicas whose next transaction is too far ahead of the wall clock, each
   * with the first operation of that.
   */
  readonly #quarantine: Map<number, Operation> = new Map();
  /** Whether something was thrown while what had become ready was applied. */
  #isTorn = false;

  /** Makes the inbox of `core`. */
  constructor(core: Core, pending: Pending, listener: InboxListener) {
    this.#core = core;
    this.#pending = pending;
    this.#listener = listener;
  }

  /**
   * Takes one transaction in.
   *
   * @param isOwn Whether it may be this replica's, as when it is restored.
   */
  receive(unit: Unit, isOwn = false): Receipt {
    const { replica } = unit[0] as Operation;
    try {
      const receipt = this.#take(unit, isOwn);
      if (receipt === "applied") this.#drain(replica);
      return receipt;
    } catch (error) {
      // Clocks are functions of the user's.
      this.#isTorn = true;
      throw error;
    }
  }

  /**
   * Goes on with what time has made ready, or what was ready when something was
   * thrown, and lets go what is too old.
   */
  poll(): void {
    const { clock, vector } = this.#core;
    if (this.#isTorn) this.drainAll();
    if (this.#pending.count === 0) return;
    for (const [replica, { counter, stamp }] of [...this.#quarantine]) {
      if (this.#pending.has(replica, counter) && clock.isAhead(stamp)) continue;
      this.#quarantine.delete(replica);
      this.#drainSafely(replica);
    }
    const nowMs = clock.wallMs;
    if (nowMs === undefined || !this.#pending.canExpire(nowMs)) return;
    const exempt = this.#waitingForTime();
    for (const unit of this.#pending.expire(nowMs, vector, exempt)) {
      this.#tellDropped(unit);
    }
  }

  /** Replicas of which what waits does so for the wall clock in the end. */
  #waitingForTime(): Set<number> {
    // A set goes on with what is added to it meanwhile.
    const found = new Set(this.#quarantine.keys());
    for (const replica of found) {
      for (const waiter of this.#waiters.get(replica)?.keys() ?? []) {
        found.add(waiter);
      }
    }
    return found;
  }

  /** Goes on after the vector has grown by other means than operations. */
  drainAll(): void {
    const { vector, self } = this.#core;
    // That of this replica goes on with what is longer, if nothing else waits.
    const replicas = new Set([self]);
    this.#isTorn = false;
    for (const unit of [...this.#pending.units()]) {
      const { replica, counter } = unit[0] as Operation;
      replicas.add(replica);
      if (!vector.has(replica, counter)) continue;
      const waiting = this.#pending.remove(replica, counter) as Waiting;
      if (!vector.has(replica, lastCounter(unit))) this.#longer.push(waiting);
    }
    for (const replica of replicas) this.#drainSafely(replica);
  }

  /** The dots that what waits is waiting for. */
  missing(): Dot[] {
    const { vector, stability } = this.#core;
    const dots = new Map<string, IndexedDot>();
    for (const unit of this.#pending.units()) {
      const first = unit[0] as Operation;
      // What is refused is not missed.
      if (stability.gone.has(first.replica)) continue;
      const next = vector.get(first.replica) + 1;
      const dot = this.#pending.has(first.replica, next)
        ? missingDot(unit, vector)
        : { replica: first.replica, counter: next };
      if (dot !== null) dots.set(`${dot.replica} ${dot.counter}`, dot);
    }
    return [...dots.values()].map((dot) => this.#dot(dot));
  }

  /**
   * Takes one transaction in, and nothing that waits for it.
   *
   * @param waitedSinceMs When it came, if it has waited.
   */
  #take(unit: Unit, isOwn = false, waitedSinceMs?: number): Receipt {
    const { vector, self, clock } = this.#core;
    const first = unit[0] as Operation;
    const { replica, counter } = first;
    const seen = vector.get(replica);
    const last = lastCounter(unit);
    if (replica === self && last > seen && !isOwn) {
      return this.#reject(
        "DUPLICATE_REPLICA",
        first,
        "Another document writes under the name of this one",
      );
    }
    if (counter <= seen) {
      const known = this.#listener.findApplied(replica, counter);
      const isSame = unit.every((operation) =>
        isLike(operation, known) ?? this.#isConsistent(operation)
      );
      if (!isSame) {
        return this.#reject(
          "DUPLICATE_DOT",
          first,
          "The same operation was seen with other content",
        );
      }
      if (last <= seen) return "duplicate";
      const rest = unit.filter((operation) => operation.counter > seen);
      // None is left if the last one is longer than what was seen of it.
      if (rest[0]?.counter !== seen + 1) {
        return this.#reject(
          "DUPLICATE_DOT",
          first,
          "The same operation was seen with another length",
        );
      }
      return this.#take(rest, isOwn, waitedSinceMs);
    }
    if (!isOwn && this.#core.stability.refuses(first)) {
      return this.#reject(
        "SNAPSHOT_REQUIRED",
        first,
        "Its author may not know what was forgotten here; merge a state, or let it begin anew from one",
      );
    }
    if (isImpossible(unit)) {
      return this.#reject(
        "INVALID_OPERATION",
        first,
        "It waits for itself and can never be applied",
      );
    }
    if (counter > seen + 1) {
      const before = { replica, counter: counter - 1 };
      return this.#keep(unit, before, waitedSinceMs);
    }
    const missing = missingDot(unit, vector);
    if (missing !== null) {
      const waiters = this.#waiters.get(missing.replica) ?? new Map();
      waiters.set(replica, missing.counter);
      this.#waiters.set(missing.replica, waiters);
      return this.#keep(unit, missing, waitedSinceMs);
    }
    if (clock.isAhead(first.stamp)) {
      return this.#keep(unit, first, waitedSinceMs);
    }
    const { meter } = this.#core;
    const startMs = meter.start();
    this.#apply(unit);
    meter.stop(startMs);
    return "applied";
  }

  #apply(unit: Unit): void {
    const { tree, vector, clock, witness, judge, schemas } = this.#core;
    const conflicts: ConflictEvent[] = [];
    let senseless: Operation[] | null = null;
    witness.isAsked = this.#listener.hasConflictListener();
    let isConfigured = false;
    const told = this.#listener.isObserved() ? this.#core.telling : null;
    witness.begin();
    for (const operation of unit) {
      if (operation.space === SETTINGS) isConfigured = true;
      tree.told = operation.space === SETTINGS ? null : told;
      tree.witness = operation.space === SETTINGS ? null : witness;
      tree.judge = operation.space === SETTINGS || schemas.isEmpty
        ? null
        : judge;
      if (!applyOperation(tree, operation)) {
        (senseless ??= []).push(operation);
      }
      clock.receive(operation.stamp);
      for (const conflict of witness.settle(operation)) {
        conflicts.push(conflict);
      }
    }
    tree.told = null;
    tree.witness = null;
    tree.judge = null;
    const first = unit[0] as Operation;
    const { replica } = first;
    if (first.counter === 1) this.#core.stability.welcome(first);
    vector.raise(replica, lastCounter(unit));
    if (this.#pending.has(replica)) this.#removeApplied(unit);
    if (isConfigured) this.#core.loadSettings(told !== null);
    this.#listener.onApplied(unit, this.#core.telling.take());
    for (const conflict of conflicts) this.#listener.onConflict(conflict);
    if (senseless === null) return;
    // Whoever is told may receive it again, and so it must have been applied.
    for (const operation of senseless) {
      this.#reject(
        "INVALID_OPERATION",
        operation,
        "It names an origin that is not there",
      );
    }
  }

  /**
   * Takes out what waited for the same operations, as when they came one by one
   * and then as a transaction; a longer one still has something to give.
   */
  #removeApplied(unit: Unit): void {
    for (const { replica, counter } of unit) {
      const waiting = this.#pending.remove(replica, counter);
      if (waiting === undefined) continue;
      if (lastCounter(waiting.unit) > lastCounter(unit)) {
        this.#longer.push(waiting);
      }
    }
  }

  /** Drains; if something is thrown, {@linkcode Inbox.poll} goes on. */
  #drainSafely(replica: number): void {
    try {
      this.#drain(replica);
    } catch (error) {
      this.#isTorn = true;
      throw error;
    }
  }

  /** Applies what waited for `replica` to go on, and what waited for that. */
  #drain(start: number): void {
    this.#takeLonger();
    if (this.#pending.count === 0) return;
    const { vector } = this.#core;
    const replicas = [start];
    for (
      let replica = replicas.pop();
      replica !== undefined;
      replica = replicas.pop()
    ) {
      for (;;) {
        const next = vector.get(replica) + 1;
        const waiting = this.#pending.remove(replica, next);
        if (waiting === undefined) break;
        if (this.#takeWaiting(waiting) !== "applied") break;
        this.#takeLonger();
      }
      const waiters = this.#waiters.get(replica);
      if (waiters === undefined) continue;
      for (const [waiter, counter] of [...waiters]) {
        if (!vector.has(replica, counter)) continue;
        waiters.delete(waiter);
        replicas.push(waiter);
      }
      if (waiters.size === 0) this.#waiters.delete(replica);
    }
  }

  #takeLonger(): void {
    for (
      let waiting = this.#longer.pop();
      waiting !== undefined;
      waiting = this.#longer.pop()
    ) this.#takeWaiting(waiting);
  }

  #takeWaiting({ unit, arrivedAtMs }: Waiting): Receipt {
    return this.#take(unit, false, arrivedAtMs);
  }

  /** Lets a transaction wait for `missing`, or for the time if it is itself. */
  #keep(
    unit: Unit,
    missing: IndexedDot,
    waitedSinceMs = this.#core.clock.wallMs ?? 0,
  ): Receipt {
    const first = unit[0] as Operation;
    const waiting = this.#pending.get(first.replica, first.counter);
    if (waiting !== undefined && !isSameUnit(waiting, unit)) {
      return this.#reject(
        "DUPLICATE_DOT",
        first,
        "The same operation waits with other content",
      );
    }
    const givenUp = this.#pending.add(unit, waitedSinceMs);
    for (const other of givenUp) this.#tellDropped(other);
    if (givenUp.at(-1) === unit) return "rejected";
    const kind = missing === first ? "quarantine" : "gap";
    let isKnown = waiting !== undefined;
    if (kind === "quarantine") {
      const { replica, counter } = first;
      // It may have been looked at before, or have waited for a gap till now.
      isKnown = this.#quarantine.get(replica)?.counter === counter;
      this.#quarantine.set(replica, first);
    }
    if (!isKnown && this.#listener.hasSyncListener()) {
      this.#listener.onSync({
        kind,
        dot: this.#dot(first),
        missing: this.#dot(missing),
      });
    }
    return "buffered";
  }

  #tellDropped(unit: Unit): void {
    const dot = this.#dot(unit[0] as Operation);
    this.#listener.onSync({ kind: "dropped", dot, missing: dot });
  }

  #reject(code: ErrorCode, operation: Operation, reason: string): Receipt {
    this.#listener.onReject(code, operation, reason);
    return "rejected";
  }

  /** Whether an operation that was seen can be the one that was seen. */
  #isConsistent(operation: Operation): boolean {
    const { replica, counter, kind, shape } = operation;
    if (!this.#core.vector.has(replica, counter)) return true;
    if (kind > INCREMENT) return true;
    const { columns } = this.#core.tree;
    const { space, anchor, path } = operation;
    const slot = this.#core.tree.registerAt(space, anchor, path);
    if (
      slot === undefined || columns.replicas[slot] !== replica ||
      columns.counters[slot] !== counter || (columns.stamps[slot] as number) < 0
    ) return true;
    const kept = columns.shapeOf(slot);
    const value = columns.values[slot];
    if (columns.stamps[slot] !== operation.stamp) return false;
    if (kept === NOTHING || kind !== SET || shape === TREE) return true;
    if (value instanceof TextSequence) return kept === shape;
    return kept === shape && isSameValue(value, operation.value);
  }

  #dot({ replica, counter }: IndexedDot): Dot {
    return [this.#core.replicas.nameOf(replica), counter];
  }
}

/** Whether two transactions agree, as far as the shorter one goes. */
function isSameUnit(a: Unit, b: Unit): boolean {
  return a.every((operation, index) => {
    const other = b[index];
    return other === undefined || isSameOperation(operation, other);
  });
}

/** Whether an operation is that of `unit`; `undefined` if it is beyond that. */
function isLike(operation: Operation, unit: Unit | null): boolean | undefined {
  if (unit === null || operation.counter > lastCounter(unit)) return undefined;
  const own = unit.find(({ counter }) => counter === operation.counter);
  return own !== undefined && isSameOperation(own, operation);
}

function isSameOperation(one: Operation, other: Operation): boolean {
  return one.kind === other.kind && one.shape === other.shape &&
    one.space === other.space && one.stamp === other.stamp &&
    isSameValue(one.anchor, other.anchor) &&
    isSameValue(one.path, other.path) &&
    isSameValue(one.value, other.value) &&
    isSameValue(one.edit, other.edit);
}
