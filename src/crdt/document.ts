import type { JsonValue } from "../base/json.ts";
import { checkBytes } from "../base/options.ts";
import type { SavedDocument } from "../base/saved_document.ts";
import { Author } from "./author.ts";
import type { Receipts } from "./stored_document.ts";
import type { Change, Dot } from "./events.ts";
import { Inbox, type Receipt } from "./inbox.ts";
import { makeInitial } from "./initial.ts";
import { makeCore } from "./make_core.ts";
import { COUNTER_SAFE } from "./maker.ts";
import { decodeMessage, type Unit } from "./message.ts";
import { DOCUMENT } from "./operation.ts";
import { operationFromJson, type OperationJson } from "./operation_json.ts";
import { countTombstones, type DocumentMetrics } from "./metrics.ts";
import { checkReplicaName, type JsonCrdtOptions } from "./options.ts";
import type { Path } from "./pattern.ts";
import { Pending } from "./pending.ts";
import { SchemaDocument } from "./schema_document.ts";
import { Validators } from "./schema/validators.ts";
import { checkDone, Transaction } from "./transaction.ts";
import { openSaved, type RestoreOptions } from "./state/restore.ts";
import { isFramed } from "./state/frame.ts";
import type { Register } from "./values.ts";

/**
 * A JSON document that many replicas change at once.
 *
 * Each replica has a document of its own. What is changed is told as a `change`
 * event, whose message goes to the others in whatever way; they may receive
 * messages in any order and more than once, and show the same in the end.
 *
 * @example Two replicas
 * ```ts
 * import { JsonCrdt } from "@distflow/core/crdt";
 * import { assertEquals } from "@std/assert";
 *
 * const ann = new JsonCrdt("ann");
 * const bob = new JsonCrdt("bob");
 * ann.on("change", (event) => {
 *   if (event.origin === "local") bob.receiveMessage(event.message());
 * });
 * ann.set(["user", "name"], "Ann");
 * assertEquals(bob.toJSON(), { user: { name: "Ann" } });
 * ```
 */
export class JsonCrdt extends SchemaDocument {
  readonly #inbox: Inbox;
  readonly #pending: Pending;
  readonly #validators: Validators;
  /** The only transaction, which is opened again and again. */
  readonly #transaction: Transaction;
  /** The same while edits become a part of it, as within `transact`. */
  #joinable: Transaction | null = null;

  /**
   * Makes the document of one replica.
   *
   * @param replicaId A name that no other document ever had, a restored or
   * copied one included; up to 256 UTF-16 units.
   * @throws {DistflowError} `DUPLICATE_REPLICA` if it begins with `initial:`, as
   * only the names of initial content do.
   */
  constructor(replicaId: string, options: JsonCrdtOptions = {}) {
    const core = makeCore(checkReplicaName(replicaId), options);
    super(
      core,
      new Author(core, options.registerCountMax ?? 100_000),
      options.onListenerError ?? (() => {}),
      options,
    );
    this.#transaction = new Transaction(core);
    this.#validators = new Validators(options.validators ?? {});
    this.#pending = new Pending(core.replicas, options.pending);
    this.#inbox = new Inbox(this.core, this.#pending, {
      isObserved: () => this.isObserved,
      onApplied: (unit, changes) => this.#tellRemote(unit, changes),
      findApplied: (replica, counter) => this.findLogged(replica, counter),
      hasConflictListener: () => this.emitter.listenerCount("conflict") > 0,
      onConflict: (event) => this.emitter.emit("conflict", event),
      hasSyncListener: () => this.emitter.listenerCount("sync") > 0,
      onSync: (event) => this.emitter.emit("sync", event),
      onReject: (code, { replica, counter }, reason) => {
        const dot: Dot = [this.core.replicas.nameOf(replica), counter];
        this.emitter.emit("reject", { code, dot, reason });
      },
    });
    const { clock } = options;
    if (clock?.monotonicMs !== undefined) {
      core.meter.monotonicMs = () => clock.monotonicMs?.() ?? 0;
    }
    this.core.merges.onViolation = (name, violation) =>
      this.emitter.emit("violation", { name, ...violation });
    if (options.initial !== undefined) {
      const message = makeInitial(options.initial);
      if (message !== null) this.receiveMessage(message);
    }
  }

  /**
   * The document that {@linkcode StoredDocument.snapshot} saved, for a replica
   * of its own. Diffs may follow in the bytes, each from the clock at which what
   * stands before it was made.
   *
   * What was set further ahead of `clock` than `maxClockDriftMs` is restored as
   * well, and edits made on it have later stamps: they wait at others until that
   * time has come near, as what they were made on does.
   *
   * @param saved The bytes, or what a store has loaded. Messages were applied
   * before they were saved: they do not wait for the wall clock.
   * @param replicaId A name that the state does not know; with
   * {@linkcode RestoreOptions.resume} that of the document that was saved.
   * @throws {DistflowError} `CORRUPT_DATA` if the bytes are torn or altered, or
   * if an edit of one's own lacks what was before it; `DUPLICATE_REPLICA` if the
   * name is known.
   * @throws {TypeError} If any of it is no `Uint8Array`.
   *
   * @example Saved and restored
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const ann = new JsonCrdt("ann");
   * ann.set(["a"], 1);
   * const bob = JsonCrdt.restore("bob", ann.snapshot());
   * assertEquals(bob.toJSON(), { a: 1 });
   * ```
   *
   * @example Each edit saved as it is made
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const ann = new JsonCrdt("ann");
   * const saved = { snapshot: ann.snapshot(), messages: [] as Uint8Array[] };
   * ann.on("change", (event) => saved.messages.push(event.message()));
   * ann.set(["a"], 1);
   * const again = JsonCrdt.restore("ann", saved, { resume: true });
   * assertEquals(again.clock(), ann.clock());
   * ```
   */
  static restore(
    replicaId: string,
    saved: Uint8Array | SavedDocument,
    options: RestoreOptions = {},
  ): JsonCrdt {
    const { frames, messages } = openSaved(saved, replicaId, options);
    const document = new JsonCrdt(replicaId, { ...options, initial: {} });
    document.load(frames, messages, options.resume ?? false);
    return document;
  }

  /**
   * Makes the changes of `act` one: one stamp, one event, one message. What
   * `act` throws undoes them all, and is thrown on. Transactions may be nested;
   * an inner one that throws undoes its own changes only.
   *
   * @throws {TypeError} If `act` returns a promise, as an `async` function does:
   * transactions are synchronous. What it did is undone; what it does after its
   * first `await` is no part of the transaction.
   *
   * @example All or nothing
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals, assertThrows } from "@std/assert";
   *
   * const doc = new JsonCrdt("ann");
   * assertThrows(() =>
   *   doc.transact(() => {
   *     doc.set(["a"], 1);
   *     throw new Error("no");
   *   })
   * );
   * assertEquals(doc.toJSON(), {});
   * ```
   */
  override transact<Result>(act: () => Result): Result {
    const outer = this.#joinable;
    const transaction = outer ?? this.#open(true);
    this.#joinable = transaction;
    const mark = transaction.mark();
    try {
      const result = act();
      checkDone(result);
      if (outer === null) this.#check(transaction.changes);
      return result;
    } catch (error) {
      transaction.rollBack(mark);
      throw error;
    } finally {
      this.#joinable = outer;
      if (outer === null) this.#commit(transaction);
    }
  }

  /**
   * Takes an operation in, in its JSON form or the older one.
   *
   * @returns `applied`; `buffered` until what it needs has come; `duplicate`
   * if it was applied before; `rejected` if it never can be, or if there is no
   * room for it to wait. An event tells more.
   * @throws {DistflowError} `INVALID_OPERATION` if it is no operation.
   *
   * @example An operation as JSON
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const [ann, bob] = [new JsonCrdt("ann"), new JsonCrdt("bob")];
   * ann.on("change", (event) => {
   *   for (const operation of event.operations()) bob.receive(operation);
   * });
   * ann.set(["a"], 1);
   * assertEquals(bob.toJSON(), { a: 1 });
   * ```
   */
  receive(operation: OperationJson | { readonly hlc: unknown }): Receipt {
    this.checkOutside("receive anything");
    const unit = this.decode(() => [
      operationFromJson(operation, this.core.replicas),
    ]);
    this.#inbox.poll();
    const receipt = this.#inbox.receive(unit);
    this.collectAfter(unit);
    this.checkWaiting(this.#pending.count, this.#pending.countMax);
    return receipt;
  }

  /**
   * Takes the transactions of a message in; or a diff, or a whole document, as
   * {@linkcode StoredDocument.applyDiff} does.
   *
   * @returns How many were applied at once, buffered, known, or refused.
   * @throws {DistflowError} `CORRUPT_DATA` if it is no message; nothing of it
   * was applied then. Of a whole document, what `merge` throws.
   * @throws {TypeError} If it is no `Uint8Array`.
   *
   * @example Twice is once
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const [ann, bob] = [new JsonCrdt("ann"), new JsonCrdt("bob")];
   * ann.on("change", (event) => {
   *   assertEquals(bob.receiveMessage(event.message()).applied, 1);
   *   assertEquals(bob.receiveMessage(event.message()).duplicate, 1);
   * });
   * ann.set(["a"], 1);
   * ```
   */
  receiveMessage(message: Uint8Array): Receipts {
    this.checkOutside("receive anything");
    checkBytes("receive a message", "message", message);
    if (isFramed(message)) return this.applyDiff(message);
    return this.receiveUnits(
      this.decode(() => decodeMessage(message, this.core.replicas)),
    );
  }

  /**
   * Goes on with what only waited for the wall clock, lets go what has waited
   * too long, optimistic edits included, and forgets a little of what nobody
   * needs any more. Receiving does the first, and many operations the last, too;
   * call it now and then besides, as from a timer.
   *
   * @example A stamp from a day ahead waits
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * let wallMs = Date.UTC(2026, 0, 1);
   * const ann = new JsonCrdt("ann", {
   *   clock: { wallMs: () => wallMs + 86_400_000 },
   * });
   * const bob = new JsonCrdt("bob", { clock: { wallMs: () => wallMs } });
   * ann.on("change", (event) => bob.receiveMessage(event.message()));
   * ann.set(["a"], 1);
   * assertEquals(bob.has(["a"]), false);
   * wallMs += 86_400_000;
   * bob.poll();
   * assertEquals(bob.has(["a"]), true);
   * ```
   */
  poll(): void {
    this.checkOutside("receive anything");
    this.#inbox.poll();
    this.expireOptimistic();
    this.pollState();
    this.pollCollector();
  }

  /**
   * How much the document holds, and what has happened to it since it was made
   * or restored. Costs a step for each register.
   *
   * @example How much was deleted
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const doc = new JsonCrdt("ann");
   * doc.set(["a"], 1);
   * doc.set(["b"], 2);
   * doc.delete(["a"]);
   * const { registerCount, tombstoneCount, localCount } = doc.getMetrics();
   * assertEquals([registerCount, tombstoneCount, localCount], [2, 1, 3]);
   * ```
   */
  getMetrics(): DocumentMetrics {
    const { tree, replicas, meter } = this.core;
    return {
      replicaCount: replicas.count,
      registerCount: tree.registerCount,
      tombstoneCount: countTombstones(tree),
      hiddenCount: tree.columns.refused.size,
      logLength: this.logLength,
      pendingCount: this.#pending.count,
      pendingByteCount: this.#pending.byteCount,
      localCount: meter.applied.local,
      remoteCount: meter.applied.remote,
      events: { ...this.emitter.counts },
      applyLatency: meter.latency(),
    };
  }

  /**
   * Dots that something received waits for.
   *
   * @example The first message was lost
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const [ann, bob] = [new JsonCrdt("ann"), new JsonCrdt("bob")];
   * ann.set(["a"], 1);
   * ann.on("change", (event) => bob.receiveMessage(event.message()));
   * ann.set(["b"], 2);
   * assertEquals(bob.missing(), [["ann", 1]]);
   * ```
   */
  missing(): Dot[] {
    return this.#inbox.missing();
  }

  /**
   * See {@linkcode OptimisticDocument}.
   *
   * @internal
   */
  protected override checkSet(path: Path, value: JsonValue | Register): void {
    const open = this.#joinable;
    const transaction = open ?? this.#open(true);
    const mark = transaction.mark();
    try {
      this.author.set(transaction, path, value);
      this.#check(transaction.changes.slice(mark.changeCount));
    } finally {
      transaction.rollBack(mark);
      if (open === null) {
        transaction.close();
        this.tellOptimistic();
      }
    }
  }

  /**
   * See {@linkcode StoredDocument}.
   *
   * @internal
   */
  protected decode<Result>(read: () => Result): Result {
    const { replicas } = this.core;
    const { count } = replicas;
    try {
      return read();
    } catch (error) {
      replicas.truncate(count);
      throw error;
    }
  }

  /**
   * See {@linkcode StoredDocument}.
   *
   * @internal
   */
  protected receiveUnits(units: readonly Unit[]): Receipts {
    this.#inbox.poll();
    const receipts = { applied: 0, buffered: 0, duplicate: 0, rejected: 0 };
    for (const unit of units) {
      receipts[this.#inbox.receive(unit)]++;
      this.collectAfter(unit);
    }
    this.checkWaiting(this.#pending.count, this.#pending.countMax);
    return receipts;
  }

  /**
   * See {@linkcode StoredDocument}.
   *
   * @internal
   */
  protected restoreUnit(unit: Unit): Receipt {
    return this.#inbox.receive(unit, true);
  }

  /**
   * See {@linkcode StoredDocument}.
   *
   * @internal
   */
  protected drainInbox(): void {
    this.#inbox.drainAll();
  }

  /**
   * See {@linkcode StoredDocument}.
   *
   * @internal
   */
  protected checkOutside(act: string): void {
    if (!this.#transaction.isOpen) return;
    throw new TypeError(
      `Cannot ${act} within a transaction, nor while an edit is checked`,
    );
  }

  /**
   * See {@linkcode DocumentEditor}.
   *
   * @internal
   */
  protected run<Result>(
    act: (transaction: Transaction) => Result,
    isOne = false,
  ): Result {
    const { schemas, vector, self } = this.core;
    // Such an edit may be refused when a part of it was made.
    const mayFail = !isOne &&
      (!schemas.isEmpty || vector.get(self) > COUNTER_SAFE);
    const open = this.#joinable;
    if (open !== null) return mayFail ? open.attempt(act) : act(open);
    const isChecked = mayFail || !this.#validators.isEmpty;
    const transaction = this.#open(isChecked);
    const mark = isChecked ? transaction.mark() : null;
    try {
      const result = act(transaction);
      if (isChecked) this.#check(transaction.changes);
      return result;
    } catch (error) {
      if (mark !== null) transaction.rollBack(mark);
      throw error;
    } finally {
      this.#commit(transaction);
    }
  }

  #open(canUndo: boolean): Transaction {
    if (this.#transaction.isOpen) {
      throw new TypeError(
        "Cannot change a document while an edit of it is made or checked, as from within a validator or a getter",
      );
    }
    this.#transaction.open(canUndo);
    return this.#transaction;
  }

  /** Throws if what a transaction made of the document is not valid. */
  #check(changes: readonly Change[]): void {
    if (this.#validators.isEmpty) return;
    const { tree, reader } = this.core;
    const open = this.#joinable;
    // A validator may change nothing, not even within the transaction.
    this.#joinable = null;
    try {
      this.#validators.check(changes, (path) => {
        const place = reader.find(tree.roots[DOCUMENT], path);
        return place === undefined ? undefined : reader.read(place, [...path]);
      });
    } finally {
      this.#joinable = open;
    }
  }

  #commit(transaction: Transaction): void {
    const { operations } = transaction;
    const changes = transaction.close();
    if (operations.length === 0) return this.tellOptimistic();
    this.record("local", operations, changes, this.isObserved);
    this.tellOptimistic();
    this.collectAfter(operations);
  }

  #tellRemote(unit: Unit, changes: readonly Change[]): void {
    this.record("remote", unit, changes, this.isObserved);
  }
}
