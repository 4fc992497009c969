import { JsonCrdt } from "../../../src/crdt/mod.ts";
import type { BenchDocument, Engine, Item, OpenOptions } from "./engine.ts";

/** Ours. */
export function openEngine(): Promise<Engine> {
  return Promise.resolve({
    open: (options) => new DistflowDocument(openDocument(options)),
    ...(typeof Later.restore === "function"
      ? { load: (bytes) => new DistflowDocument(Later.restore("r99", bytes)) }
      : {}),
  });
}

/** More than any workload makes. */
const REGISTER_COUNT_MAX = 10_000_000;

/** A document of ours, whose listener takes the bytes, or only counts. */
export function openDocument(options: OpenOptions): JsonCrdt {
  const { kind, replica, onUpdate, onEvent } = options;
  const document = new JsonCrdt(`replica${replica}`, {
    registerCountMax: REGISTER_COUNT_MAX,
    clock: { wallMs: () => Date.now() },
    ...(kind === "list" ? { initial: { list: [] } } : {}),
  });
  // A text belongs to who set it, as most do.
  if (kind === "text") document.set(TEXT, "");
  if (onUpdate !== undefined) {
    document.on("change", (event) => {
      if (event.origin === "local") onUpdate(event.message());
    });
  }
  if (onEvent !== undefined) document.on("change", () => onEvent());
  return document;
}

/** What is being built; a workload that needs it is left out until then. */
interface Later {
  insertAt(path: readonly string[], index: number, ...items: Item[]): void;
  removeAt(path: readonly string[], index: number, count: number): void;
  insertText(path: readonly string[], index: number, text: string): void;
  deleteText(path: readonly string[], index: number, count: number): void;
  snapshot(): Uint8Array;
}

const Later = JsonCrdt as unknown as {
  restore(name: string, bytes: Uint8Array): JsonCrdt;
};

const LIST = ["list"];
const TEXT = ["text"];

class DistflowDocument implements BenchDocument {
  readonly #document: JsonCrdt & Partial<Later>;
  declare readonly insert?: (index: number, item: Item) => void;
  declare readonly remove?: (index: number) => void;
  declare readonly edit?: NonNullable<BenchDocument["edit"]>;
  declare readonly save?: () => Uint8Array;

  constructor(document: JsonCrdt) {
    const later = document as JsonCrdt & Later;
    this.#document = later;
    if (typeof later.insertAt === "function") {
      this.insert = (index, item) => later.insertAt(LIST, index, item);
      this.remove = (index) => later.removeAt(LIST, index, 1);
    }
    if (typeof later.insertText === "function") {
      this.edit = (index, removedCount, inserted) => {
        if (removedCount > 0) later.deleteText(TEXT, index, removedCount);
        if (inserted !== "") later.insertText(TEXT, index, inserted);
      };
    }
    if (typeof later.snapshot === "function") {
      this.save = () => later.snapshot();
    }
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

  list(): readonly unknown[] {
    return this.#document.get(LIST) as readonly unknown[];
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
}
