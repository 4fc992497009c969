// A copy of what a document shows that is kept by its events alone.
import type { JsonValue } from "../../src/base/json.ts";
import { assert } from "@std/assert";
import type { Change } from "../../src/crdt/events.ts";
import type { JsonCrdt } from "../../src/crdt/mod.ts";
import type { Path } from "../../src/crdt/pattern.ts";
import { canonicalText } from "../../src/crdt/values.ts";
import type { Replica, World } from "./world.ts";

/** Stands for what is to be read anew. */
class Unknown {}

const UNKNOWN = new Unknown();

type JsonMap = { readonly [key: string]: JsonValue };

/** A JSON value of which some is not known. */
type Copy =
  | JsonValue
  | Unknown
  | Copy[]
  | Map<string, Copy>;

/**
 * Follows the `change` events of a document, one change after the other, as
 * their documentation says, and compares what it has with what is shown.
 */
export class Follower {
  readonly #doc: JsonCrdt;
  #shown: JsonValue;
  #failure: unknown = null;

  /** Follows `doc` from now on. */
  constructor(doc: JsonCrdt) {
    this.#doc = doc;
    this.#shown = doc.toJSON();
    doc.on("change", ({ changes }) => {
      // What a listener throws is told apart from what its document does.
      try {
        this.#follow(changes);
      } catch (error) {
        this.#failure ??= error;
      }
    });
  }

  /** Fails if what is shown is not what it was at the last event. */
  check(): void {
    if (this.#failure !== null) throw this.#failure;
    const now = this.#doc.toJSON();
    assert(
      canonicalText(now) === canonicalText(this.#shown),
      `No event: ${JSON.stringify(this.#shown)} became ${JSON.stringify(now)}`,
    );
  }

  #follow(changes: readonly Change[]): void {
    const before = this.#shown;
    const now = this.#doc.toJSON();
    this.#shown = now;
    let copy = copyOf(before);
    let failure = "";
    try {
      for (const change of changes) copy = changed(copy, change.path, change);
    } catch (error) {
      failure = String(error);
    }
    if (failure === "" && isLike(copy, now)) return;
    throw new Error(
      `Not named (${failure}): ${JSON.stringify(before)} became ${
        JSON.stringify(now)
      } by ${JSON.stringify(changes)}`,
    );
  }
}

function copyOf(value: JsonValue): Copy {
  if (Array.isArray(value)) return value.map(copyOf);
  if (typeof value !== "object" || value === null) return value;
  return new Map(
    Object.entries(value).map((
      [key, entry],
    ) => [key, copyOf(entry as JsonValue)]),
  );
}

/** What becomes of a copy, of which what `path` leads to is changed. */
function changed(copy: Copy | undefined, path: Path, change: Change): Copy {
  const [step, ...below] = path;
  if (step === undefined) return changedHere(copy, change);
  if (copy === UNKNOWN) return UNKNOWN;
  if (typeof step === "number") {
    assert(Array.isArray(copy) && step < copy.length, "no such element");
    return copy.with(step, changed(copy[step], below, change));
  }
  if (change.kind === "delete") {
    assert(copy instanceof Map, "nothing to delete it from");
    if (below.length > 0) {
      return new Map(copy).set(step, changed(copy.get(step), below, change));
    }
    const left = new Map(copy);
    left.delete(step);
    return left;
  }
  // Maps above are made, but only where nothing stands.
  const map = copy === undefined ? new Map<string, Copy>() : copy;
  assert(map instanceof Map, "something else stands above");
  return new Map(map).set(step, changed(map.get(step), below, change));
}

function changedHere(copy: Copy | undefined, change: Change): Copy {
  if (copy === UNKNOWN) return UNKNOWN;
  switch (change.kind) {
    case "insert": {
      assert(Array.isArray(copy) && change.index <= copy.length);
      const added = Array.from({ length: change.count }, () => UNKNOWN);
      return copy.toSpliced(change.index, 0, ...added);
    }
    case "remove":
      assert(Array.isArray(copy));
      assert(change.index + change.count <= copy.length);
      return copy.toSpliced(change.index, change.count);
    case "text-insert": {
      assert(typeof copy === "string" && change.index <= copy.length);
      const { index } = change;
      return copy.slice(0, index) + change.text + copy.slice(index);
    }
    case "text-remove": {
      assert(typeof copy === "string");
      const { index, count } = change;
      assert(index + count <= copy.length);
      return copy.slice(0, index) + copy.slice(index + count);
    }
    case "delete":
      throw new Error("what was deleted is no entry of a map");
    default:
      return UNKNOWN;
  }
}

function isLike(copy: Copy | undefined, value: JsonValue | undefined): boolean {
  // What was set is there; what is not there was deleted.
  if (copy === UNKNOWN) return value !== undefined;
  if (Array.isArray(copy)) {
    return Array.isArray(value) && value.length === copy.length &&
      copy.every((item, index) => isLike(item, value[index]));
  }
  if (copy instanceof Map) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      return false;
    }
    const keys = new Set([...copy.keys(), ...Object.keys(value)]);
    return [...keys].every((key) =>
      isLike(
        copy.get(key),
        Object.hasOwn(value, key) ? (value as JsonMap)[key] : undefined,
      )
    );
  }
  return copy === value;
}

/** A world of which each document is followed, and checked after each step. */
export function followed<Kind extends World>(world: Kind): Kind {
  const followers: Map<Replica, Follower> = new Map();
  const follow = (replica: Replica, doc: JsonCrdt) => {
    followers.set(replica, new Follower(doc));
  };
  for (const replica of world.replicas) follow(replica, replica.doc);
  const adopt = world.adopt.bind(world);
  world.adopt = (replica, doc) => {
    follow(replica, doc);
    adopt(replica, doc);
  };
  for (const act of ["step", "settle"] as const) {
    const run = world[act].bind(world);
    world[act] = () => {
      run();
      for (const follower of followers.values()) follower.check();
    };
  }
  return world;
}
