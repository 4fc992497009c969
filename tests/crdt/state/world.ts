// A world whose replicas are saved, restored, merged and brought up to date.
import { assertEquals } from "@std/assert";
import { JsonCrdt } from "../../../src/crdt/mod.ts";
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
    super(seed, false);
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
    switch (this.random.below(5)) {
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
