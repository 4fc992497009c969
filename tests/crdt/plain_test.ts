// What one replica shows is what the same edits make of plain JSON.
import { assert, assertEquals } from "@std/assert";
import { DistflowError } from "../../src/base/errors.ts";
import type { JsonValue } from "../../src/base/json.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { JsonCrdt } from "../../src/crdt/mod.ts";
import type { Step } from "../../src/crdt/pattern.ts";
import { canonicalText } from "../../src/crdt/values.ts";

type Entries = { [key: string]: JsonValue };
type Container = Entries | JsonValue[];
type Steps = readonly Step[];

const RUN_COUNT = 3000;
const STEP_COUNT = 30;
const KEYS = ["a", "b", "c"];

function isContainer(value: JsonValue | undefined): value is Container {
  return typeof value === "object" && value !== null;
}

/** JSON that is edited as a document is; only edits that one accepts. */
class Plain {
  root: Entries = {};

  get(path: Steps): JsonValue | undefined {
    let value: JsonValue | undefined = this.root;
    for (const step of path) {
      value = isContainer(value)
        ? (value as Entries)[step as string]
        : undefined;
    }
    return value;
  }

  set(path: Steps, value: JsonValue): void {
    const last = path.at(-1);
    if (last === undefined) this.root = structuredClone(value) as Entries;
    else {
      const above = this.#container(
        path.slice(0, -1),
        typeof last === "number",
      );
      (above as Entries)[last as string] = structuredClone(value);
    }
  }

  delete(path: Steps): void {
    const last = path.at(-1);
    if (last === undefined) return void (this.root = {});
    const above = this.get(path.slice(0, -1));
    if (Array.isArray(above)) above.splice(last as number, 1);
    else if (isContainer(above)) delete (above as Entries)[last as string];
  }

  insert(path: Steps, index: number, values: readonly JsonValue[]): void {
    const list = this.#container(path, true) as JsonValue[];
    list.splice(index, 0, ...structuredClone(values));
  }

  removeAt(path: Steps, index: number, count: number): void {
    (this.get(path) as JsonValue[] | undefined)?.splice(index, count);
  }

  move(from: Steps, to: Steps): void {
    if (JSON.stringify(from) === JSON.stringify(to)) return;
    const value = this.get(from) as JsonValue;
    const last = to.at(-1) as Step;
    const above = this.#container(to.slice(0, -1), typeof last === "number");
    this.delete(from);
    if (Array.isArray(above)) above.splice(last as number, 0, value);
    else above[last as string] = value;
  }

  /** What stands at a path, which becomes a container if it is none. */
  #container(path: Steps, isList: boolean): Container {
    let here: Container = this.root;
    for (const [index, step] of path.entries()) {
      const next: JsonValue | undefined = (here as Entries)[step as string];
      if (isContainer(next)) here = next;
      else {
        const made: Container = isList && index === path.length - 1 ? [] : {};
        (here as Entries)[step as string] = made;
        here = made;
      }
    }
    return here;
  }
}

/** A path that mostly leads somewhere. */
function pathIn(plain: Plain, random: SeededRandom): Step[] {
  const path: Step[] = [];
  do {
    const here = plain.get(path);
    if (Array.isArray(here)) {
      if (here.length === 0) return path;
      path.push(random.below(here.length));
    } else path.push(random.pick(KEYS));
  } while (random.chance(50));
  return path;
}

function valueFor(random: SeededRandom, depth = 0): JsonValue {
  switch (random.below(depth < 2 ? 6 : 3)) {
    case 0:
      return random.below(9);
    case 1:
      return "text";
    case 2:
      return random.chance(50);
    case 3:
      return Array.from(
        { length: random.below(3) },
        () => valueFor(random, depth + 1),
      );
    default:
      return Object.fromEntries(
        KEYS.slice(0, random.below(4)).map((
          key,
        ) => [key, valueFor(random, depth + 1)]),
      );
  }
}

/** Chooses an edit: what it does to a document, and to plain JSON. */
function chooseEdit(
  plain: Plain,
  random: SeededRandom,
): [name: string, (doc: JsonCrdt) => void, () => void] {
  const path = random.chance(3) ? [] : pathIn(plain, random);
  const here = plain.get(path);
  const text = JSON.stringify(path);
  const choice = random.below(10);
  if (Array.isArray(here) && choice < 5) {
    const index = random.below(here.length + 1);
    const count = random.below(here.length - index + 1);
    if (choice < 2) {
      return [
        `removeAt ${text} ${index} ${count}`,
        (doc) => doc.removeAt(path, index, count),
        () => plain.removeAt(path, index, count),
      ];
    }
    const values = [valueFor(random), valueFor(random)];
    return [
      `insertAt ${text} ${index} ${JSON.stringify(values)}`,
      (doc) => doc.insertAt(path, index, ...values),
      () => plain.insert(path, index, values),
    ];
  }
  if (choice < 4) {
    const value = valueFor(random);
    return [
      `set ${text} ${JSON.stringify(value)}`,
      (doc) => doc.set(path, value),
      () => plain.set(path, value),
    ];
  }
  if (choice < 7) {
    return [
      `delete ${text}`,
      (doc) => void doc.delete(path),
      () => plain.delete(path),
    ];
  }
  if (choice === 7 && here === undefined) {
    const value = valueFor(random);
    return [
      `push ${text} ${JSON.stringify(value)}`,
      (doc) => doc.push(path, value),
      () => plain.insert(path, 0, [value]),
    ];
  }
  const to = pathIn(plain, random);
  const target = plain.get(to);
  if (Array.isArray(target) && random.chance(50)) {
    to.push(random.below(target.length + 1));
  }
  return [
    `move ${text} ${JSON.stringify(to)}`,
    (doc) => doc.move(path, to),
    () => plain.move(path, to),
  ];
}

Deno.test("what one replica shows is what plain JSON would be", () => {
  let editCount = 0;
  for (let seed = 0; seed < RUN_COUNT; seed++) {
    const random = new SeededRandom(seed);
    const plain = new Plain();
    let doc = new JsonCrdt("ann");
    const done: string[] = [];
    for (let step = 0; step < STEP_COUNT; step++) {
      const [name, act, actPlainly] = chooseEdit(plain, random);
      try {
        act(doc);
      } catch (error) {
        // What is refused changes nothing.
        assert(error instanceof DistflowError, `${name}: ${error}`);
        assertEquals(canonicalText(doc.toJSON()), canonicalText(plain.root));
        continue;
      }
      actPlainly();
      done.push(name);
      editCount++;
      const [shown, expected] = [
        canonicalText(doc.toJSON()),
        canonicalText(plain.root),
      ];
      assertEquals(shown, expected, `Seed ${seed}:\n${done.join("\n")}`);
      if (random.chance(5)) doc.compact();
      if (random.chance(5)) {
        doc = JsonCrdt.restore("ann", doc.snapshot(), { resume: true });
      }
    }
  }
  assert(editCount > RUN_COUNT * STEP_COUNT / 2, String(editCount));
});
