import { Branch, type ClaimShape } from "../branch.ts";
import { ByteReader } from "../bytes.ts";
import type { Core } from "../core.ts";
import { STAMP_MAX } from "../hybrid_clock.ts";
import { placeGuest } from "../move_edits.ts";
import { LIST, MAP, NOTHING } from "../operation.ts";
import { COUNTER_MAX } from "../operation_bytes.ts";
import { REPLICA_COUNT_MAX } from "../replica_table.ts";
import { doMove } from "../relocate.ts";
import type { ItemId } from "../sequence/ids.ts";
import {
  DEPTH_BORN_MAX,
  INNER_KEY_LENGTH_MAX,
  isHeirKey,
  isInnerKey,
  KEY_LENGTH_MAX,
} from "../values.ts";
import { type Frame, type PART, STATE } from "./frame.ts";
import { readIntegers, readRuns } from "./integers.ts";
import { readMoves } from "./read_moves.ts";
import { RegisterReader } from "./read_registers.ts";
import { readNames, readReport, readVector } from "./knowledge.ts";
import { dotNumber, readStamps } from "./stamp_column.ts";
import { readTextTable } from "./text_table.ts";
import {
  type ColumnValue,
  Mark,
  MOVED_MARK,
  PLAIN_ELEMENT_MARK,
  readValueColumns,
  TEXT_MARK,
} from "./value_columns.ts";
import {
  BORN,
  BRANCH_PARTS_MAX,
  HAS_BARRIER,
  HAS_CLAIM,
  HAS_COVER,
  PLACES_PER_BYTE,
  UNASSIGNED,
} from "./write_state.ts";

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
  readonly #kind: typeof STATE | typeof PART;

  /**
   * Reads the head of what a frame of a state holds.
   *
   * @throws {DistflowError} `CORRUPT_DATA` if the bytes are no state.
   */
  constructor(payload: Uint8Array, kind: typeof STATE | typeof PART) {
    const reader = new ByteReader(payload);
    this.#reader = reader;
    this.#kind = kind;
    const names = readNames(reader);
    const self = reader.varint();
    const counters = readRuns(reader, names.length, COUNTER_MAX);
    const clockLast = reader.varint(STAMP_MAX);
    const writer = names[self] ?? reader.fail("the name of the writer");
    this.head = { names, writer, counters, clockLast };
  }

  /**
   * Fills `core`, in which nothing may have happened. What its settings say
   * holds when they are loaded.
   *
   * @returns The elements that are told apart from their lists, in a part.
   * @throws {DistflowError} `CORRUPT_DATA` if the state makes no sense; `core`
   * is of no use then.
   */
  fill(core: Core): readonly Branch[] {
    const { names, counters, clockLast } = this.head;
    const reader = this.#reader;
    const replicas = names.map((name) => core.replicas.indexOf(name));
    counters.forEach((counter, index) => {
      if (counter > 0) core.vector.raise(replicas[index] as number, counter);
    });
    core.clock.receive(clockLast);
    const report = readReport(reader, replicas);
    core.tree.settled.join(readVector(reader, replicas));
    const places = new PlaceReader(reader, core, replicas);
    const anchored = places.read();
    if (reader.remaining > 0) reader.fail("the end of a state");
    if (this.#kind === STATE) places.settle();
    core.stability.resume(report);
    return anchored;
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
  return new StateReader(payload, expected);
}

class PlaceReader {
  readonly #reader: ByteReader;
  readonly #core: Core;
  /** What each replica of the writer is here. */
  readonly #replicas: readonly number[];
  readonly #registers: RegisterReader;
  #children: Float64Array = new Float64Array(0);
  #keys: readonly string[] = [];
  #items: readonly ColumnValue[] = [];
  #lists: ByteReader;
  readonly #elements: Branch[] = [];
  // Branches in the order in which they end, and the last register before that.
  readonly #ended: Branch[] = [];
  readonly #lastSlots: number[] = [];
  #place = 0;
  #key = 0;
  #item = 0;
  #lastSlot = 0;
  /** Items that stand for places that were moved there. */
  #guestCount = 0;

  constructor(reader: ByteReader, core: Core, replicas: readonly number[]) {
    this.#reader = reader;
    this.#core = core;
    this.#replicas = replicas;
    this.#registers = new RegisterReader(reader, core, replicas);
    this.#lists = reader;
  }

  read(): readonly Branch[] {
    const reader = this.#reader;
    const { columns, roots } = this.#core.tree;
    const countMax = reader.remaining * PLACES_PER_BYTE;
    const count = reader.varint();
    reader.raw(reader.varint(reader.remaining));
    const anchored = this.#readAnchored(roots.length);
    if (count < roots.length + anchored.length || count > countMax) {
      reader.fail("places");
    }
    this.#children = readRuns(reader, count);
    this.#keys = readTextTable(
      reader,
      this.#countKeys(),
      INNER_KEY_LENGTH_MAX,
    );
    const flags = readRuns(reader, count, BORN + UNASSIGNED - 1);
    columns.reserve(count);
    this.#registers.readRegisters(flags);
    this.#registers.readTexts();
    this.#registers.readSpecial(count);
    this.#items = readValueColumns(reader, reader.varint(countMax));
    this.#lists = new ByteReader(reader.raw(reader.varint(reader.remaining)));
    for (let left = roots.length + anchored.length; left > 0; left--) {
      this.#nextSlot();
    }
    for (const root of [...roots, ...anchored]) this.#build(root);
    if (this.#place !== count || this.#key !== this.#keys.length) {
      reader.fail("the end of the places");
    }
    if (this.#item !== this.#items.length || this.#lists.remaining > 0) {
      reader.fail("the end of the lists");
    }
    this.#readParts();
    this.#readMoves(countMax);
    return anchored;
  }

  #readMoves(countMax: number): void {
    readMoves({
      reader: this.#reader,
      core: this.#core,
      registers: this.#registers,
      replicas: this.#replicas,
      branches: this.#ended,
      countMax,
      readVector: () => readVector(this.#reader, this.#replicas),
    });
  }

  /**
   * Hides what shows nothing, and puts moves into effect.
   *
   * @throws {DistflowError} `CORRUPT_DATA` if moves and lists do not agree.
   */
  settle(): void {
    const { tree } = this.#core;
    for (const element of this.#elements) this.#hide(element);
    for (const record of tree.moves.records) {
      const { node, parent, key } = record;
      if (key !== null || node === null) continue;
      const item = parent.list?.get(record)?.[0];
      if (item !== MOVED_MARK) this.#reader.fail("an item of a move");
      placeGuest(tree, record);
      this.#guestCount--;
    }
    if (this.#guestCount !== 0) this.#reader.fail("a move for each item");
    for (const record of tree.moves.records) doMove(tree, record);
  }

  #readAnchored(from: number): Branch[] {
    const reader = this.#reader;
    const anchored: Branch[] = [];
    for (let left = reader.count(3); left > 0; left--) {
      const replica = this.#replicas[reader.varint()];
      const counter = reader.varint(COUNTER_MAX);
      const isPlain = reader.byte() !== 0;
      const id = { replica: replica ?? reader.fail("a replica"), counter };
      const slot = from + anchored.length;
      anchored.push(new Branch(slot, null, null, id, isPlain));
    }
    return anchored;
  }

  #countKeys(): number {
    let count = 0;
    for (let at = 0; at < this.#children.length; at++) {
      count += childCountOf(this.#children[at] as number);
    }
    if (count > this.#children.length) this.#reader.fail("children");
    return count;
  }

  /** Makes what is below a branch, and counts what lives there. */
  #build(branch: Branch): void {
    const reader = this.#reader;
    const { tree } = this.#core;
    if (branch.depth > DEPTH_BORN_MAX) {
      reader.fail(`at most ${DEPTH_BORN_MAX} levels`);
    }
    const number = this.#children[branch.slot] as number;
    if (number === 0) reader.fail("a branch");
    const count = childCountOf(number);
    for (let left = count; left > 0; left--) {
      const slot = this.#nextSlot();
      const key = this.#keys[this.#key++] ?? reader.fail("a key");
      const isLong = key.length > KEY_LENGTH_MAX;
      if ((isLong || isHeirKey(key)) && !isInnerKey(key)) reader.fail("a key");
      if (tree.isLive(slot)) branch.liveCount++;
      if (this.#children[slot] === 0) {
        tree.putChild(branch, key, slot);
        continue;
      }
      const child = new Branch(slot, branch, key);
      tree.putChild(branch, key, child);
      this.#build(child);
      branch.liveCount += child.liveCount;
    }
    if (branch.children.size !== count) reader.fail("keys, each once");
    if (number % 2 === 0) this.#buildList(branch);
    this.#ended.push(branch);
    this.#lastSlots.push(this.#lastSlot);
  }

  #nextSlot(): number {
    const slot = this.#place++;
    if (slot >= this.#children.length) this.#reader.fail("a place");
    if ((this.#core.tree.columns.stamps[slot] as number) > 0) {
      this.#lastSlot = slot;
    }
    return slot;
  }

  #buildList(branch: Branch): void {
    const { tree } = this.#core;
    const list = tree.listOf(branch);
    const first = this.#item;
    list.importFrom(this.#lists, this.#replicas, () => this.#nextItem());
    this.#registers.checkItems(list);
    let live = this.#item - first;
    const marks: ItemId[] = [];
    let guestCount = 0;
    for (const { replica, counter, content } of list.keptRuns()) {
      content.forEach((item, at) => {
        if (item === MOVED_MARK) guestCount++;
        else if (item instanceof Mark) {
          marks.push({ replica, counter: counter + at });
        }
      });
    }
    this.#guestCount += guestCount;
    live -= marks.length + guestCount;
    let shownCount = 0;
    for (const { content } of list.runs()) {
      for (const item of content) if (!(item instanceof Mark)) shownCount++;
    }
    if (shownCount < live) this.#reader.fail("values that are shown");
    for (const id of marks) {
      const isPlain = list.get(id)?.[0] === PLAIN_ELEMENT_MARK;
      const slot = this.#nextSlot();
      const element = new Branch(slot, branch, null, id, isPlain);
      list.replace(id, element);
      this.#build(element);
      this.#elements.push(element);
      live += element.liveCount + (tree.isLive(slot) ? 1 : 0);
    }
    branch.elementCount = marks.length;
    branch.liveCount += live;
    branch.elementLiveCount = live;
  }

  #nextItem(): ColumnValue {
    const value = this.#items[this.#item++];
    return value === undefined || value === TEXT_MARK
      ? this.#reader.fail("an item of a list")
      : value;
  }

  /** An element that shows nothing is hidden in its list, and no other. */
  #hide(element: Branch): void {
    const isHidden = this.#core.tree.shown(element) === NOTHING;
    element.isHidden = isHidden;
    element.parent?.list?.setHidden(element.id as ItemId, isHidden);
  }

  #readParts(): void {
    const reader = this.#reader;
    const parts = readRuns(reader, this.#ended.length, BRANCH_PARTS_MAX);
    const claimed: number[] = [];
    this.#ended.forEach((branch, at) => {
      const has = parts[at] as number;
      if ((has & HAS_CLAIM) !== 0) claimed.push(at);
      if ((has & HAS_COVER) !== 0) {
        branch.cover = readVector(reader, this.#replicas);
      }
      if ((has & HAS_BARRIER) !== 0) {
        branch.barrier = readVector(reader, this.#replicas);
      }
    });
    this.#readClaims(claimed);
  }

  #readClaims(claimed: readonly number[]): void {
    const reader = this.#reader;
    const { columns } = this.#core.tree;
    const replicas = readRuns(reader, claimed.length, REPLICA_COUNT_MAX);
    const counters = readIntegers(reader, claimed.length);
    const shapes = readRuns(reader, claimed.length, LIST);
    const told: Branch[] = [];
    const dots: number[] = [];
    claimed.forEach((at, index) => {
      const branch = this.#ended[at] as Branch;
      const last = this.#lastSlots[at] as number;
      const replica = replicas[index] as number;
      const lastCounter = columns.counters[last] as number;
      const counter = lastCounter + (counters[index] as number);
      const shape = shapes[index] as number;
      this.#registers.checkDot(replica, counter);
      if (shape !== NOTHING && shape < MAP) reader.fail("a claim");
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
}

/** How many entries the number of a place in the column of children tells. */
function childCountOf(number: number): number {
  return number === 0 ? 0 : Math.floor((number - 1) / 2);
}
