import { DistflowError } from "../../base/errors.ts";
import { checkBytes } from "../../base/options.ts";
import { ByteReader, ByteWriter } from "../bytes.ts";
import type { Core } from "../core.ts";
import type { Unit } from "../message.ts";
import { DIGEST, PART, readOnlyFrame, writeFrame } from "./frame.ts";
import {
  Digest,
  type DigestRange,
  type Fingerprint,
  splitRange,
  WHOLE_RANGE,
} from "./digest.ts";
import { encodePart } from "./part.ts";
import { Hash } from "./place_hash.ts";
import { readState, type StateHead } from "./read_state.ts";
import { touchedPositions } from "./touched.ts";
import type { VersionVector } from "../version_vector.ts";

// What a message is, in the order in which they are sent to and fro.
const TOP = 1;
const PARTS = 2;
const ENTRIES = 3;
const FOUND = 4;
const LAST = 5;
/** Instead of those between the first and the last one, if clocks are equal. */
const SAME = 6;

/** Bits of the ranges in the first message, at most: 8 KiB of fingerprints. */
const TOP_BITS_MAX = 11;
/** Places that a range of the first message is to have. */
const TOP_COUNT = 48;
/** Bits that a range is split by in the second message, at most. */
const PART_BITS_MAX = 8;
/** Bytes of a fingerprint in a message. */
const FINGERPRINT_LENGTH = 4;
/** How often two replicas begin again whose sums did not agree. */
const ATTEMPT_COUNT_MAX = 4;

/** The document of a {@linkcode DigestSync}. */
export interface SyncHost {
  /** Its parts. */
  readonly core: Core;
  /** Throws while a transaction is open, which may still be undone. */
  checkOutside(): void;
  /** What was applied since; `null` if that is not known any more. */
  unitsSince(vector: VersionVector): readonly Unit[] | null;
  /** Joins the part of a state, or lets it wait for the wall clock. */
  mergePart(part: Uint8Array): void;
}

/** A place in a range: where it stands, and what it has. */
interface Entry {
  readonly position: number;
  readonly hash: Fingerprint;
}

/**
 * One end of a synchronisation of two documents that know nothing of what the
 * other has: they compare digests of ranges, of parts of those that differ, and
 * of single places, and send each other the places that differ.
 *
 * Fingerprints of ranges have 32 bits on the way. That all places that were
 * taken for equal are so is checked with 64 bits in the end, and if not, it
 * begins again with other fingerprints.
 *
 * A document may change meanwhile. What it applied since the digest was made is
 * sent along, if the log reaches back so far, and else all of it.
 *
 * @example Two documents without a common past
 * ```ts
 * import { JsonCrdt } from "@distflow/core/crdt";
 * import { assertEquals } from "@std/assert";
 *
 * const [ann, bob] = [new JsonCrdt("ann"), new JsonCrdt("bob")];
 * ann.set(["a"], 1);
 * bob.set(["b"], 2);
 * const [mine, yours] = [ann.startSync(), bob.startSync()];
 * let message: Uint8Array | null = mine.start();
 * while (message !== null) {
 *   const answer: Uint8Array | null = yours.receive(message);
 *   message = answer === null ? null : mine.receive(answer);
 * }
 * assertEquals(ann.toJSON(), { a: 1, b: 2 });
 * assertEquals(bob.toJSON(), ann.toJSON());
 * ```
 */
export class DigestSync {
  readonly #host: SyncHost;
  #digest: Digest;
  #vector: VersionVector;
  #salt = 0;
  /** The ranges that the last message sent told fingerprints of. */
  #asked: readonly DigestRange[] = [];
  /** The places that the last message sent told, for each such range. */
  #told: readonly (readonly Entry[])[] = [];
  #hasStarted = false;
  /** What the other end had, once that was sent; `null` before. */
  #came: StateHead | null = null;

  /** Makes one end, for the document as it is now. */
  constructor(host: SyncHost) {
    this.#host = host;
    this.#digest = new Digest(host.core);
    this.#vector = host.core.vector.clone();
  }

  /**
   * Whether this end has all that the other had, and has given all. What came
   * from too far ahead of the wall clock is not there before its time; see
   * {@linkcode DigestSync.isWaiting}.
   */
  get isDone(): boolean {
    return this.#came !== null && this.#hasAll(this.#came);
  }

  /**
   * Whether all has come, and is not there yet, as it is from further ahead of
   * the wall clock than `maxClockDriftMs`: a `sync` event has told of its
   * quarantine, and `poll` merges it when the time has come. The other end need
   * not send it again, but if an event tells that it was dropped.
   */
  get isWaiting(): boolean {
    return this.#came !== null && !this.#hasAll(this.#came);
  }

  /** The first message; one end alone starts. */
  start(): Uint8Array {
    this.#host.checkOutside();
    this.#hasStarted = true;
    return this.#start(0);
  }

  /**
   * Takes a message of the other end in.
   *
   * @returns The answer; `null` if there is nothing more to say.
   * @throws {DistflowError} `CORRUPT_DATA` if it is no message of such an end;
   * what `merge` throws of what it brings.
   * @throws {TypeError} Within a transaction, or if it is no `Uint8Array`.
   */
  receive(message: Uint8Array): Uint8Array | null {
    this.#host.checkOutside();
    const { kind, payload } = readOnlyFrame(
      checkBytes("synchronise", "message", message),
    );
    const reader = new ByteReader(payload);
    if (kind !== DIGEST) reader.fail("a message of digests");
    switch (reader.byte()) {
      case TOP:
        return this.#readTop(reader);
      case PARTS:
        return this.#readParts(reader);
      case ENTRIES:
        return this.#readEntries(reader);
      case FOUND:
        return this.#readFound(reader);
      case SAME:
        return this.#last([], reader);
      case LAST:
        this.#merge(reader.raw(reader.remaining));
        return null;
      default:
        return reader.fail("a kind of message");
    }
  }

  /** Takes the document as it is now. */
  #refresh(): void {
    this.#digest = new Digest(this.#host.core);
    this.#vector = this.#host.core.vector.clone();
  }

  #start(salt: number): Uint8Array {
    this.#salt = salt;
    const ideal = Math.ceil(Math.log2(this.#digest.count / TOP_COUNT));
    const bits = Math.max(0, Math.min(TOP_BITS_MAX, ideal));
    this.#asked = splitRange(WHOLE_RANGE, bits);
    const writer = new ByteWriter();
    writer.byte(TOP);
    writer.byte(salt);
    writer.byte(bits);
    writeSum(writer, this.#clockSum());
    for (const range of this.#asked) this.#writeSum(writer, range);
    return finish(writer);
  }

  #readTop(reader: ByteReader): Uint8Array {
    const salt = reader.byte();
    const bits = reader.byte();
    if (salt >= ATTEMPT_COUNT_MAX || bits > TOP_BITS_MAX) {
      reader.fail("a first message");
    }
    if (salt === 0 && this.#hasStarted) {
      throw new DistflowError(
        "CORRUPT_DATA",
        "Cannot take in the first message of a synchronisation as this end has sent one, too: let one of the two start, and the other receive",
      );
    }
    if (salt > 0) this.#refresh();
    this.#salt = salt;
    const clock = readSum(reader);
    const own = this.#clockSum();
    if (clock.low === own.low && clock.high === own.high) return this.#same();
    const differing = this.#compare(reader, splitRange(WHOLE_RANGE, bits));
    if (differing.length === 0) return this.#found([], new ByteWriter());
    // With as many parts as places in each, the two next messages are short.
    const total = differing.reduce(
      (sum, { range }) => sum + this.#digest.countIn(range),
      0,
    );
    const ideal = Math.round(Math.log2(total / differing.length + 1) / 2);
    const partBits = Math.min(PART_BITS_MAX, ideal);
    const writer = new ByteWriter();
    writer.byte(PARTS);
    writer.byte(partBits);
    writePlaces(writer, differing.map(({ at }) => at));
    this.#asked = differing.flatMap(({ range }) => splitRange(range, partBits));
    for (const range of this.#asked) this.#writeSum(writer, range);
    return finish(writer);
  }

  #readParts(reader: ByteReader): Uint8Array {
    const bits = reader.byte();
    if (bits > PART_BITS_MAX) reader.fail("bits of a range");
    const ranges = readPlaces(reader, this.#asked.length)
      .flatMap((at) => splitRange(this.#asked[at] as DigestRange, bits));
    const differing = this.#compare(reader, ranges);
    const writer = new ByteWriter();
    writer.byte(ENTRIES);
    writePlaces(writer, differing.map(({ at }) => at));
    this.#asked = differing.map(({ range }) => range);
    this.#told = this.#asked.map((range) => this.#entries(range));
    for (const entries of this.#told) {
      writer.varint(entries.length);
      for (const { hash } of entries) this.#writeHash(writer, hash);
    }
    return finish(writer);
  }

  #readEntries(reader: ByteReader): Uint8Array {
    const writer = new ByteWriter();
    const own: Entry[] = [];
    for (const at of readPlaces(reader, this.#asked.length)) {
      const known = new Map<number, Entry>();
      for (const entry of this.#entries(this.#asked[at] as DigestRange)) {
        known.set(this.#fingerprint(entry.hash), entry);
      }
      const wanted: number[] = [];
      const count = reader.count(FINGERPRINT_LENGTH);
      for (let index = 0; index < count; index++) {
        if (!known.delete(readFingerprint(reader))) wanted.push(index);
      }
      own.push(...known.values());
      writePlaces(writer, wanted);
    }
    return this.#found(own, writer);
  }

  /** Tells which places differ, and sends ours. */
  #found(own: readonly Entry[], wanted: ByteWriter): Uint8Array {
    const writer = new ByteWriter();
    writer.byte(FOUND);
    writeSum(writer, without(this.#digest.sum(WHOLE_RANGE), own));
    writer.varint(wanted.length);
    writer.raw(wanted.finish());
    writer.raw(this.#part(own));
    return finish(writer);
  }

  #readFound(reader: ByteReader): Uint8Array {
    const same = readSum(reader);
    const wanted = new ByteReader(reader.raw(reader.varint(reader.remaining)));
    const own: Entry[] = [];
    if (wanted.remaining > 0) {
      for (const entries of this.#told) {
        for (const index of readPlaces(wanted, entries.length)) {
          own.push(entries[index] as Entry);
        }
      }
    }
    const ours = without(this.#digest.sum(WHOLE_RANGE), own);
    if (ours.low !== same.low || ours.high !== same.high) {
      const salt = this.#salt + 1;
      if (salt >= ATTEMPT_COUNT_MAX) reader.fail("digests that add up");
      this.#refresh();
      return this.#start(salt);
    }
    return this.#last(own, reader);
  }

  /** Takes what the other end sends, and sends ours. */
  #last(own: readonly Entry[], reader: ByteReader): Uint8Array {
    // What they send is no news to them, so it is not sent back.
    const part = this.#part(own);
    this.#merge(reader.raw(reader.remaining));
    const writer = new ByteWriter();
    writer.byte(LAST);
    writer.raw(part);
    return finish(writer);
  }

  /**
   * Both had applied the same: what differs is only what each has forgotten. But
   * they may have changed since.
   */
  #same(): Uint8Array {
    const writer = new ByteWriter();
    writer.byte(SAME);
    writer.raw(this.#part([]));
    return finish(writer);
  }

  /** A hash of what had been applied when the digest was made. */
  #clockSum(): Fingerprint {
    const { replicas } = this.#host.core;
    let [low, high] = [0, 0];
    this.#vector.forEach((replica, counter) => {
      const hash = new Hash(counter, ~counter);
      hash.addText(replicas.nameOf(replica));
      hash.finish();
      low = (low + hash.low) >>> 0;
      high = (high + hash.high) >>> 0;
    });
    return { low, high };
  }

  #merge(part: Uint8Array): void {
    this.#host.mergePart(part);
    this.#came = readState(readOnlyFrame(part), PART).head;
  }

  /** Whether all was applied that the writer of a state had. */
  #hasAll({ names, counters }: StateHead): boolean {
    const { replicas, vector } = this.#host.core;
    return names.every((name, at) =>
      vector.has(replicas.find(name), counters[at] as number)
    );
  }

  /** The state of these places, and of all that changed since the digest. */
  #part(entries: readonly Entry[]): Uint8Array {
    const { core } = this.#host;
    const units = this.#host.unitsSince(this.#vector);
    if (units === null) return encodePart(core, null);
    const positions = touchedPositions(units, core.tree);
    if (positions === null) return encodePart(core, null);
    for (const { position } of entries) positions.add(position);
    return encodePart(core, positions);
  }

  #entries(range: DigestRange): Entry[] {
    const entries: Entry[] = [];
    this.#digest.forEach(
      range,
      (position, hash) => entries.push({ position, hash }),
    );
    return entries;
  }

  /** Reads a fingerprint for each range; returns where it is not ours. */
  #compare(
    reader: ByteReader,
    ranges: readonly DigestRange[],
  ): { range: DigestRange; at: number }[] {
    return ranges.flatMap((range, at) => {
      const own = this.#fingerprint(this.#digest.sum(range));
      return readFingerprint(reader) === own ? [] : [{ range, at }];
    });
  }

  #writeSum(writer: ByteWriter, range: DigestRange): void {
    this.#writeHash(writer, this.#digest.sum(range));
  }

  #writeHash(writer: ByteWriter, hash: Fingerprint): void {
    writeWord(writer, this.#fingerprint(hash));
  }

  #fingerprint({ low, high }: Fingerprint): number {
    const hash = new Hash(low ^ this.#salt, high);
    hash.finish();
    return hash.low;
  }
}

function finish(writer: ByteWriter): Uint8Array {
  return writeFrame(DIGEST, writer.finish());
}

function without(sum: Fingerprint, entries: readonly Entry[]): Fingerprint {
  let { low, high } = sum;
  for (const { hash } of entries) {
    low = (low - hash.low) >>> 0;
    high = (high - hash.high) >>> 0;
  }
  return { low, high };
}

/** Writes ascending indexes. */
function writePlaces(writer: ByteWriter, places: readonly number[]): void {
  writer.varint(places.length);
  let before = -1;
  for (const at of places) {
    writer.varint(at - before - 1);
    before = at;
  }
}

/** Reads ascending indexes below `count`. */
function readPlaces(reader: ByteReader, count: number): number[] {
  const places: number[] = [];
  let before = -1;
  for (let left = reader.count(); left > 0; left--) {
    if (before >= count - 1) reader.fail("an index");
    before += 1 + reader.varint(count - before - 2);
    places.push(before);
  }
  return places;
}

function writeWord(writer: ByteWriter, word: number): void {
  for (let shift = 24; shift >= 0; shift -= 8) {
    writer.byte((word >>> shift) & 255);
  }
}

function readFingerprint(reader: ByteReader): number {
  let word = 0;
  for (let count = 0; count < FINGERPRINT_LENGTH; count++) {
    word = word * 256 + reader.byte();
  }
  return word;
}

function writeSum(writer: ByteWriter, { low, high }: Fingerprint): void {
  writeWord(writer, low);
  writeWord(writer, high);
}

function readSum(reader: ByteReader): Fingerprint {
  return { low: readFingerprint(reader), high: readFingerprint(reader) };
}
