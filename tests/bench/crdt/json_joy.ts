import type { BenchDocument, Engine, Item, OpenOptions } from "./engine.ts";
import { importEngine } from "./packages.ts";

interface JsonCrdt {
  readonly Model: {
    create(schema: unknown, session: number): Model;
    load(bytes: Uint8Array, session: number): Model;
  };
  readonly s: {
    obj(entries: object): unknown;
    arr(items: unknown[]): unknown;
    str(text: string): unknown;
    con(value: unknown): unknown;
  };
}

interface JsonCrdtPatch {
  readonly Patch: { fromBinary(bytes: Uint8Array): Patch };
}

interface Patch {
  toBinary(): Uint8Array;
}

interface Model {
  readonly api: {
    readonly onFlush: { listen(listener: (patch: Patch) => void): void };
    obj(path: readonly string[]): Entries;
    arr(path: readonly string[]): Items;
    str(path: readonly string[]): Text;
    flush(): Patch;
  };
  applyPatch(patch: Patch): void;
  toBinary(): Uint8Array;
  view(): { map: Record<string, unknown>; list: unknown[]; text: string };
}

interface Entries {
  has(key: string): boolean;
  set(entries: object): void;
}

interface Items {
  ins(index: number, items: unknown[]): void;
  del(index: number, count: number): void;
}

interface Text {
  ins(index: number, text: string): void;
  del(index: number, count: number): void;
}

/** Sessions below are reserved. */
const SESSION_MIN = 0x1_0000;

/** json-joy; a transaction is what was changed until it is flushed. */
export async function openEngine(): Promise<Engine> {
  const { Model, s } = await importEngine<JsonCrdt>(
    "json-joy",
    "lib/json-crdt/index.js",
  );
  const { Patch } = await importEngine<JsonCrdtPatch>(
    "json-joy",
    "lib/json-crdt-patch/index.js",
  );
  // Replicas that start with the same schema share its parts.
  const schema = () =>
    s.obj({ map: s.obj({}), list: s.arr([]), text: s.str("") });
  const tools = { con: s.con, fromBinary: Patch.fromBinary };
  return {
    open: (options) =>
      new JsonJoyDocument(
        Model.create(schema(), SESSION_MIN + options.replica),
        tools,
        options,
      ),
    load: (bytes, kind) =>
      new JsonJoyDocument(Model.load(bytes, SESSION_MIN + 99), tools, {
        kind,
        replica: 99,
      }),
  };
}

interface Tools {
  readonly con: (value: unknown) => unknown;
  readonly fromBinary: (bytes: Uint8Array) => Patch;
}

class JsonJoyDocument implements BenchDocument {
  readonly #model: Model;
  readonly #tools: Tools;
  readonly #map: Entries;
  readonly #list: Items;
  readonly #text: Text;
  #isOpen = false;

  constructor(model: Model, tools: Tools, { onUpdate, onEvent }: OpenOptions) {
    this.#model = model;
    this.#tools = tools;
    this.#map = model.api.obj(["map"]);
    this.#list = model.api.arr(["list"]);
    this.#text = model.api.str(["text"]);
    // The schema is a change, too, and one that the others have.
    model.api.flush();
    model.api.onFlush.listen((patch) => {
      onUpdate?.(patch.toBinary());
      onEvent?.();
    });
  }

  makeMaps(path: readonly string[]): void {
    const above = ["map"];
    for (const key of path) {
      const map = this.#model.api.obj(above);
      if (!map.has(key)) map.set({ [key]: {} });
      above.push(key);
    }
    this.#model.api.flush();
  }

  set(path: readonly string[], value: Item): void {
    const map = path.length === 1
      ? this.#map
      : this.#model.api.obj(["map", ...path.slice(0, -1)]);
    map.set({ [path[path.length - 1] as string]: value });
    this.#flush();
  }

  map(): Record<string, unknown> {
    return this.#model.view().map;
  }

  insert(index: number, item: Item): void {
    this.#list.ins(index, [this.#tools.con(item)]);
    this.#flush();
  }

  remove(index: number): void {
    this.#list.del(index, 1);
    this.#flush();
  }

  list(): unknown[] {
    return this.#model.view().list;
  }

  edit(index: number, removedCount: number, inserted: string): void {
    if (removedCount > 0) this.#text.del(index, removedCount);
    if (inserted !== "") this.#text.ins(index, inserted);
    this.#flush();
  }

  text(): string {
    return this.#model.view().text;
  }

  transact(act: () => void): void {
    this.#isOpen = true;
    act();
    this.#isOpen = false;
    this.#flush();
  }

  receive(update: Uint8Array): void {
    this.#model.applyPatch(this.#tools.fromBinary(update));
  }

  save(): Uint8Array {
    return this.#model.toBinary();
  }

  #flush(): void {
    if (!this.#isOpen) this.#model.api.flush();
  }
}
