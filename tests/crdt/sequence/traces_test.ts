// Texts that people wrote, key by key; some of them two or three at once. The
// files are not ours: the variable CRDT_TRACES names the folder that holds them.
import { assertEquals } from "@std/assert";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { gunzipSync } from "node:zlib";
import type { IdRange, Origin } from "../../../src/crdt/sequence/ids.ts";
import { TextSequence } from "../../../src/crdt/sequence/text_sequence.ts";
import { makeArena } from "./world.ts";

/** One change: at an index, so many are removed, and this is inserted. */
type Patch = readonly [index: number, removedCount: number, inserted: string];

interface Transaction {
  readonly parents?: readonly number[];
  readonly agent?: number;
  readonly patches: readonly Patch[];
}

interface Trace {
  readonly endContent: string;
  readonly txns: readonly Transaction[];
}

interface Insertion {
  readonly replica: number;
  readonly counter: number;
  readonly text: string;
  readonly origin: Origin;
}

type Operation = Insertion | IdRange;

const AGENTS = ["a", "b", "c"];

/** A replica of each agent, and all that they did, by transaction. */
class Replay {
  readonly #transactions: readonly Transaction[];
  readonly #operations: Operation[][] = [];
  readonly #counters = AGENTS.map(() => 1);
  readonly #texts = AGENTS.map(() => new TextSequence(makeArena(AGENTS)));
  readonly #applied = AGENTS.map(() => new Set<number>());

  constructor(transactions: readonly Transaction[]) {
    this.#transactions = transactions;
    for (const [index, { agent = 0, patches }] of transactions.entries()) {
      const parents = transactions[index]!.parents ??
        (index ? [index - 1] : []);
      this.#deliver(agent, parents);
      this.#operations.push(patches.flatMap((each) => this.#edit(agent, each)));
      this.#applied[agent]!.add(index);
    }
  }

  /** The text of each replica, when all has come to each. */
  end(): string[] {
    return this.#texts.map((text, agent) => {
      this.#deliver(agent, [...this.#transactions.keys()]);
      return text.toString();
    });
  }

  #edit(agent: number, [index, removedCount, inserted]: Patch): Operation[] {
    const text = this.#texts[agent]!;
    const made: Operation[] = removedCount > 0
      ? [...text.removeAt(index, removedCount)]
      : [];
    if (inserted !== "") {
      const counter = this.#counters[agent]!;
      this.#counters[agent]! += inserted.length;
      const origin = text.insertAt(index, inserted, agent, counter);
      made.push({ replica: agent, counter, text: inserted, origin });
    }
    return made;
  }

  /** Applies transactions, and those they build on first. */
  #deliver(agent: number, wanted: readonly number[]): void {
    const applied = this.#applied[agent]!;
    const missing = new Set<number>();
    const stack = [...wanted];
    for (let index = stack.pop(); index !== undefined; index = stack.pop()) {
      if (applied.has(index) || missing.has(index)) continue;
      missing.add(index);
      stack.push(...this.#transactions[index]!.parents ?? []);
    }
    for (const index of [...missing].sort((a, b) => a - b)) {
      applied.add(index);
      for (const operation of this.#operations[index]!) {
        integrate(this.#texts[agent]!, operation);
      }
    }
  }
}

function integrate(text: TextSequence, operation: Operation): void {
  if (!("text" in operation)) {
    text.integrateRemove(operation);
    return;
  }
  const { replica, counter, text: inserted, origin } = operation;
  text.integrateInsert(replica, counter, inserted.length, inserted, origin);
}

Deno.test("what replaces a full stop stands before what went on behind it", () => {
  const replay = new Replay([
    { agent: 0, parents: [], patches: [[0, 0, "the 90s."]] },
    { agent: 1, parents: [0], patches: [[8, 0, " T"]] },
    { agent: 1, parents: [1], patches: [[10, 0, "he"]] },
    { agent: 0, parents: [0], patches: [[7, 1, ""]] },
    { agent: 0, parents: [3], patches: [[7, 0, ", hu"]] },
    { agent: 1, parents: [2, 3], patches: [[11, 0, " whole"]] },
    { agent: 0, parents: [1, 4], patches: [[11, 0, "h?"]] },
    { agent: 1, parents: [5, 6], patches: [[23, 0, " scene"]] },
  ]);
  for (const text of replay.end()) {
    assertEquals(text, "the 90s, huh? The whole scene");
  }
});

const folder = process.env["CRDT_TRACES"] ?? "";

for (
  const name of [
    "automerge-paper",
    "seph-blog1",
    "rustcode",
    "sveltecomponent",
    "friendsforever.concurrent",
    "clownschool.concurrent",
  ]
) {
  const path = join(folder, `${name}.json.gz`);
  Deno.test({
    name: `the trace ${name} ends with the text that its writers saw`,
    ignore: folder === "" || !existsSync(path),
    fn() {
      const { txns, endContent } = JSON.parse(
        gunzipSync(readFileSync(path)).toString(),
      ) as Trace;
      if (txns[0]!.agent !== undefined) {
        for (const text of new Replay(txns).end()) {
          assertEquals(text, endContent);
        }
        return;
      }
      const text = new TextSequence(makeArena(AGENTS));
      let counter = 1;
      for (const { patches } of txns) {
        for (const [index, removedCount, inserted] of patches) {
          if (removedCount > 0) text.removeAt(index, removedCount);
          if (inserted !== "") text.insertAt(index, inserted, 0, counter);
          counter += inserted.length;
        }
      }
      assertEquals(text.toString(), endContent);
    },
  });
}
