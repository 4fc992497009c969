import { ByteReader, ByteWriter } from "./bytes.ts";
import { LocalUnits } from "./local_units.ts";
import { lastCounter, type Unit } from "./message.ts";
import type { ReplicaTable } from "./replica_table.ts";
import type { WaitingQueue } from "./waiting_queue.ts";

/** So many transactions wait as they are. */
const SEAT_COUNT = 256;

/** Below this, bytes that nobody needs are not worth moving the others. */
const UNUSED_SIZE_MIN = 64 * 1024;

/** What is known of a transaction that waits without looking at its operations. */
export interface WaitingHead {
  /** Where it waits. */
  readonly place: number;
  /** How many operations it has. */
  readonly length: number;
  /** The last of their counters. */
  readonly last: number;
  /** What it takes, as estimated. */
  readonly byteCount: number;
  /** Since when it waits, in whole milliseconds. */
  readonly arrivedAtMs: number;
  /** The transaction, if it waits as it is; else `null`. */
  readonly unit: Unit | null;
  /** Else, where the bytes of its operations begin. */
  readonly start: number;
  /** And how many they are. */
  readonly size: number;
}

/**
 * Where transactions wait: the first few as they are, and those for which there
 * is no seat as bytes, one behind the other.
 *
 * As objects, a hundred thousand of them lie all over the memory when they have
 * waited for a while, and to apply each takes twice the time.
 *
 * The bytes of what is gone are left until they are most of all; what is still
 * there is moved together then.
 */
export class WaitingRoom {
  readonly #local: LocalUnits;
  readonly #seats: (WaitingHead | undefined)[] = [];
  readonly #freeSeats: number[] = [];
  #writer: ByteWriter = new ByteWriter();
  /** Where one is written, as its size comes before it. */
  readonly #next: ByteWriter = new ByteWriter();
  /** Bytes of what is still there. */
  #usedSize = 0;

  /** Makes an empty one for a document that knows `replicas`. */
  constructor(replicas: ReplicaTable) {
    this.#local = new LocalUnits(replicas);
  }

  /** Adds a transaction; returns its place. */
  add(unit: Unit, byteCount: number, arrivedAtMs: number): number {
    const seat = this.#freeSeats.pop() ?? this.#seats.length;
    const { length } = unit;
    const last = lastCounter(unit);
    if (seat < SEAT_COUNT) {
      this.#seats[seat] = {
        place: seat,
        length,
        last,
        byteCount,
        arrivedAtMs,
        unit,
        start: 0,
        size: 0,
      };
      return seat;
    }
    const next = this.#next;
    next.clear();
    this.#local.write(next, unit);
    const writer = this.#writer;
    const at = writer.length;
    writer.varint(next.length);
    writer.varint(length);
    writer.varint(last);
    writer.varint(byteCount);
    writer.varint(arrivedAtMs);
    writer.copy(next.buffer, 0, next.length);
    this.#usedSize += writer.length - at;
    return SEAT_COUNT + at;
  }

  /** The head of what is at a place. */
  headAt(place: number): WaitingHead {
    if (place < SEAT_COUNT) return this.#seats[place] as WaitingHead;
    const reader = new ByteReader(this.#writer.buffer, place - SEAT_COUNT);
    const size = reader.varint();
    const length = reader.varint();
    const last = reader.varint();
    const byteCount = reader.varint();
    const arrivedAtMs = reader.varint();
    const start = reader.position;
    const unit = null;
    return { place, length, last, byteCount, arrivedAtMs, unit, start, size };
  }

  /** The transaction of `replica` behind a head. */
  unitOf({ unit, start, length }: WaitingHead, replica: number): Unit {
    return unit ??
      this.#local.read(this.#writer.buffer, start, replica, length);
  }

  /** Lets a transaction go. */
  remove({ place, start, size }: WaitingHead): void {
    if (place < SEAT_COUNT) {
      this.#seats[place] = undefined;
      this.#freeSeats.push(place);
      return;
    }
    this.#usedSize -= start + size + SEAT_COUNT - place;
    if (this.#usedSize === 0) this.#writer = new ByteWriter();
  }

  /** Moves the bytes together if that is worth it; `queues` tell where they are. */
  makeRoom(queues: Iterable<WaitingQueue>): void {
    const { buffer, length } = this.#writer;
    if (length < 2 * this.#usedSize + UNUSED_SIZE_MIN) return;
    const moved = new ByteWriter();
    for (const { places } of queues) {
      for (const [counter, place] of places) {
        if (place < SEAT_COUNT) continue;
        const { start, size } = this.headAt(place);
        places.set(counter, SEAT_COUNT + moved.length);
        moved.copy(buffer, place - SEAT_COUNT, start + size);
      }
    }
    this.#writer = moved;
  }
}
