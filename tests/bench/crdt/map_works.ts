import type { BenchDocument, Engine, OpenOptions } from "./engine.ts";
import {
  check,
  needed,
  rate,
  shuffle,
  type Work,
  type WorkContext,
} from "./work.ts";

const COUNT = 100_000;
/** A prime, so that values look like any. */
const PRIME = 7919;

/** What is asked of the transactions: their bytes, or only to be told. */
type Listening = "bytes" | "events";

/** A document of the first replica, and what it has told. */
interface Told {
  readonly document: BenchDocument;
  /** Bytes of all updates; or how many events. */
  total: number;
}

function openTold(
  engine: Engine,
  listening: Listening,
  hasSchema = false,
): Told {
  const told = { total: 0 } as { total: number; document: BenchDocument };
  const listener: Partial<OpenOptions> = listening === "bytes"
    ? { onUpdate: (update) => void (told.total += update.length) }
    : { onEvent: () => void told.total++ };
  const options = { kind: "map", replica: 1, hasSchema } as const;
  told.document = engine.open({ ...options, ...listener });
  return told;
}

/** A value of up to six digits that does not follow from the ones before. */
export function valueAt(index: number): number {
  return (index * PRIME) % 1_000_003;
}

/** Distinct keys, a transaction each. */
export function sets(listening: Listening, hasSchema = false): Work {
  return (engine, { scale }) => {
    const count = Math.round(COUNT * scale);
    const told = openTold(engine, listening, hasSchema);
    const set = needed(told.document, "set");
    const figure = rate(count, () => {
      for (let index = 0; index < count; index++) {
        set([`key${index}`], valueAt(index));
      }
    });
    checkKeys(told.document, count);
    check(told.total >= count, "each transaction is told");
    return figure;
  };
}

/** Distinct keys, all in one transaction. */
export const oneTransaction: Work = (engine, { scale }) => {
  const count = Math.round(COUNT * scale);
  const told = openTold(engine, "bytes");
  const set = needed(told.document, "set");
  const transact = needed(told.document, "transact");
  const figure = rate(count, () =>
    transact(() => {
      for (let index = 0; index < count; index++) {
        set([`key${index}`], valueAt(index));
      }
    }));
  checkKeys(told.document, count);
  check(told.total > count, "the transaction is told");
  return figure;
};

/** One key again and again, a transaction each. */
export function oneKey(listening: Listening): Work {
  return (engine, { scale }) => {
    const count = Math.round(COUNT * scale);
    const told = openTold(engine, listening);
    const set = needed(told.document, "set");
    const figure = rate(count, () => {
      for (let index = 0; index < count; index++) {
        set(["key"], valueAt(index));
      }
    });
    const { key } = needed(told.document, "map")();
    check(key === valueAt(count - 1), "the last value stands");
    check(told.total >= count, "each transaction is told");
    return figure;
  };
}

/** Maps of the first level, and of the second in each. */
const OUTER = 10;
const INNER = 100;

function deepPath(index: number): [string, string, string] {
  const outer = index % OUTER;
  const inner = Math.floor(index / OUTER) % INNER;
  return [`outer${outer}`, `inner${inner}`, `key${index}`];
}

/** Distinct keys in maps in maps, a transaction each. */
export function depthThree(listening: Listening): Work {
  return (engine, { scale }) => {
    const count = Math.round(COUNT * scale);
    const told = openTold(engine, listening);
    const makeMaps = needed(told.document, "makeMaps");
    const set = needed(told.document, "set");
    for (let index = 0; index < OUTER * INNER; index++) {
      makeMaps(deepPath(index).slice(0, 2));
    }
    const figure = rate(count, () => {
      for (let index = 0; index < count; index++) {
        set(deepPath(index), valueAt(index));
      }
    });
    const [outer, inner, key] = deepPath(count - 1);
    const map = needed(told.document, "map")() as {
      [key: string]: { [key: string]: { [key: string]: unknown } };
    };
    check(
      map[outer]?.[inner]?.[key] === valueAt(count - 1),
      "the last value stands",
    );
    check(told.total >= count, "each transaction is told");
    return figure;
  };
}

/** The updates of {@linkcode sets}, one for each set. */
function makeUpdates(engine: Engine, count: number): Uint8Array[] {
  const updates: Uint8Array[] = [];
  const author = engine.open({
    kind: "map",
    replica: 1,
    onUpdate: (update) => void updates.push(update),
  });
  const set = needed(author, "set");
  for (let index = 0; index < count; index++) {
    set([`key${index}`], valueAt(index));
  }
  check(updates.length === count, "there is an update for each set");
  return updates;
}

/**
 * Another replica's updates, one message each.
 *
 * @param count How many, unless it is scaled.
 * @param window How far they are shuffled; 1 for in order.
 */
export function remote(window: number, count: number = COUNT): Work {
  return (engine: Engine, { scale }: WorkContext) => {
    const scaled = Math.round(count * scale);
    const made = makeUpdates(engine, scaled);
    if (window > 1) shuffle(made, Math.min(window, scaled));
    // As from a network, each comes in a buffer of its own, the last one read.
    const updates = made.map((update) => update.slice());
    const document = engine.open({
      kind: "map",
      replica: 2,
      onEvent: () => {},
    });
    const receive = needed(document, "receive");
    const figure = rate(scaled, () => {
      for (const update of updates) receive(update);
    });
    checkKeys(document, scaled);
    return figure;
  };
}

/**
 * Sets of random keys of a document that has so many, a transaction each.
 *
 * @returns Microseconds of user time an operation.
 */
export function growth(keyCount: number): Work {
  return (engine, { scale }) => {
    const count = Math.round(COUNT * scale);
    const told = openTold(engine, "bytes");
    const set = needed(told.document, "set");
    for (let index = 0; index < keyCount; index++) {
      set([`key${index}`], valueAt(index));
    }
    told.total = 0;
    const figure = rate(count, () => {
      for (let index = 0; index < count; index++) {
        // Each key about as often, and in no order that memory likes.
        set([`key${valueAt(index) % keyCount}`], index);
      }
    });
    check(told.total >= count, "each transaction is told");
    return 1000 / figure;
  };
}

/** Fails unless the map holds what {@linkcode sets} has put there. */
export function checkKeys(document: BenchDocument, count: number): void {
  const map = needed(document, "map")();
  check(Object.keys(map).length === count, `there are ${count} keys`);
  for (const index of [0, Math.floor(count / 2), count - 1]) {
    check(map[`key${index}`] === valueAt(index), `key${index} has its value`);
  }
}
