// Frames that are almost right: good ones, of which something was changed, as
// bytes, as text or as JSON. A seed decides everything.
import type { SeededRandom } from "../../src/base/random.ts";
import { readGolden } from "../wire/support/golden.ts";

/** JSON that need not be right: keys may come twice, leaves are any text. */
type Tree =
  | { leaf: string }
  | { items: Tree[] }
  | { fields: [key: string, value: Tree][] };

const FILES = [
  "control",
  "hellos",
  "node_accepts",
  "node_dials",
  "pmd_conversation",
  "pmd_requests",
];

/** The values of all golden frames, each once a file. */
const GOLDEN: readonly (readonly unknown[])[] = FILES.map((name) => [
  ...new Map(
    readGolden(name).map(({ json }) => [JSON.stringify(json), json]),
  ).values(),
]);

const NAMES = ["a-node", "worker", "n".repeat(128), "__proto__", "constructor"];

/** What stands at a boundary, for whatever field it gets into. */
const LEAVES = [
  ...["0", "1", "-1", "-0", "1e0", "1.5", "1e-5", "1e400", "-1e400", "2e308"],
  ...["9007199254740991", "9007199254740992", "1e21", "65535", "65536"],
  ...["262143", "262144", "16777216", "16777217", "32", "33", "16384"],
  ...["null", "true", "false", "[]", "{}", "[[]]", '[{"":{}}]', "[null]"],
  ...['""', '" "', '"\\u0000"', '"\\ud800"', '"\\udc00\\ud800"', '"\u{1f600}"'],
  ...['"\\u001b[2J"', '"a b"', '"a\\n"', '"__proto__"', '"hello"', '"close"'],
  ...['"distflow-pmd"', '"distflow-node"', '"list"', '"ping"', '"0.0.0.0"'],
  ...[64, 65, 128, 129, 255, 256, 257].map((size) => `"${"x".repeat(size)}"`),
  `"${"\\u0001".repeat(64)}"`,
  ...[998, 999, 1000, 1001, 9000].map(nested),
  // What is not JSON at all.
  ...["", "NaN", "01", "+1", "'x'", '"', "undefined", "[1,]", "\ufeff1", "\0"],
];

const KEYS = [
  ...["__proto__", "constructor", "prototype", "toString", "valueOf"],
  ...["hasOwnProperty", "then", "toJSON", "length", "0", "", "type", "id"],
  ...["nodeId", "alias", "later", "auth", "k".repeat(65)],
];

/** Sizes of frames that are just allowed, or not any more. */
const SIZES = [16_384, 16_385, 16_384, 16_385, 262_144, 262_145];

const encoder = new TextEncoder();

const REPEATED_UNITS_MAX = 4000;

function nested(levels: number): string {
  return "[".repeat(levels) + "]".repeat(levels);
}

function grow(value: unknown): Tree {
  if (typeof value !== "object" || value === null) {
    return { leaf: JSON.stringify(value) };
  }
  if (Array.isArray(value)) return { items: value.map(grow) };
  return {
    fields: Object.entries(value).map(([key, field]) => [key, grow(field)]),
  };
}

function copy(tree: Tree): Tree {
  if ("leaf" in tree) return { leaf: tree.leaf };
  if ("items" in tree) return { items: tree.items.map(copy) };
  return { fields: tree.fields.map(([key, value]) => [key, copy(value)]) };
}

function write(tree: Tree): string {
  if ("leaf" in tree) return tree.leaf;
  if ("items" in tree) return `[${tree.items.map(write).join(",")}]`;
  const fields = tree.fields.map(([key, value]) =>
    `${JSON.stringify(key)}:${write(value)}`
  );
  return `{${fields.join(",")}}`;
}

/** Makes inputs, one after the other, all decided by the seed of `random`. */
export class Mutator {
  readonly #random: SeededRandom;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** The JSON of a good frame. */
  good(): string {
    return write(this.#tree());
  }

  /** The JSON of a frame, or what is left of it. */
  text(): string {
    const random = this.#random;
    const root: Tree = { items: [this.#tree()] };
    for (let count = 1 + random.below(3); count > 0; count--) {
      this.#changeTree(root);
    }
    const text = root.items.map(write).join(",");
    return random.chance(15) ? this.#changeText(text) : text;
  }

  /** The bytes of some frames, cut nowhere yet. */
  stream(): Uint8Array {
    const random = this.#random;
    const frames = [this.#frame(this.text())];
    while (random.chance(40)) {
      const frame = this.#frame(random.chance(70) ? this.good() : this.text());
      if (random.chance(70)) frames.unshift(frame);
      else frames.push(frame);
    }
    if (random.chance(10)) frames.push(random.pick(frames));
    if (random.chance(10)) frames.reverse();
    const bytes = join(frames);
    return random.chance(20) ? this.#changeBytes(bytes) : bytes;
  }

  /** Cuts bytes at random places, into a few parts or many. */
  cut(bytes: Uint8Array): Uint8Array[] {
    const random = this.#random;
    const countMax = random.chance(2) ? 500 : 6;
    const largest = Math.ceil(bytes.length / countMax) *
      random.pick([1, 5, 50]);
    const parts: Uint8Array[] = [];
    for (let start = 0; start < bytes.length;) {
      const end = start + 1 + random.below(largest);
      parts.push(bytes.subarray(start, end));
      start = end;
    }
    return parts;
  }

  /** A good frame, sometimes with other good values. */
  #tree(): Tree {
    const random = this.#random;
    const tree = grow(random.pick(random.pick(GOLDEN)));
    if (random.chance(50)) return tree;
    for (const place of places(tree)) {
      const fresh = this.#fresh(place.key, place.value);
      if (fresh !== undefined && random.chance(50)) place.set({ leaf: fresh });
    }
    return tree;
  }

  /** Another good value for a field; undefined if it has to stay. */
  #fresh(key: string, value: Tree): string | undefined {
    const random = this.#random;
    if (!("leaf" in value)) return undefined;
    if (key === "nodeId" || key === "alias" || key === "name") {
      return JSON.stringify(random.pick(NAMES));
    }
    if (key === "port") return `${random.pick([1, 80, 65_535])}`;
    if (key === "runtime") {
      return `"${"\u{1f600}".repeat(random.pick([1, 32]))}"`;
    }
    if (key === "host") return `"${"h".repeat(random.pick([1, 255]))}"`;
    if (key === "frameBytesMax") {
      return `${random.pick([262_144, 1_048_576, 16_777_216])}`;
    }
    if (!/^\d+$/.test(value.leaf) || key === "") return undefined;
    return `${random.pick([1, 2 ** 31, 2 ** 32 + 1, 2 ** 53 - 1])}`;
  }

  /** Changes one thing somewhere below `root`. */
  #changeTree(root: Tree): void {
    const random = this.#random;
    const all = places(root);
    if (all.length === 0) return;
    const place = random.pick(all);
    switch (random.below(8)) {
      case 0:
      case 1:
        return place.set({ leaf: random.pick(LEAVES) });
      case 2:
        return place.remove();
      case 3:
        return place.set(this.#other(all));
      case 4:
        return place.set({ items: [place.value] });
      case 5:
        return place.set({ items: this.#repeat(place.value) });
      default:
        return addField(
          place.value,
          random.pick(KEYS),
          this.#other(all),
        );
    }
  }

  /** A value from one of the places `own`, or from another frame. */
  #other(own: readonly Place[]): Tree {
    const random = this.#random;
    const others = random.chance(50)
      ? own
      : places(grow(random.pick(random.pick(GOLDEN))));
    return others.length === 0
      ? { leaf: "{}" }
      : copy(random.pick(others).value);
  }

  #repeat(tree: Tree): Tree[] {
    const countMax = Math.min(100, REPEATED_UNITS_MAX / write(tree).length);
    return Array(this.#random.below(Math.ceil(countMax) + 1)).fill(tree);
  }

  #changeText(text: string): string {
    const random = this.#random;
    const [from, to] = this.#range(text.length);
    const before = text.slice(0, from);
    const part = text.slice(from, to);
    const after = text.slice(to);
    switch (random.below(6)) {
      case 0:
        return before + after;
      case 1:
        return before + part + part + after;
      case 2:
        return before + random.pick([...'{}[]",:\\ \n\t0e-\ufeff']) + after;
      case 3:
        return ` \n${text}\t `;
      case 4:
        // Few: each costs as much as a hundred others.
        return random.chance(10) ? text.padEnd(random.pick(SIZES)) : text;
      default:
        return before;
    }
  }

  #frame(body: string): Uint8Array {
    const random = this.#random;
    const bytes = encoder.encode(body);
    const frame = new Uint8Array(4 + bytes.length);
    frame.set(bytes, 4);
    const length = random.chance(95) ? bytes.length : random.pick([
      ...[0, 1, bytes.length + 1, Math.max(0, bytes.length - 1), 16_384],
      ...[16_385, 262_144, 262_145, 2 ** 20, 2 ** 24 + 1, 2 ** 31, 2 ** 32 - 1],
    ]);
    new DataView(frame.buffer).setUint32(0, length);
    return frame;
  }

  #changeBytes(bytes: Uint8Array): Uint8Array {
    const random = this.#random;
    const [from, to] = this.#range(bytes.length);
    const [before, after] = [bytes.slice(0, from), bytes.slice(to)];
    switch (random.below(5)) {
      case 0: {
        const flipped = bytes.slice();
        if (from < bytes.length) flipped[from] = random.below(256);
        return flipped;
      }
      case 1:
        return join([before, after]);
      case 2:
        return join([before, bytes.slice(from, to), bytes.slice(from)]);
      case 3:
        return join([before, this.#frame(this.good()), after]);
      default:
        return before;
    }
  }

  /** A place from which on something is changed, and up to where: not far. */
  #range(length: number): [number, number] {
    const from = this.#random.below(length + 1);
    return [from, Math.min(length, from + this.#random.below(20))];
  }
}

/** A value in a tree, and how to change it. */
class Place {
  readonly key: string;
  readonly value: Tree;
  readonly #parent: Exclude<Tree, { leaf: string }>;
  readonly #index: number;

  constructor(
    key: string,
    value: Tree,
    parent: Exclude<Tree, { leaf: string }>,
    index: number,
  ) {
    this.key = key;
    this.value = value;
    this.#parent = parent;
    this.#index = index;
  }

  set(value: Tree): void {
    const parent = this.#parent;
    if ("items" in parent) parent.items[this.#index] = value;
    else parent.fields[this.#index] = [this.key, value];
  }

  remove(): void {
    const parent = this.#parent;
    if ("items" in parent) parent.items.splice(this.#index, 1);
    else parent.fields.splice(this.#index, 1);
  }
}

/** All places below `tree`, added to `found`. */
function places(tree: Tree, found: Place[] = []): Place[] {
  if ("leaf" in tree) return found;
  if ("items" in tree) {
    for (const [index, value] of tree.items.entries()) {
      found.push(new Place("", value, tree, index));
      places(value, found);
    }
    return found;
  }
  for (const [index, [key, value]] of tree.fields.entries()) {
    found.push(new Place(key, value, tree, index));
    places(value, found);
  }
  return found;
}

/** Adds a field, under a key that may be there already. */
function addField(tree: Tree, key: string, value: Tree): void {
  if ("fields" in tree) tree.fields.push([key, value]);
  else if ("items" in tree) tree.items.push(value);
  else tree.leaf = write(value);
}

/** The bytes of all `parts`, one behind the other. */
export function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(
    parts.reduce((sum, part) => sum + part.length, 0),
  );
  let end = 0;
  for (const part of parts) {
    whole.set(part, end);
    end += part.length;
  }
  return whole;
}
