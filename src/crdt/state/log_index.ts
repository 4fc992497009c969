/** Transactions that an index has room for at first; a power of two. */
const CAPACITY_MIN = 64;

/** No transaction. */
const NONE = -1;

/**
 * Which transactions a log holds, and where each begins: a ring of columns.
 *
 * Transactions are numbered in the order in which they were added, and each
 * knows the one of its replica before it.
 */
export class LogIndex {
  /** The number of the oldest one. */
  oldest = 0;
  /** How many operations there are. */
  operationCount = 0;
  /**
   * How many operations were forgotten, and still take room, since older ones
   * are there.
   */
  forgottenCount = 0;
  #next = 0;
  #mask = CAPACITY_MIN - 1;
  #replicas: Uint16Array = new Uint16Array(CAPACITY_MIN);
  #firsts: Uint32Array = new Uint32Array(CAPACITY_MIN);
  #lasts: Uint32Array = new Uint32Array(CAPACITY_MIN);
  /** Operations of each. */
  #lengths: Uint32Array = new Uint32Array(CAPACITY_MIN);
  /** 1 for each that was forgotten. */
  #forgotten: Uint8Array = new Uint8Array(CAPACITY_MIN);
  #pieces: Float64Array = new Float64Array(CAPACITY_MIN);
  #offsets: Uint32Array = new Uint32Array(CAPACITY_MIN);
  /** Where each ends that is a message without more; 0 for all others. */
  #ends: Uint32Array = new Uint32Array(CAPACITY_MIN);
  #before: Float64Array = new Float64Array(CAPACITY_MIN);
  /** By replica, its newest one. */
  readonly #newest: number[] = [];

  /** Whether there are none. */
  get isEmpty(): boolean {
    return this.oldest === this.#next;
  }

  /** How many transactions take room, those that were forgotten included. */
  get size(): number {
    return this.#next - this.oldest;
  }

  /** The replica of a transaction. */
  replicaOf(number: number): number {
    return this.#replicas[number & this.#mask] as number;
  }

  /** How many operations a transaction has; none if it was forgotten. */
  lengthOf(number: number): number {
    const at = number & this.#mask;
    return this.#forgotten[at] === 1 ? 0 : this.#lengths[at] as number;
  }

  /** The number of the piece that a transaction is in. */
  pieceOf(number: number): number {
    return this.#pieces[number & this.#mask] as number;
  }

  /** Where it begins in its piece. */
  offsetOf(number: number): number {
    return this.#offsets[number & this.#mask] as number;
  }

  /** Where it ends, if it is a message without more, and still there; or 0. */
  endOf(number: number): number {
    if (number < this.oldest || this.lengthOf(number) === 0) return 0;
    return this.#ends[number & this.#mask] as number;
  }

  /** Says that the newest one is a message without more, which ends there. */
  endAt(offset: number): void {
    this.#ends[(this.#next - 1) & this.#mask] = offset;
  }

  /**
   * Adds a transaction, whose counters are from `first` to `last`.
   *
   * @returns Its number.
   */
  add(
    replica: number,
    first: number,
    last: number,
    length: number,
    piece: number,
    offset: number,
  ): number {
    if (this.#next - this.oldest > this.#mask) this.#grow();
    const number = this.#next++;
    const at = number & this.#mask;
    this.#replicas[at] = replica;
    this.#firsts[at] = first;
    this.#lasts[at] = last;
    this.#lengths[at] = length;
    this.#forgotten[at] = 0;
    this.#pieces[at] = piece;
    this.#offsets[at] = offset;
    this.#ends[at] = 0;
    const newest = this.#newest;
    while (newest.length <= replica) newest.push(NONE);
    this.#before[at] = newest[replica] as number;
    newest[replica] = number;
    this.operationCount += length;
    return number;
  }

  /** Lets the oldest ones go until at most `count` operations are left. */
  cut(count: number): void {
    while (this.operationCount > count) this.#dropOldest();
    this.#dropForgotten();
  }

  /**
   * Lets the oldest ones go until those that were forgotten behind them take the
   * room of at most `count` operations.
   */
  cutForgotten(count: number): void {
    while (this.forgottenCount > count) this.#dropOldest();
    this.#dropForgotten();
  }

  /** Those that were forgotten take room no longer if no older one is there. */
  #dropForgotten(): void {
    while (
      this.oldest < this.#next &&
      this.#forgotten[this.oldest & this.#mask] === 1
    ) this.#dropOldest();
  }

  #dropOldest(): void {
    const at = this.oldest & this.#mask;
    const length = this.#lengths[at] as number;
    if (this.#forgotten[at] === 1) this.forgottenCount -= length;
    else this.operationCount -= length;
    this.oldest++;
  }

  /** Takes all transactions of a replica out. */
  forget(replica: number): void {
    let number = this.#newest[replica] ?? NONE;
    if (number === NONE) return;
    this.#newest[replica] = NONE;
    while (number >= this.oldest) {
      const at = number & this.#mask;
      const length = this.#lengths[at] as number;
      this.operationCount -= length;
      this.forgottenCount += length;
      this.#forgotten[at] = 1;
      number = this.#before[at] as number;
    }
    this.#dropForgotten();
  }

  /**
   * Adds the numbers of the transactions of a replica that have counters above
   * `after`; returns whether they are all there.
   */
  find(replica: number, after: number, numbers: number[]): boolean {
    let number = this.#newest[replica] ?? NONE;
    while (number >= this.oldest) {
      const at = number & this.#mask;
      if ((this.#lasts[at] as number) <= after) return true;
      numbers.push(number);
      if ((this.#firsts[at] as number) <= after + 1) return true;
      number = this.#before[at] as number;
    }
    return false;
  }

  /**
   * The number of the transaction that has a counter of a replica; -1 if none of
   * its newest `countMax` does.
   */
  findHolding(replica: number, counter: number, countMax: number): number {
    let number = this.#newest[replica] ?? NONE;
    for (let left = countMax; left > 0 && number >= this.oldest; left--) {
      const at = number & this.#mask;
      if ((this.#lasts[at] as number) < counter) return NONE;
      if ((this.#firsts[at] as number) <= counter) return number;
      number = this.#before[at] as number;
    }
    return NONE;
  }

  /** The numbers of all transactions, in order. */
  all(): number[] {
    const numbers: number[] = [];
    for (let number = this.oldest; number < this.#next; number++) {
      if (this.lengthOf(number) > 0) numbers.push(number);
    }
    return numbers;
  }

  #grow(): void {
    const mask = this.#mask * 2 + 1;
    const { oldest } = this;
    // It is full: what is in front of the oldest one comes behind the last.
    const start = oldest & this.#mask;
    const behind = oldest - start + this.#mask + 1;
    const spread = <
      Column extends Uint8Array | Uint16Array | Uint32Array | Float64Array,
    >(
      from: Column,
      to: Column,
    ): Column => {
      to.set(from.subarray(start), oldest & mask);
      to.set(from.subarray(0, start), behind & mask);
      return to;
    };
    const capacity = mask + 1;
    this.#replicas = spread(this.#replicas, new Uint16Array(capacity));
    this.#firsts = spread(this.#firsts, new Uint32Array(capacity));
    this.#lasts = spread(this.#lasts, new Uint32Array(capacity));
    this.#lengths = spread(this.#lengths, new Uint32Array(capacity));
    this.#forgotten = spread(this.#forgotten, new Uint8Array(capacity));
    this.#pieces = spread(this.#pieces, new Float64Array(capacity));
    this.#offsets = spread(this.#offsets, new Uint32Array(capacity));
    this.#ends = spread(this.#ends, new Uint32Array(capacity));
    this.#before = spread(this.#before, new Float64Array(capacity));
    this.#mask = mask;
  }
}
