import { DistflowError } from "../../../src/base/errors.ts";
import type {
  SequenceReader,
  SequenceWriter,
} from "../../../src/crdt/sequence/span_columns.ts";

/** Bytes of numbers and texts, as a document would write them. */
export class BytesWriter implements SequenceWriter {
  readonly bytes: number[] = [];

  byte(value: number): void {
    this.bytes.push(value);
  }

  varint(value: number): void {
    for (; value > 127; value = Math.floor(value / 128)) {
      this.bytes.push(value % 128 + 128);
    }
    this.bytes.push(value);
  }

  text(value: string): void {
    const encoded = new TextEncoder().encode(value);
    this.varint(encoded.length);
    for (const byte of encoded) this.bytes.push(byte);
  }
}

/** Reads them, and trusts nothing. */
export class BytesReader implements SequenceReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Iterable<number>) {
    this.#bytes = Uint8Array.from(bytes);
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  byte(): number {
    return this.#bytes[this.#at++] ?? this.fail("a byte");
  }

  varint(max: number): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 49; scale *= 128) {
      const byte = this.byte();
      value += byte % 128 * scale;
      if (byte < 128) return value <= max ? value : this.fail(`at most ${max}`);
    }
    return this.fail("a number");
  }

  count(): number {
    return this.varint(this.remaining);
  }

  text(): string {
    const count = this.count();
    if (count > this.remaining) this.fail("a text");
    const bytes = this.#bytes.subarray(this.#at, this.#at += count);
    return new TextDecoder().decode(bytes);
  }

  fail(what: string): never {
    throw new DistflowError("PROTOCOL_VIOLATION", `Cannot read ${what}`);
  }
}
