import { Witness } from "./conflicts.ts";
import type { HybridClock } from "./hybrid_clock.ts";
import { MergeGuard } from "./merge_check.ts";
import { Meter } from "./metrics.ts";
import { DOCUMENT, SETTINGS } from "./operation.ts";
import type { Path } from "./pattern.ts";
import { Reader } from "./reader.ts";
import { ReplicaTable } from "./replica_table.ts";
import { SchemaHistory } from "./schema/history.ts";
import { Judge } from "./schema/judge.ts";
import { Stability } from "./state/stability.ts";
import { type MergeFunction, Strategies } from "./strategies.ts";
import { type Scope, Telling } from "./telling.ts";
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
  /** Who tells of what the state shows otherwise. */
  readonly telling: Telling = new Telling(this.tree);
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
   * @param isTold Whether to tell of what shows otherwise by that.
   * @param isJoined Whether the document changed as well, but by no operations:
   * then nothing of it was judged yet.
   */
  loadSettings(isTold = false, isJoined = false): void {
    const settings = this.reader.read(this.tree.roots[SETTINGS], []);
    const part = (name: string) => {
      const found = isRecord(settings) ? settings[name] : undefined;
      return isRecord(found) ? found : {};
    };
    const { tree } = this;
    const isReadOtherwise = this.strategies.load(part("strategy")) &&
      tree.siblings.size + tree.counters.size > 0;
    const isOther = this.schemas.load(part("schema"));
    const isJudged = isOther || isJoined && !this.schemas.isEmpty;
    const act = () => {
      // Where several values are kept, any may be shown instead.
      if (isReadOtherwise) tree.told?.want(tree.roots[DOCUMENT], null);
      if (isJudged) this.judge.judgeAll();
    };
    if (isTold) this.tell("places", act);
    else act();
  }

  /**
   * Tells of what shows otherwise by what `act` does with the state.
   *
   * @param own Where the author tells of a change itself.
   */
  tell<Result>(
    scope: Scope,
    act: () => Result,
    own: Path | null = null,
  ): Result {
    const { tree, telling } = this;
    const outerTold = tree.told;
    const outerScope = telling.scope;
    tree.told = telling;
    telling.scope = scope;
    telling.own = own;
    try {
      const result = act();
      telling.end();
      return result;
    } catch (error) {
      telling.forget();
      throw error;
    } finally {
      tree.told = outerTold;
      telling.scope = outerScope;
      telling.own = null;
    }
  }
}
