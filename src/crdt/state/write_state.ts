import type { JsonValue } from "../../base/json.ts";
import { Branch, type Child, type Item } from "../branch.ts";
import { ByteWriter } from "../bytes.ts";
import type { Core } from "../core.ts";
import { lengthOf } from "../operation.ts";
import type { ItemId } from "../sequence/ids.ts";
import type { ListSequence } from "../sequence/list_sequence.ts";
import { TextSequence } from "../sequence/text_sequence.ts";
import { writtenItem } from "../untouched.ts";
import type { VersionVector } from "../version_vector.ts";
import { type PART, STATE, writeFrame } from "./frame.ts";
import { writeIntegers, writeRuns } from "./integers.ts";
import { writeNames, writeReport, writeVector } from "./knowledge.ts";
import { StampColumn } from "./stamp_column.ts";
import { TextTableWriter } from "./text_table.ts";
import {
  ELEMENT_MARK,
  type Mark,
  MOVED_MARK,
  PLAIN_ELEMENT_MARK,
  TEXT_MARK,
  ValueColumnsWriter,
} from "./value_columns.ts";
import { writeMoves } from "./write_moves.ts";

/** In the column of flags: a register that was never assigned. */
export const UNASSIGNED = 256;
/** In the column of flags, beside them: assigned as its element was born. */
export const BORN = 512;

/** What a branch may have, in a column of its own. */
export const HAS_CLAIM = 1;
/** See {@linkcode HAS_CLAIM}. */
export const HAS_COVER = 2;
/** See {@linkcode HAS_CLAIM}. */
export const HAS_BARRIER = 4;
/** All that a branch may have. */
export const BRANCH_PARTS_MAX = 7;

/** Places, items and moves that may stand for a byte: bounds what bad bytes make. */
export const PLACES_PER_BYTE = 64;

/**
 * The whole state of `core` as framed bytes.
 *
 * @param anchored Elements without the lists that they stand in, of a part.
 */
export function encodeState(
  core: Core,
  kind: typeof STATE | typeof PART = STATE,
  anchored: readonly Branch[] = [],
): Uint8Array {
  const writer = new ByteWriter();
  const { replicas, vector, clock } = core;
  writeNames(writer, replicas);
  writer.varint(core.self);
  writeRuns(writer, replicas.names.map((_, index) => vector.get(index)));
  writer.varint(clock.last);
  writeReport(writer, core.stability.report());
  writeVector(writer, core.tree.settled);
  writePlaces(core, anchored, writer);
  return writeFrame(kind, writer.finish());
}

/** Columns of all places, the roots first, then parents before children. */
class PlaceColumns {
  /** 0 for a mere register; see {@linkcode branchNumber} else. */
  readonly children: number[] = [];
  readonly keys: TextTableWriter = new TextTableWriter();
  readonly flags: number[] = [];
  readonly replicas: number[] = [];
  readonly counters: number[] = [];
  readonly values: ValueColumnsWriter = new ValueColumnsWriter();
  readonly stamps: StampColumn = new StampColumn();
  /** Values of lists, and marks for elements that are places. */
  readonly items: ValueColumnsWriter = new ValueColumnsWriter();
  itemCount = 0;
  /** The order of the elements of all lists. */
  readonly lists: ByteWriter = new ByteWriter();
  /** Texts that were edited, in the order of their registers. */
  readonly texts: ByteWriter = new ByteWriter();
  /** The slots that have siblings or cells, and their places. */
  readonly special: [place: number, slot: number][] = [];
  // What branches have, in the order in which they end.
  readonly parts: number[] = [];
  readonly vectors: VersionVector[] = [];
  readonly claimReplicas: number[] = [];
  readonly claimCounters: number[] = [];
  readonly claimShapes: number[] = [];
  readonly claimStamps: StampColumn = new StampColumn();
  /** Where each branch stands among all places, if anything was ever moved. */
  readonly numbers: Map<Branch, number> = new Map();
  readonly #core: Core;
  /** For each replica the counter that its next register probably has. */
  readonly #next: number[] = [];
  readonly #hasMoves: boolean;
  #lastReplica = 0;
  #lastCounter = 0;

  constructor(core: Core, anchored: readonly Branch[]) {
    this.#core = core;
    this.#hasMoves = core.tree.moves.records.length > 0;
    const roots = [...core.tree.roots, ...anchored];
    for (const root of roots) this.#place(root);
    for (const root of roots) this.#below(root);
  }

  #place(child: Child): void {
    if (typeof child === "number") {
      this.children.push(0);
      this.#register(child);
    } else {
      if (this.#hasMoves) this.numbers.set(child, this.children.length);
      this.children.push(
        branchNumber(child.children.size, child.list !== null),
      );
      this.#register(child.slot);
    }
  }

  #below(branch: Branch): void {
    for (const [key, child] of branch.children) {
      this.keys.add(key);
      this.#place(child);
      if (typeof child === "object") this.#below(child);
    }
    if (branch.list !== null) this.#list(branch.list);
    this.#end(branch);
  }

  #list(list: ListSequence<Item>): void {
    const elements: Branch[] = [];
    const guests = this.#hasMoves ? guestsIn(list) : null;
    let at = 0;
    list.exportTo(this.lists, (each) => {
      const item = writtenItem(this.#core.tree, each);
      this.itemCount++;
      const isGuest = guests?.has(at++) ?? false;
      if (item instanceof Branch && !isGuest) elements.push(item);
      this.items.add(
        isGuest
          ? MOVED_MARK
          : !(item instanceof Branch)
          ? item as JsonValue | Mark
          : item.isPlain
          ? PLAIN_ELEMENT_MARK
          : ELEMENT_MARK,
      );
    });
    for (const element of elements) {
      this.#place(element);
      this.#below(element);
    }
  }

  #register(slot: number): void {
    const { columns, siblings, counters } = this.#core.tree;
    if (siblings.has(slot) || counters.has(slot)) {
      this.special.push([this.children.length - 1, slot]);
    }
    const stamp = columns.stamps[slot] as number;
    if (stamp < 0) {
      this.flags.push(UNASSIGNED);
      return;
    }
    const replica = columns.replicas[slot] as number;
    const counter = columns.counters[slot] as number;
    const value = columns.values[slot];
    const flags = columns.keptFlagsOf(slot);
    this.flags.push(stamp === 0 ? flags + BORN : flags);
    this.replicas.push(replica);
    this.counters.push(counter - (this.#next[replica] ?? 1));
    this.#next[replica] = counter + lengthOf(value);
    if (stamp > 0) {
      this.#lastReplica = replica;
      this.#lastCounter = counter;
      this.stamps.add(replica, counter, stamp);
    }
    if (value instanceof TextSequence) {
      this.values.add(TEXT_MARK);
      value.exportTo(this.texts);
    } else this.values.add(value as JsonValue | undefined);
  }

  #end(branch: Branch): void {
    const { cover, barrier, claimStamp, claimReplica, claimCounter } = branch;
    this.parts.push(
      (claimStamp < 0 ? 0 : HAS_CLAIM) | (cover === null ? 0 : HAS_COVER) |
        (barrier === null ? 0 : HAS_BARRIER),
    );
    if (cover !== null) this.vectors.push(cover);
    if (barrier !== null) this.vectors.push(barrier);
    if (claimStamp < 0) return;
    this.claimReplicas.push(claimReplica);
    this.claimCounters.push(claimCounter - this.#lastCounter);
    this.claimShapes.push(branch.claimShape);
    // Mostly a claim is that of the last register below, whose stamp is known.
    const isLast = claimReplica === this.#lastReplica &&
      claimCounter === this.#lastCounter;
    if (!isLast) this.claimStamps.add(claimReplica, claimCounter, claimStamp);
  }
}

/** The items that stand for places that were born elsewhere, by their indexes. */
function guestsIn(list: ListSequence<Item>): Set<number> {
  const guests = new Set<number>();
  let index = 0;
  for (const { replica, counter, content } of list.keptRuns()) {
    content.forEach((item, at) => {
      const isGuest = item instanceof Branch &&
        !item.isBornAs(replica, counter + at);
      if (isGuest) guests.add(index + at);
    });
    index += content.length;
  }
  return guests;
}

function writePlaces(
  core: Core,
  anchored: readonly Branch[],
  writer: ByteWriter,
): void {
  const columns = new PlaceColumns(core, anchored);
  const { children } = columns;
  const body = new ByteWriter();
  body.varint(anchored.length);
  for (const { homeId, isPlain } of anchored) {
    body.varint((homeId as ItemId).replica);
    body.varint((homeId as ItemId).counter);
    body.byte(isPlain ? 1 : 0);
  }
  writeRuns(body, children);
  columns.keys.write(body);
  writeRuns(body, columns.flags);
  writeRuns(body, columns.replicas);
  columns.values.write(body);
  writeIntegers(body, columns.counters);
  columns.stamps.write(body);
  body.raw(columns.texts.finish());
  writeSpecial(core, columns.special, body);
  body.varint(columns.itemCount);
  columns.items.write(body);
  body.varint(columns.lists.length);
  body.raw(columns.lists.finish());
  writeRuns(body, columns.parts);
  for (const vector of columns.vectors) writeVector(body, vector);
  writeRuns(body, columns.claimReplicas);
  writeIntegers(body, columns.claimCounters);
  writeRuns(body, columns.claimShapes);
  columns.claimStamps.write(body);
  writeMoves(core.tree.moves, columns.numbers, body);
  // Millions of equal places take a few bytes, and must take some more.
  const moveCount = core.tree.moves.records.length;
  const needed = Math.ceil(
    (children.length + columns.itemCount + moveCount) / PLACES_PER_BYTE,
  );
  const padding = Math.max(0, needed - body.length);
  writer.varint(children.length);
  writer.varint(padding);
  writer.raw(new Uint8Array(padding));
  writer.raw(body.finish());
}

/** The number of a branch in the column of children. */
export function branchNumber(childCount: number, hasList: boolean): number {
  return childCount * 2 + (hasList ? 2 : 1);
}

/** Siblings and cells are few: they come one by one. */
function writeSpecial(
  core: Core,
  special: readonly [place: number, slot: number][],
  writer: ByteWriter,
): void {
  const { siblings, counters } = core.tree;
  writer.varint(special.length);
  let before = 0;
  for (const [place, slot] of special) {
    writer.varint(place - before);
    before = place;
    const values = siblings.get(slot) ?? [];
    writer.varint(values.length);
    for (const { replica, counter, stamp, shape, value } of values) {
      writer.varint(replica);
      writer.varint(counter);
      writer.varint(stamp);
      const isText = value instanceof TextSequence;
      writer.byte(shape * 4 + (isText ? 2 : value === undefined ? 0 : 1));
      if (isText) value.exportTo(writer);
      else if (value !== undefined) writer.value(value);
    }
    const cells = counters.get(slot) ?? [];
    writer.varint(cells.length);
    for (const { replica, counter, stamp, total, isDead } of cells) {
      writer.varint(replica);
      writer.varint(counter);
      writer.varint(stamp);
      writer.signed(total);
      writer.byte(isDead ? 1 : 0);
    }
  }
}
