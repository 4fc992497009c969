import { Branch, type Item } from "../branch.ts";
import { removeElements } from "../list_edits.ts";
import type { IdRange, Origin } from "../sequence/ids.ts";
import type { ListSequence } from "../sequence/list_sequence.ts";
import {
  type Above,
  isOursGone,
  isTheirsGone,
  type JoinContext,
} from "./join_context.ts";

/** Joins an element with what is in it; returns how much more lives. */
export interface ElementJoin {
  /** See {@linkcode ElementJoin}. */
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
    const items = content?.map((item, at) => {
      if (!(item instanceof Branch)) return item;
      const id = { replica, counter: counter + at };
      const slot = tree.columns.add();
      branch.elementCount++;
      return new Branch(slot, branch, null, id, item.isPlain);
    });
    ours.integrateInsert(replica, counter, length, items, origin);
    live += items?.filter((item) => !(item instanceof Branch)).length ?? 0;
    isChanged = true;
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
        const isGone = isItemGone(
          content[from],
          replica,
          counter + from,
          above,
        );
        while (
          to < length &&
          isItemGone(content[to], replica, counter + to, above) === isGone
        ) to++;
        const part = isGone ? undefined : content.slice(from, to);
        put(replica, counter + from, to - from, part, origin);
        origin = { side: "right", replica, counter: counter + to - 1 };
      }
    },
    (range) => {
      const count = removeElements(tree, branch, range);
      live -= count;
      if (count !== 0) isChanged = true;
    },
  );
  if (isChanged) context.note(branch, null);
  for (const element of elementsOf(theirs)) {
    const { replica, counter } = element.id as {
      replica: number;
      counter: number;
    };
    const id = { replica: context.indexOf(replica), counter };
    const own = tree.elementAt(id);
    if (own !== null) live += join.joinElement(own, element, above);
  }
  return live;
}

/** Whether a value of theirs is hidden, and so never was. */
function isItemGone(
  item: unknown,
  replica: number,
  counter: number,
  above: Above,
): boolean {
  const isPlain = !(item instanceof Branch) || item.isPlain;
  return isPlain && isTheirsGone(above, replica, counter);
}

function elementsOf(list: ListSequence<Item>): Branch[] {
  const elements: Branch[] = [];
  for (const { content } of list.keptRuns()) {
    for (const item of content) {
      if (item instanceof Branch) elements.push(item);
    }
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
      const isPlain = !(item instanceof Branch) || item.isPlain;
      if (isPlain && isOursGone(above, replica, counter + at)) {
        gone.push({ replica, counter: counter + at, length: 1 });
      } else if (item instanceof Branch) kept.push(item);
    });
  }
  return { gone, kept };
}
