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

/** Collects values, each type in columns of its own. */
export class ValueColumnsWriter {
  readonly #types: number[] = [];
  readonly #integers: number[] = [];
  readonly #doubles: ByteWriter = new ByteWriter();
  readonly #strings: TextTableWriter = new TextTableWriter();
  readonly #others: ByteWriter = new ByteWriter();

  /** Adds a value, or the lack of one. */
  add(value: JsonValue | undefined): void {
    this.#types.push(this.#write(value));
  }

  #write(value: JsonValue | undefined): number {
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

/** Reads `count` values that a {@linkcode ValueColumnsWriter} wrote. */
export function readValueColumns(
  reader: ByteReader,
  count: number,
): (JsonValue | undefined)[] {
  const types = readRuns(reader, count, JSON_VALUE);
  const counts = new Uint32Array(JSON_VALUE + 1);
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
  const values: (JsonValue | undefined)[] = [];
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
