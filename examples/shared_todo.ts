/**
 * Two people share a list of things to do, and both change it while they cannot
 * reach each other.
 *
 * ```sh
 * deno run -A examples/shared_todo.ts
 * ```
 *
 * Both replicas are in this process, and the messages between them are passed
 * on by hand: the document does not care how they come, in which order, or how
 * often. Whose value shows is decided by the time of each change; without a
 * clock, as here, time counts the changes.
 *
 * @module
 */
import { JsonCrdt } from "@distflow/core/crdt";
import { FileStore } from "@distflow/core/store";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

type Todo = { text: string; done: boolean; who?: string };

/** What a replica has told, and nobody has got yet. */
type Outbox = Uint8Array[];

/** Notes what is to be sent, and says what happens. */
function follow(doc: JsonCrdt): Outbox {
  const outbox: Outbox = [];
  doc.on("change", (event) => {
    if (event.origin === "local") outbox.push(event.message());
  });
  doc.on("conflict", ({ path, winner, loser }) => {
    const [shown, lost] = [winner, loser].map(({ dot, value }) =>
      `${JSON.stringify(value)} by ${dot[0]}`
    );
    console.log(`${doc.replicaId}: ${path.join(".")} is ${shown}, not ${lost}`);
  });
  return outbox;
}

/** Gives one replica all that the other has told, the last first. */
function deliver(outbox: Outbox, to: JsonCrdt): void {
  for (const message of outbox.splice(0).reverse()) to.receiveMessage(message);
}

function show(doc: JsonCrdt): void {
  const todos = doc.get(["todos"]) as Todo[];
  const lines = todos.map(({ text, done, who }) =>
    `  [${done ? "x" : " "}] ${text}${who === undefined ? "" : ` (${who})`}`
  );
  console.log([`${doc.replicaId} has`, ...lines].join("\n"));
}

const folder = mkdtempSync(join(tmpdir(), "shared-todo-"));
const store = new FileStore(folder);

// Both start with the same list: it counts as one, however many have it.
const initial = { todos: [{ text: "Buy milk", done: false }] };
let ann = new JsonCrdt("ann", { initial });
const bob = new JsonCrdt("bob", { initial });
const fromAnn = follow(ann);
const fromBob = follow(bob);

// Different things are changed at once: an index means what stood there when
// the change was made, whatever others put before it.
ann.insertAt(["todos"], 0, { text: "Call Cy", done: false });
bob.set(["todos", 0, "done"], true);
bob.insertText(["todos", 0, "text"], "Buy ".length, "oat ");
deliver(fromAnn, bob);
deliver(fromBob, ann);
show(ann);
show(bob);

// The same place is changed at once: one value shows, the same at both.
ann.set(["todos", 0, "who"], "Ann");
bob.set(["todos", 0, "who"], "Bob");
deliver(fromAnn, bob);
deliver(fromBob, ann);
show(ann);

// Ann's program ends. What it had is on the disk, and what came later as well.
await store.save("todo", ann.snapshot());
ann.push(["todos"], { text: "Water the plants", done: false });
for (const message of fromAnn) await store.append("todo", message);
await store.close();

// It comes back under a name of its own, as nobody can know what was lost. Bob
// gives it what it missed, and the other way round.
bob.delete(["todos", 1]);
const saved = await new FileStore(folder).load("todo");
if (saved === undefined) throw new Error("Nothing was saved");
ann = JsonCrdt.restore("ann-2", saved);
follow(ann);
ann.applyDiff(bob.encodeDiff(ann.clock()));
bob.applyDiff(ann.encodeDiff(bob.clock()));
show(ann);
show(bob);
rmSync(folder, { recursive: true });
