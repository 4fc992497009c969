import type { BenchDocument, Engine, Item, OpenOptions } from "./engine.ts";
import { importEngine } from "./packages.ts";

interface Automerge {
  readonly ImmutableString: new (text: string) => unknown;
  from(value: object, options: { actor: string }): Doc;
  load(bytes: Uint8Array, options: { actor: string }): Doc;
  save(doc: Doc): Uint8Array;
  change(doc: Doc, act: (draft: Doc) => void): Doc;
  getLastLocalChange(doc: Doc): Uint8Array;
  applyChanges(doc: Doc, changes: Uint8Array[]): [Doc];
  splice(
    doc: Doc,
    path: string[],
    index: number,
    count: number,
    text: string,
  ): void;
}

type Entries = { [key: string]: Item | Entries };

interface Doc {
  map: Entries;
  list: {
    insertAt(index: number, item: unknown): void;
    deleteAt(index: number): void;
    readonly map: <To>(act: (item: unknown) => To) => To[];
  };
  text: string;
}

/** Automerge, in WebAssembly; each change gives a new document. */
export async function openEngine(): Promise<Engine> {
  const automerge = await importEngine<Automerge>("@automerge/automerge");
  const first = { map: {}, list: [], text: "" };
  // Replicas that load the same bytes share its parts.
  const bytes = automerge.save(automerge.from(first, { actor: actor(0) }));
  const open = (bytes: Uint8Array, options: OpenOptions): AutomergeDocument => {
    const doc = automerge.load(bytes, { actor: actor(options.replica) });
    return new AutomergeDocument(automerge, doc, options);
  };
  return {
    open: (options) => open(bytes, options),
    load: (bytes, kind) => open(bytes, { kind, replica: 99 }),
  };
}

function actor(replica: number): string {
  return replica.toString(16).padStart(8, "0");
}

class AutomergeDocument implements BenchDocument {
  readonly #automerge: Automerge;
  readonly #onUpdate: ((update: Uint8Array) => void) | undefined;
  readonly #onEvent: (() => void) | undefined;
  #doc: Doc;
  #draft: Doc | undefined;

  constructor(automerge: Automerge, doc: Doc, options: OpenOptions) {
    this.#automerge = automerge;
    this.#doc = doc;
    this.#onUpdate = options.onUpdate;
    this.#onEvent = options.onEvent;
  }

  set(path: readonly string[], value: Item): void {
    this.#change((draft) => {
      let map = draft.map;
      const last = path.length - 1;
      for (let index = 0; index < last; index++) {
        map = map[path[index] as string] as Entries;
      }
      map[path[last] as string] = value;
    });
  }

  makeMaps(path: readonly string[]): void {
    this.#change((draft) => {
      let map = draft.map;
      for (const key of path) {
        if (map[key] === undefined) map[key] = {};
        map = map[key] as Entries;
      }
    });
  }

  map(): Entries {
    return this.#doc.map;
  }

  insert(index: number, item: Item): void {
    // A plain string would become a text that can be edited.
    const value = typeof item === "string"
      ? new this.#automerge.ImmutableString(item)
      : item;
    this.#change((draft) => draft.list.insertAt(index, value));
  }

  remove(index: number): void {
    this.#change((draft) => draft.list.deleteAt(index));
  }

  list(): unknown[] {
    return this.#doc.list.map((item) =>
      typeof item === "object" ? String(item) : item
    );
  }

  edit(index: number, removedCount: number, inserted: string): void {
    this.#change((draft) =>
      this.#automerge.splice(draft, ["text"], index, removedCount, inserted)
    );
  }

  text(): string {
    return this.#doc.text;
  }

  transact(act: () => void): void {
    this.#change((draft) => {
      this.#draft = draft;
      act();
      this.#draft = undefined;
    });
  }

  receive(update: Uint8Array): void {
    [this.#doc] = this.#automerge.applyChanges(this.#doc, [update]);
  }

  save(): Uint8Array {
    return this.#automerge.save(this.#doc);
  }

  #change(act: (draft: Doc) => void): void {
    if (this.#draft !== undefined) return act(this.#draft);
    this.#doc = this.#automerge.change(this.#doc, act);
    this.#onUpdate?.(this.#automerge.getLastLocalChange(this.#doc));
    this.#onEvent?.();
  }
}
