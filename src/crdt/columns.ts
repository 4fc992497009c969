import { NOTHING, type Shape } from "./operation.ts";
import { RefusedDots } from "./refused_dots.ts";
import type { ReplicaTable } from "./replica_table.ts";

const SHAPE_BITS = 7;
const SIBLING_BIT = 8;
const MODE_SHIFT = 4;
const MODE_BITS = 3;
const REFUSED_BIT = 64;

/** Flags as they are kept are smaller than this. */
export const FLAGS_END: number = REFUSED_BIT;

/** Slots to start with. */
const CAPACITY_MIN = 64;

/**
 * The registers of a document, in columns: a register is a slot, not an object,
 * and costs 15 bytes beside its key and its value.
 *
 * A register holds the greatest assignment that ever reached it. Slots are not
 * given back while their place is known.
 */
export class Columns {
  /** When each register was assigned; -1 for never. */
  stamps: Float64Array = new Float64Array(CAPACITY_MIN);
  /** The counter of each assignment's dot. */
  counters: Uint32Array = new Uint32Array(CAPACITY_MIN);
  /** The replica of each assignment's dot. */
  replicas: Uint16Array = new Uint16Array(CAPACITY_MIN);
  /** The shape, the sibling bit and the mode of each assignment. */
  flags: Uint8Array = new Uint8Array(CAPACITY_MIN);
  /** What a schema does not let show, siblings and increments included. */
  readonly refused: RefusedDots = new RefusedDots();
  /** What each register holds. */
  readonly values: unknown[] = [];
  readonly #replicas: ReplicaTable;
  readonly #free: number[] = [];

  /** Makes columns without registers. */
  constructor(replicas: ReplicaTable) {
    this.#replicas = replicas;
  }

  /** How many registers there are. */
  get count(): number {
    return this.values.length - this.#free.length;
  }

  /** Adds a register that was never assigned. */
  add(): number {
    const slot = this.#free.pop() ?? this.values.length;
    if (slot === this.stamps.length) this.#grow(slot * 2);
    this.stamps[slot] = -1;
    this.counters[slot] = 0;
    this.replicas[slot] = 0;
    this.flags[slot] = NOTHING;
    this.values[slot] = undefined;
    return slot;
  }

  /** Makes that there are `count` registers; more of them were never assigned. */
  reserve(count: number): void {
    if (count > this.stamps.length) this.#grow(count);
    for (let slot = this.values.length; slot < count; slot++) {
      this.stamps[slot] = -1;
      this.flags[slot] = NOTHING;
      this.values.push(undefined);
    }
  }

  /** Makes a register one that was never assigned. */
  unassign(slot: number): void {
    this.#forgetRefused(slot);
    this.values[slot] = undefined;
    this.stamps[slot] = -1;
    this.flags[slot] = NOTHING;
  }

  /** Gives a register back. */
  release(slot: number): void {
    this.unassign(slot);
    this.#free.push(slot);
  }

  /** The type of what a register holds. */
  shapeOf(slot: number): Shape {
    return ((this.flags[slot] as number) & SHAPE_BITS) as Shape;
  }

  /** The same, but nothing if a schema does not let it show. */
  shownShapeOf(slot: number): Shape {
    const flags = this.flags[slot] as number;
    return ((flags & REFUSED_BIT) === 0
      ? flags & SHAPE_BITS
      : NOTHING) as Shape;
  }

  /** The flags as they are kept; what a schema says of them is not. */
  keptFlagsOf(slot: number): number {
    return (this.flags[slot] as number) & ~REFUSED_BIT;
  }

  /** Whether a schema does not let the assignment show. */
  isRefused(slot: number): boolean {
    return ((this.flags[slot] as number) & REFUSED_BIT) !== 0;
  }

  /** Says whether a schema lets the assignment show. */
  setRefused(slot: number, isRefused: boolean): void {
    this.#forgetRefused(slot);
    if (!isRefused) return;
    this.flags[slot] = (this.flags[slot] as number) | REFUSED_BIT;
    this.#countRefused(slot, 1);
  }

  #forgetRefused(slot: number): void {
    if (!this.isRefused(slot)) return;
    this.flags[slot] = (this.flags[slot] as number) & ~REFUSED_BIT;
    this.#countRefused(slot, -1);
  }

  #countRefused(slot: number, count: 1 | -1): void {
    const replica = this.replicas[slot] as number;
    this.refused.add(replica, this.counters[slot] as number, count);
  }

  /** Whether the assignment stays beside concurrent ones. */
  isSibling(slot: number): boolean {
    return ((this.flags[slot] as number) & SIBLING_BIT) !== 0;
  }

  /** How the assignment treats what is below its place. */
  modeOf(slot: number): number {
    return ((this.flags[slot] as number) >> MODE_SHIFT) & MODE_BITS;
  }

  /** Whether the stamp and dot are greater than those of the register. */
  isNewer(
    slot: number,
    stamp: number,
    replica: number,
    counter: number,
  ): boolean {
    const own = this.stamps[slot] as number;
    if (stamp !== own) return stamp > own;
    const other = this.replicas[slot] as number;
    if (replica === other) return counter > (this.counters[slot] as number);
    return this.#replicas.compare(replica, other) > 0;
  }

  /** Assigns a register. */
  assign(
    slot: number,
    stamp: number,
    replica: number,
    counter: number,
    flags: number,
    value: unknown,
  ): void {
    if (this.refused.size > 0) this.#forgetRefused(slot);
    this.stamps[slot] = stamp;
    this.replicas[slot] = replica;
    this.counters[slot] = counter;
    this.flags[slot] = flags;
    this.values[slot] = value;
    if ((flags & REFUSED_BIT) !== 0) this.#countRefused(slot, 1);
  }

  /** Gives all registers back. */
  clearAll(): void {
    this.values.length = 0;
    this.#free.length = 0;
  }

  /** Assigns a register what one of other columns holds. */
  copy(from: Columns, fromSlot: number, slot: number): void {
    this.assign(
      slot,
      from.stamps[fromSlot] as number,
      from.replicas[fromSlot] as number,
      from.counters[fromSlot] as number,
      from.flags[fromSlot] as number,
      from.values[fromSlot],
    );
  }

  /** Takes what a register holds away; the assignment stays as a tombstone. */
  clear(slot: number): void {
    this.#forgetRefused(slot);
    this.flags[slot] = (this.flags[slot] as number) & ~SHAPE_BITS;
    this.values[slot] = undefined;
  }

  #grow(capacity: number): void {
    const stamps = new Float64Array(capacity);
    stamps.set(this.stamps);
    this.stamps = stamps;
    const counters = new Uint32Array(capacity);
    counters.set(this.counters);
    this.counters = counters;
    const replicas = new Uint16Array(capacity);
    replicas.set(this.replicas);
    this.replicas = replicas;
    const flags = new Uint8Array(capacity);
    flags.set(this.flags);
    this.flags = flags;
  }
}

/** The flags of an assignment. */
export function makeFlags(
  shape: Shape,
  isSibling: boolean,
  mode: number,
): number {
  return shape | (isSibling ? SIBLING_BIT : 0) | (mode << MODE_SHIFT);
}
