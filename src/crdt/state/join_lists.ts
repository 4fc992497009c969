import { Branch, type Item } from "../branch.ts";
import { removeElements, withoutGuests } from "../list_edits.ts";
import type { IdRange, ItemId, Origin } from "../sequence/ids.ts";
import type { ListSequence } from "../sequence/list_sequence.ts";
import {
  type Above,
  isOursGone,
  isTheirsGone,
  type JoinContext,
} from "./join_context.ts";
import type { MovedPairs } from "./moved_pairs.ts";
import { MOVED_MARK } from "./value_columns.ts";

/** Joins places. */
export interface ElementJoin {
  /** Places that are joined on their own. */
  readonly pairs: MovedPairs;
  /** Joins an element with what is in it; returns how much more lives. */
  joinElement(ours: Branch, theirs: Branch, above: Above): number;
}

/**
 * Joins the elements of theirs with those of `branch`.
 *
 * @returns By how much more lives in it.
 */
export function joinElements(
  context: JoinContext,
  join: ElementJoin,
  branch: Branch,
  theirs: ListSequence<Item>,
  above: Above,
): number {
  const { tree } = context.core;
  const ours = tree.listOf(branch);
  let live = 0;
  let isChanged = false;
  const put = (
    replica: number,
    counter: number,
    length: number,
    content: readonly unknown[] | undefined,
    origin: Origin,
  ): void => {
    const guests: ItemId[] = [];
    const items = content?.map((item, at) => {
      const id = { replica, counter: counter + at };
      if (isGuest(context, item, id)) {
        guests.push(id);
        return MOVED_MARK;
      }
      if (!(item instanceof Branch)) return item;
      const slot = tree.columns.add();
      branch.elementCount++;
      return new Branch(slot, branch, null, id, item.isPlain);
    });
    ours.integrateInsert(replica, counter, length, items, origin);
    live +=
      items?.filter((item) => !(item instanceof Branch) && item !== MOVED_MARK)
        .length ?? 0;
    for (const id of guests) {
      ours.setHidden(id, true);
      context.guests.push({ list: ours, id });
    }
    isChanged = true;
  };
  const isItemGone = (item: unknown, replica: number, counter: number) => {
    const isPlain = !(item instanceof Branch) || item.isPlain;
    if (!isPlain || isGuest(context, item, { replica, counter })) return false;
    const pair = join.pairs.ofElement(replica, counter);
    return isTheirsGone(pair?.above ?? above, replica, counter);
  };
  context.joinSequences(
    ours,
    theirs,
    (replica, counter, length, content, origin) => {
      if (content === undefined) {
        return put(replica, counter, length, content, origin);
      }
      // What is covered of values goes for good, as when it is inserted.
      for (let from = 0, to = 0; from < length; from = to) {
        const isGone = isItemGone(content[from], replica, counter + from);
        while (
          to < length &&
          isItemGone(content[to], replica, counter + to) === isGone
        ) to++;
        const part = isGone ? undefined : content.slice(from, to);
        put(replica, counter + from, to - from, part, origin);
        origin = { side: "right", replica, counter: counter + to - 1 };
      }
    },
    (range) => {
      for (const part of withoutGuests(branch, range)) {
        const count = removeElements(tree, branch, part);
        live -= count;
        if (count !== 0) isChanged = true;
      }
    },
  );
  if (isChanged) context.note(branch, null);
  for (const element of elementsOf(theirs)) {
    const { replica, counter } = element.homeId as ItemId;
    const id = { replica: context.indexOf(replica), counter };
    if (join.pairs.ofElement(id.replica, counter) !== undefined) continue;
    const own = tree.elementAt(id);
    if (own !== null) live += join.joinElement(own, element, above);
  }
  return live;
}

/** Whether an item of theirs, by our dot, stands for a place born elsewhere. */
function isGuest(
  context: JoinContext,
  item: unknown,
  { replica, counter }: ItemId,
): boolean {
  if (!(item instanceof Branch)) return item === MOVED_MARK;
  const { homeId } = item;
  return homeId === null || counter !== homeId.counter ||
    replica !== context.indexOf(homeId.replica);
}

function elementsOf(list: ListSequence<Item>): Branch[] {
  const elements: Branch[] = [];
  for (const { replica, counter, content } of list.keptRuns()) {
    content.forEach((item, at) => {
      if (item instanceof Branch && item.isBornAs(replica, counter + at)) {
        elements.push(item);
      }
    });
  }
  return elements;
}

/** Which of our values are hidden now and go, and which places stay. */
export function sweepElements(
  list: ListSequence<Item>,
  above: Above,
): { gone: IdRange[]; kept: Branch[] } {
  const gone: IdRange[] = [];
  const kept: Branch[] = [];
  for (const { replica, counter, content } of list.keptRuns()) {
    content.forEach((item, at) => {
      if (item === MOVED_MARK) return;
      const place = item instanceof Branch ? item : null;
      // What was ever moved is looked at on its own.
      if (place !== null && place.moved !== null) return;
      const isPlain = place === null || place.isPlain;
      if (isPlain && isOursGone(above, replica, counter + at)) {
        gone.push({ replica, counter: counter + at, length: 1 });
      } else if (place !== null) kept.push(place);
    });
  }
  return { gone, kept };
}
