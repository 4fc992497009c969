// Replicas that edit at random and a network that loses nothing for ever.
import { assertEquals } from "@std/assert";
import type { JsonValue } from "../../src/base/json.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { hasCode } from "../../src/base/errors.ts";
import {
  asRegister,
  JsonCrdt,
  type JsonCrdtOptions,
} from "../../src/crdt/mod.ts";
import { decodeMessage } from "../../src/crdt/message.ts";
import {
  type OperationJson,
  operationToJson,
} from "../../src/crdt/operation_json.ts";
import { ReplicaTable } from "../../src/crdt/replica_table.ts";
import type { ClockRecord } from "../../src/crdt/version_vector.ts";
import type {
  HierarchyStrategy,
  MergeFunction,
  ValueStrategy,
} from "../../src/crdt/strategies.ts";
import { isSameValue } from "../../src/crdt/values.ts";
import { Model } from "./model.ts";

const KEYS = ["a", "b", "c", "__proto__", "1"];
const HIERARCHIES: HierarchyStrategy[] = ["merge", "set-wins", "delete-wins"];
const VALUES: ValueStrategy[] = [
  "lww",
  "multi-value",
  "max",
  "min",
  "set-union",
  "merge:longest",
  { bias: ["r2", "r1"] },
];
const PATTERNS = ["**", "a", "a.*", "b.**", "*.c"];

/** The longest by its JSON text, then the greatest: joins in any order. */
const longest: MergeFunction = (values) =>
  values.reduce((a, b) => {
    const [first, second] = [JSON.stringify(a), JSON.stringify(b)];
    if (first.length !== second.length) {
      return first.length > second.length ? a : b;
    }
    return first > second ? a : b;
  });

const MERGES = { longest };

/** What one transaction sends. */
export interface Letter {
  /** Any number: by this it is chosen among others. */
  readonly id: number;
  readonly message: Uint8Array;
  readonly operations: readonly OperationJson[];
}

/** A document, what is on its way to it, and its wall clock. */
export interface Replica {
  /** Any number: by this it is chosen among others. */
  readonly id: number;
  doc: JsonCrdt;
  readonly inbox: Letter[];
  wallMs: number;
}

/** What of a history happens: all that is not left out. */
export interface Part {
  /** The steps that are made, by number. */
  readonly steps?: readonly number[];
  /** The replicas that are there from the start, by number. */
  readonly replicas?: readonly number[];
}

/**
 * A few replicas, and all operations that any of them ever made.
 *
 * Each step has chance of its own, and chooses among replicas and letters by
 * what they are, not by where they stand. So it stays much the same when others
 * are left out, and what fails can be told in a few steps.
 */
export class World {
  /** The chance of the step that is made now. */
  random: SeededRandom;
  readonly replicas: Replica[] = [];
  readonly operations: OperationJson[] = [];
  /** The steps of the whole history, and the replicas at its start. */
  readonly size: { readonly steps: number; readonly replicas: number };
  /** What happens, line by line, if anyone wants to know. */
  story: string[] | null = null;
  readonly #part: Part;
  /** Strategies come from the start, or change at any time. */
  readonly #settings: boolean;
  readonly #movePercent: number;
  /** What was computed already, by the clock of who had applied it. */
  readonly #meanings: Map<string, JsonValue> = new Map();
  #relayCount = 0;
  readonly #listenerErrors: unknown[] = [];
  /** The seeds of all steps come after this number. */
  readonly #start: number;

  constructor(seed: number, part: Part = {}) {
    const random = new SeededRandom(seed);
    this.random = random;
    this.#part = part;
    this.#movePercent = random.pick([0, 10, 50]);
    this.#settings = random.chance(70);
    this.#start = random.below(2 ** 32);
    const count = 2 + random.below(random.chance(20) ? 7 : 3);
    this.size = { steps: 5 + random.below(60), replicas: count };
    for (const index of part.replicas ?? Array(count).keys()) this.#add(index);
  }

  /** Lets everything happen; throws what goes wrong. */
  run(): void {
    for (const step of this.#part.steps ?? Array(this.size.steps).keys()) {
      this.#begin(step);
      this.step();
      if (this.random.chance(3)) this.check(this.pickReplica());
    }
    this.#begin(this.size.steps);
    this.settle();
    for (const error of this.#listenerErrors) throw error;
  }

  #begin(step: number): void {
    this.tell(() => `step ${step}`);
    this.random = new SeededRandom(mix(this.#start, step));
  }

  /** Says what happens. */
  protected tell(line: () => string): void {
    this.story?.push(line());
  }

  /** One of the replicas. */
  pickReplica(): Replica {
    return first(this.replicas, this.random) as Replica;
  }

  #add(id: number): void {
    const replica: Replica = {
      id,
      doc: new JsonCrdt(`r${id}`, this.optionsOf(() => replica.wallMs)),
      inbox: [],
      wallMs: 1_800_000_000_000,
    };
    this.adopt(replica, replica.doc);
    this.replicas.push(replica);
  }

  /** Lets a replica go on with another document. */
  adopt(replica: Replica, doc: JsonCrdt): void {
    replica.doc = doc;
    doc.on("change", (event) => {
      if (event.origin === "local") {
        this.#send(replica, event.message(), event.operations());
        return;
      }
      const operations = event.operations();
      if (operations.length === 0 || this.#relayCount++ % 8 !== 0) return;
      // Whoever passes it on passes on the same.
      const replicas = new ReplicaTable();
      const [unit = []] = decodeMessage(event.message(), replicas);
      assertEquals(
        unit.map((operation) => operationToJson(operation, replicas)),
        operations,
      );
    });
  }

  /** The options of every document. */
  optionsOf(wallMs: () => number): JsonCrdtOptions {
    return {
      onListenerError: (error) => this.#listenerErrors.push(error),
      merges: MERGES,
      clock: { wallMs },
      pending: { ageMsMax: Number.MAX_SAFE_INTEGER },
    };
  }

  #send(
    from: Replica,
    message: Uint8Array,
    operations: OperationJson[],
  ): void {
    this.tell(() => `${from.doc.replicaId} does ${JSON.stringify(operations)}`);
    const letter = { id: this.random.below(2 ** 32), message, operations };
    this.remember(from.doc, letter);
    for (const other of this.replicas) {
      if (other !== from) other.inbox.push(letter);
    }
  }

  /** Takes note of what a replica did. */
  protected remember(_author: JsonCrdt, { operations }: Letter): void {
    this.operations.push(...operations);
  }

  /** Something happens somewhere. */
  step(): void {
    const replica = this.pickReplica();
    const choice = this.random.below(100);
    if (choice < 50) this.edit(replica);
    else if (choice < 85) this.#deliver(replica);
    else if (choice < 90) this.#jump(replica);
    else if (choice < 95 && this.#settings) this.#configure(replica);
    else this.#transact(replica);
  }

  #jump(replica: Replica): void {
    const { random } = this;
    const byMs = random.pick([1, 10, 1000, 30_000, 100_000]);
    replica.wallMs += random.chance(30) ? -byMs : byMs;
  }

  #configure({ doc }: Replica): void {
    const { random } = this;
    doc.setStrategy(
      random.pick(PATTERNS),
      random.chance(50)
        ? { hierarchy: random.pick(HIERARCHIES) }
        : { value: random.pick(VALUES) },
    );
  }

  #transact(replica: Replica): void {
    const { doc } = replica;
    const isFailing = this.random.chance(50);
    const look = () => JSON.stringify([doc.inspect(), doc.clock()]);
    const before = isFailing ? look() : "";
    try {
      doc.transact(() => {
        const count = this.random.below(5);
        for (let index = 0; index < count; index++) this.edit(replica);
        if (this.#settings && this.random.chance(20)) this.#configure(replica);
        if (isFailing) throw new Error("on purpose");
      });
    } catch (error) {
      if (!isFailing) throw error;
      assertEquals(look(), before);
    }
  }

  /** A replica changes something. */
  protected edit({ doc }: Replica): void {
    const clock = doc.clock();
    try {
      this.#editAt(doc, this.#path(doc));
    } catch (error) {
      if (!this.mayRefuse(error)) throw error;
      // Nothing may have happened.
      assertEquals(doc.clock(), clock);
    }
  }

  /** Whether an edit may fail so: another kind of thing stands there. */
  mayRefuse(error: unknown): boolean {
    return hasCode(error, "INVALID_PATH");
  }

  /** A path that may lead somewhere: through elements that are there. */
  #path(doc: JsonCrdt): (string | number)[] {
    const { random } = this;
    const path: (string | number)[] = [];
    do {
      const here = doc.get(path);
      const length = Array.isArray(here) ? doc.length(path) : -1;
      if (length === 0) return path;
      path.push(length > 0 ? random.below(length) : random.pick(KEYS));
    } while (random.chance(45));
    return path;
  }

  #editAt(doc: JsonCrdt, path: (string | number)[]): void {
    const { random } = this;
    const value = doc.get(path);
    const choice = random.below(20);
    if (random.chance(this.#movePercent)) this.#move(doc, path);
    else if (choice < 2 && typeof value === "string") {
      this.#editText(doc, path, value);
    } else if (choice < 9) {
      this.#editList(doc, path, value);
    } else this.#editMap(doc, path, value, choice);
  }

  /** Moves something that is there, anywhere. */
  #move(doc: JsonCrdt, path: (string | number)[]): void {
    let from = path;
    for (let tries = 5; tries > 0 && !doc.has(from); tries--) {
      from = this.#path(doc);
    }
    const to = this.#path(doc);
    // An index may be the one behind the last.
    const length = doc.length(to);
    if (length > 0 && this.random.chance(50)) {
      to.push(this.random.below(length + 1));
    }
    doc.move(from, to);
  }

  #editMap(
    doc: JsonCrdt,
    path: (string | number)[],
    value: JsonValue | undefined,
    choice: number,
  ): void {
    const { random } = this;
    if (choice < 15) {
      doc.set(path, this.#value(0));
    } else if (choice < 18) doc.delete(random.chance(3) ? [] : path);
    else if (value === undefined || typeof value === "number") {
      doc.increment(path, random.below(9) - 3);
    }
  }

  #editList(
    doc: JsonCrdt,
    path: (string | number)[],
    value: JsonValue | undefined,
  ): void {
    const { random } = this;
    if (typeof value === "string") return this.#editText(doc, path, value);
    const length = Array.isArray(value) ? value.length : 0;
    if (length > 0 && random.chance(40)) {
      const index = random.below(length);
      doc.removeAt(path, index, 1 + random.below(Math.min(3, length - index)));
      return;
    }
    const values = Array.from({ length: 1 + random.below(3) }, () => {
      const value = this.#value(1);
      return random.chance(10) ? asRegister(value) : value;
    });
    if (random.chance(30)) doc.push(path, ...values);
    else doc.insertAt(path, random.below(length + 1), ...values);
  }

  #editText(doc: JsonCrdt, path: (string | number)[], text: string): void {
    const { random } = this;
    const index = random.below(text.length + 1);
    if (index < text.length && random.chance(40)) {
      doc.deleteText(path, index, 1 + random.below(text.length - index));
    } else doc.insertText(path, index, random.pick(["a", "bc", "é😀"]));
  }

  #value(depth: number): JsonValue {
    const { random } = this;
    switch (random.below(depth < 2 ? 10 : 6)) {
      case 0:
        return null;
      case 1:
        return random.chance(50);
      case 2:
      case 3:
        return random.pick(["", "x", "long text", "é€😀"]);
      case 4:
        return random.below(2000) / 8 - 100;
      case 5:
        return random.below(20) - 5;
      case 6:
      case 7:
        return Array.from(
          { length: random.below(4) },
          () => this.#value(depth + 1),
        );
      default: {
        const object = JSON.parse("{}") as Record<string, JsonValue>;
        for (let count = random.below(3); count > 0; count--) {
          Object.defineProperty(object, random.pick(KEYS), {
            value: this.#value(depth + 1),
            enumerable: true,
            configurable: true,
            writable: true,
          });
        }
        return object;
      }
    }
  }

  /** A few letters arrive, out of order, some of them twice. */
  #deliver(replica: Replica): void {
    const { random } = this;
    for (let count = random.below(4); count >= 0; count--) {
      const { inbox } = replica;
      const letter = first(inbox, random);
      if (letter === undefined) return;
      if (!random.chance(10)) inbox.splice(inbox.indexOf(letter), 1);
      this.#open(replica, letter);
    }
  }

  #open({ doc }: Replica, letter: Letter): void {
    this.tell(() => {
      const dots = letter.operations.map(({ dot }) => dot.join(":"));
      return `${doc.replicaId} receives ${dots.join(" ")}`;
    });
    if (this.random.chance(20)) {
      for (const operation of letter.operations) {
        doc.receive(JSON.parse(JSON.stringify(operation)));
      }
    } else doc.receiveMessage(letter.message);
  }

  /** Everything arrives. */
  protected deliverAll(): void {
    for (const replica of this.replicas) {
      replica.wallMs = 1_900_000_000_000;
      this.deliverTo(replica);
    }
  }

  /** All that is on the way to a replica arrives. */
  protected deliverTo(replica: Replica): void {
    const salt = this.random.below(2 ** 32);
    const letters = replica.inbox.splice(0);
    letters.sort((a, b) => mix(a.id, salt) - mix(b.id, salt));
    for (const letter of letters) this.#open(replica, letter);
    replica.doc.poll();
  }

  /** Everything arrives, and all are the same. */
  settle(): void {
    this.deliverAll();
    const [one] = this.replicas as [Replica];
    for (const { doc } of this.replicas) {
      assertEquals(doc.missing(), []);
      assertSame({ ...doc.clock() }, { ...one.doc.clock() });
    }
    const shown = one.doc.toJSON();
    for (const { doc } of this.replicas) assertSame(doc.toJSON(), shown);
    this.compare();
    this.check(one);
  }

  /** Replicas that have applied the same keep the same. */
  compare(): void {
    const [one, ...others] = this.replicas as [Replica, ...Replica[]];
    const kept = one.doc.inspect();
    for (const { doc } of others) assertSame(doc.inspect(), kept);
  }

  /** A replica shows what the operations that it has applied mean. */
  check({ doc }: Replica): void {
    assertSame(doc.toJSON(), this.#meaningOf(doc.clock()));
  }

  /** What the operations up to a clock mean. */
  #meaningOf(clock: ClockRecord): JsonValue {
    const key = JSON.stringify(Object.entries(clock).sort());
    const known = this.#meanings.get(key);
    if (known !== undefined) return known;
    const applied = this.operations.filter(({ dot: [name, counter] }) =>
      counter <= (clock[name] ?? 0)
    );
    const meaning = new Model(applied, MERGES).toJSON();
    this.#meanings.set(key, meaning);
    return meaning;
  }

  /** Nobody knows these operations, and nobody is to know them. */
  protected retract(isGone: (operation: OperationJson) => boolean): void {
    const left = this.operations.filter((each) => !isGone(each));
    this.operations.splice(0, this.operations.length, ...left);
    this.#meanings.clear();
  }
}

/** As `assertEquals`, which is slow, where a difference is to be shown. */
function assertSame(actual: JsonValue, expected: JsonValue): void {
  if (!isSameValue(actual, expected)) assertEquals(actual, expected);
}

/** A number that depends on both, in no way that can be seen. */
export function mix(a: number, b: number): number {
  let mixed = Math.imul(a ^ Math.imul(b + 1, 0x9e3779b1), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** One of some, as likely as the others: the same with fewer others, too. */
function first<Item extends { readonly id: number }>(
  items: readonly Item[],
  random: SeededRandom,
): Item | undefined {
  const salt = random.below(2 ** 32);
  let [chosen] = items;
  let least = Infinity;
  for (const item of items) {
    const number = mix(item.id, salt);
    if (number < least) [chosen, least] = [item, number];
  }
  return chosen;
}
