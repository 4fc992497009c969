import type { ListenerErrorHandler } from "../base/emitter.ts";
import { DistflowError } from "../base/errors.ts";
import { checkBytes } from "../base/options.ts";
import { AppliedChange } from "./applied_change.ts";
import type { Core } from "./core.ts";
import type { Change, Dot, SyncEvent } from "./events.ts";
import type { Receipt } from "./inbox.ts";
import type { Unit } from "./message.ts";
import { OptimisticDocument } from "./optimistic_document.ts";
import { Digest } from "./state/digest.ts";
import { DigestSync } from "./state/digest_sync.ts";
import { decodeDiff, type Diff, findDiff } from "./state/diff.ts";
import { fillCore, type FilledCore } from "./state/filled_core.ts";
import { type HeldState, HeldStates } from "./state/held_states.ts";
import { ItemCheck } from "./state/item_check.ts";
import { StateJoin } from "./state/join_state.ts";
import { MergedChange } from "./state/merged_change.ts";
import { readState } from "./state/read_state.ts";
import { type Frame, PART, readOnlyFrame, STATE } from "./state/frame.ts";
import { loadSaved } from "./state/load_saved.ts";
import { retireAll } from "./state/retire_all.ts";
import { hasSeen, mustReplace } from "./state/must_replace.ts";
import { TransactionLog } from "./state/transaction_log.ts";
import { encodeState } from "./state/write_state.ts";
import { type ClockRecord, VersionVector } from "./version_vector.ts";

/** What became of the transactions of a message, by number. */
export type Receipts = { readonly [Name in Receipt]: number };

/** What a document can give to others, and to a disk; see `JsonCrdt`. */
export abstract class StoredDocument extends OptimisticDocument {
  readonly #log: TransactionLog;
  readonly #held: HeldStates = new HeldStates();

  /**
   * Makes the view of `core`, with a log of at most `logLengthMax`.
   *
   * @internal
   */
  protected constructor(
    core: Core,
    onListenerError: ListenerErrorHandler,
    logLengthMax: number,
  ) {
    super(core, onListenerError);
    this.#log = new TransactionLog(logLengthMax, core.replicas);
  }

  /**
   * Throws if a transaction is open.
   *
   * @internal
   */
  protected abstract checkOutside(act: string): void;
  /**
   * Takes transactions in.
   *
   * @internal
   */
  protected abstract receiveUnits(units: readonly Unit[]): Receipts;
  /**
   * Goes on with what waited for what came otherwise.
   *
   * @internal
   */
  protected abstract drainInbox(): void;
  /**
   * Takes a transaction in that was applied before, also one of this replica.
   *
   * @internal
   */
  protected abstract restoreUnit(unit: Unit): Receipt;
  /**
   * Reads what came; bad input leaves no names behind.
   *
   * @internal
   */
  protected abstract decode<Result>(read: () => Result): Result;

  /**
   * A state was joined with what is here, or took its place.
   *
   * @internal
   */
  protected abstract onMerged(isReplaced: boolean): void;
  /**
   * Warns when a limit is near.
   *
   * @internal
   */
  protected abstract checkLimits(): void;

  /**
   * How many operations the log has.
   *
   * @internal
   */
  protected get logLength(): number {
    return this.#log.length;
  }

  /**
   * What the log has with a dot.
   *
   * @internal
   */
  protected findLogged(replica: number, counter: number): Unit | null {
    return this.#log.find(replica, counter);
  }

  /**
   * Takes note of a transaction that was applied, and tells of it if asked.
   *
   * @internal
   */
  protected record(
    origin: "local" | "remote",
    unit: Unit,
    changes: readonly Change[],
    isTold: boolean,
  ): void {
    const number = this.#log.add(unit);
    this.checkLimits();
    const { core } = this;
    core.meter.applied[origin] += unit.length;
    if (isTold) {
      this.tellEvent(
        new AppliedChange(
          core.replicas,
          origin,
          unit,
          changes,
          this.#log,
          number,
        ),
      );
    }
    this.#tellRefused();
  }

  /** Tells what the schema does not let show, since this was last done. */
  #tellRefused(): void {
    const { judge, replicas, tree } = this.core;
    if (judge.refused.length === 0) return;
    for (const { replica, counter } of judge.refused.splice(0)) {
      if (!tree.columns.refused.has(replica, counter)) continue;
      this.emitter.emit("reject", {
        code: "SCHEMA_VIOLATION",
        dot: [replicas.nameOf(replica), counter],
        reason: "The schema of the document does not let it show",
      });
    }
  }

  /**
   * The whole state as bytes, for `JsonCrdt.restore` and for other replicas.
   * What waits for something missing is not part of it.
   *
   * @example Saved and restored
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const doc = new JsonCrdt("ann");
   * doc.set(["a"], 1);
   * const copy = JsonCrdt.restore("ann", doc.snapshot(), { resume: true });
   * assertEquals(copy.clock(), doc.clock());
   * ```
   */
  snapshot(): Uint8Array {
    this.checkOutside("save");
    return encodeState(this.core);
  }

  /**
   * Joins the state of another replica, whatever either has that the other has
   * not. A state from too far ahead of the wall clock is kept until then, if no
   * other comes.
   *
   * @returns `applied`; `duplicate` if everything in it was known; `buffered`
   * until the wall clock has come near.
   * @throws {DistflowError} `CORRUPT_DATA` if it is no state; `DUPLICATE_REPLICA`
   * if another document writes under the name of this one; `DUPLICATE_DOT` if two
   * have written under any one name and put items in different places;
   * `SNAPSHOT_REQUIRED` if one of the two has forgotten what the other has not
   * seen, and each has what the other lacks. Nothing has changed then.
   * @throws {TypeError} If it is no `Uint8Array`: wrap an `ArrayBuffer` in one.
   *
   * @example Both go on, and merge
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const [ann, bob] = [new JsonCrdt("ann"), new JsonCrdt("bob")];
   * ann.set(["a"], 1);
   * bob.set(["b"], 2);
   * ann.merge(bob.snapshot());
   * assertEquals(ann.toJSON(), { a: 1, b: 2 });
   * ```
   */
  merge(state: Uint8Array): Receipt {
    this.checkOutside("merge a state");
    return this.#merge(checkBytes("merge a state", "state", state), STATE);
  }

  #merge(state: Uint8Array, kind: typeof STATE | typeof PART): Receipt {
    const reader = readState(readOnlyFrame(state), kind);
    const { writer, clockLast } = reader.head;
    const { core } = this;
    const filled = fillCore(reader);
    const other = filled.core;
    const index = other.replicas.find(core.name);
    if (index >= 0 && other.vector.get(index) > core.vector.get(core.self)) {
      throw new DistflowError(
        "DUPLICATE_REPLICA",
        `Cannot merge a state of "${writer}": another document writes as "${core.name}"`,
      );
    }
    if (core.clock.isAhead(clockLast)) {
      const dot = [writer, other.vector.get(other.self)] as const;
      // A copy: the caller may go on with its bytes.
      const held = { state: new Uint8Array(state), kind, clockLast, dot };
      const dropped = this.#held.add(held);
      this.#tellWaiting("quarantine", dot);
      if (dropped !== undefined) this.#tellWaiting("dropped", dropped.dot);
      return "buffered";
    }
    if (hasSeen(core, other, other.vector)) {
      core.stability.hear(writer);
      return "duplicate";
    }
    const isReplaced = mustReplace(core, other, kind);
    if (!isReplaced && !new ItemCheck(core, other).isSound(filled.anchored)) {
      throw new DistflowError(
        "DUPLICATE_DOT",
        `Cannot merge a state of "${writer}": items have other places in it. Two documents have written under one name, or it was forged; begin anew under new names from one of the two`,
      );
    }
    const changes = isReplaced
      ? this.#replace(readOnlyFrame(state))
      : this.#join(filled);
    this.tellEvent(new MergedChange(writer, changes, () => this.snapshot()));
    this.#tellRefused();
    this.drainInbox();
    return "applied";
  }

  #tellWaiting(kind: SyncEvent["kind"], dot: Dot): void {
    this.emitter.emit("sync", { kind, dot, missing: dot });
  }

  /** Takes over a state that has all that is here. */
  #replace(state: Frame): readonly Change[] {
    const { core } = this;
    core.tree.clear();
    core.stability.floor = new VersionVector();
    readState(state).fill(core);
    core.loadSettings(false, true);
    // What it does not name any more, this replica must not name again.
    retireAll(core.tree);
    core.vector.forEach((replica) => this.#log.forget(replica));
    this.onMerged(true);
    return [{ kind: "set", path: [] }];
  }

  #join({ core: other, anchored }: FilledCore): readonly Change[] {
    const { vector } = this.core;
    const before = vector.clone();
    const changes = new StateJoin(this.core, other, anchored).run();
    vector.forEach((replica, counter) => {
      if (counter > before.get(replica)) this.#log.forget(replica);
    });
    this.onMerged(false);
    return changes;
  }

  /**
   * Fills a new document from a saved one, and what was added to that.
   *
   * @internal
   */
  protected load(
    frames: readonly Frame[],
    messages: readonly Uint8Array[],
    isResumed: boolean,
  ): void {
    loadSaved(
      {
        core: this.core,
        replace: (state) => this.#replace(state),
        join: (state) => this.#join(state),
        receive: (unit) => this.restoreUnit(unit),
      },
      frames,
      messages,
      isResumed,
    );
  }

  /**
   * Merges the states that only waited for the wall clock.
   *
   * @internal
   */
  protected pollState(): void {
    const isReady = ({ clockLast }: HeldState) =>
      !this.core.clock.isAhead(clockLast);
    for (
      let held = this.#held.take(isReady);
      held !== undefined;
      held = this.#held.take(isReady)
    ) {
      const { state, kind, dot } = held;
      try {
        this.#merge(state, kind);
      } catch (error) {
        if (!(error instanceof DistflowError)) throw error;
        const { code, message } = error;
        this.emitter.emit("reject", { code, dot, reason: message });
      }
    }
  }

  /**
   * What a replica lacks that has applied what `clock` says: operations of the
   * log, or the whole state if the log does not reach back so far.
   *
   * @param clock What `clock()` of the other replica gave.
   * @throws {TypeError} If it is no clock.
   *
   * @example Only what is new
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const [ann, bob] = [new JsonCrdt("ann"), new JsonCrdt("bob")];
   * ann.set(["a"], 1);
   * bob.applyDiff(ann.encodeDiff(bob.clock()));
   * ann.set(["b"], 2);
   * assertEquals(ann.diffSince(bob.clock()).operationCount, 1);
   * ```
   */
  diffSince(clock: ClockRecord): Diff {
    this.checkOutside("make a diff");
    return findDiff(this.core, this.#log, clock, () => {
      this.checkOutside("encode a diff");
    });
  }

  /**
   * The bytes of {@linkcode StoredDocument.diffSince}, for
   * {@linkcode StoredDocument.applyDiff} of the other replica.
   *
   * @example Each gives the other what it lacks
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const [ann, bob] = [new JsonCrdt("ann"), new JsonCrdt("bob")];
   * ann.set(["a"], 1);
   * bob.set(["b"], 2);
   * bob.applyDiff(ann.encodeDiff(bob.clock()));
   * ann.applyDiff(bob.encodeDiff(ann.clock()));
   * assertEquals(ann.toJSON(), bob.toJSON());
   * ```
   */
  encodeDiff(clock: ClockRecord): Uint8Array {
    return this.diffSince(clock).encode();
  }

  /**
   * Takes in what another replica's {@linkcode StoredDocument.encodeDiff} gave.
   *
   * @returns How many transactions were applied, buffered, known, or refused; a
   * state counts as one.
   * @throws What {@linkcode StoredDocument.merge} throws.
   *
   * @example Twice is once
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const [ann, bob] = [new JsonCrdt("ann"), new JsonCrdt("bob")];
   * ann.set(["a"], 1);
   * const diff = ann.encodeDiff({});
   * assertEquals(bob.applyDiff(diff).applied, 1);
   * assertEquals(bob.applyDiff(diff).duplicate, 1);
   * ```
   */
  applyDiff(diff: Uint8Array): Receipts {
    this.checkOutside("apply a diff");
    const frame = readOnlyFrame(checkBytes("apply a diff", "diff", diff));
    if (frame.kind === STATE) {
      const receipts = { applied: 0, buffered: 0, duplicate: 0, rejected: 0 };
      receipts[this.merge(diff)]++;
      return receipts;
    }
    return this.receiveUnits(
      this.decode(() => decodeDiff(frame, this.core.replicas)),
    );
  }

  /**
   * Hashes of all that is kept now, to compare with those of another replica.
   *
   * @example Equal documents have equal digests
   * ```ts
   * import { compareDigests, JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const ann = new JsonCrdt("ann");
   * ann.set(["a"], 1);
   * const bob = JsonCrdt.restore("bob", ann.snapshot());
   * assertEquals(compareDigests(ann.digest(), bob.digest()), []);
   * ```
   */
  digest(): Digest {
    this.checkOutside("make a digest");
    return new Digest(this.core);
  }

  /**
   * One end of a synchronisation with a replica of which nothing is known; see
   * {@linkcode DigestSync}.
   *
   * @example Both have all in the end
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const [ann, bob] = [new JsonCrdt("ann"), new JsonCrdt("bob")];
   * ann.set(["a"], 1);
   * const [mine, yours] = [ann.startSync(), bob.startSync()];
   * let message: Uint8Array | null = yours.start();
   * for (const end of [mine, yours, mine, yours]) {
   *   if (message !== null) message = end.receive(message);
   * }
   * assertEquals(bob.toJSON(), { a: 1 });
   * ```
   */
  startSync(): DigestSync {
    const { core } = this;
    const checkOutside = () => this.checkOutside("synchronise");
    checkOutside();
    return new DigestSync({
      core,
      checkOutside,
      unitsSince: (vector) => this.#log.since(vector, core.vector),
      mergePart: (part) => {
        this.#merge(part, PART);
      },
    });
  }

  /**
   * Lets all but the newest `keepLastN` operations of the log go. They are part
   * of the state; who asks for them then gets that.
   *
   * @returns How many are left.
   *
   * @example A replica that is far behind gets the state
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const doc = new JsonCrdt("ann");
   * doc.set(["a"], 1);
   * doc.gcLog(0);
   * assertEquals(doc.diffSince({}).kind, "state");
   * ```
   */
  gcLog(keepLastN: number): number {
    if (!Number.isInteger(keepLastN) || keepLastN < 0) {
      throw new RangeError(
        `Cannot cut the log as 'keepLastN' must be a whole number from 0 on: current value is ${keepLastN}`,
      );
    }
    this.#log.cut(keepLastN);
    return this.#log.length;
  }
}
