import type { Engine, Item } from "./engine.ts";
import { check, makeRandom, needed, rate, type Work } from "./work.ts";

const APPEND_COUNT = 100_000;
const PREPEND_COUNT = 20_000;
const RANDOM_COUNT = 100_000;
const RUN_COUNT = 10_000;

function openList(engine: Engine, onUpdate: (update: Uint8Array) => void) {
  const document = engine.open({ kind: "list", replica: 1, onUpdate });
  return {
    insert: needed(document, "insert"),
    remove: needed(document, "remove"),
    list: needed(document, "list"),
  };
}

function isSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

/** Inserts at the end, or at the start, a transaction each. */
function grow(total: number, isAtEnd: boolean): Work {
  return (engine, { scale }) => {
    const count = Math.round(total * scale);
    let updateCount = 0;
    const { insert, list } = openList(engine, () => void updateCount++);
    const figure = rate(count, () => {
      for (let index = 0; index < count; index++) {
        insert(isAtEnd ? index : 0, index);
      }
    });
    const expected = Array.from({ length: count }, (_, index) => index);
    if (!isAtEnd) expected.reverse();
    check(isSame(list(), expected), "the items stand in order");
    check(updateCount === count, "each transaction is told");
    return figure;
  };
}

/** Inserts at the end. */
export const append: Work = grow(APPEND_COUNT, true);

/** Inserts at the start. */
export const prepend: Work = grow(PREPEND_COUNT, false);

/** Inserts anywhere, a fifth of them removals, a transaction each. */
export const randomEdits: Work = (engine, { scale }) => {
  const count = Math.round(RANDOM_COUNT * scale);
  const { insert, remove, list } = openList(engine, () => {});
  const edits = (
    insert: (index: number, item: Item) => void,
    remove: (index: number) => void,
  ) => {
    const random = makeRandom();
    let length = 0;
    for (let step = 0; step < count; step++) {
      if (random() < 0.2 && length > 0) {
        remove(Math.floor(random() * length));
        length--;
      } else {
        insert(Math.floor(random() * (length + 1)), step);
        length++;
      }
    }
  };
  const figure = rate(count, () => edits(insert, remove));
  const expected: Item[] = [];
  edits(
    (index, item) => expected.splice(index, 0, item),
    (index) => expected.splice(index, 1),
  );
  check(isSame(list(), expected), "the items are those of an array");
  return figure;
};

/**
 * Two replicas type at one place, neither knowing of the other; then each
 * receives what the other typed, update by update.
 */
export const concurrentRuns: Work = (engine, { scale }) => {
  const count = Math.round(RUN_COUNT * scale);
  const updates: Uint8Array[][] = [[], []];
  const authors = [1, 2].map((replica, index) =>
    engine.open({
      kind: "list",
      replica,
      onUpdate: (update) => void updates[index]?.push(update),
    })
  );
  const [ann, bob] = authors;
  if (ann === undefined || bob === undefined) throw new Error("Two authors");
  const annReceives = needed(ann, "receive");
  const bobReceives = needed(bob, "receive");
  const insert = needed(ann, "insert");
  insert(0, -1);
  insert(1, -2);
  for (const update of updates[0] ?? []) bobReceives(update);
  const told = updates.map((list) => list.splice(0));
  check(told[0]?.length === 2, "each transaction is told");
  authors.forEach((author, index) => {
    const insert = needed(author, "insert");
    for (let step = 0; step < count; step++) {
      insert(1 + step, index * count + step);
    }
  });
  // An engine may tell updates that it has received, too.
  const [annSent = [], bobSent = []] = updates.map((list) =>
    list.slice(0, count)
  );
  const figure = rate(2 * count, () => {
    for (const update of bobSent) annReceives(update);
    for (const update of annSent) bobReceives(update);
  });
  const list = needed(ann, "list")();
  check(isSame(list, needed(bob, "list")()), "both show the same");
  const runs = Array.from({ length: count }, (_, step) => step);
  const first = list[1] === 0 ? 0 : count;
  check(
    isSame(list, [
      -1,
      ...runs.map((step) => first + step),
      ...runs.map((step) => count - first + step),
      -2,
    ]),
    "both runs are there, one behind the other",
  );
  return figure;
};

/** A trace as a list of letters, a transaction each. */
export const traceAsList: Work = (engine, { scale, trace }) => {
  const edits = trace.edits.slice(0, Math.round(trace.edits.length * scale));
  const { insert, remove, list } = openList(engine, () => {});
  const figure = rate(edits.length, () => {
    for (const [index, removedCount, inserted] of edits) {
      for (let count = removedCount; count > 0; count--) remove(index);
      for (let offset = 0; offset < inserted.length; offset++) {
        insert(index + offset, inserted[offset] as string);
      }
    }
  });
  check(
    list().join("") === trace.textAfter(edits.length),
    "the list holds what was typed",
  );
  return figure;
};

/** A trace as a text, a transaction each. */
export function traceAsText(listening: "bytes" | "events"): Work {
  return (engine, { scale, trace }) => {
    const edits = trace.edits.slice(0, Math.round(trace.edits.length * scale));
    const document = engine.open({
      kind: "text",
      replica: 1,
      ...(listening === "bytes"
        ? { onUpdate: () => {} }
        : { onEvent: () => {} }),
    });
    const edit = needed(document, "edit");
    const figure = rate(edits.length, () => {
      for (const [index, removedCount, inserted] of edits) {
        edit(index, removedCount, inserted);
      }
    });
    check(
      needed(document, "text")() === trace.textAfter(edits.length),
      "the text is what was typed",
    );
    return figure;
  };
}
