// A world whose replicas are saved, restored, merged and brought up to date.
import { assert, assertEquals } from "@std/assert";
import { type DigestSync, JsonCrdt } from "../../../src/crdt/mod.ts";
import type { ClockRecord } from "../../../src/crdt/version_vector.ts";
import { type Letter, mix, type Part, type Replica, World } from "../world.ts";

/** A clock may be behind by this when its machine starts. */
export const DAY_MS = 86_400_000;

/** What each choice does, for the story. */
const ACTS = [
  "restart",
  "merge",
  "diff",
  "save",
  "synchronise",
  "forget the log",
  "compact",
  "poll",
  "acknowledge",
  "acknowledge",
  "gather",
];

/** What a replica has saved, piece by piece, and its clock then. */
interface SavedFile {
  readonly pieces: Uint8Array[];
  clock: ClockRecord;
}

/** Does what {@linkcode World} does, and between that gives states about. */
export class StateWorld extends World {
  /** All letters, for replicas that forgot what waited there. */
  readonly #letters: [from: string, letter: Letter][] = [];
  /** The latest that clocks had come to when they were put back. */
  #latestMs = 0;
  readonly #files: Map<string, SavedFile> = new Map();

  constructor(seed: number, part?: Part) {
    super(seed, part);
    this.#acknowledgeAll();
  }

  protected override remember(author: JsonCrdt, letter: Letter): void {
    this.#letters.push([author.replicaId, letter]);
    super.remember(author, letter);
  }

  /** Each tells each other what it has applied. */
  #acknowledgeAll(): void {
    for (const one of this.replicas) {
      for (const other of this.replicas) this.#acknowledge(one, other);
    }
  }

  #acknowledge({ doc }: Replica, other: Replica): void {
    doc.acknowledge(this.#promise(other));
  }

  /** What a replica tells others it must find again when it goes on. */
  #promise({ doc }: Replica): Uint8Array {
    const promise = doc.acknowledgement();
    const saved = this.#files.get(doc.replicaId);
    if (saved === undefined) return promise;
    saved.pieces.push(doc.encodeDiff(saved.clock), promise);
    saved.clock = doc.clock();
    return promise;
  }

  /** All that others than `name` ever sent, to come at a time of its own. */
  protected lettersTo(name: string): Letter[] {
    const salt = this.random.below(2 ** 32);
    return this.#letters.filter(([from]) => from !== name)
      .map(([, letter]) => ({ ...letter, id: mix(letter.id, salt) }));
  }

  override step(): void {
    if (!this.random.chance(30)) return super.step();
    const replica = this.pickReplica();
    const other = this.pickReplica();
    const choice = this.random.below(11);
    this.tell(() =>
      `${replica.doc.replicaId} and ${other.doc.replicaId}: ${ACTS[choice]}`
    );
    switch (choice) {
      case 10:
        return this.gather(this.replicas);
      case 6:
        replica.doc.compact();
        break;
      case 7:
        replica.doc.poll();
        break;
      case 8:
      case 9:
        return this.#acknowledge(replica, other);
      case 4:
        this.synchronise(replica, other);
        break;
      case 0:
        return this.restart(replica);
      case 3:
        this.save(replica);
        break;
      case 1:
        replica.doc.merge(other.doc.snapshot());
        break;
      case 2:
        replica.doc.applyDiff(other.doc.encodeDiff(replica.doc.clock()));
        break;
      default:
        replica.doc.gcLog(this.random.below(4));
    }
    this.check(replica);
  }

  /** Some replicas get all that was sent, say so, and forget what they can. */
  protected gather(replicas: readonly Replica[]): void {
    for (const replica of replicas) this.deliverTo(replica);
    for (let turn = this.random.below(4); turn >= 0; turn--) {
      for (const { doc } of replicas) {
        if (this.random.chance(80)) doc.compact();
      }
      for (const one of replicas) {
        for (const other of replicas) {
          if (this.random.chance(80)) this.#acknowledge(one, other);
        }
      }
    }
    for (const replica of replicas) this.check(replica);
  }

  /** Two replicas compare digests, and may change meanwhile. */
  synchronise(one: Replica, other: Replica): void {
    if (one === other) return;
    const isBusy = this.random.chance(50);
    // Else what is too far ahead of one of them would have to wait.
    if (!isBusy) {
      one.wallMs = other.wallMs = 10_000_000 +
        Math.max(this.#latestMs, ...this.replicas.map(({ wallMs }) => wallMs));
    }
    const clocks = [one.doc.clock(), other.doc.clock()];
    const ends = [one.doc.startSync(), other.doc.startSync()] as const;
    let message: Uint8Array | null = ends[0].start();
    for (let turn = 1; message !== null; turn++) {
      assert(turn < 20);
      if (isBusy && this.random.chance(50)) super.step();
      message = (ends[turn % 2] as DigestSync).receive(message);
    }
    for (const end of ends) assert(end.isDone || isBusy && end.isWaiting);
    if (isBusy) return;
    for (const { doc } of [one, other]) {
      const after = doc.clock();
      for (const [name, counter] of clocks.flatMap(Object.entries)) {
        assert((after[name] ?? 0) >= counter);
      }
      this.check({ ...one, doc });
    }
  }

  /** A replica saves all anew, or what is new since it last did. */
  save({ doc }: Replica): Uint8Array {
    const saved = this.#files.get(doc.replicaId);
    const pieces = saved === undefined || this.random.chance(20)
      ? [doc.snapshot()]
      : [...saved.pieces, doc.encodeDiff(saved.clock)];
    this.#files.set(doc.replicaId, { pieces, clock: doc.clock() });
    return concatenate(pieces);
  }

  /** A replica ends, and goes on from what it saved. */
  restart(replica: Replica): void {
    const name = replica.doc.replicaId;
    const before = replica.doc.toJSON();
    const clock = replica.doc.clock();
    this.#latestMs = Math.max(this.#latestMs, replica.wallMs);
    if (this.random.chance(20)) replica.wallMs -= DAY_MS;
    const doc = JsonCrdt.restore(name, this.save(replica), {
      ...this.optionsOf(() => replica.wallMs),
      resume: true,
    });
    assertEquals(doc.toJSON(), before);
    assertEquals(doc.clock(), clock);
    this.adopt(replica, doc);
    // What waited is not saved, and comes again.
    replica.inbox.push(...this.lettersTo(name));
  }

  /** Replicas may have forgotten different things. */
  override compare(): void {}

  /** When all know that all have all, nothing that is gone is left. */
  override settle(): void {
    super.settle();
    for (let turn = 0; turn < 8; turn++) {
      this.#acknowledgeAll();
      for (const { doc } of this.replicas) doc.compact();
    }
    super.compare();
    for (const replica of this.replicas) this.check(replica);
    assertCompact(this.replicas[0] as Replica);
  }
}

function concatenate(pieces: readonly Uint8Array[]): Uint8Array {
  const size = pieces.reduce((sum, { length }) => sum + length, 0);
  const whole = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** No mere register is left that holds nothing. */
function assertCompact({ doc }: Replica): void {
  const text = JSON.stringify(doc.inspect());
  const tombstones = text.match(/"flags":(0|8|16|24|32|40)}}/g) ?? [];
  assertEquals(tombstones.length, 0, text);
}
