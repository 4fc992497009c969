import { IdIndex } from "./id_index.ts";
import type { CompareReplicas } from "./ids.ts";
import { NodePool } from "./node_pool.ts";
import { SpanTable } from "./span_table.ts";
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
}
