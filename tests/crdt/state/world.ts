// A world whose replicas are saved, restored, merged and brought up to date.
import { assert, assertEquals } from "@std/assert";
import { type DigestSync, JsonCrdt } from "../../../src/crdt/mod.ts";
import type { ClockRecord } from "../../../src/crdt/version_vector.ts";
import { type Letter, type Replica, World } from "../world.ts";

/** Does what {@linkcode World} does, and between that gives states about. */
export class StateWorld extends World {
  /** All letters, for replicas that forgot what waited there. */
  readonly #letters: [from: string, letter: Letter][] = [];
  /** What each replica has saved, and its clock then. */
  readonly #files: Map<string, { file: Uint8Array; clock: ClockRecord }> =
    new Map();

  constructor(seed: number) {
    super(seed);
    for (const replica of this.replicas) this.#record(replica);
  }

  #record({ doc }: Replica): void {
    doc.on("change", (event) => {
      if (event.origin !== "local") return;
      const message = event.message();
      const operations = event.operations();
      this.#letters.push([doc.replicaId, { message, operations }]);
    });
  }

  override step(): void {
    if (!this.random.chance(30)) return super.step();
    const replica = this.random.pick(this.replicas);
    const other = this.random.pick(this.replicas);
    switch (this.random.below(6)) {
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

  /** Two replicas compare digests, and may change meanwhile. */
  synchronise(one: Replica, other: Replica): void {
    if (one === other) return;
    const isBusy = this.random.chance(50);
    // Else what is too far ahead of one of them would have to wait.
    if (!isBusy) {
      one.wallMs = other.wallMs = 10_000_000 +
        Math.max(...this.replicas.map(({ wallMs }) => wallMs));
    }
    const clocks = [one.doc.clock(), other.doc.clock()];
    const ends = [one.doc.startSync(), other.doc.startSync()] as const;
    let message: Uint8Array | null = ends[0].start();
    for (let turn = 1; message !== null; turn++) {
      assert(turn < 20);
      if (isBusy && this.random.chance(50)) super.step();
      message = (ends[turn % 2] as DigestSync).receive(message);
    }
    assert(ends[0].isDone && ends[1].isDone);
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
    const file = saved === undefined || this.random.chance(20)
      ? doc.snapshot()
      : new Uint8Array([...saved.file, ...doc.encodeDiff(saved.clock)]);
    this.#files.set(doc.replicaId, { file, clock: doc.clock() });
    return file;
  }

  /** A replica ends, and goes on from what it saved. */
  restart(replica: Replica): void {
    const name = replica.doc.replicaId;
    const before = replica.doc.inspect();
    const clock = replica.doc.clock();
    const doc = JsonCrdt.restore(name, this.save(replica), {
      ...this.optionsOf(() => replica.wallMs),
      resume: true,
    });
    assertEquals(doc.inspect(), before);
    assertEquals(doc.clock(), clock);
    this.adopt(replica, doc);
    this.#record(replica);
    // What waited is not saved, and comes again.
    for (const [from, letter] of this.#letters) {
      if (from !== name) replica.inbox.push(letter);
    }
  }
}
