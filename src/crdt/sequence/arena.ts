import { IdIndex } from "./id_index.ts";
import { type CompareReplicas, NONE } from "./ids.ts";
import { NodePool } from "./node_pool.ts";
import { SpanTable, TEXT } from "./span_table.ts";
import { TextStore } from "./text_store.ts";
import { ValueStore } from "./value_store.ts";

/**
 * What all sequences of a document share: the columns, the index of ids (a
 * document has one counter a replica, whatever the sequence), the content.
 *
 * So a document may have a hundred thousand short arrays: each costs a node of
 * a tree and a few fields.
 */
export class SequenceArena {
  /** All spans. */
  readonly table: SpanTable = new SpanTable();
  /** Which span holds an id. */
  readonly ids: IdIndex = new IdIndex(this.table);
  /** The nodes of all order trees. */
  readonly nodes: NodePool = new NodePool();
  /** The content of texts. */
  readonly texts: TextStore = new TextStore();
  /** The content of lists. */
  readonly values: ValueStore = new ValueStore();
  /** Orders replicas by their names. */
  readonly compareReplicas: CompareReplicas;

  /** An arena for replicas that `compareReplicas` orders. */
  constructor(compareReplicas: CompareReplicas) {
    this.compareReplicas = compareReplicas;
  }

  /** How many items' room for content is taken by what was removed. */
  get unusedCount(): number {
    return this.texts.unusedCount + this.values.unusedCount;
  }

  /**
   * What the sequence with an item belongs to, and its value: `undefined` if the
   * item was removed. Returns `null` if there is no such item.
   */
  find(
    replica: number,
    counter: number,
  ): { readonly owner: unknown; readonly value: unknown } | null {
    const { table, nodes, values } = this;
    const span = this.ids.find(replica, counter);
    if (span === NONE) return null;
    let node = table.leaf[span]!;
    while (nodes.parent[node] !== NONE) node = nodes.parent[node]!;
    const start = table.start[span]!;
    const value = start === NONE
      ? undefined
      : values.at(start + counter - table.counter[span]!);
    return { owner: nodes.owners[node], value };
  }

  /** Whether an item has one of the ids of `replica` from `counter` to `end - 1`. */
  isTaken(replica: number, counter: number, end: number): boolean {
    const last = this.ids.findUpTo(replica, end - 1);
    return last !== NONE && this.table.lastCounter(last) >= counter;
  }

  /**
   * Gives back the memory of content that was removed. Costs a step for each span
   * and each item: call it when {@linkcode unusedCount} is a good part of all.
   */
  compact(): void {
    const { table, texts, values } = this;
    texts.beginCompaction();
    values.beginCompaction();
    for (let span = 0; span < table.rowCount; span++) {
      const start = table.start[span]!;
      const length = table.length[span]!;
      if (length === 0 || start === NONE) continue;
      const store = (table.flags[span]! & TEXT) === 0 ? values : texts;
      table.start[span] = store.move(start, length);
    }
    texts.endCompaction();
    values.endCompaction();
  }
}
