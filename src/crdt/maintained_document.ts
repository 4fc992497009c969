import type { ListenerErrorHandler } from "../base/emitter.ts";
import { DistflowError } from "../base/errors.ts";
import { checkBytes } from "../base/options.ts";
import type { Core } from "./core.ts";
import type { LimitEvent } from "./events.ts";
import { LimitWarning } from "./limit_warning.ts";
import type { JsonCrdtOptions } from "./options.ts";
import type { Unit } from "./message.ts";
import { checkReplicaName } from "./options.ts";
import { Collector } from "./state/collector.ts";
import { readOnlyFrame } from "./state/frame.ts";
import { decodeReport, encodeReport } from "./state/knowledge.ts";
import { Pace, STEPS_AT_ONCE } from "./state/pace.ts";
import { TombstoneCount } from "./state/tombstone_count.ts";
import { StoredDocument } from "./stored_document.ts";

/**
 * Registers that one `poll` looks at to count those that hold nothing, while
 * nothing can be collected. In a document of a million they took 0.1 to 0.2 ms
 * (Deno 2, November 2026).
 */
const COUNTED_PER_POLL = 20_000;

/** What `compact` has forgotten. */
export interface CompactResult {
  /** Registers of places that showed nothing. */
  readonly registers: number;
  /** Items of lists, and units of texts, that were removed. */
  readonly items: number;
}

/** How a document forgets what nobody needs; see `JsonCrdt`. */
export abstract class MaintainedDocument extends StoredDocument {
  readonly #collector: Collector;
  readonly #tombstoneCount: TombstoneCount;
  readonly #graceMs: number;
  readonly #registerCountMax: number;
  readonly #tombstoneCountMax: number;
  readonly #registers: LimitWarning = this.#warningOf("registers");
  readonly #tombstones: LimitWarning = this.#warningOf("tombstones");
  readonly #waiting: LimitWarning = this.#warningOf("pending");
  readonly #pace: Pace = new Pace();

  /**
   * Makes the view of `core`.
   *
   * @internal
   */
  protected constructor(
    core: Core,
    onListenerError: ListenerErrorHandler,
    options: JsonCrdtOptions,
  ) {
    super(core, onListenerError, options.logLengthMax ?? 10_000);
    this.#collector = new Collector(core);
    this.#tombstoneCount = new TombstoneCount(core.tree);
    this.#graceMs = options.graceMs ?? Infinity;
    this.#registerCountMax = options.registerCountMax ?? 100_000;
    this.#tombstoneCountMax = options.tombstoneCountMax ?? 100_000;
  }

  /**
   * What this replica has applied, and what it knows that others have, for
   * {@linkcode MaintainedDocument.acknowledge} of any other. Replicas that
   * exchange these now and then learn what all have seen, and forget what nobody
   * needs any more.
   *
   * It is a promise, too: whoever resumes from a file must find it there, so
   * append it, and the diff before it, before it is sent.
   *
   * @example Tombstones go when all have seen them
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const [ann, bob] = [new JsonCrdt("ann"), new JsonCrdt("bob")];
   * bob.set(["b"], 1);
   * ann.applyDiff(bob.encodeDiff({}));
   * ann.set(["a"], 1);
   * ann.delete(["a"]);
   * bob.applyDiff(ann.encodeDiff(bob.clock()));
   * assertEquals(ann.compact().registers, 0);
   * ann.acknowledge(bob.acknowledgement());
   * assertEquals(ann.compact().registers, 1);
   * ```
   */
  acknowledgement(): Uint8Array {
    this.checkOutside("acknowledge");
    const { stability, replicas } = this.core;
    stability.promise();
    return encodeReport(stability.report(), replicas);
  }

  /**
   * Takes note of what other replicas have applied.
   *
   * @throws {DistflowError} `CORRUPT_DATA` if it is no acknowledgement;
   * `SNAPSHOT_REQUIRED` if its replica was retired, or was never heard of and
   * lacks what was forgotten here: it has to begin anew from a state.
   * @throws {TypeError} If it is no `Uint8Array`.
   *
   * @example A replica that came too late
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertThrows } from "@std/assert";
   *
   * const ann = new JsonCrdt("ann");
   * ann.set(["a"], 1);
   * ann.delete(["a"]);
   * ann.compact();
   * const late = new JsonCrdt("late");
   * assertThrows(() => ann.acknowledge(late.acknowledgement()));
   * late.merge(ann.snapshot());
   * ann.acknowledge(late.acknowledgement());
   * ```
   */
  acknowledge(acknowledgement: Uint8Array): void {
    const act = "acknowledge";
    this.checkOutside(act);
    const { core } = this;
    const frame = readOnlyFrame(
      checkBytes(act, "acknowledgement", acknowledgement),
    );
    const report = this.decode(() => decodeReport(frame, core.replicas));
    const isMember = core.stability.take(report);
    this.#pace.wake();
    const [[writer] = [core.self]] = report.rows;
    const name = core.replicas.nameOf(writer);
    if (!isMember) {
      throw new DistflowError(
        "SNAPSHOT_REQUIRED",
        `Cannot take "${name}" in: it may lack what was forgotten here, and has to begin anew from a state`,
      );
    }
    if (!report.gone.includes(core.self)) return;
    throw new DistflowError(
      "SNAPSHOT_REQUIRED",
      `Cannot go on as "${core.name}": "${name}" says that it was retired, and it has to begin anew from a state`,
    );
  }

  /**
   * Counts a replica out that will not come back: it need not have seen what is
   * forgotten from now on, and what it did that did not come here before is
   * refused with `SNAPSHOT_REQUIRED`. Others learn of it by acknowledgements.
   * Let one replica do so, or a person: two that retire different ones at once
   * may each have taken in what the other refuses, and one must begin anew then.
   *
   * @example Nobody waits for a device that was lost
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const [ann, lost] = [new JsonCrdt("ann"), new JsonCrdt("lost")];
   * lost.set(["a"], 1);
   * ann.applyDiff(lost.encodeDiff({}));
   * ann.delete(["a"]);
   * assertEquals(ann.compact().registers, 0);
   * ann.retireReplica("lost");
   * assertEquals(ann.compact().registers, 1);
   * ```
   */
  retireReplica(replicaId: string): void {
    const { replicas, self, stability } = this.core;
    const replica = replicas.indexOf(
      checkReplicaName(replicaId, "retire a replica"),
    );
    if (replica === self) {
      throw new TypeError("Cannot retire a replica in its own document");
    }
    stability.gone.add(replica);
    this.#pace.wake();
  }

  /**
   * Forgets all at once that nobody needs any more, and gives memory back; `poll`
   * does so in small steps, and so does every 2,000th operation, or every 31st
   * while much that was removed can go. Items of lists and texts go in two turns:
   * all have to acknowledge, compact or poll, and acknowledge again. A document
   * that has never heard of another one forgets all its tombstones: replicas that
   * it does not know then have to begin from its state.
   *
   * @example Alone
   * ```ts
   * import { JsonCrdt } from "@distflow/core/crdt";
   * import { assertEquals } from "@std/assert";
   *
   * const doc = new JsonCrdt("ann");
   * doc.set(["list"], [1, 2, 3]);
   * doc.removeAt(["list"], 1, 2);
   * assertEquals(doc.compact(), { registers: 0, items: 2 });
   * ```
   */
  compact(): CompactResult {
    this.checkOutside("compact");
    while (this.#collector.step(STEPS_AT_ONCE, false));
    const { lists, texts } = this.core.tree;
    lists.compact();
    texts.compact();
    return this.#tellCollected();
  }

  /**
   * Does some steps of collecting, if any other replica has told what it applied;
   * if none has, of counting.
   *
   * @internal
   */
  protected pollCollector(): void {
    const { stability, clock } = this.core;
    const { wallMs } = clock;
    if (this.#graceMs < Infinity && wallMs !== undefined) {
      for (const replica of stability.silentFor(this.#graceMs, wallMs)) {
        stability.gone.add(replica);
      }
    }
    if (!stability.isInUse) {
      if (this.#tombstoneCount.step(COUNTED_PER_POLL)) {
        this.#checkTombstones(this.#tombstoneCount.count);
      }
      return;
    }
    const { walkCount } = this.#collector;
    const isMore = this.#collector.step(STEPS_AT_ONCE, true);
    this.#pace.onStepped(isMore);
    // Whoever removes on and on has never done all.
    if (!isMore || this.#collector.walkCount > walkCount) this.#tellCollected();
  }

  /**
   * Collects a little now and then, as operations are applied.
   *
   * @internal
   */
  protected collectAfter(unit: Unit): void {
    if (this.#pace.take(unit)) this.pollCollector();
  }

  /**
   * See {@linkcode StoredDocument}.
   *
   * @internal
   */
  protected onMerged(isReplaced: boolean): void {
    this.#tombstoneCount.reset();
    this.#pace.wake();
    if (isReplaced) this.#collector.reset();
    else this.#collector.wake();
  }

  /**
   * See {@linkcode StoredDocument}.
   *
   * @internal
   */
  protected checkLimits(): void {
    this.#registers.check(this.core.tree.registerCount, this.#registerCountMax);
  }

  /**
   * Warns when what waits comes near its limit.
   *
   * @internal
   */
  protected checkWaiting(count: number, max: number): void {
    this.#waiting.check(count, max);
  }

  #warningOf(limit: LimitEvent["limit"]): LimitWarning {
    return new LimitWarning(
      limit,
      (event) => this.emitter.emit("limit", event),
    );
  }

  #tellCollected(): CompactResult {
    const { registers, items } = this.#collector.takeCollected();
    const tombstones = this.#collector.tombstoneCount;
    if (registers > 0 || items > 0) {
      this.emitter.emit("gc", { registers, items, tombstones });
    }
    this.#checkTombstones(tombstones);
    return { registers, items };
  }

  #checkTombstones(count: number): void {
    this.#tombstones.check(count, this.#tombstoneCountMax);
  }
}
