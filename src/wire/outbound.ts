import { Fifo } from "../base/fifo.ts";
import type { Loan } from "./frame.ts";
import { BATCH_UNITS, JOIN_UNITS } from "./limits.ts";

/**
 * What waits to be written on one connection, in two lanes.
 *
 * Control messages go first, each in a frame of its own. Data messages go in
 * JSON arrays, because one frame for many small messages is parsed 1.2 to 1.8
 * times as fast. Data that has to wait may be taken out, encoded, and put back
 * in front of all that is not. All operations are O(1) a message.
 */
export class OutboundQueue {
  readonly #control = new Fifo<string>();
  #controlUnits = 0;
  /** Whole data frames, to be written before what is in parts. */
  readonly #encoded = new Fifo<Loan>();
  #encodedBytes = 0;
  /** Parts of an array's inside: a large message, or small ones with commas. */
  readonly #parts = new Fifo<string>();
  /** The part that still grows; empty if there is none. */
  #part = "";
  #dataUnits = 0;

  /** What waits: UTF-16 units, and the bytes of what is encoded. */
  get units(): number {
    return this.#controlUnits + this.#encodedBytes + this.#dataUnits;
  }

  /** UTF-16 units of the data that is not encoded. */
  get dataUnits(): number {
    return this.#dataUnits;
  }

  /** Whether nothing waits. */
  get isEmpty(): boolean {
    return this.units === 0;
  }

  /** Queues a control message. */
  pushControl(text: string): void {
    this.#control.push(text);
    this.#controlUnits += text.length;
  }

  /** Queues frames of data that was taken out, behind those before. */
  pushEncoded(frames: Loan): void {
    this.#encoded.push(frames);
    this.#encodedBytes += frames.bytes.length;
  }

  /** Queues a data message. */
  pushData(text: string): void {
    this.#dataUnits += text.length;
    const isSmall = text.length <= JOIN_UNITS;
    if (this.#part === "" && isSmall) {
      this.#part = text;
    } else if (isSmall && this.#part.length + text.length < BATCH_UNITS) {
      // Gluing strings together is free until they are read: then it costs a
      // copy, which is more than an encoding by itself for a long one.
      this.#part += "," + text;
      this.#dataUnits++;
    } else {
      if (this.#part !== "") this.#parts.push(this.#part);
      this.#part = isSmall ? text : "";
      if (!isSmall) this.#parts.push(text);
    }
  }

  /** Takes the next control message out; undefined if there is none. */
  shiftControl(): string | undefined {
    const text = this.#control.shift();
    if (text !== undefined) this.#controlUnits -= text.length;
    return text;
  }

  /** Takes out what was put back encoded; undefined if there is nothing. */
  shiftEncoded(): Loan | undefined {
    const frames = this.#encoded.shift();
    if (frames !== undefined) this.#encodedBytes -= frames.bytes.length;
    return frames;
  }

  /**
   * Takes the data messages of the next frame that is not encoded out, as parts
   * to be joined with commas; empty if there are none.
   */
  shiftBatch(): string[] {
    const batch: string[] = [];
    let units = 0;
    for (;;) {
      const part = this.#parts.peek() ?? this.#part;
      if (part === "" || units > 0 && units + part.length > BATCH_UNITS) break;
      if (this.#parts.shift() === undefined) this.#part = "";
      batch.push(part);
      units += part.length;
    }
    this.#dataUnits -= units;
    return batch;
  }

  /** Drops everything. */
  clear(): void {
    this.#control.clear();
    this.#controlUnits = 0;
    this.#encoded.clear();
    this.#encodedBytes = 0;
    this.#parts.clear();
    this.#part = "";
    this.#dataUnits = 0;
  }
}
