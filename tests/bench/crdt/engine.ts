/** What a workload puts into maps and lists. */
export type Item = number | string;

/** What a document is used for: engines with schemas want to know. */
export type Kind = "map" | "list" | "text";

/** How a document is opened. */
export interface OpenOptions {
  readonly kind: Kind;
  /** The number of the replica, from 1. */
  readonly replica: number;
  /** Called with each transaction's bytes, as others need them. */
  readonly onUpdate?: (update: Uint8Array) => void;
  /** Called for each transaction; nobody asks for its bytes. */
  readonly onEvent?: () => void;
  /** Whether a schema is to check what is set. */
  readonly hasSchema?: boolean;
}

/** What it took two documents to learn of each other. */
export interface SyncCost {
  readonly byteCount: number;
  readonly messageCount: number;
}

/**
 * A document of any engine, used as the engine's documentation says. Each
 * change is a transaction of its own, unless one is open.
 */
export interface BenchDocument {
  /** Makes the maps that a path leads through; not measured. */
  makeMaps?(path: readonly string[]): void;
  /** Sets an entry of a map. */
  set?(path: readonly string[], value: Item): void;
  /** The map as JSON. */
  map?(): { readonly [key: string]: unknown };
  /** Inserts an item into the list. */
  insert?(index: number, item: Item): void;
  /** Removes an item of the list. */
  remove?(index: number): void;
  /** The list as JSON. */
  list?(): readonly unknown[];
  /** Replaces a part of the text. */
  edit?(index: number, removedCount: number, inserted: string): void;
  /** The text. */
  text?(): string;
  /** Makes all changes of `act` one transaction. */
  transact?(act: () => void): void;
  /** Takes an update of another replica in. */
  receive?(update: Uint8Array): void;
  /** Gives both documents what only the other one has. */
  exchange?(other: this): SyncCost;
  /** The same, where neither knows what the other one has seen. */
  reconcile?(other: this): SyncCost;
  /** All of it: as small as can be, or as quick to load. */
  save?(goal: "size" | "speed"): Uint8Array;
}

/** An engine that takes part. */
export interface Engine {
  open(options: OpenOptions): BenchDocument;
  /** Opens what {@linkcode BenchDocument.save} gave for speed. */
  load?(bytes: Uint8Array, kind: Kind): BenchDocument;
}

/** Ours, and those that it is compared with. */
export type EngineName =
  | "distflow"
  | "Yjs"
  | "json-joy"
  | "Loro"
  | "Automerge"
  | "diamond-types";

type OpenEngine = () => Promise<Engine>;

const OPEN: {
  readonly [Name in EngineName]: () => Promise<{ openEngine: OpenEngine }>;
} = {
  "distflow": () => import("./distflow.ts"),
  "Yjs": () => import("./yjs.ts"),
  "json-joy": () => import("./json_joy.ts"),
  "Loro": () => import("./loro.ts"),
  "Automerge": () => import("./automerge.ts"),
  "diamond-types": () => import("./diamond_types.ts"),
};

/** Opens an engine; fails if it is not installed. */
export async function openEngine(name: EngineName): Promise<Engine> {
  const { openEngine } = await OPEN[name]();
  return await openEngine();
}
