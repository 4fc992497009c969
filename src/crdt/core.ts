import { Witness } from "./conflicts.ts";
import type { Change } from "./events.ts";
import type { HybridClock } from "./hybrid_clock.ts";
import { MergeGuard } from "./merge_check.ts";
import { Meter } from "./metrics.ts";
import { SETTINGS } from "./operation.ts";
import { Reader } from "./reader.ts";
import { ReplicaTable } from "./replica_table.ts";
import { SchemaHistory } from "./schema/history.ts";
import { Judge } from "./schema/judge.ts";
import { Stability } from "./state/stability.ts";
import { type MergeFunction, Strategies } from "./strategies.ts";
import { Tree } from "./tree.ts";
import { VersionVector } from "./version_vector.ts";
import { isRecord } from "../base/json.ts";

/** The parts of a document that its author, inbox and files share. */
export class Core {
  /** The replicas that are known; this one has index 0. */
  readonly replicas: ReplicaTable = new ReplicaTable();
  /** What was applied. */
  readonly vector: VersionVector = new VersionVector();
  /** When the next transaction happens. */
  readonly clock: HybridClock;
  /** The state. */
  readonly tree: Tree = new Tree(this.replicas);
  /** What the settings say. */
  readonly strategies: Strategies = new Strategies();
  /** What the state shows. */
  readonly reader: Reader;
  /** The schemas that it had. */
  readonly schemas: SchemaHistory = new SchemaHistory(this.replicas);
  /** Decides what they let show. */
  readonly judge: Judge = new Judge(this.tree, this.schemas);
  /** Counts what is applied. */
  readonly meter: Meter = new Meter();
  /** Notes conflicts. */
  readonly witness: Witness = new Witness(this.tree, this.strategies);
  /** The functions of custom merges. */
  readonly merges: MergeGuard;
  /** The index of this replica. */
  readonly self: number;
  /** What all replicas are known to have applied. */
  readonly stability: Stability;

  /** Makes an empty document of replica `name`. */
  constructor(
    name: string,
    clock: HybridClock,
    merges: ReadonlyMap<string, MergeFunction>,
  ) {
    this.self = this.replicas.indexOf(name);
    this.stability = new Stability(this.replicas, this.vector, this.self);
    this.merges = new MergeGuard(merges);
    this.clock = clock;
    this.reader = new Reader(
      this.tree,
      this.replicas,
      this.strategies,
      (merge, values) => this.merges.merge(merge, values),
    );
  }

  /** The name of this replica. */
  get name(): string {
    return this.replicas.nameOf(this.self);
  }

  /**
   * Reads the settings again, after they changed.
   *
   * @param told Gets what shows otherwise by that.
   * @param isJoined Whether the document changed as well, but by no operations:
   * then nothing of it was judged yet.
   */
  loadSettings(told: Change[] | null = null, isJoined = false): void {
    const settings = this.reader.read(this.tree.roots[SETTINGS], []);
    const part = (name: string) => {
      const found = isRecord(settings) ? settings[name] : undefined;
      return isRecord(found) ? found : {};
    };
    this.strategies.load(part("strategy"));
    const isOther = this.schemas.load(part("schema"));
    if (isOther || isJoined && !this.schemas.isEmpty) this.judge.judgeAll(told);
  }
}
