import type { JsonValue } from "../base/json.ts";
import { keepHiddenClass } from "./hidden_class.ts";
import type { IdRange, ItemId, Origin } from "./sequence/ids.ts";
import type { VersionVector } from "./version_vector.ts";

/** Kinds of operations, as numbers for speed and for the binary form. */
export const SET = 0;
/** See {@linkcode SET}: assigns nothing. */
export const DELETE = 1;
/** See {@linkcode SET}: writes the author's total of a counter. */
export const INCREMENT = 2;
/** See {@linkcode SET}: puts elements into a list. */
export const INSERT = 3;
/** See {@linkcode SET}: takes elements that were born scalars out of a list. */
export const REMOVE = 4;
/** See {@linkcode SET}: puts units into a text. */
export const TEXT_INSERT = 5;
/** See {@linkcode SET}: takes units out of a text. */
export const TEXT_REMOVE = 6;
/** See {@linkcode SET}: takes a place and all below it elsewhere. */
export const MOVE = 8;
/** See {@linkcode SET}: does nothing, and fills holes in the counters. */
export const SKIP = 7;

/** The kind of an operation. */
export type Kind =
  | typeof SET
  | typeof DELETE
  | typeof INCREMENT
  | typeof INSERT
  | typeof REMOVE
  | typeof TEXT_INSERT
  | typeof TEXT_REMOVE
  | typeof MOVE
  | typeof SKIP;

/** What a register holds: nothing, as after a delete. */
export const NOTHING = 0;
/** See {@linkcode NOTHING}: a scalar; a string is a text that can be edited. */
export const SCALAR = 1;
/** See {@linkcode NOTHING}: any JSON, as a whole. */
export const WHOLE = 2;
/** See {@linkcode NOTHING}: a map. */
export const MAP = 3;
/** See {@linkcode NOTHING}: a list. */
export const LIST = 4;
/** Only in an operation: an object with all its entries under one dot. */
export const TREE = 5;

/** The type of what is assigned. */
export type Shape =
  | typeof NOTHING
  | typeof SCALAR
  | typeof WHOLE
  | typeof MAP
  | typeof LIST
  | typeof TREE;

/** What a place is that others are born below. */
export type Container = typeof MAP | typeof LIST;

/** How a set or delete treats what is below its place; see the README. */
export const MERGE = 0;
/** See {@linkcode MERGE}. */
export const SET_WINS = 1;
/** See {@linkcode MERGE}. */
export const DELETE_WINS = 2;

/** A hierarchical strategy, as it travels. */
export type Mode = typeof MERGE | typeof SET_WINS | typeof DELETE_WINS;

/** Operations on the document. */
export const DOCUMENT = 0;
/** Operations on its settings, such as strategies. */
export const SETTINGS = 1;

/** Which of the two trees an operation changes. */
export type Space = typeof DOCUMENT | typeof SETTINGS;

/** Where a place is written to be: keys below an anchor. */
export interface Address {
  /** An element, or a place that was moved; `null`: the root. */
  readonly anchor: ItemId | null;
  /** The keys below it. */
  readonly path: readonly string[];
}

/** What only edits of lists and of texts have, and moves. */
export class Edit {
  /** Where an insertion goes, or a move to a list. */
  readonly origin: Origin | null;
  /** The ids that a removal takes out. */
  readonly ranges: readonly IdRange[] | null;
  /** The dot of the string that a text was born as. */
  readonly text: ItemId | null;
  /** Where a move goes: an entry of a map, or a list. */
  readonly to: Address | null;

  /** Makes one of its parts. */
  constructor(
    origin: Origin | null,
    ranges: readonly IdRange[] | null,
    text: ItemId | null,
    to: Address | null = null,
  ) {
    this.origin = origin;
    this.ranges = ranges;
    this.text = text;
    this.to = to;
  }
}

/**
 * One change, as it is kept and passed about inside a document; replicas are
 * indexes of its table. All operations have the same fields in the same order,
 * which keeps the code that reads them fast.
 */
export class Operation {
  /** Who made it. */
  readonly replica: number;
  /** The first of its counters. */
  readonly counter: number;
  /** When: the stamp of its transaction. */
  readonly stamp: number;
  /** What it does. */
  readonly kind: Kind;
  /** Which tree. */
  space: Space = DOCUMENT;
  /** What {@linkcode Operation.path} begins at; see {@linkcode Address}. */
  readonly anchor: ItemId | null;
  /** The keys of its place, from the anchor. */
  readonly path: readonly string[];
  /** The type of {@linkcode Operation.value}. */
  readonly shape: Shape;
  /**
   * What is assigned or inserted, as an array; for containers, how many. The
   * total of a counter; how many counters are skipped. A set or delete of a
   * counter carries its base.
   */
  readonly value: JsonValue | undefined;
  /** Whether it stays beside concurrent ones until one has seen it. */
  isSibling = false;
  /** How it treats what is below. */
  mode: Mode = MERGE;
  /** Whether it raises a barrier. */
  isBarrier = false;
  /** Dots, flat, that must have been applied; all before them are implied. */
  after: readonly number[] | null = null;
  /** What it takes away below its place. */
  covers: VersionVector | null = null;
  /** What only edits of lists and texts have, and moves. */
  edit: Edit | null = null;

  /** Makes an operation without what is rarely needed. */
  constructor(
    replica: number,
    counter: number,
    stamp: number,
    kind: Kind,
    anchor: ItemId | null,
    path: readonly string[],
    shape: Shape,
    value: JsonValue | undefined,
  ) {
    this.replica = replica;
    this.counter = counter;
    this.stamp = stamp;
    this.kind = kind;
    this.anchor = anchor;
    this.path = path;
    this.shape = shape;
    this.value = value;
  }

  /** How many counters it takes. */
  get length(): number {
    const { kind, value } = this;
    switch (kind) {
      case SET:
        return this.shape === SCALAR ? lengthOf(value) : 1;
      case INSERT:
        return typeof value === "number"
          ? value
          : lengthOfAll(value as readonly JsonValue[]);
      case TEXT_INSERT:
        return (value as string).length;
      case SKIP:
        return value as number;
      default:
        return 1;
    }
  }

  /** Whether its author had applied the dot, as far as the operation tells. */
  hasSeen(replica: number, counter: number): boolean {
    if (replica === this.replica) return counter < this.counter;
    const { anchor, after } = this;
    if (anchor?.replica === replica && counter <= anchor.counter) return true;
    if (after === null) return false;
    for (let index = 0; index < after.length; index += 2) {
      if (after[index] === replica) {
        if (counter <= (after[index + 1] as number)) return true;
      }
    }
    return false;
  }
}

keepHiddenClass(new Operation(0, 1, 2 ** 50, SET, null, [], SCALAR, null));
keepHiddenClass(new Edit(null, null, null));

/** How many counters a scalar takes: a string one for each unit. */
export function lengthOf(value: unknown): number {
  return typeof value === "string" && value.length > 1 ? value.length : 1;
}

/** How many counters the elements of an insertion take. */
export function lengthOfAll(values: readonly JsonValue[]): number {
  let length = 0;
  for (let index = 0; index < values.length; index++) {
    length += lengthOf(values[index]);
  }
  return length;
}
