import type { JsonValue } from "../../base/json.ts";
import { Branch, type ClaimShape } from "../branch.ts";
import { ByteReader } from "../bytes.ts";
import type { Core } from "../core.ts";
import { STAMP_MAX } from "../hybrid_clock.ts";
import { COUNTER_MAX } from "../operation_bytes.ts";
import {
  lengthOf,
  MAP,
  NOTHING,
  SCALAR,
  type Shape,
  WHOLE,
} from "../operation.ts";
import type { CounterCell, Sibling } from "../register_parts.ts";
import { isReplicaName, REPLICA_COUNT_MAX } from "../replica_table.ts";
import { DEPTH_MAX, KEY_LENGTH_MAX } from "../values.ts";
import { VersionVector } from "../version_vector.ts";
import { type Frame, type PART, STATE } from "./frame.ts";
import { readIntegers, readRuns } from "./integers.ts";
import { dotNumber, readStamps } from "./stamp_column.ts";
import { readTextTable } from "./text_table.ts";
import { readValueColumns } from "./value_columns.ts";
import {
  BRANCH_PARTS_MAX,
  HAS_BARRIER,
  HAS_CLAIM,
  HAS_COVER,
  PLACES_PER_BYTE,
  UNASSIGNED,
} from "./write_state.ts";

const SHAPE_BITS = 7;

/** What stands before the places of a state. */
export interface StateHead {
  /** The names of the writer's table, in its order. */
  readonly names: readonly string[];
  /** Who wrote it. */
  readonly writer: string;
  /** The last counter of each, in that order. */
  readonly counters: Float64Array;
  /** The greatest stamp that its clock had seen. */
  readonly clockLast: number;
}

/** A state whose head was read. */
export class StateReader {
  /** The head. */
  readonly head: StateHead;
  readonly #reader: ByteReader;

  /**
   * Reads the head of what a frame of a state holds.
   *
   * @throws {DistflowError} `CORRUPT_DATA` if the bytes are no state.
   */
  constructor(payload: Uint8Array) {
    const reader = new ByteReader(payload);
    this.#reader = reader;
    const names: string[] = [];
    for (let count = reader.count(2); count > 0; count--) {
      const name = reader.text();
      if (!isReplicaName(name)) reader.fail("a replica's name");
      names.push(name);
    }
    if (new Set(names).size !== names.length) reader.fail("names, each once");
    const self = reader.varint();
    const counters = readRuns(reader, names.length, COUNTER_MAX);
    const clockLast = reader.varint(STAMP_MAX);
    const writer = names[self] ?? reader.fail("the name of the writer");
    this.head = { names, writer, counters, clockLast };
  }

  /**
   * Fills `core`, in which nothing may have happened.
   *
   * @throws {DistflowError} `CORRUPT_DATA` if the state makes no sense; `core`
   * is of no use then.
   */
  fill(core: Core): void {
    const { names, counters, clockLast } = this.head;
    const reader = this.#reader;
    const replicas = names.map((name) => core.replicas.indexOf(name));
    counters.forEach((counter, index) => {
      if (counter > 0) core.vector.raise(replicas[index] as number, counter);
    });
    core.clock.receive(clockLast);
    new PlaceReader(reader, core, replicas).read();
    if (reader.remaining > 0) reader.fail("the end of a state");
    core.loadSettings();
  }
}

/**
 * Starts to read a state.
 *
 * @throws {DistflowError} `CORRUPT_DATA` if the frame holds none.
 */
export function readState(
  { kind, payload }: Frame,
  expected: typeof STATE | typeof PART = STATE,
): StateReader {
  if (kind !== expected) new ByteReader(payload).fail("a state");
  return new StateReader(payload);
}

class PlaceReader {
  readonly #reader: ByteReader;
  readonly #core: Core;
  /** What each replica of the writer is here. */
  readonly #replicas: readonly number[];
  #children: Float64Array = new Float64Array(0);
  #keys: readonly string[] = [];
  // Branches in the order in which they end, and the last register before that.
  readonly #ended: Branch[] = [];
  readonly #lastSlots: number[] = [];
  #place = 0;
  #lastSlot = 0;

  constructor(reader: ByteReader, core: Core, replicas: readonly number[]) {
    this.#reader = reader;
    this.#core = core;
    this.#replicas = replicas;
  }

  read(): void {
    const reader = this.#reader;
    const { columns, roots } = this.#core.tree;
    const count = reader.varint();
    const padding = reader.varint(reader.remaining);
    if (count < 2 || count > reader.remaining * PLACES_PER_BYTE) {
      reader.fail("places");
    }
    reader.raw(padding);
    this.#children = readRuns(reader, count);
    this.#keys = readTextTable(reader, count - 2, KEY_LENGTH_MAX);
    const flags = readRuns(reader, count, UNASSIGNED);
    columns.reserve(count);
    this.#readRegisters(flags);
    this.#readSpecial(count);
    this.#place = roots.length;
    for (const root of roots) this.#build(root, root.slot, 1);
    if (this.#place !== count) reader.fail("the end of the places");
    this.#readParts();
  }

  #readRegisters(flags: Float64Array): void {
    const reader = this.#reader;
    const { columns } = this.#core.tree;
    let count = 0;
    for (let slot = 0; slot < flags.length; slot++) {
      if (flags[slot] !== UNASSIGNED) count++;
    }
    const replicas = readRuns(reader, count, REPLICA_COUNT_MAX);
    const values = readValueColumns(reader, count);
    const counters = readIntegers(reader, count);
    const dots = this.#findDots(replicas, counters, values);
    const stamps = readStamps(reader, dots);
    let at = 0;
    for (let slot = 0; slot < flags.length; slot++) {
      const flag = flags[slot] as number;
      if (flag === UNASSIGNED) continue;
      const value = values[at];
      if (!isPossible((flag & SHAPE_BITS) as Shape, value)) {
        reader.fail("a register");
      }
      columns.assign(
        slot,
        stamps[at] as number,
        this.#replicas[replicas[at] as number] as number,
        counters[at] as number,
        flag,
        value,
      );
      at++;
    }
  }

  /** Makes counters of differences, and dots of counters. */
  #findDots(
    replicas: Float64Array,
    counters: Float64Array,
    values: readonly unknown[],
  ): Float64Array {
    const dots = new Float64Array(replicas.length);
    const next: number[] = [];
    for (let at = 0; at < dots.length; at++) {
      const replica = replicas[at] as number;
      const counter = (next[replica] ?? 1) + (counters[at] as number);
      this.#checkDot(replica, counter);
      next[replica] = counter + lengthOf(values[at]);
      counters[at] = counter;
      dots[at] = dotNumber(replica, counter);
    }
    return dots;
  }

  /** Nothing is kept of what was not applied. */
  #checkDot(replica: number, counter: number): void {
    const index = this.#replicas[replica];
    if (
      index === undefined || counter < 1 ||
      !this.#core.vector.has(index, counter)
    ) this.#reader.fail("a dot");
  }

  /** Makes what is below a branch, and counts what lives there. */
  #build(branch: Branch, place: number, depth: number): void {
    const reader = this.#reader;
    const { tree } = this.#core;
    if (depth > DEPTH_MAX + 1) reader.fail(`at most ${DEPTH_MAX} levels`);
    const count = (this.#children[place] as number) - 1;
    if (count < 0 || count > this.#children.length - this.#place) {
      reader.fail("children");
    }
    for (let left = count; left > 0; left--) {
      const slot = this.#place++;
      const key = this.#keys[slot - 2] ?? reader.fail("a key");
      this.#lastSlot = (tree.columns.stamps[slot] as number) < 0
        ? this.#lastSlot
        : slot;
      if (tree.isLive(slot)) branch.liveCount++;
      if (this.#children[slot] === 0) {
        branch.children.set(key, slot);
        continue;
      }
      const child = new Branch(slot, branch, key);
      branch.children.set(key, child);
      this.#build(child, slot, depth + 1);
      branch.liveCount += child.liveCount;
    }
    if (branch.children.size !== count) reader.fail("keys, each once");
    this.#ended.push(branch);
    this.#lastSlots.push(this.#lastSlot);
  }

  #readParts(): void {
    const reader = this.#reader;
    const parts = readRuns(reader, this.#ended.length, BRANCH_PARTS_MAX);
    const claimed: number[] = [];
    this.#ended.forEach((branch, at) => {
      const has = parts[at] as number;
      if ((has & HAS_CLAIM) !== 0) claimed.push(at);
      if ((has & HAS_COVER) !== 0) branch.cover = this.#readVector();
      if ((has & HAS_BARRIER) !== 0) branch.barrier = this.#readVector();
    });
    this.#readClaims(claimed);
  }

  #readClaims(claimed: readonly number[]): void {
    const reader = this.#reader;
    const { columns } = this.#core.tree;
    const replicas = readRuns(reader, claimed.length, REPLICA_COUNT_MAX);
    const counters = readIntegers(reader, claimed.length);
    const shapes = readRuns(reader, claimed.length, MAP);
    const told: Branch[] = [];
    const dots: number[] = [];
    claimed.forEach((at, index) => {
      const branch = this.#ended[at] as Branch;
      const last = this.#lastSlots[at] as number;
      const replica = replicas[index] as number;
      const lastCounter = columns.counters[last] as number;
      const counter = lastCounter + (counters[index] as number);
      const shape = shapes[index] as number;
      this.#checkDot(replica, counter);
      if (shape !== NOTHING && shape !== MAP) reader.fail("a claim");
      branch.claimReplica = this.#replicas[replica] as number;
      branch.claimCounter = counter;
      branch.claimShape = shape as ClaimShape;
      if (
        counter === lastCounter &&
        branch.claimReplica === columns.replicas[last]
      ) branch.claimStamp = columns.stamps[last] as number;
      else {
        told.push(branch);
        dots.push(dotNumber(replica, counter));
      }
    });
    const stamps = readStamps(reader, Float64Array.from(dots));
    told.forEach((branch, at) => branch.claimStamp = stamps[at] as number);
  }

  #readVector(): VersionVector {
    const reader = this.#reader;
    const vector = new VersionVector();
    for (let count = reader.count(2); count > 0; count--) {
      const replica = this.#replicas[reader.varint()];
      const counter = reader.varint(COUNTER_MAX);
      if (counter === 0) reader.fail("a vector");
      vector.raise(replica ?? reader.fail("a replica"), counter);
    }
    return vector;
  }

  #readSpecial(count: number): void {
    const reader = this.#reader;
    const { siblings, counters } = this.#core.tree;
    let slot = 0;
    for (let left = reader.count(3); left > 0; left--) {
      slot += reader.varint(count - 1 - slot);
      const values = this.#readSiblings();
      const cells = this.#readCells();
      if (values.length > 0) siblings.set(slot, values);
      if (cells.length > 0) counters.set(slot, cells);
    }
  }

  #readSiblings(): Sibling[] {
    const reader = this.#reader;
    const siblings: Sibling[] = [];
    for (let count = reader.count(4); count > 0; count--) {
      const dot = this.#readDot();
      const head = reader.byte();
      const shape = (head >> 1) as Shape;
      const value = (head & 1) === 0 ? undefined : reader.value();
      if (!isPossible(shape, value) || shape === NOTHING) {
        reader.fail("a concurrent value");
      }
      siblings.push({ ...dot, shape, value });
    }
    return siblings;
  }

  #readCells(): CounterCell[] {
    const reader = this.#reader;
    const cells: CounterCell[] = [];
    for (let count = reader.count(5); count > 0; count--) {
      const dot = this.#readDot();
      const total = reader.signed();
      const isDead = reader.byte() !== 0;
      if (!Number.isSafeInteger(total)) reader.fail("a total");
      cells.push({ ...dot, total, isDead });
    }
    return cells;
  }

  #readDot(): { replica: number; counter: number; stamp: number } {
    const reader = this.#reader;
    const replica = reader.varint();
    const counter = reader.varint(COUNTER_MAX);
    this.#checkDot(replica, counter);
    const stamp = reader.varint(STAMP_MAX);
    return { replica: this.#replicas[replica] as number, counter, stamp };
  }
}

/** Whether a register of `shape` can hold `value`. */
function isPossible(shape: Shape, value: JsonValue | undefined): boolean {
  switch (shape) {
    case NOTHING:
      // The base of a counter that was deleted.
      return value === undefined || typeof value === "number";
    case SCALAR:
      return value !== undefined &&
        (typeof value !== "object" || value === null);
    case WHOLE:
      return value !== undefined;
    case MAP:
      return value === undefined;
    default:
      return false;
  }
}
