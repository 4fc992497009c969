import type { JsonValue } from "../../base/json.ts";
import { Branch } from "../branch.ts";
import { addressOf } from "../conflict_places.ts";
import { refreshElement, refreshElements } from "../list_edits.ts";
import {
  DOCUMENT,
  INCREMENT,
  lengthOf,
  LIST,
  MAP,
  NOTHING,
  type Operation,
  SET,
  type Shape,
} from "../operation.ts";
import type { Path, Step } from "../pattern.ts";
import type { CounterCell, Sibling } from "../register_parts.ts";
import type { ItemId } from "../sequence/ids.ts";
import { TextSequence } from "../sequence/text_sequence.ts";
import type { Tree } from "../tree.ts";
import { isHeirKey, shownKey } from "../values.ts";
import type { SchemaHistory } from "./history.ts";
import type { Put } from "./own_path.ts";

const COUNT: Put = { kind: "count" };
const TEXT: Put = { kind: "text" };
const CONTAINERS: { readonly [Kind in typeof MAP | typeof LIST]: Put } = {
  [MAP]: { kind: "map" },
  [LIST]: { kind: "list" },
};

/** An operation that is kept and does not show. */
export interface Refused {
  /** Who made it. */
  readonly replica: number;
  /** Its counter. */
  readonly counter: number;
}

/**
 * Decides what shows of what is kept, as the schemas say: at once for what
 * comes, and for all that is there when a schema comes.
 */
export class Judge {
  /**
   * What was refused since this was emptied; of an insertion, the elements. Some
   * of it may show again.
   */
  readonly refused: Refused[] = [];
  readonly #tree: Tree;
  readonly #history: SchemaHistory;

  /** Makes the judge of `tree`. */
  constructor(tree: Tree, history: SchemaHistory) {
    this.#tree = tree;
    this.#history = history;
  }

  /** Whether an assignment or increment that comes may not show. */
  refuses(operation: Operation): boolean {
    const { kind, shape, value } = operation;
    if (kind !== SET && kind !== INCREMENT) return false;
    const put = kind === INCREMENT ? COUNT : putOf(shape, value);
    const { replica, counter } = operation;
    const path = birthPathOf(this.#tree, operation.anchor, operation.path);
    if (this.#history.permits(replica, counter, path, put)) return false;
    this.refused.push({ replica, counter });
    return true;
  }

  /** Refuses those elements of an insertion that may not show. */
  judgeElements(operation: Operation): void {
    const { replica, value, shape, anchor, path } = operation;
    const place = [...birthPathOf(this.#tree, anchor, path), 0];
    const isContainer = typeof value === "number";
    const length = isContainer ? value : (value as readonly JsonValue[]).length;
    let { counter } = operation;
    for (let index = 0; index < length; index++) {
      const item = isContainer
        ? undefined
        : (value as readonly JsonValue[])[index];
      const put = putOf(isContainer ? shape : NOTHING, item);
      if (!this.#history.permits(replica, counter, place, put)) {
        const element = this.#tree.elementAt({ replica, counter });
        if (element !== null) this.#judgeElement(element, place);
      }
      counter += lengthOf(item);
    }
  }

  /** Judges what a register holds anew, as an edit of its text makes needed. */
  judgeAgain(operation: Operation): void {
    const tree = this.#tree;
    const { anchor, path, space } = operation;
    const child = tree.childAt(space, anchor, path);
    if (child === undefined) return;
    const parent = child instanceof Branch
      ? null
      : tree.childAt(space, anchor, path.slice(0, -1)) as Branch;
    this.#judgePlace(child, parent, birthPathOf(tree, anchor, path));
    refreshElements(tree, child instanceof Branch ? child : parent as Branch);
  }

  /** Judges all that the document keeps. */
  judgeAll(): void {
    const root = this.#tree.roots[DOCUMENT];
    this.#judgeBelow(root, []);
    this.#refreshBelow(root);
  }

  #judgeBelow(branch: Branch, path: Step[]): void {
    for (const [key, child] of branch.children) {
      path.push(shownKey(key));
      this.#judgePlace(child, branch, path);
      if (child instanceof Branch) this.#judgeBelow(child, path);
      path.pop();
    }
    const { list } = branch;
    if (list === null) return;
    path.push(0);
    // Making places of values moves the position that the runs are read from.
    for (const { replica, counter, content } of [...list.keptRuns()]) {
      for (const [offset, item] of content.entries()) {
        const id = { replica, counter: counter + offset };
        if (item instanceof Branch) {
          // What was moved here is judged where it was born.
          if (!item.isBornAs(id.replica, id.counter)) continue;
          this.#judgeElement(item, path);
          this.#judgeBelow(item, path);
        } else if (
          !this.#history.permits(
            id.replica,
            id.counter,
            path,
            putOf(NOTHING, item as JsonValue),
          )
        ) {
          this.#judgeElement(this.#tree.elementAt(id) as Branch, path);
        }
      }
    }
    path.pop();
  }

  #judgeElement(element: Branch, path: readonly Step[]): void {
    this.#judgePlace(element, null, path);
    refreshElement(this.#tree, element);
  }

  /** Hides the elements that show nothing now, the deepest first. */
  #refreshBelow(branch: Branch): void {
    const refresh = (place: Branch) => {
      this.#refreshBelow(place);
      refreshElement(this.#tree, place);
    };
    for (const child of branch.children.values()) {
      // It may have been moved to a list.
      if (child instanceof Branch) refresh(child);
    }
    const { list } = branch;
    if (list === null || branch.elementCount === 0) return;
    for (const { replica, counter, content } of [...list.keptRuns()]) {
      for (const [offset, item] of content.entries()) {
        if (!(item instanceof Branch)) continue;
        if (item.isBornAs(replica, counter + offset)) refresh(item);
      }
    }
  }

  /**
   * Judges a place, by the path at which it was born.
   *
   * @param home The place above a mere register.
   */
  #judgePlace(
    child: Branch | number,
    home: Branch | null,
    path: readonly Step[],
  ): void {
    const tree = this.#tree;
    const parent = child instanceof Branch ? child.parent : home;
    const slot = typeof child === "number" ? child : child.slot;
    const isElement = child instanceof Branch && child.id !== null;
    const key = child instanceof Branch && !isElement
      ? child.key as string
      : path.at(-1) as Step;
    if (tree.told !== null) {
      // Who is refused claims nothing above, either.
      tree.told.noteAbove(child instanceof Branch ? child : home as Branch);
      if (parent !== null && !isElement) {
        tree.told.noteEntry(parent, key as string);
      }
    }
    const wasLive = tree.isLive(slot);
    const isChanged = this.#judgeSlot(slot, path);
    const isLive = tree.isLive(slot);
    if (wasLive !== isLive) {
      tree.journal?.addLive(parent, isElement, isLive ? 1 : -1);
      tree.addLive(parent, isElement, isLive ? 1 : -1);
    }
    if (!isChanged || parent === null || tree.told === null) return;
    if (!isElement) tree.told.want(parent, key as string);
    // Of an element that shows no more, or again, its list tells.
    else if (tree.told.scope === "places") tree.told.want(parent, null);
  }

  /** Judges a register, its siblings and its counter; tells of any change. */
  #judgeSlot(slot: number, path: readonly Step[]): boolean {
    const tree = this.#tree;
    const { columns, journal } = tree;
    const shape = columns.shapeOf(slot);
    let isChanged = false;
    if ((columns.stamps[slot] as number) >= 0) {
      const replica = columns.replicas[slot] as number;
      const counter = columns.counters[slot] as number;
      const put = putOf(shape, columns.values[slot]);
      const isRefused = shape !== NOTHING &&
        !this.#history.permits(replica, counter, path, put);
      if (isRefused !== columns.isRefused(slot)) {
        journal?.add(() => columns.setRefused(slot, !isRefused));
        columns.setRefused(slot, isRefused);
        if (isRefused) this.refused.push({ replica, counter });
        isChanged = true;
      }
    }
    const siblings = this.#judgeParts(
      tree.siblings.get(slot),
      path,
      ({ shape, value }) => putOf(shape, value),
    );
    if (siblings !== null) tree.setSiblings(slot, siblings);
    const cells = this.#judgeParts(
      tree.counters.get(slot),
      path,
      ({ isDead }) => isDead ? null : COUNT,
    );
    if (cells !== null) tree.setCounter(slot, cells);
    return isChanged || siblings !== null || cells !== null;
  }

  /** What is kept beside a register, judged; `null` if nothing is different. */
  #judgeParts<Part extends Sibling | CounterCell>(
    parts: readonly Part[] | undefined,
    path: readonly Step[],
    put: (part: Part) => Put | null,
  ): readonly Part[] | null {
    let isChanged = false;
    const judged = parts?.map((part) => {
      const { replica, counter } = part;
      const what = put(part);
      const isRefused = what !== null &&
        !this.#history.permits(replica, counter, path, what);
      if (isRefused === (part.isRefused ?? false)) return part;
      if (isRefused) this.refused.push({ replica, counter });
      isChanged = true;
      return { ...part, isRefused };
    });
    return isChanged ? judged as readonly Part[] : null;
  }
}

/** What something that is kept put at its place. */
export function putOf(shape: Shape, value: unknown): Put {
  if (shape === MAP || shape === LIST) return CONTAINERS[shape];
  // What many have written is nobody's value any more.
  if (value instanceof TextSequence) return TEXT;
  return { kind: "value", value: value as JsonValue };
}

/** The path at which a place was born; an element of a list is a 0 in it. */
export function birthPathOf(
  tree: Tree,
  anchor: ItemId | null,
  keys: readonly string[],
): Path {
  const below = keys.some(isHeirKey) ? keys.map(shownKey) : keys;
  if (anchor === null) return below;
  const path: Step[] = [];
  // A dot may be that of a move.
  let branch = tree.placeOf(anchor);
  if (branch === null) {
    const found = tree.lists.find(anchor.replica, anchor.counter);
    if (found === null) return below;
    path.push(0);
    branch = found.owner as Branch;
  }
  for (; branch.home !== null; branch = branch.home) {
    path.push(branch.homeKey === null ? 0 : shownKey(branch.homeKey));
  }
  return [...path.reverse(), ...below];
}

/** Calls `visit` for all registers below a place. */
export function forEachKept(
  tree: Tree,
  branch: Branch,
  path: Step[],
  visit: (slot: number, path: Path) => void,
): void {
  const at = (step: Step, child: Branch | number) => {
    // What was moved is told where it is now.
    const isMoved = child instanceof Branch && child.move !== null;
    const place = isMoved ? [...addressOf(child)] : path;
    if (!isMoved) path.push(step);
    visit(typeof child === "number" ? child : child.slot, place);
    if (child instanceof Branch) forEachKept(tree, child, place, visit);
    if (!isMoved) path.pop();
  };
  for (const [key, child] of branch.children) at(shownKey(key), child);
  const { list } = branch;
  if (list === null || branch.elementCount === 0) return;
  for (const { replica, counter, content } of [...list.keptRuns()]) {
    for (const [offset, item] of content.entries()) {
      const id = { replica, counter: counter + offset };
      if (item instanceof Branch && item.isBornAs(replica, id.counter)) {
        at(list.indexOf(id), item);
      }
    }
  }
}
