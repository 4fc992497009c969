import type { JsonValue } from "../../base/json.ts";
import { type ByteReader, ByteWriter } from "../bytes.ts";
import { STRING_LENGTH_MAX } from "../values.ts";
import {
  isSmallInteger,
  readIntegers,
  readRuns,
  writeIntegers,
  writeRuns,
} from "./integers.ts";
import { readTextTable, TextTableWriter } from "./text_table.ts";

const ABSENT = 0;
const NULL = 1;
const FALSE = 2;
const TRUE = 3;
const INTEGER = 4;
const DOUBLE = 5;
const STRING = 6;
const JSON_VALUE = 7;
const TEXT = 8;
const ELEMENT = 9;
const PLAIN_ELEMENT = 10;
const MOVED_ELEMENT = 11;

/** What stands in a column for something that is told elsewhere. */
export class Mark {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  /** What it stands for. */
  toString(): string {
    return this.#name;
  }
}

/** A text that was edited. */
export const TEXT_MARK: Mark = new Mark("text");
/** An element that was born a container. */
export const ELEMENT_MARK: Mark = new Mark("element");
/** An element that was born a value, and is a place. */
export const PLAIN_ELEMENT_MARK: Mark = new Mark("plain element");

/** What stands for a place that lives elsewhere, or was moved here. */
export const MOVED_MARK: Mark = new Mark("moved");

/** A value of a column, or the lack of one. */
export type ColumnValue = JsonValue | Mark | undefined;

/** Collects values, each type in columns of its own. */
export class ValueColumnsWriter {
  readonly #types: number[] = [];
  readonly #integers: number[] = [];
  readonly #doubles: ByteWriter = new ByteWriter();
  readonly #strings: TextTableWriter = new TextTableWriter();
  readonly #others: ByteWriter = new ByteWriter();

  /** Adds a value, or the lack of one. */
  add(value: ColumnValue): void {
    this.#types.push(this.#write(value));
  }

  #write(value: ColumnValue): number {
    switch (typeof value) {
      case "undefined":
        return ABSENT;
      case "boolean":
        return value ? TRUE : FALSE;
      case "number":
        if (isSmallInteger(value)) {
          this.#integers.push(value);
          return INTEGER;
        }
        this.#doubles.double(value);
        return DOUBLE;
      case "string":
        this.#strings.add(value);
        return STRING;
      default:
        if (value === null) return NULL;
        if (value instanceof Mark) return typeOf(value);
        this.#others.value(value);
        return JSON_VALUE;
    }
  }

  /** Writes all, but not how many were added. */
  write(writer: ByteWriter): void {
    writeRuns(writer, this.#types);
    writeIntegers(writer, this.#integers);
    writer.raw(this.#doubles.finish());
    this.#strings.write(writer);
    writer.raw(this.#others.finish());
  }
}

function typeOf(mark: Mark): number {
  return mark === TEXT_MARK
    ? TEXT
    : mark === ELEMENT_MARK
    ? ELEMENT
    : mark === PLAIN_ELEMENT_MARK
    ? PLAIN_ELEMENT
    : MOVED_ELEMENT;
}

/** Reads `count` values that a {@linkcode ValueColumnsWriter} wrote. */
export function readValueColumns(
  reader: ByteReader,
  count: number,
): ColumnValue[] {
  const types = readRuns(reader, count, MOVED_ELEMENT);
  const counts = new Uint32Array(MOVED_ELEMENT + 1);
  for (let at = 0; at < count; at++) {
    const type = types[at] as number;
    counts[type] = (counts[type] as number) + 1;
  }
  const integers = readIntegers(reader, counts[INTEGER] as number);
  const doubles = new Float64Array(counts[DOUBLE] as number);
  for (let at = 0; at < doubles.length; at++) doubles[at] = reader.double();
  const strings = readTextTable(
    reader,
    counts[STRING] as number,
    STRING_LENGTH_MAX,
  );
  const values: ColumnValue[] = [];
  let integer = 0;
  let double = 0;
  let string = 0;
  for (let at = 0; at < count; at++) {
    switch (types[at]) {
      case INTEGER:
        values.push(integers[integer++] as number);
        break;
      case STRING:
        values.push(strings[string++] as string);
        break;
      case NULL:
        values.push(null);
        break;
      case FALSE:
        values.push(false);
        break;
      case TRUE:
        values.push(true);
        break;
      case DOUBLE:
        values.push(doubles[double++] as number);
        break;
      case ABSENT:
        values.push(undefined);
        break;
      case TEXT:
        values.push(TEXT_MARK);
        break;
      case ELEMENT:
        values.push(ELEMENT_MARK);
        break;
      case PLAIN_ELEMENT:
        values.push(PLAIN_ELEMENT_MARK);
        break;
      case MOVED_ELEMENT:
        values.push(MOVED_MARK);
        break;
      default: {
        const value = reader.value();
        if (typeof value !== "object" || value === null) {
          reader.fail("an array or an object");
        }
        values.push(value);
      }
    }
  }
  return values;
}
