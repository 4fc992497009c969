import type { Author } from "./author.ts";
import { Branch } from "./branch.ts";
import type { Core } from "./core.ts";
import type { Destination, Maker, Target } from "./maker.ts";
import { isInValue } from "./move_edits.ts";
import { DOCUMENT, LIST, NOTHING } from "./operation.ts";
import type { Path } from "./pattern.ts";
import { countNewPlaces } from "./places.ts";
import { checkIndex, refusePath, resolve } from "./resolve.ts";
import { pathOf } from "./told.ts";
import type { Transaction } from "./transaction.ts";
import { DEPTH_MAX } from "./values.ts";

const ACT = "move";

/** Moves places. */
export class MoveAuthor {
  readonly #core: Core;
  readonly #maker: Maker;
  readonly #author: Author;

  /** Makes the moving part of `author`. */
  constructor(core: Core, maker: Maker, author: Author) {
    this.#core = core;
    this.#maker = maker;
    this.#author = author;
  }

  /** Moves what shows at `from` to `to`. */
  move(transaction: Transaction, from: Path, to: Path): void {
    const source = resolve(this.#core, ACT, from);
    if (to.length > DEPTH_MAX || to.length === 0 || from.length === 0) {
      refusePath(ACT, to, "the root stays where it is");
    }
    if (from.every((step, index) => step === to[index])) {
      if (from.length === to.length) return;
      refusePath(ACT, to, "it would be inside itself");
    }
    this.#checkSource(from, source);
    const { tree } = this.#core;
    const last = to[to.length - 1];
    const destination = typeof last === "number"
      ? this.#inList(from, to, last)
      : this.#inMap(to, last as string);
    this.#checkRoom(source, destination);
    this.#maker.move(transaction, source, destination);
    if (destination.index !== null) return;
    const moved = tree.moves.records[tree.moves.records.length - 1];
    // What leaves a list changes where others are.
    const { anchor, keys } = destination;
    const parent = tree.childAt(DOCUMENT, anchor, keys.slice(0, -1));
    const above = typeof parent === "object" ? pathOf(tree, parent) : null;
    if (above === null) return;
    const path = [...above, last as string];
    this.#author.deleteOthers(transaction, path, moved?.node ?? null);
  }

  #checkSource(from: Path, source: Target): void {
    const { tree, reader } = this.#core;
    const place = reader.find(tree.roots[DOCUMENT], from);
    if (place === undefined || reader.shown(place) === NOTHING) {
      refusePath(ACT, from, "there is nothing");
    }
    const { anchor, keys } = source;
    const element = anchor === null ? null : tree.placeOf(anchor);
    // A value in which nothing has happened is no place yet.
    const home = anchor === null || element !== null
      ? element?.home ?? null
      : tree.lists.find(anchor.replica, anchor.counter)?.owner as Branch;
    // An element that was inserted as a value goes for good, all in it included.
    if (isInValue(keys.length === 0 ? home : element)) {
      refusePath(ACT, from, "it is inside an element that was born a value");
    }
  }

  /** A value gets a register of its own, and so do new maps above. */
  #checkRoom(source: Target, { keys, anchor, index }: Destination): void {
    const { tree } = this.#core;
    const above = { anchor, keys: index === null ? keys.slice(0, -1) : keys };
    const isValue =
      tree.childAt(DOCUMENT, source.anchor, source.keys) === undefined;
    this.#author.checkRoom(
      keys.length + 2,
      () => (isValue ? 1 : 0) + countNewPlaces(tree, above, null),
    );
  }

  #inMap(to: Path, key: string): Destination {
    const core = this.#core;
    // Whatever is wrong with the whole path is told.
    resolve(core, ACT, to);
    const { anchor, keys } = resolve(core, ACT, to.slice(0, -1));
    this.#checkDestination(to, anchor);
    return { anchor, keys: [...keys, key], path: to, index: null };
  }

  #inList(from: Path, to: Path, index: number): Destination {
    const { tree, reader } = this.#core;
    const above = to.slice(0, -1);
    const target = resolve(this.#core, ACT, above);
    const place = reader.find(tree.roots[DOCUMENT], above);
    if (place === undefined || reader.shown(place) !== LIST) {
      refusePath(ACT, to, "there is no list");
    }
    this.#checkDestination(to, target.anchor);
    const length = place instanceof Branch ? place.list?.length ?? 0 : 0;
    const old = from[from.length - 1] as number;
    const isSame = from.length === to.length &&
      above.every((step, at) => step === from[at]);
    checkIndex(ACT, to, index, isSame ? length - 1 : length);
    // The element leaves a gap that those behind it close.
    return { ...target, index: isSame && old < index ? index + 1 : index };
  }

  #checkDestination(to: Path, anchor: Target["anchor"]): void {
    const { tree } = this.#core;
    if (anchor === null) return;
    const element = tree.placeOf(anchor);
    if (element === null || isInValue(element)) {
      refusePath(ACT, to, "it is inside an element that was born a value");
    }
  }
}
