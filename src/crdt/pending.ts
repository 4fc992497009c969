import type { Unit } from "./message.ts";
import type { Operation } from "./operation.ts";
import type { ReplicaTable } from "./replica_table.ts";
import type { VersionVector } from "./version_vector.ts";
import { WaitingQueue } from "./waiting_queue.ts";
import { type WaitingHead, WaitingRoom } from "./waiting_room.ts";

/**
 * Bounds of what may wait. Where there is no room, who fills it gives up what
 * is furthest from being applied, be that what has just come.
 */
export interface PendingLimits {
  /**
   * Operations that may wait.
   *
   * @default {200_000}
   */
  countMax?: number;
  /**
   * Bytes that they may take, as estimated.
   *
   * @default {67_108_864}
   */
  bytesMax?: number;
  /**
   * How long one may wait for something missing, in milliseconds of the wall
   * clock; without a wall clock for ever. What waits for the wall clock itself,
   * or for what does, misses nothing and may wait for ever.
   *
   * @default {600_000}
   */
  ageMsMax?: number;
}

/** A dot by the index of its replica. */
export interface IndexedDot {
  /** The index. */
  readonly replica: number;
  /** The counter. */
  readonly counter: number;
}

/** A transaction that has waited. */
export interface Waiting {
  /** Its operations. */
  readonly unit: Unit;
  /** Since when, in whole milliseconds. */
  readonly arrivedAtMs: number;
}

/** The level of a replica of which so little waits that none has less. */
const LIGHT = 0;

const NONE: readonly Unit[] = [];

/**
 * Transactions that came too early, by replica and first counter: what a
 * replica may go on with is one look-up, however much waits.
 *
 * A replica that cannot go on must not take the room of all others. So a queue
 * has a weight: its operations, or its bytes in operations of middle size, if
 * that is more. Those of about the same weight, up to twice as much, are one
 * level, and who is to give something up is found on the highest one: at once,
 * and without any work for queues that hardly grow.
 */
export class Pending {
  /** How many operations wait. */
  count = 0;
  /** What they take, as estimated. */
  byteCount = 0;
  readonly #countMax: number;
  readonly #bytesMax: number;
  readonly #ageMsMax: number;
  /** What one byte weighs. */
  readonly #byteWeight: number;
  readonly #byReplica: Map<number, WaitingQueue> = new Map();
  readonly #room: WaitingRoom;
  /** The queues by level, but the light ones. */
  readonly #levels: Set<WaitingQueue>[] = [];
  #expiresAtMs = Infinity;

  /** Makes an empty buffer of a document that knows `replicas`. */
  constructor(replicas: ReplicaTable, limits: PendingLimits = {}) {
    this.#room = new WaitingRoom(replicas);
    this.#countMax = limits.countMax ?? 200_000;
    this.#bytesMax = limits.bytesMax ?? 64 * 1024 * 1024;
    this.#ageMsMax = limits.ageMsMax ?? 600_000;
    this.#byteWeight = this.#countMax / Math.max(1, this.#bytesMax);
  }

  /** How many operations may wait. */
  get countMax(): number {
    return this.#countMax;
  }

  /**
   * Keeps a transaction.
   *
   * @returns What had to be given up for want of room; it may be the last one.
   */
  add(unit: Unit, arrivedAtMs: number): readonly Unit[] {
    const { replica, counter } = unit[0] as Operation;
    const queue = this.#byReplica.get(replica) ?? new WaitingQueue(replica);
    const place = queue.places.get(counter);
    let sinceMs = wholeMs(arrivedAtMs);
    if (place >= 0) {
      const known = this.#room.headAt(place);
      if (known.length >= unit.length) return NONE;
      sinceMs = Math.min(sinceMs, known.arrivedAtMs);
      this.#drop(queue, counter, known);
    }
    const byteCount = estimateBytes(unit);
    let givenUp = NONE;
    if (!this.#hasRoom(unit.length, byteCount)) {
      givenUp = this.#giveUpFor(unit, byteCount);
      if (givenUp.at(-1) === unit) return givenUp;
    }
    if (queue.places.size === 0) this.#byReplica.set(replica, queue);
    this.#room.makeRoom(this.#byReplica.values());
    const added = this.#room.add(unit, byteCount, sinceMs);
    queue.add(counter, added, unit.length, byteCount);
    this.count += unit.length;
    this.byteCount += byteCount;
    this.#weigh(queue);
    this.#expiresAtMs = Math.min(this.#expiresAtMs, sinceMs + this.#ageMsMax);
    return givenUp;
  }

  #hasRoom(count: number, byteCount: number): boolean {
    return this.count + count <= this.#countMax &&
      this.byteCount + byteCount <= this.#bytesMax;
  }

  /** Gives up what is furthest till there is room, or else the unit itself. */
  #giveUpFor(unit: Unit, byteCount: number): Unit[] {
    const { replica, counter } = unit[0] as Operation;
    const givenUp: Unit[] = [];
    const canFit = unit.length <= this.#countMax && byteCount <= this.#bytesMax;
    while (canFit && !this.#hasRoom(unit.length, byteCount)) {
      const own = this.#byReplica.get(replica);
      const level = this.#levelOf(
        unit.length + (own?.count ?? 0),
        byteCount + (own?.byteCount ?? 0),
      );
      const heaviest = this.#heaviest();
      const isOther = heaviest !== undefined && heaviest.level > level;
      const queue = isOther ? heaviest : own;
      const furthest = queue?.furthest() ?? 0;
      if (!isOther && furthest < counter) break;
      const { unit: other } = this.remove(
        queue?.replica ?? replica,
        furthest,
      ) as Waiting;
      givenUp.push(other);
    }
    if (!this.#hasRoom(unit.length, byteCount)) givenUp.push(unit);
    return givenUp;
  }

  #heaviest(): WaitingQueue | undefined {
    for (let level = this.#levels.length - 1; level > LIGHT; level--) {
      for (const queue of this.#levels[level] ?? []) return queue;
    }
    return undefined;
  }

  #levelOf(count: number, byteCount: number): number {
    const weight = Math.max(count, byteCount * this.#byteWeight);
    return 31 - Math.clz32(Math.min(weight, 2 ** 31));
  }

  /** Puts a queue among those of its weight. */
  #weigh(queue: WaitingQueue): void {
    const level = this.#levelOf(queue.count, queue.byteCount);
    const before = queue.level;
    if (level === before) return;
    queue.level = level;
    if (before > LIGHT) this.#levels[before]?.delete(queue);
    if (level > LIGHT) (this.#levels[level] ??= new Set()).add(queue);
  }

  /** The transaction of `replica` that starts at `counter`. */
  get(replica: number, counter: number): Unit | undefined {
    const place = this.#byReplica.get(replica)?.places.get(counter) ?? -1;
    return place < 0 ? undefined : this.#unitAt(place, replica);
  }

  /** Whether anything of `replica` waits, or what starts at `counter`. */
  has(replica: number, counter?: number): boolean {
    const queue = this.#byReplica.get(replica);
    if (queue === undefined) return false;
    return counter === undefined || queue.places.get(counter) >= 0;
  }

  /** Takes a transaction out, and returns it if it was there. */
  remove(replica: number, counter: number): Waiting | undefined {
    const queue = this.#byReplica.get(replica);
    const place = queue?.places.get(counter) ?? -1;
    if (queue === undefined || place < 0) return undefined;
    const head = this.#room.headAt(place);
    const unit = this.#room.unitOf(head, replica);
    this.#drop(queue, counter, head);
    return { unit, arrivedAtMs: head.arrivedAtMs };
  }

  #unitAt(place: number, replica: number): Unit {
    return this.#room.unitOf(this.#room.headAt(place), replica);
  }

  #drop(queue: WaitingQueue, counter: number, head: WaitingHead): void {
    queue.remove(counter, head.length, head.byteCount);
    if (queue.places.size === 0) this.#byReplica.delete(queue.replica);
    this.count -= head.length;
    this.byteCount -= head.byteCount;
    this.#room.remove(head);
    this.#weigh(queue);
  }

  /** Whether {@linkcode Pending.expire} has anything to look at. */
  canExpire(nowMs: number): boolean {
    return nowMs >= this.#expiresAtMs;
  }

  /**
   * Takes out what has waited too long, and what was applied meanwhile.
   *
   * @param exempt Replicas of which nothing has waited too long.
   */
  expire(
    nowMs: number,
    vector: VersionVector,
    exempt: ReadonlySet<number>,
  ): Unit[] {
    const expired: Unit[] = [];
    this.#expiresAtMs = Infinity;
    for (const [replica, queue] of this.#byReplica) {
      const isExempt = exempt.has(replica);
      for (const [counter, place] of queue.places) {
        const head = this.#room.headAt(place);
        // Those that are exempt are looked at again after a while.
        const sinceMs = isExempt ? nowMs : head.arrivedAtMs;
        const isOld = !isExempt && sinceMs + this.#ageMsMax <= nowMs;
        if (isOld || vector.has(replica, head.last)) {
          if (isOld) expired.push(this.#room.unitOf(head, replica));
          this.#drop(queue, counter, head);
        } else {
          this.#expiresAtMs = Math.min(
            this.#expiresAtMs,
            sinceMs + this.#ageMsMax,
          );
        }
      }
    }
    return expired;
  }

  /** All that waits. */
  *units(): Generator<Unit> {
    for (const [replica, { places }] of this.#byReplica) {
      for (const [, place] of places) {
        yield this.#unitAt(place, replica);
      }
    }
  }
}

/** The first dot that `unit` needs and `vector` does not have. */
export function missingDot(
  unit: Unit,
  vector: VersionVector,
): IndexedDot | null {
  for (let at = 0; at < unit.length; at++) {
    const operation = unit[at] as Operation;
    const { after, replica, anchor, edit } = operation;
    if (after !== null) {
      for (let index = 0; index < after.length; index += 2) {
        const other = after[index] as number;
        const counter = after[index + 1] as number;
        if (other !== replica && !vector.has(other, counter)) {
          return { replica: other, counter };
        }
      }
    }
    if (anchor === null && edit === null) continue;
    for (const dot of namedDots(operation)) {
      if (dot.replica !== replica && !vector.has(dot.replica, dot.counter)) {
        return dot;
      }
    }
  }
  return null;
}

/** The dots that an operation names by what it does: it cannot come before. */
function namedDots({ anchor, edit }: Operation): IndexedDot[] {
  const dots: IndexedDot[] = [];
  if (anchor !== null) dots.push(anchor);
  if (edit === null) return dots;
  const { origin, ranges, text, to } = edit;
  if (to !== null && to.anchor !== null) dots.push(to.anchor);
  if (origin !== null && origin.replica >= 0) dots.push(origin);
  if (text !== null) dots.push(text);
  for (const { replica, counter, length } of ranges ?? []) {
    dots.push({ replica, counter: counter + length - 1 });
  }
  return dots;
}

/** Whether an operation names itself, or a later one of its author, as past. */
export function isImpossible(unit: Unit): boolean {
  for (let at = 0; at < unit.length; at++) {
    const operation = unit[at] as Operation;
    const { after, covers, replica, counter } = operation;
    if (covers?.has(replica, counter)) return true;
    for (let index = 0; index < (after?.length ?? 0); index += 2) {
      if (
        after?.[index] === replica && (after[index + 1] as number) >= counter
      ) return true;
    }
    if (operation.anchor === null && operation.edit === null) continue;
    const isLater = (dot: IndexedDot) =>
      dot.replica === replica && dot.counter >= counter;
    if (namedDots(operation).some(isLater)) return true;
  }
  return false;
}

/** Whole milliseconds; clocks that fail may tell anything. */
function wholeMs(ms: number): number {
  return ms > 0 ? Math.floor(Math.min(ms, Number.MAX_SAFE_INTEGER)) : 0;
}

/** What an operation takes beside its texts, roughly. */
const OPERATION_BYTES = 160;

function estimateBytes(unit: Unit): number {
  let count = 0;
  for (const { path, value, after, covers, edit } of unit) {
    count += OPERATION_BYTES + 64 * (edit?.ranges?.length ?? 0);
    count += 8 * ((after?.length ?? 0) + (covers?.size ?? 0));
    for (const key of path) count += key.length * 2;
    if (typeof value === "string") count += value.length * 2;
    else if (typeof value === "object") {
      count += JSON.stringify(value).length * 2;
    }
  }
  return count;
}
