import type {
  BenchDocument,
  Engine,
  Item,
  OpenOptions,
  SyncCost,
} from "./engine.ts";
import { importEngine } from "./packages.ts";

interface Yjs {
  readonly Doc: new () => Doc;
  readonly Map: new () => YMap;
  applyUpdate(doc: Doc, update: Uint8Array): void;
  encodeStateAsUpdate(doc: Doc, vector?: Uint8Array): Uint8Array;
  encodeStateVector(doc: Doc): Uint8Array;
  encodeStateAsUpdateV2(doc: Doc): Uint8Array;
}

interface Doc {
  clientID: number;
  getMap(name: string): YMap;
  getArray(name: string): YArray;
  getText(name: string): YText;
  transact(act: () => void): void;
  on(
    event: "update",
    listener: (update: Uint8Array, origin: unknown) => void,
  ): void;
}

interface YMap {
  get(key: string): unknown;
  set(key: string, value: unknown): void;
  toJSON(): Record<string, unknown>;
}

interface YArray {
  insert(index: number, items: Item[]): void;
  delete(index: number, count: number): void;
  toJSON(): unknown[];
}

interface YText {
  insert(index: number, text: string): void;
  delete(index: number, count: number): void;
  toString(): string;
}

/** Yjs, whose updates are told whether anyone needs them or not. */
export async function openEngine(): Promise<Engine> {
  const yjs = await importEngine<Yjs>("yjs");
  return {
    open: (options) => new YjsDocument(yjs, options),
    load(bytes, kind) {
      const document = new YjsDocument(yjs, { kind, replica: 99 });
      document.receive(bytes);
      return document;
    },
  };
}

class YjsDocument implements BenchDocument {
  readonly #yjs: Yjs;
  readonly #doc: Doc;
  readonly #map: YMap;
  readonly #list: YArray;
  readonly #text: YText;

  constructor(yjs: Yjs, { replica, onUpdate, onEvent }: OpenOptions) {
    this.#yjs = yjs;
    this.#doc = new yjs.Doc();
    this.#doc.clientID = replica;
    this.#map = this.#doc.getMap("map");
    this.#list = this.#doc.getArray("list");
    this.#text = this.#doc.getText("text");
    this.#doc.on("update", (update) => {
      onUpdate?.(update);
      onEvent?.();
    });
  }

  makeMaps(path: readonly string[]): void {
    let map = this.#map;
    for (const key of path) {
      let next = map.get(key) as YMap | undefined;
      if (next === undefined) {
        next = new this.#yjs.Map();
        map.set(key, next);
      }
      map = next;
    }
  }

  set(path: readonly string[], value: Item): void {
    let map = this.#map;
    const last = path.length - 1;
    for (let index = 0; index < last; index++) {
      map = map.get(path[index] as string) as YMap;
    }
    map.set(path[last] as string, value);
  }

  map(): Record<string, unknown> {
    return this.#map.toJSON();
  }

  insert(index: number, item: Item): void {
    this.#list.insert(index, [item]);
  }

  remove(index: number): void {
    this.#list.delete(index, 1);
  }

  list(): unknown[] {
    return this.#list.toJSON();
  }

  edit(index: number, removedCount: number, inserted: string): void {
    if (removedCount > 0) this.#text.delete(index, removedCount);
    if (inserted !== "") this.#text.insert(index, inserted);
  }

  text(): string {
    return this.#text.toString();
  }

  transact(act: () => void): void {
    this.#doc.transact(act);
  }

  receive(update: Uint8Array): void {
    this.#yjs.applyUpdate(this.#doc, update);
  }

  exchange(other: YjsDocument): SyncCost {
    const yjs = this.#yjs;
    const vectors = [this, other].map((end) => yjs.encodeStateVector(end.#doc));
    const toOwn = yjs.encodeStateAsUpdate(other.#doc, vectors[0]);
    const toOther = yjs.encodeStateAsUpdate(this.#doc, vectors[1]);
    this.receive(toOwn);
    other.receive(toOther);
    const byteCount = [...vectors, toOwn, toOther]
      .reduce((sum, { length }) => sum + length, 0);
    return { byteCount, messageCount: 4 };
  }

  save(goal: "size" | "speed"): Uint8Array {
    return goal === "size"
      ? this.#yjs.encodeStateAsUpdateV2(this.#doc)
      : this.#yjs.encodeStateAsUpdate(this.#doc);
  }
}
