import { assert, assertEquals } from "@std/assert";
import { JsonCrdt } from "../../../src/crdt/mod.ts";
import { decodeMessage, type Unit } from "../../../src/crdt/message.ts";
import { ReplicaTable } from "../../../src/crdt/replica_table.ts";
import { TransactionLog } from "../../../src/crdt/state/transaction_log.ts";
import { VersionVector } from "../../../src/crdt/version_vector.ts";

const LENGTH_MAX = 100;
/** Of these, a piece of the log has about 64. */
const TEXT = "x".repeat(500);

/** A log, and replicas whose edits it is given. */
function makeLog() {
  const replicas = new ReplicaTable();
  const log = new TransactionLog(LENGTH_MAX, replicas);
  const documents = ["ann", "bob", "eve"].map((name) => {
    const document = new JsonCrdt(name);
    replicas.indexOf(name);
    document.on("change", (event) => {
      const units = decodeMessage(event.message(), replicas);
      for (const unit of units as readonly Unit[]) log.add(unit);
    });
    return document;
  });
  const [ann, bob, eve] = documents as [JsonCrdt, JsonCrdt, JsonCrdt];
  return { log, replicas, ann, bob, eve };
}

Deno.test("operations and states in turn leave a log as small as it was", () => {
  const { log, replicas, bob } = makeLog();
  const sizes: number[] = [];
  for (let turn = 0; turn < 500; turn++) {
    for (let index = 0; index < 20; index++) bob.set(["b"], TEXT);
    // A state of bob's came: what is here is no longer all that he did.
    log.forget(replicas.indexOf("bob"));
    sizes.push(log.length, log.size, log.pieceCount);
  }
  assertEquals(Math.max(...sizes), 0);
});

Deno.test("one old operation keeps what is forgotten no longer than its share", () => {
  const { log, replicas, ann, bob, eve } = makeLog();
  let sizeMax = 0;
  let pieceCountMax = 0;
  for (let turn = 0; turn < 500; turn++) {
    ann.set(["a"], turn);
    for (let index = 0; index < 15; index++) bob.set(["b"], TEXT);
    if (turn % 3 === 0) eve.set(["e"], { e: 1, f: [TEXT, TEXT] });
    log.forget(replicas.indexOf(turn % 7 === 0 ? "eve" : "bob"));
    sizeMax = Math.max(sizeMax, log.size);
    pieceCountMax = Math.max(pieceCountMax, log.pieceCount);
    assert(log.length <= LENGTH_MAX);
  }
  assert(sizeMax <= 2 * LENGTH_MAX, `${sizeMax} transactions`);
  assert(pieceCountMax <= 4, `${pieceCountMax} pieces`);
  // What is left can be asked for as ever.
  const applied = new VersionVector();
  applied.raise(replicas.indexOf("ann"), 500);
  const seen = new VersionVector();
  seen.raise(replicas.indexOf("ann"), 498);
  const units = log.since(seen, applied);
  assertEquals(units?.map(([first]) => first?.value), [498, 499]);
});
