// Some replicas of a document with a text and a list. Each checks itself against
// a model of its own after all that happens to it.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { SequenceArena } from "../../../src/crdt/sequence/arena.ts";
import type { Contraction } from "../../../src/crdt/sequence/contract.ts";
import type {
  Change,
  Content,
  IdRange,
} from "../../../src/crdt/sequence/ids.ts";
import { NONE } from "../../../src/crdt/sequence/ids.ts";
import { ListSequence } from "../../../src/crdt/sequence/list_sequence.ts";
import type { Sequence } from "../../../src/crdt/sequence/sequence.ts";
import { TextSequence } from "../../../src/crdt/sequence/text_sequence.ts";
import { BytesReader, BytesWriter } from "./bytes.ts";
import { assertConsistent } from "./consistency.ts";
import { ModelSequence, type Place, placeOf } from "./model.ts";

/** Items of one author. */
interface NamedRange {
  readonly name: string;
  readonly counter: number;
  readonly length: number;
}

/** What one replica did to its sequence `target`: 0 the text, 1 the list. */
type Act =
  | {
    readonly kind: "insert";
    readonly counter: number;
    readonly content: Content;
    readonly place: Place;
  }
  | { readonly kind: "remove"; readonly ranges: readonly NamedRange[] }
  | { readonly kind: "hide"; readonly ranges: readonly NamedRange[] };

/** What one replica tells the others; replicas are known by name. */
interface Operation {
  readonly author: string;
  /** How many operations of each replica the author had seen. */
  readonly seen: ReadonlyMap<string, number>;
  readonly target: number;
  readonly act: Act;
}

/** One step of a history. Numbers are reduced to what is possible. */
export interface Step {
  readonly kind:
    | "insert"
    | "remove"
    | "hide"
    | "receive"
    | "retire"
    | "collect"
    | "undo"
    | "restore"
    | "compact";
  readonly replica: number;
  readonly target: number;
  readonly index: number;
  readonly count: number;
  readonly text: string;
}

/** One replica with its model. */
export class Replica {
  /** The replica's own order of all names: its table of replicas. */
  readonly names: readonly string[];
  readonly name: string;
  arena: SequenceArena;
  text: TextSequence;
  list: ListSequence<unknown>;
  readonly models: readonly ModelSequence[];
  /** What is shown, as the reported changes tell it. */
  readonly mirrors: unknown[][] = [[], []];
  readonly seen: Map<string, number> = new Map();
  /** How many of its own operations it had made when it applied one. */
  readonly ownAt: Map<Operation, number> = new Map();
  /** The same, when it retired what an operation removed. */
  readonly retiredAt: Map<Operation, number> = new Map();
  isCompacted = false;
  #contractions: Contraction<Content>[] = [];
  #counter = 0;

  constructor(name: string, names: readonly string[]) {
    this.name = name;
    this.names = names;
    this.arena = makeArena(names);
    this.text = new TextSequence(this.arena);
    this.list = new ListSequence(this.arena);
    this.models = [new ModelSequence(), new ModelSequence()];
  }

  /** The sequence that `target` stands for. */
  sequence(target: number): Sequence<Content> {
    return (target === 0 ? this.text : this.list) as Sequence<Content>;
  }

  /** What is shown, item by item. */
  values(target: number): unknown[] {
    return target === 0 ? this.text.toString().split("") : this.list.toArray();
  }

  insert(
    target: number,
    index: number,
    text: string,
    isUndone = false,
  ): Operation | undefined {
    const model = this.models[target]!;
    if (target === 0 && isPairAt(model.values(), index)) {
      assertThrows(
        () => this.text.insertAt(index, text, 0, 1),
        RangeError,
      );
      return undefined;
    }
    const content: Content = target === 0 ? text : text.split("");
    const counter = this.#counter + 1;
    const own = this.names.indexOf(this.name);
    const sequence = this.sequence(target);
    const origin = sequence.insertAt(index, content, own, counter);
    const place = placeOf(origin, this.names);
    assertEquals(place, model.place(index));
    if (isUndone) {
      sequence.undoInsert({ replica: own, counter, length: content.length });
      return undefined;
    }
    this.#counter += content.length;
    model.insert(place, this.name, counter, [...text.split("")]);
    this.mirrors[target]!.splice(index, 0, ...text.split(""));
    return this.#record(target, { kind: "insert", counter, content, place });
  }

  remove(
    target: number,
    index: number,
    count: number,
    isUndone = false,
  ): Operation | undefined {
    const model = this.models[target]!;
    const values = model.values();
    const sequence = this.sequence(target);
    if (
      target === 0 &&
      (isPairAt(values, index) || isPairAt(values, index + count))
    ) {
      assertThrows(() => sequence.removeAt(index, count), RangeError);
      return undefined;
    }
    const items = model.visible().slice(index, index + count);
    const removed = sequence.removeAt(index, count);
    // Halves of two pairs may be neighbours where what is between is hidden.
    assertEquals(
      removed.flatMap(({ content }) =>
        typeof content === "string" ? content.split("") : [...content]
      ),
      items.map(({ value }) => value),
    );
    if (isUndone) {
      sequence.undoRemove(removed);
      return undefined;
    }
    for (const item of items) item.isRemoved = true;
    this.mirrors[target]!.splice(index, count);
    const ranges = removed.map((range) => this.#named(range));
    return this.#record(target, { kind: "remove", ranges });
  }

  hide(
    target: number,
    index: number,
    isUndone: boolean,
  ): Operation | undefined {
    const sequence = this.sequence(target);
    const item = this.models[target]!.visible()[index];
    if (item === undefined) return undefined;
    const id = sequence.idAt(index);
    assertEquals(sequence.setHidden(id, true), { index, count: 1 });
    assertEquals([...sequence.get(id)!], [item.value]);
    if (isUndone) {
      assertEquals(sequence.setHidden(id, false), { index, count: 1 });
      return undefined;
    }
    assertEquals(sequence.setHidden(id, true), undefined);
    item.isHidden = true;
    this.mirrors[target]!.splice(index, 1);
    const ranges = [this.#named({ ...id, length: 1 })];
    return this.#record(target, { kind: "hide", ranges });
  }

  /** Whether all that an operation depends on is here, and it is not. */
  canReceive(operation: Operation): boolean {
    for (const [name, count] of operation.seen) {
      const own = this.seen.get(name) ?? 0;
      if (name === operation.author ? own !== count : own < count) return false;
    }
    return true;
  }

  /** Applies an operation, and then once more, which must change nothing. */
  receive(operation: Operation): void {
    const { target, author, act } = operation;
    const mirror = this.mirrors[target]!;
    this.#applyToModel(operation);
    const changes = this.#apply(operation);
    const values = this.models[target]!.values();
    if (act.kind === "insert") {
      for (const { index, count } of changes) {
        mirror.splice(index, 0, ...values.slice(index, index + count));
      }
    } else {
      for (const { index, count } of changes) mirror.splice(index, count);
    }
    assertEquals(this.#apply(operation), []);
    this.seen.set(author, operation.seen.get(author)! + 1);
    this.ownAt.set(operation, this.seen.get(this.name) ?? 0);
  }

  /** Never names again what an operation removed. */
  retire(operation: Operation): void {
    const { act, target } = operation;
    if (act.kind !== "remove" || this.retiredAt.has(operation)) return;
    this.retiredAt.set(operation, this.seen.get(this.name) ?? 0);
    this.sequence(target).retire(
      act.ranges.map((range) => this.#indexed(range)),
    );
    for (const { name, counter, length } of act.ranges) {
      for (let offset = 0; offset < length; offset++) {
        this.models[target]!.find(name, counter + offset)!.isRetired = true;
      }
    }
  }

  /** Forgets what an operation removed. */
  collect({ act, target }: Operation): void {
    if (act.kind !== "remove") return;
    this.#contractions = [];
    this.sequence(target).collect(
      act.ranges.map((range) => this.#indexed(range)),
    );
  }

  /** Lets one item stand for each chain that nobody names. */
  contract(): void {
    this.#contractions = [];
    this.text.contract();
    this.list.contract();
  }

  /** Begins to do so, and goes on as other things happen. */
  beginContraction(isPatient: boolean): void {
    this.#contractions = [this.text, this.list].flatMap((sequence) =>
      sequence.beginContraction(isPatient) ?? []
    );
  }

  /** Goes on with what was begun, in so many steps. */
  goOn(budget: number): void {
    for (const contraction of this.#contractions) contraction.step(budget);
  }

  /** Saves all, and goes on with what was saved. */
  restore(): void {
    this.#contractions = [];
    const saved = this.save();
    this.isCompacted = false;
    this.arena = makeArena(this.names);
    this.text = new TextSequence(this.arena);
    this.list = new ListSequence(this.arena);
    const replicas = [...this.names.keys()];
    const reader = new BytesReader(saved);
    this.text.importFrom(reader, replicas);
    this.list.importFrom(
      reader,
      replicas,
      () => String.fromCharCode(reader.varint(0xffff)),
    );
    assertEquals(reader.remaining, 0);
    assertEquals(this.save(), saved);
  }

  /** The bytes of both sequences. */
  save(): number[] {
    const writer = new BytesWriter();
    this.text.exportTo(writer);
    this.list.exportTo(
      writer,
      (value) => writer.varint(String(value).charCodeAt(0)),
    );
    return writer.bytes;
  }

  /** The highest counter of each replica's items, in the order of the table. */
  counters(): number[] {
    const counters = this.names.map(() => 0);
    for (const model of this.models) {
      for (const { name, counter } of model.items()) {
        const replica = this.names.indexOf(name);
        counters[replica] = Math.max(counters[replica]!, counter);
      }
    }
    return counters;
  }

  /** Compares all that can be asked with the model. */
  check(): void {
    for (const target of [0, 1]) {
      const model = this.models[target]!;
      const sequence = this.sequence(target);
      const visible = model.visible();
      const values = visible.map(({ value }) => value);
      assertEquals(this.values(target), values);
      assertEquals(this.mirrors[target], values);
      assertEquals(sequence.length, values.length);
      assertConsistent(sequence, this.isCompacted);
      for (const [index, item] of visible.entries()) {
        const id = sequence.idAt(index);
        assertEquals(this.names[id.replica], item.name);
        assertEquals(id.counter, item.counter);
        assertEquals(sequence.indexOf(id), index);
        assertEquals([...sequence.get(id)!], [item.value]);
      }
      let index = 0;
      for (const item of model.items()) {
        const id = {
          replica: this.names.indexOf(item.name),
          counter: item.counter,
        };
        // A removed item may be forgotten.
        if (sequence.has(id) || !item.isRemoved) {
          assertEquals(sequence.indexOf(id), index);
          assertEquals(sequence.isRemoved(id), item.isRemoved);
          assertEquals(sequence.get(id) === undefined, item.isRemoved);
        }
        if (!item.isRemoved && !item.isHidden) index++;
      }
    }
  }

  #record(target: number, act: Act): Operation {
    const seen = new Map(this.seen);
    const own = this.seen.get(this.name) ?? 0;
    seen.set(this.name, own);
    this.seen.set(this.name, own + 1);
    const made = { author: this.name, seen, target, act };
    this.ownAt.set(made, own + 1);
    return made;
  }

  #apply({ author, target, act }: Operation): Change[] {
    const sequence = this.sequence(target);
    if (act.kind === "insert") {
      const { content, place, counter } = act;
      const replica = this.names.indexOf(author);
      const parent = place.name === undefined
        ? NONE
        : this.names.indexOf(place.name);
      const origin = { ...place, replica: parent };
      const change = sequence.integrateInsert(
        replica,
        counter,
        content.length,
        content,
        origin,
      );
      return change === undefined ? [] : [change];
    }
    const ranges = act.ranges.map((range) => this.#indexed(range));
    if (act.kind === "remove") {
      return ranges.flatMap((range) => sequence.integrateRemove(range));
    }
    return ranges.map((id) => sequence.setHidden(id, true))
      .filter((change) => change !== undefined);
  }

  #applyToModel({ author, target, act }: Operation): void {
    const model = this.models[target]!;
    if (act.kind === "insert") {
      const { place, counter, content } = act;
      model.insert(
        place,
        author,
        counter,
        typeof content === "string" ? content.split("") : content,
      );
      return;
    }
    for (const { name, counter, length } of act.ranges) {
      for (let offset = 0; offset < length; offset++) {
        const item = model.find(name, counter + offset)!;
        if (act.kind === "remove") item.isRemoved = true;
        else item.isHidden = true;
      }
    }
  }

  #named({ replica, counter, length }: IdRange): NamedRange {
    return { name: this.names[replica]!, counter, length };
  }

  #indexed({ name, counter, length }: NamedRange): IdRange {
    return { replica: this.names.indexOf(name), counter, length };
  }
}

/** Replicas that tell each other what they do, in any order that is causal. */
export class World {
  readonly replicas: readonly Replica[];
  readonly operations: Operation[] = [];

  constructor(count: number) {
    const names = [..."abcdefgh"].slice(0, count);
    this.replicas = names.map((name, index) =>
      // Each has another table: indexes mean nothing to others.
      new Replica(name, [...names.slice(index), ...names.slice(0, index)])
    );
  }

  /** Does what a step says, as far as it is possible, and checks the replica. */
  take(step: Step): void {
    const replica = this.replicas[step.replica % this.replicas.length]!;
    const target = step.target % 2;
    const { length } = replica.sequence(target);
    const index = step.index % (length + 1);
    const count = step.count % (length - index + 1);
    let made: Operation | undefined;
    for (const each of this.replicas) each.goOn(step.index % 7);
    if (step.kind === "insert" && step.text !== "") {
      made = replica.insert(target, index, step.text);
    } else if (step.kind === "remove") {
      made = replica.remove(target, index, count);
    } else if (step.kind === "hide") {
      made = replica.hide(target, index, step.count % 2 === 0);
    } else if (step.kind === "receive") {
      const possible = this.#receivable(replica);
      const chosen = possible[step.index % possible.length];
      if (chosen !== undefined) replica.receive(chosen);
    } else if (step.kind === "collect") {
      for (const operation of this.operations) {
        if (this.#is("retiredAt", operation, replica)) {
          replica.collect(operation);
        }
      }
      if (index % 2 === 0) replica.contract();
      else replica.beginContraction(index % 3 === 0);
    } else if (step.kind === "retire") {
      for (const operation of this.operations) {
        if (this.#is("ownAt", operation, replica)) replica.retire(operation);
      }
    } else if (step.kind === "restore") {
      replica.restore();
    } else if (step.kind === "compact") {
      replica.arena.compact();
      replica.isCompacted = true;
      assertEquals(replica.arena.unusedCount, 0);
    } else if (step.kind === "undo") {
      if (step.text !== "") replica.insert(target, index, step.text, true);
      replica.remove(target, index, count, true);
    }
    if (made !== undefined) this.operations.push(made);
    replica.check();
  }

  /** Delivers everything, in an order that `numbers` choose. */
  settle(numbers: readonly number[]): void {
    let turn = 0;
    for (const replica of this.replicas) {
      for (;;) {
        const possible = this.#receivable(replica);
        if (possible.length === 0) break;
        const number = numbers[turn++ % numbers.length] ?? 0;
        replica.receive(possible[number % possible.length]!);
      }
      assertEquals(
        this.operations.length,
        [...replica.seen.values()].reduce((sum, count) => sum + count, 0),
      );
      replica.check();
    }
    for (const target of [0, 1]) {
      const expected = this.replicas[0]!.values(target);
      for (const replica of this.replicas) {
        assertEquals(replica.values(target), expected);
      }
    }
  }

  /**
   * All retire what was removed, and some replicas forget it. The others still
   * have it, and go on with it.
   */
  tidy(): void {
    for (const replica of this.replicas) {
      for (const operation of this.operations) replica.retire(operation);
    }
    for (const replica of this.replicas.slice(0, 2)) {
      for (const operation of this.operations) replica.collect(operation);
      // One does this at once, and the other one little by little.
      if (replica === this.replicas[0]) replica.contract();
      else replica.beginContraction(false);
      replica.check();
    }
  }

  #receivable(replica: Replica): Operation[] {
    return this.operations.filter((operation) =>
      operation.author !== replica.name && replica.canReceive(operation)
    );
  }

  /**
   * Whether each replica has applied an operation, or retired what it removed,
   * and what each had done before that was applied here.
   */
  #is(
    done: "ownAt" | "retiredAt",
    operation: Operation,
    here: Replica,
  ): boolean {
    return this.replicas.every((replica) => {
      const made = replica[done].get(operation);
      return made !== undefined && (here.seen.get(replica.name) ?? 0) >= made;
    });
  }
}

/** An arena for replicas of these names. */
export function makeArena(names: readonly string[]): SequenceArena {
  return new SequenceArena((a, b) =>
    names[a]! < names[b]! ? -1 : names[a]! > names[b]! ? 1 : 0
  );
}

function isPairAt(values: readonly unknown[], index: number): boolean {
  const pair = String(values[index - 1] ?? "") + String(values[index] ?? "");
  assert(pair.length <= 2);
  return /^[\ud800-\udbff][\udc00-\udfff]$/.test(pair);
}
