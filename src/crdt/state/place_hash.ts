import { Branch, type Child, type Item } from "../branch.ts";
import type { Core } from "../core.ts";
import { DOCUMENT, SETTINGS } from "../operation.ts";
import type { ReplicaTable } from "../replica_table.ts";
import type { ItemId } from "../sequence/ids.ts";
import type { ListSequence } from "../sequence/list_sequence.ts";
import { TextSequence } from "../sequence/text_sequence.ts";
import { isMereValue } from "../untouched.ts";
import type { VersionVector } from "../version_vector.ts";

/**
 * Two hashes of 32 bits that are fed with numbers and texts. They tell contents
 * apart by chance, not against an attacker.
 */
export class Hash {
  /** The first half. */
  low: number;
  /** The second half. */
  high: number;

  /** Starts from two numbers of 32 bits. */
  constructor(low: number, high: number) {
    this.low = low;
    this.high = high;
  }

  /** Adds a whole number of 32 bits. */
  add(value: number): void {
    // As in cyrb53 (bryc, public domain), with the halves mixed after each.
    const low = Math.imul(this.low ^ value, 0x9e3779b1);
    const high = Math.imul(this.high ^ value, 0x5f356495);
    this.low = low ^ (high >>> 15);
    this.high = high ^ (low >>> 13);
  }

  /** Adds a text. */
  addText(text: string): void {
    this.add(text.length);
    for (let index = 0; index < text.length; index++) {
      this.add(text.charCodeAt(index));
    }
  }

  /** Lets each bit depend on all. */
  finish(): void {
    let { low, high } = this;
    low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^
      Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
    high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^
      Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
    this.low = low >>> 0;
    this.high = high >>> 0;
  }
}

/** Told of each place that keeps anything. */
export interface PlaceVisitor {
  /**
   * @param position Where the place stands among all: a hash of its path.
   * @param content A hash of its path and of what is kept, for now only.
   * @param anchor The element that its path begins at; `null` for a root.
   * @param keys Its path from there, for now only.
   */
  visit(
    space: number,
    position: number,
    content: Hash,
    anchor: Branch | null,
    keys: readonly string[],
  ): void;
}

/**
 * Goes through all places that keep anything, and hashes what they keep in a
 * way that depends on nothing but the operations that were applied.
 */
export class PlaceHasher {
  readonly #core: Core;
  readonly #names: readonly Hash[];
  readonly #content: Hash = new Hash(0, 0);
  #keys: string[] = [];
  #anchor: Branch | null = null;
  #space = 0;
  #visitor: PlaceVisitor | null = null;

  /** Makes a hasher of the places of `core`. */
  constructor(core: Core) {
    this.#core = core;
    this.#names = core.replicas.names.map(nameHash);
  }

  /** Visits all places, parents before children. */
  run(visitor: PlaceVisitor): void {
    this.#visitor = visitor;
    this.#core.tree.roots.forEach((root, space) => {
      this.#space = space;
      const hash = rootHash(space);
      this.#place(root, hash);
      this.#below(root, hash);
    });
  }

  #below(branch: Branch, above: Hash): void {
    for (const [key, child] of branch.children) {
      const hash = stepHash(above, key);
      this.#keys.push(key);
      this.#place(child, hash);
      if (typeof child === "object") this.#below(child, hash);
      this.#keys.pop();
    }
    if (branch.elementCount > 0) this.#elements(branch);
  }

  #elements(branch: Branch): void {
    const outer = this.#anchor;
    const keys = this.#keys;
    for (const run of [...branch.list?.keptRuns() ?? []]) {
      const { replica } = run;
      run.content.forEach((item, at) => {
        const counter = run.counter + at;
        // What was moved here is visited at its home.
        if (!(item instanceof Branch) || !item.isBornAs(replica, counter)) {
          return;
        }
        if (isMereValue(this.#core.tree, item)) return;
        const hash = elementHash(this.#names[replica] as Hash, counter);
        this.#anchor = item;
        this.#keys = [];
        this.#place(item, hash);
        this.#below(item, hash);
      });
    }
    this.#anchor = outer;
    this.#keys = keys;
  }

  #place(child: Child, path: Hash): void {
    const content = this.#content;
    content.low = path.low;
    content.high = path.high;
    const slot = typeof child === "number" ? child : child.slot;
    let isKept = this.#register(slot);
    if (typeof child === "object" && this.#branch(child)) isKept = true;
    if (!isKept) return;
    content.finish();
    this.#visitor?.visit(
      this.#space,
      positionOf(path),
      content,
      this.#anchor,
      this.#keys,
    );
  }

  #register(slot: number): boolean {
    const { columns, siblings, counters } = this.#core.tree;
    const stamp = columns.stamps[slot] as number;
    if (stamp >= 0) {
      this.#dot(
        columns.replicas[slot] as number,
        columns.counters[slot] as number,
      );
      this.#content.add(columns.keptFlagsOf(slot));
      this.#text(columns.values[slot]);
    }
    const values = siblings.size > 0 ? siblings.get(slot) : undefined;
    const cells = counters.size > 0 ? counters.get(slot) : undefined;
    // Their order may differ, so their hashes are summed up.
    for (const { replica, counter, value } of values ?? []) {
      this.#sum(7, replica, counter, 0);
      this.#text(value);
    }
    for (const { replica, counter, isDead } of cells ?? []) {
      this.#sum(11, replica, counter, isDead ? 1 : 0);
    }
    return stamp >= 0 || values !== undefined || cells !== undefined;
  }

  #branch(branch: Branch): boolean {
    const { cover, barrier, claimStamp, claimReplica, claimCounter } = branch;
    if (claimStamp >= 0) {
      this.#sum(13, claimReplica, claimCounter, branch.claimShape);
    }
    this.#vector(17, cover);
    this.#vector(19, barrier);
    if (branch.list !== null) this.#sequence(branch.list);
    const hasMoves = this.#moves(branch);
    return claimStamp >= 0 || cover !== null || barrier !== null ||
      branch.list !== null || hasMoves;
  }

  /** The moves of a place; those of what is gone belong to the root. */
  #moves(branch: Branch): boolean {
    const { moves, roots } = this.#core.tree;
    const isRoot = branch === roots[DOCUMENT];
    if (!isRoot && branch.moved === null) return false;
    const records = isRoot
      ? moves.records.filter(({ node }) => node === null)
      : branch.moved?.records ?? [];
    for (const { replica, counter } of records) {
      this.#sum(47, replica, counter, 0);
    }
    this.#vector(53, branch.moved?.cover ?? null);
    this.#vector(59, branch.moved?.barrier ?? null);
    return records.length > 0;
  }

  #text(value: unknown): void {
    if (value instanceof TextSequence) this.#sequence(value);
  }

  /** What is there, and what was removed and may still be named. */
  #sequence(sequence: TextSequence | ListSequence<Item>): void {
    for (const { replica, counter, length } of sequence.keptRuns()) {
      this.#range(41, replica, counter, length);
    }
    for (const { replica, counter, length } of sequence.nameableRanges()) {
      this.#range(43, replica, counter, length);
    }
  }

  #range(seed: number, replica: number, counter: number, length: number): void {
    for (let at = 0; at < length; at++) {
      this.#sum(seed, replica, counter + at, 0);
    }
  }

  #vector(seed: number, vector: VersionVector | null): void {
    vector?.forEach((replica, counter) => this.#sum(seed, replica, counter, 0));
  }

  #dot(replica: number, counter: number): void {
    const name = this.#names[replica] as Hash;
    this.#content.add(name.low);
    this.#content.add(name.high);
    this.#content.add(counter);
  }

  #sum(seed: number, replica: number, counter: number, flag: number): void {
    const name = this.#names[replica] as Hash;
    const hash = new Hash(name.low ^ seed, name.high);
    hash.add(counter);
    hash.add(flag);
    hash.finish();
    this.#content.low = (this.#content.low + hash.low) | 0;
    this.#content.high = (this.#content.high + hash.high) | 0;
  }
}

/** The positions of a place and of all above it, from its anchor on. */
export function positionsTo(
  replicas: ReplicaTable,
  space: number,
  anchor: ItemId | null,
  keys: readonly string[],
): number[] {
  let hash = anchor === null
    ? rootHash(space)
    : elementHash(nameHash(replicas.nameOf(anchor.replica)), anchor.counter);
  const positions = [positionOf(hash)];
  for (const key of keys) {
    hash = stepHash(hash, key);
    positions.push(positionOf(hash));
  }
  return positions;
}

function nameHash(name: string): Hash {
  const hash = new Hash(3, 5);
  hash.addText(name);
  return hash;
}

function elementHash({ low, high }: Hash, counter: number): Hash {
  const hash = new Hash(low, high);
  hash.add(counter);
  return hash;
}

function rootHash(space: number): Hash {
  return space === SETTINGS ? new Hash(23, 29) : new Hash(31, 37);
}

function stepHash(above: Hash, key: string): Hash {
  const hash = new Hash(above.low, above.high);
  hash.addText(key);
  return hash;
}

function positionOf({ low, high }: Hash): number {
  const hash = new Hash(low, high);
  hash.finish();
  return hash.low;
}
