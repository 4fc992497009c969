import type { Operation } from "../operation.ts";
import { INITIAL_PREFIX, type ReplicaTable } from "../replica_table.ts";
import { VersionVector } from "../version_vector.ts";
import type { Knowledge, Report } from "./knowledge.ts";
import { Silence } from "./silence.ts";

/** What is known of another replica. */
interface Row {
  /** The newest that is known of it. */
  latest: Knowledge;
  /** The newest of which all is applied here that it had done before. */
  usable: Knowledge;
}

const NOTHING_KNOWN: Knowledge = {
  applied: new VersionVector(),
  retired: new VersionVector(),
};

/**
 * What every replica is known to have applied.
 *
 * A dot is **stable** if each member is known to have applied it, and all that
 * each had done before that was applied here: then whatever comes was made by
 * someone who had seen the dot. Members are all replicas that are known to have
 * made an operation or to have told what they applied, but those that were
 * retired.
 */
export class Stability {
  /** What was stable when something was last forgotten; see the README. */
  floor: VersionVector = new VersionVector();
  /** Up to where nothing that was removed is named here any more. */
  readonly retired: VersionVector = new VersionVector();
  /** Replicas that do not count, and whose operations are refused. */
  readonly gone: Set<number> = new Set();
  /**
   * What replicas had seen that made their first operation lately, until all
   * have that.
   */
  readonly newcomers: Map<number, VersionVector> = new Map();
  /** What others were told of {@linkcode Stability.retired}. */
  readonly #told: VersionVector = new VersionVector();
  readonly #rows: Map<number, Row> = new Map();
  readonly #silence: Silence;
  readonly #replicas: ReplicaTable;
  readonly #vector: VersionVector;
  readonly #self: number;

  /** Makes one that knows nothing. */
  constructor(replicas: ReplicaTable, vector: VersionVector, self: number) {
    this.#replicas = replicas;
    this.#vector = vector;
    this.#self = self;
    this.#silence = new Silence(vector);
  }

  /** Whether any other replica has told what it applied, or did of yet others. */
  get isInUse(): boolean {
    return this.#rows.size > 0 || !this.floor.isEmpty;
  }

  /** Whether a replica is one that forgetting waits for. */
  isKnown(replica: number): boolean {
    return this.#vector.get(replica) > 0 || this.#rows.has(replica);
  }

  /**
   * Takes note of what a replica has applied and retired.
   *
   * @returns Whether it can be a member: not if it was retired, nor if it is new
   * and lacks what was forgotten here.
   */
  learn(replica: number, { applied, retired }: Knowledge): boolean {
    if (replica === this.#self) return true;
    if (this.gone.has(replica)) return false;
    const row = this.#rows.get(replica);
    if (row === undefined) {
      if (!this.floor.isEmpty && this.#vector.get(replica) === 0) {
        if (!applied.includes(this.floor)) return false;
        // Its first operation is to come, and tells what it had seen then.
        if (applied.get(replica) > 0) return true;
      }
      const latest = { applied, retired };
      this.#rows.set(replica, { latest, usable: NOTHING_KNOWN });
      return true;
    }
    const { latest } = row;
    row.latest = {
      applied: united(latest.applied, applied),
      retired: united(latest.retired, retired),
    };
    return true;
  }

  /** What is stable. */
  stable(): VersionVector {
    return this.#least(({ applied }) => applied, this.#vector);
  }

  /** Up to where each member names nothing any more that was removed. */
  retiredByAll(): VersionVector {
    return this.#least(({ retired }) => retired, this.retired);
  }

  /** The members but this replica, by index. */
  members(): number[] {
    const members = new Set(this.#rows.keys());
    const add = (replica: number) => void members.add(replica);
    this.#vector.forEach(add);
    for (const { latest } of this.#rows.values()) latest.applied.forEach(add);
    return [...members].filter((replica) =>
      replica !== this.#self && !this.gone.has(replica) &&
      !this.#replicas.nameOf(replica).startsWith(INITIAL_PREFIX)
    );
  }

  /**
   * Members of which nothing came for more than `graceMs`, as far as this replica
   * has polled; to be asked at each poll. See {@linkcode Silence}.
   */
  silentFor(graceMs: number, nowMs: number): number[] {
    this.#silence.poll(nowMs, graceMs);
    return this.#silence.longerThan(graceMs, this.members());
  }

  /**
   * Whether an operation that was not applied yet may have been made by someone
   * who has not seen what was forgotten here.
   */
  refuses(operation: Operation): boolean {
    const { replica, counter } = operation;
    if (this.gone.has(replica)) return true;
    if (counter > 1 || this.floor.isEmpty || this.#rows.has(replica)) {
      return false;
    }
    return !seenBy(operation).includes(this.floor);
  }

  /** Takes note of the first operation of a replica. */
  welcome(operation: Operation): void {
    this.newcomers.set(operation.replica, seenBy(operation));
  }

  /** Lets go what is kept of newcomers whom all know. */
  forgetNewcomers(stable: VersionVector): void {
    for (const replica of this.newcomers.keys()) {
      if (stable.has(replica, 1)) this.newcomers.delete(replica);
    }
  }

  /** Promises to others what was retired here. */
  promise(): void {
    this.#told.join(this.retired);
  }

  /** What is known here, by the indexes of another document's table, if given. */
  report(indexOf: (replica: number) => number = (replica) => replica): Report {
    const translate = (vector: VersionVector) => {
      const translated = new VersionVector();
      vector.forEach((replica, counter) =>
        translated.raise(indexOf(replica), counter)
      );
      return translated;
    };
    const row = (replica: number, { applied, retired }: Knowledge) =>
      [
        indexOf(replica),
        { applied: translate(applied), retired: translate(retired) },
      ] as const;
    return {
      floor: translate(this.floor),
      rows: [
        row(this.#self, { applied: this.#vector, retired: this.#told }),
        ...[...this.#rows].map(([replica, { latest }]) => row(replica, latest)),
      ],
      gone: [...this.gone].map(indexOf),
      newcomers: [...this.newcomers].map(([replica, seen]) =>
        [indexOf(replica), translate(seen)] as const
      ),
    };
  }

  /**
   * Takes note of what another document knows.
   *
   * @returns Whether its writer can be a member.
   */
  take({ floor, rows, gone, newcomers }: Report): boolean {
    for (const replica of gone) {
      if (replica !== this.#self) this.gone.add(replica);
    }
    const isMember = rows.map(([replica, row]) => this.learn(replica, row));
    for (const [replica] of rows.slice(0, 1)) this.#silence.hear(replica);
    for (const [replica, seen] of newcomers) {
      if (this.#vector.has(replica, 1)) this.newcomers.set(replica, seen);
    }
    if (this.#vector.includes(floor)) this.floor.join(floor);
    return isMember[0] ?? false;
  }

  /** Takes note that a replica of this name told something that was known. */
  hear(name: string): void {
    const replica = this.#replicas.find(name);
    if (replica >= 0) this.#silence.hear(replica);
  }

  /** Goes on with what was saved, perhaps by this replica itself. */
  resume(report: Report): void {
    for (const [replica, { retired }] of report.rows) {
      if (replica !== this.#self) continue;
      this.retired.join(retired);
      this.#told.join(retired);
    }
    this.take(report);
  }

  #least(
    select: (knowledge: Knowledge) => VersionVector,
    own: VersionVector,
  ): VersionVector {
    let least = own;
    for (const replica of this.members()) {
      const known = select(this.#usable(replica));
      const both = new VersionVector();
      least.forEach((each, counter) =>
        both.raise(each, Math.min(counter, known.get(each)))
      );
      least = both;
    }
    return least === own ? own.clone() : least;
  }

  #usable(replica: number): Knowledge {
    const row = this.#rows.get(replica);
    if (row === undefined) return NOTHING_KNOWN;
    const { latest } = row;
    if (latest.applied.get(replica) <= this.#vector.get(replica)) {
      row.usable = latest;
    }
    return row.usable;
  }
}

/** What the author of a first operation says that it has seen. */
function seenBy({ after }: Operation): VersionVector {
  const seen = new VersionVector();
  for (let index = 0; index < (after?.length ?? 0); index += 2) {
    seen.raise(after?.[index] as number, after?.[index + 1] as number);
  }
  return seen;
}

function united(first: VersionVector, second: VersionVector): VersionVector {
  const joined = first.clone();
  joined.join(second);
  return joined;
}
