// A world in which replicas come late, and go.
import { assert } from "@std/assert";
import { hasCode } from "../../../src/base/errors.ts";
import { JsonCrdt } from "../../../src/crdt/mod.ts";
import type { Replica } from "../world.ts";
import { DAY_MS, StateWorld } from "./world.ts";

/** Does what {@linkcode StateWorld} does, with replicas that come and go. */
export class CrowdWorld extends StateWorld {
  readonly #guests: string[] = [];
  /** Who was retired, each by whom. */
  readonly #gone: Map<string, string> = new Map();

  override step(): void {
    const choice = this.random.below(100);
    if (choice < 4 && this.#guests.length < 4) return this.#join();
    if (choice < 6 && this.#guests.length > 0) return this.#retire();
    const guest = this.replicas[this.replicas.length - 1] as Replica;
    try {
      if (choice < 20) this.edit(guest);
      else if (choice < 26) this.gather(this.replicas);
      else super.step();
    } catch (error) {
      // Who has forgotten too much for another must be told so.
      if (!hasCode(error, "SNAPSHOT_REQUIRED")) throw error;
    }
  }

  /** Mostly only those who were there from the start. */
  protected override gather(replicas: readonly Replica[]): void {
    const hosts = replicas.filter(({ doc }) =>
      !this.#guests.includes(doc.replicaId) || this.random.chance(10)
    );
    super.gather(hosts);
  }

  /** Someone comes: with nothing, or with what another one has. */
  #join(): void {
    const { random } = this;
    const name = `guest${this.#guests.length}`;
    const host = this.pickReplica();
    const replica: Replica = {
      id: 100 + this.#guests.length,
      doc: host.doc,
      inbox: this.lettersTo(name),
      wallMs: host.wallMs - random.pick([0, 0, 0, 1000, DAY_MS]),
    };
    const options = this.optionsOf(() => replica.wallMs);
    const doc = random.chance(50)
      ? new JsonCrdt(name, options)
      : JsonCrdt.restore(name, host.doc.snapshot(), options);
    if (random.chance(30)) doc.applyDiff(host.doc.encodeDiff(doc.clock()));
    this.#guests.push(name);
    this.replicas.push(replica);
    this.adopt(replica, doc);
  }

  #retire(): void {
    const name = this.random.pick(this.#guests);
    const { doc } = this.pickReplica();
    if (doc.replicaId === name) return;
    doc.retireReplica(name);
    this.#gone.set(name, doc.replicaId);
  }

  /** States go about until all have the same, but for who is cut off. */
  protected override deliverAll(): void {
    super.deliverAll();
    // Who has the same may still have forgotten other things.
    const least = 1 + this.random.below(2);
    for (let turn = 0; turn < 4; turn++) {
      if (turn >= least && this.#haveSame()) break;
      for (const { doc } of this.replicas) {
        for (const other of this.replicas) merge(doc, other.doc);
      }
    }
    this.#dismiss();
    super.deliverAll();
  }

  #haveSame(): boolean {
    return new Set(this.replicas.map(({ doc }) => JSON.stringify(doc.clock())))
      .size === 1;
  }

  /**
   * Guests that were retired, or are cut off, go with what nobody took. So do
   * hosts that are cut off, as they can be when two have retired different ones.
   */
  #dismiss(): void {
    const [host] = this.replicas;
    const clock = JSON.stringify(host?.doc.clock());
    const canSplit = new Set(this.#gone.values()).size > 1;
    const dismissed = this.replicas.filter(({ doc }) => {
      const isCutOff = JSON.stringify(doc.clock()) !== clock;
      return this.#guests.includes(doc.replicaId)
        ? this.#gone.has(doc.replicaId) || isCutOff
        : canSplit && isCutOff;
    });
    for (const guest of dismissed) {
      this.replicas.splice(this.replicas.indexOf(guest), 1);
    }
    for (const { doc: { replicaId: name } } of dismissed) {
      const seen = Math.max(
        ...this.replicas.map(({ doc }) => doc.clock()[name] ?? 0),
      );
      this.retract(({ dot }) => dot[0] === name && dot[1] > seen);
      for (const { doc, inbox } of this.replicas) {
        assert((doc.clock()[name] ?? 0) === seen);
        doc.retireReplica(name);
        inbox.length = 0;
      }
    }
  }
}

function merge(doc: JsonCrdt, other: JsonCrdt): void {
  try {
    doc.merge(other.snapshot());
  } catch (error) {
    if (!hasCode(error, "SNAPSHOT_REQUIRED")) throw error;
  }
}
