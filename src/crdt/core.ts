import { Branch, type Child } from "./branch.ts";
import type { HybridClock } from "./hybrid_clock.ts";
import { MergeGuard } from "./merge_check.ts";
import { SETTINGS, type Space } from "./operation.ts";
import { Reader } from "./reader.ts";
import { ReplicaTable } from "./replica_table.ts";
import type { ItemId } from "./sequence/ids.ts";
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
  /** The functions of custom merges. */
  readonly merges: MergeGuard;
  /** The index of this replica. */
  readonly self: number;

  /** Makes an empty document of replica `name`. */
  constructor(
    name: string,
    clock: HybridClock,
    merges: ReadonlyMap<string, MergeFunction>,
  ) {
    this.self = this.replicas.indexOf(name);
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

  /** What is kept at the end of `keys` below an anchor, shown or not. */
  childAt(
    space: Space,
    anchor: ItemId | null,
    keys: readonly string[],
  ): Child | undefined {
    const { tree } = this;
    let child: Child | undefined;
    if (anchor === null) child = tree.roots[space];
    else {
      const value = tree.lists.find(anchor.replica, anchor.counter)?.value;
      if (value instanceof Branch) child = value;
    }
    for (const key of keys) {
      if (typeof child !== "object") return undefined;
      child = child.children.get(key);
    }
    return child;
  }

  /** The register at the end of `keys` below an anchor, if there is one. */
  slotAt(
    space: Space,
    anchor: ItemId | null,
    keys: readonly string[],
  ): number | undefined {
    const child = this.childAt(space, anchor, keys);
    return typeof child === "object" ? child.slot : child;
  }

  /** Reads the settings again, after an operation changed them. */
  loadSettings(): void {
    const settings = this.reader.read(this.tree.roots[SETTINGS], []);
    const strategies = isRecord(settings) ? settings.strategy : undefined;
    this.strategies.load(isRecord(strategies) ? strategies : {});
  }
}
