import { ByteWriter } from "../bytes.ts";
import { LocalUnits } from "../local_units.ts";
import { encodeOne, headOfOne, lastCounter, type Unit } from "../message.ts";
import type { Operation } from "../operation.ts";
import type { ReplicaTable } from "../replica_table.ts";
import type { VersionVector } from "../version_vector.ts";
import { LogIndex } from "./log_index.ts";

/** A piece of the log is closed when it has so many bytes. */
const PIECE_SIZE = 32 * 1024;

/** Transactions of one replica among which one is looked for. */
const LOOK_BACK_COUNT = 256;

/**
 * The newest transactions, in the order in which they were applied.
 *
 * The state tells all that they did, so any of them may be let go; what is here
 * is what a replica that lacks only a little needs. Adding costs O(1), and
 * asking a step for each transaction of the answer.
 *
 * What was forgotten takes room while something older is there, and so that goes,
 * too, once the forgotten operations are as many as may be kept.
 */
export class TransactionLog {
  /** Operations that are kept at most. */
  readonly lengthMax: number;
  readonly #replicas: ReplicaTable;
  readonly #local: LocalUnits;
  readonly #index: LogIndex = new LogIndex();
  /** Pieces that are closed, the first of which has the number beside. */
  readonly #pieces: Uint8Array[] = [];
  #firstPiece = 0;
  readonly #writer: ByteWriter = new ByteWriter();
  /** By replica, how messages of its operations begin. */
  readonly #heads: Uint8Array[] = [];

  /** Makes an empty log of a document that knows `replicas`. */
  constructor(lengthMax: number, replicas: ReplicaTable) {
    this.lengthMax = lengthMax;
    this.#replicas = replicas;
    this.#local = new LocalUnits(replicas);
  }

  /** How many operations there are. */
  get length(): number {
    return this.#index.operationCount;
  }

  /** How many transactions take room, those that were forgotten included. */
  get size(): number {
    return this.#index.size;
  }

  /** How many pieces are full, and have something that takes room. */
  get pieceCount(): number {
    return this.#pieces.length;
  }

  /**
   * Adds a transaction that was applied.
   *
   * @returns Its number, for {@linkcode TransactionLog.messageOf}; or -1.
   */
  add(unit: Unit): number {
    const { replica, counter } = unit[0] as Operation;
    if (unit.length > this.lengthMax) {
      this.cut(0);
      this.forget(replica);
      return -1;
    }
    const writer = this.#writer;
    const number = this.#index.add(
      replica,
      counter,
      lastCounter(unit),
      unit.length,
      this.#firstPiece + this.#pieces.length,
      writer.length,
    );
    if (this.#local.write(writer, unit)) this.#index.endAt(writer.length);
    if (writer.length >= PIECE_SIZE) this.#pieces.push(writer.finish());
    if (this.length > this.lengthMax) this.cut(this.lengthMax);
    return number;
  }

  /** The message of a transaction that was added, if that is quickly made. */
  messageOf(number: number): Uint8Array | null {
    const index = this.#index;
    const end = number < 0 ? 0 : index.endOf(number);
    if (end === 0) return null;
    const at = index.pieceOf(number) - this.#firstPiece;
    const piece = this.#pieces[at] ?? this.#writer.buffer;
    const head = this.#headOf(index.replicaOf(number));
    return encodeOne(head, piece, index.offsetOf(number), end);
  }

  #headOf(replica: number): Uint8Array {
    const known = this.#heads[replica];
    if (known !== undefined) return known;
    return this.#heads[replica] = headOfOne(this.#replicas.nameOf(replica));
  }

  /** Lets the oldest ones go until at most `count` operations are left. */
  cut(count: number): void {
    this.#index.cut(count);
    this.#dropPieces();
  }

  /** Lets go the pieces in which nothing is left. */
  #dropPieces(): void {
    const index = this.#index;
    const first = index.isEmpty
      ? this.#firstPiece + this.#pieces.length
      : index.pieceOf(index.oldest);
    if (first === this.#firstPiece) return;
    this.#pieces.splice(0, first - this.#firstPiece);
    this.#firstPiece = first;
  }

  /** Forgets a replica's transactions: what follows on them did not come here. */
  forget(replica: number): void {
    this.#index.forget(replica);
    this.#index.cutForgotten(this.lengthMax);
    this.#dropPieces();
  }

  /**
   * The transactions that a replica that has applied `seen` lacks of what has
   * been applied here, which is `applied`, in order; `null` if not all are here.
   */
  since(seen: VersionVector, applied: VersionVector): Unit[] | null {
    const numbers: number[] = [];
    let isWhole = true;
    applied.forEach((replica, counter) => {
      const after = seen.get(replica);
      if (after >= counter || !isWhole) return;
      isWhole = this.#index.find(replica, after, numbers);
    });
    return isWhole ? this.#read(numbers.sort((a, b) => a - b)) : null;
  }

  /** All transactions, in order. */
  units(): Unit[] {
    return this.#read(this.#index.all());
  }

  /**
   * The transaction that has a counter of a replica, if it is one of the newest
   * of that; `null` if not.
   */
  find(replica: number, counter: number): Unit | null {
    const number = this.#index.findHolding(replica, counter, LOOK_BACK_COUNT);
    return this.#read(number < 0 ? [] : [number])[0] ?? null;
  }

  #read(numbers: readonly number[]): Unit[] {
    const index = this.#index;
    return numbers.map((number) =>
      this.#local.read(
        this.#pieces[index.pieceOf(number) - this.#firstPiece] ??
          this.#writer.buffer,
        index.offsetOf(number),
        index.replicaOf(number),
        index.lengthOf(number),
      )
    );
  }
}
