import { JsonCrdt } from "../../../src/crdt/mod.ts";
import type {
  BenchDocument,
  Engine,
  Item,
  OpenOptions,
  SyncCost,
} from "./engine.ts";

/** Ours. */
export function openEngine(): Promise<Engine> {
  return Promise.resolve({
    open: (options) => new DistflowDocument(openDocument(options)),
    load: (bytes) => new DistflowDocument(JsonCrdt.restore("r99", bytes)),
  });
}

/** More than any workload makes. */
const REGISTER_COUNT_MAX = 10_000_000;

/** Whole numbers at any key. */
const SCHEMA = { additionalProperties: { type: "integer", minimum: 0 } };

const CLOCK = { wallMs: () => Date.now() };

/** A document of ours, whose listener takes the bytes, or only counts. */
export function openDocument(options: OpenOptions): JsonCrdt {
  const { kind, replica, onUpdate, onEvent, hasSchema = false } = options;
  const document = new JsonCrdt(`replica${replica}`, {
    registerCountMax: REGISTER_COUNT_MAX,
    clock: CLOCK,
    ...(kind === "list" ? { initial: { list: [] } } : {}),
  });
  // A text belongs to who set it, as most do.
  if (kind === "text") document.set(TEXT, "");
  if (hasSchema) document.setSchema(SCHEMA);
  if (onUpdate !== undefined) {
    document.on("change", (event) => {
      if (event.origin === "local") onUpdate(event.message());
    });
  }
  if (onEvent !== undefined) document.on("change", () => onEvent());
  return document;
}

const LIST = ["list"];
const TEXT = ["text"];

class DistflowDocument implements BenchDocument {
  readonly #document: JsonCrdt;

  constructor(document: JsonCrdt) {
    this.#document = document;
  }

  makeMaps(): void {
    // Maps are there as soon as something is in them.
  }

  set(path: readonly string[], value: Item): void {
    this.#document.set(path, value);
  }

  map(): { readonly [key: string]: unknown } {
    return this.#document.toJSON() as { readonly [key: string]: unknown };
  }

  insert(index: number, item: Item): void {
    this.#document.insertAt(LIST, index, item);
  }

  remove(index: number): void {
    this.#document.removeAt(LIST, index, 1);
  }

  list(): readonly unknown[] {
    return this.#document.get(LIST) as readonly unknown[];
  }

  edit(index: number, removedCount: number, inserted: string): void {
    const document = this.#document;
    if (removedCount > 0) document.deleteText(TEXT, index, removedCount);
    if (inserted !== "") document.insertText(TEXT, index, inserted);
  }

  text(): string {
    return this.#document.get(TEXT) as string;
  }

  transact(act: () => void): void {
    this.#document.transact(act);
  }

  receive(update: Uint8Array): void {
    this.#document.receiveMessage(update);
  }

  exchange(other: DistflowDocument): SyncCost {
    const [own, theirs] = [this.#document, other.#document];
    const clocks = [own.clock(), theirs.clock()] as const;
    const diffs = [
      theirs.encodeDiff(clocks[0]),
      own.encodeDiff(clocks[1]),
    ] as const;
    own.applyDiff(diffs[0]);
    theirs.applyDiff(diffs[1]);
    const clockBytes = new TextEncoder().encode(JSON.stringify(clocks));
    const byteCount = clockBytes.length + diffs[0].length + diffs[1].length;
    return { byteCount, messageCount: 4 };
  }

  reconcile(other: DistflowDocument): SyncCost {
    const ends = [this.#document.startSync(), other.#document.startSync()];
    let [byteCount, messageCount] = [0, 0];
    for (
      let message = ends[0]?.start() ?? null;
      message !== null;
      message = ends[messageCount % 2]?.receive(message) ?? null
    ) {
      byteCount += message.length;
      messageCount++;
    }
    return { byteCount, messageCount };
  }

  save(): Uint8Array {
    return this.#document.snapshot();
  }
}
