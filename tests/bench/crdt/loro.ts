import type { BenchDocument, Engine, Item, OpenOptions } from "./engine.ts";
import { importEngine } from "./packages.ts";

interface Loro {
  readonly LoroDoc: {
    new (): Doc;
    fromSnapshot(bytes: Uint8Array): Doc;
  };
  readonly LoroMap: new () => LoroMap;
}

interface Doc {
  setPeerId(id: bigint): void;
  getMap(name: string): LoroMap;
  getList(name: string): LoroList;
  getText(name: string): LoroText;
  subscribeLocalUpdates(listener: (update: Uint8Array) => void): void;
  commit(): void;
  import(update: Uint8Array): unknown;
  export(mode: { mode: "snapshot" }): Uint8Array;
}

interface LoroMap {
  get(key: string): unknown;
  set(key: string, value: Item): void;
  setContainer(key: string, map: LoroMap): LoroMap;
  toJSON(): Record<string, unknown>;
}

interface LoroList {
  insert(index: number, item: Item): void;
  delete(index: number, count: number): void;
  toJSON(): unknown[];
}

interface LoroText {
  insert(index: number, text: string): void;
  delete(index: number, count: number): void;
  toString(): string;
}

/** Loro, in WebAssembly; a transaction is what is changed until a commit. */
export async function openEngine(): Promise<Engine> {
  const loro = await importEngine<Loro>("loro-crdt");
  return {
    open: (options) => new LoroDocument(loro, new loro.LoroDoc(), options),
    load: (bytes, kind) =>
      new LoroDocument(loro, loro.LoroDoc.fromSnapshot(bytes), {
        kind,
        replica: 99,
      }),
  };
}

class LoroDocument implements BenchDocument {
  readonly #loro: Loro;
  readonly #doc: Doc;
  readonly #map: LoroMap;
  readonly #list: LoroList;
  readonly #text: LoroText;
  #isOpen = false;

  constructor(loro: Loro, doc: Doc, options: OpenOptions) {
    const { replica, onUpdate, onEvent } = options;
    this.#loro = loro;
    this.#doc = doc;
    doc.setPeerId(BigInt(replica));
    this.#map = doc.getMap("map");
    this.#list = doc.getList("list");
    this.#text = doc.getText("text");
    if (onUpdate !== undefined || onEvent !== undefined) {
      doc.subscribeLocalUpdates((update) => {
        onUpdate?.(update);
        onEvent?.();
      });
    }
  }

  makeMaps(path: readonly string[]): void {
    let map = this.#map;
    for (const key of path) {
      map = map.get(key) as LoroMap | undefined ??
        map.setContainer(key, new this.#loro.LoroMap());
    }
    this.#doc.commit();
  }

  set(path: readonly string[], value: Item): void {
    let map = this.#map;
    const last = path.length - 1;
    for (let index = 0; index < last; index++) {
      map = map.get(path[index] as string) as LoroMap;
    }
    map.set(path[last] as string, value);
    this.#commit();
  }

  map(): Record<string, unknown> {
    return this.#map.toJSON();
  }

  insert(index: number, item: Item): void {
    this.#list.insert(index, item);
    this.#commit();
  }

  remove(index: number): void {
    this.#list.delete(index, 1);
    this.#commit();
  }

  list(): unknown[] {
    return this.#list.toJSON();
  }

  edit(index: number, removedCount: number, inserted: string): void {
    if (removedCount > 0) this.#text.delete(index, removedCount);
    if (inserted !== "") this.#text.insert(index, inserted);
    this.#commit();
  }

  text(): string {
    return this.#text.toString();
  }

  transact(act: () => void): void {
    this.#isOpen = true;
    act();
    this.#isOpen = false;
    this.#doc.commit();
  }

  receive(update: Uint8Array): void {
    this.#doc.import(update);
  }

  save(): Uint8Array {
    return this.#doc.export({ mode: "snapshot" });
  }

  #commit(): void {
    if (!this.#isOpen) this.#doc.commit();
  }
}
