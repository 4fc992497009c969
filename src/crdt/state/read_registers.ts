import type { JsonValue } from "../../base/json.ts";
import type { ByteReader } from "../bytes.ts";
import { FLAGS_END } from "../columns.ts";
import type { Core } from "../core.ts";
import { STAMP_MAX } from "../hybrid_clock.ts";
import {
  lengthOf,
  LIST,
  MAP,
  NOTHING,
  SCALAR,
  type Shape,
  WHOLE,
} from "../operation.ts";
import { COUNTER_MAX } from "../operation_bytes.ts";
import type { CounterCell, Sibling } from "../register_parts.ts";
import { REPLICA_COUNT_MAX } from "../replica_table.ts";
import type { ListSequence } from "../sequence/list_sequence.ts";
import { TextSequence } from "../sequence/text_sequence.ts";
import { readIntegers, readRuns } from "./integers.ts";
import { dotNumber, readStamps } from "./stamp_column.ts";
import { Mark, readValueColumns, TEXT_MARK } from "./value_columns.ts";
import { BORN, UNASSIGNED } from "./write_state.ts";

const SHAPE_BITS = 7;

/** Reads the registers of a state, and what is beside them. */
export class RegisterReader {
  readonly #reader: ByteReader;
  readonly #core: Core;
  /** What each replica of the writer is here. */
  readonly #replicas: readonly number[];

  /** Makes a reader that fills the columns of `core`. */
  constructor(reader: ByteReader, core: Core, replicas: readonly number[]) {
    this.#reader = reader;
    this.#core = core;
    this.#replicas = replicas;
  }

  /** Reads the registers of all places, whose flags are known. */
  readRegisters(flags: Float64Array): void {
    const reader = this.#reader;
    const { columns } = this.#core.tree;
    let count = 0;
    for (let slot = 0; slot < flags.length; slot++) {
      if (flags[slot] !== UNASSIGNED) count++;
    }
    const replicas = readRuns(reader, count, REPLICA_COUNT_MAX);
    const values = readValueColumns(reader, count);
    const counters = readIntegers(reader, count);
    this.#countUp(replicas, counters, values);
    const stamps = this.#readStamps(flags, replicas, counters);
    let at = 0;
    for (let slot = 0; slot < flags.length; slot++) {
      const flag = flags[slot] as number;
      if (flag === UNASSIGNED) continue;
      const value = values[at] as JsonValue | undefined;
      if (
        flag % BORN >= FLAGS_END ||
        !isPossible((flag & SHAPE_BITS) as Shape, value)
      ) {
        reader.fail("a register");
      }
      columns.assign(
        slot,
        stamps[at] as number,
        this.#replicas[replicas[at] as number] as number,
        counters[at] as number,
        flag % BORN,
        value,
      );
      at++;
    }
  }

  /** The stamps of all that was not assigned as it was born. */
  #readStamps(
    flags: Float64Array,
    replicas: Float64Array,
    counters: Float64Array,
  ): Float64Array {
    const dots = new Float64Array(replicas.length);
    const places = new Uint32Array(replicas.length);
    let at = 0;
    let count = 0;
    for (let slot = 0; slot < flags.length; slot++) {
      const flag = flags[slot] as number;
      if (flag === UNASSIGNED) continue;
      if (flag < BORN) {
        places[count] = at;
        dots[count++] = dotNumber(
          replicas[at] as number,
          counters[at] as number,
        );
      }
      at++;
    }
    const told = readStamps(this.#reader, dots.subarray(0, count));
    if (count === dots.length) return told;
    const stamps = new Float64Array(dots.length);
    for (let index = 0; index < count; index++) {
      stamps[places[index] as number] = told[index] as number;
    }
    return stamps;
  }

  /** Makes counters of differences. */
  #countUp(
    replicas: Float64Array,
    counters: Float64Array,
    values: readonly unknown[],
  ): void {
    const next: number[] = [];
    for (let at = 0; at < replicas.length; at++) {
      const replica = replicas[at] as number;
      const counter = (next[replica] ?? 1) + (counters[at] as number);
      this.checkDot(replica, counter);
      next[replica] = counter + lengthOf(values[at]);
      counters[at] = counter;
    }
  }

  /** Nothing is kept of what was not applied. */
  checkDot(replica: number, counter: number): void {
    const index = this.#replicas[replica];
    if (
      index === undefined || counter < 1 ||
      !this.#core.vector.has(index, counter)
    ) this.#reader.fail("a dot");
  }

  /** Reads the texts that stand where a mark stands in the registers. */
  readTexts(): void {
    const { columns } = this.#core.tree;
    for (let slot = 0; slot < columns.values.length; slot++) {
      if (columns.values[slot] !== TEXT_MARK) continue;
      columns.values[slot] = this.#readText();
    }
  }

  #readText(): TextSequence {
    const text = new TextSequence(this.#core.tree.texts);
    text.importFrom(this.#reader, this.#replicas);
    this.checkItems(text);
    return text;
  }

  /** The items of a sequence were all applied. */
  checkItems(
    sequence: TextSequence | ListSequence<unknown>,
  ): void {
    const { vector } = this.#core;
    const news = sequence.spansSince((replica) => vector.get(replica));
    if (news.length > 0) this.#reader.fail("items that were applied");
  }

  /** Reads what is beside registers. */
  readSpecial(count: number): void {
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
      const shape = (head >> 2) as Shape;
      const value = (head & 2) !== 0
        ? this.#readText()
        : (head & 1) === 0
        ? undefined
        : reader.value();
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
    this.checkDot(replica, counter);
    const stamp = reader.varint(STAMP_MAX);
    return { replica: this.#replicas[replica] as number, counter, stamp };
  }
}

/** Whether a register of `shape` can hold `value`, perhaps a text or its mark. */
function isPossible(shape: Shape, value: unknown): boolean {
  switch (shape) {
    case NOTHING:
      // The base of a counter that was deleted.
      return value === undefined || typeof value === "number";
    case SCALAR:
      return value === TEXT_MARK || value instanceof TextSequence ||
        value !== undefined && (typeof value !== "object" || value === null);
    case WHOLE:
      return value !== undefined && !(value instanceof Mark) &&
        !(value instanceof TextSequence);
    case MAP:
    case LIST:
      return value === undefined;
    default:
      return false;
  }
}
