import process from "node:process";
import type { SyncCost } from "./engine.ts";
import { checkKeys, valueAt } from "./map_works.ts";
import { check, collectGarbage, needed, userMs, type Work } from "./work.ts";

const KEY_COUNT = 100_000;
const OVERWRITTEN_COUNT = 10_000;
const ROUNDS = 50;
const HEAP_KEY_COUNT = 1_000_000;

/** Bytes of a saved map. */
export const bytesOfMap: Work = (engine, { scale }) => {
  const count = Math.round(KEY_COUNT * scale);
  const document = engine.open({ kind: "map", replica: 1 });
  const set = needed(document, "set");
  const save = needed(document, "save");
  const load = needed(engine, "load");
  for (let index = 0; index < count; index++) {
    set([`key${index}`], valueAt(index));
  }
  const { length } = save("size");
  checkKeys(load(save("speed"), "map"), count);
  return length;
};

/** Bytes of a saved map whose every key was set many times. */
export const bytesOfOverwritten: Work = (engine, { scale }) => {
  const count = Math.round(OVERWRITTEN_COUNT * scale);
  const document = engine.open({ kind: "map", replica: 1 });
  const set = needed(document, "set");
  const save = needed(document, "save");
  for (let round = ROUNDS - 1; round >= 0; round--) {
    for (let index = 0; index < count; index++) {
      set([`key${index}`], valueAt(index + round));
    }
  }
  checkKeys(needed(engine, "load")(save("speed"), "map"), count);
  return save("size").length;
};

/** Bytes of a saved text that was typed. */
export const bytesOfText: Work = (engine, { trace }) => {
  const document = engine.open({ kind: "text", replica: 1 });
  const edit = needed(document, "edit");
  const save = needed(document, "save");
  for (const [index, removedCount, inserted] of trace.edits) {
    edit(index, removedCount, inserted);
  }
  const text = trace.textAfter(trace.edits.length);
  if (engine.load !== undefined) {
    const loaded = engine.load(save("speed"), "text");
    check(needed(loaded, "text")() === text, "the loaded text is the text");
  }
  return save("size").length;
};

/** Milliseconds of user time to load a map and read all of it. */
export const loadMap: Work = (engine, { scale }) => {
  const count = Math.round(KEY_COUNT * scale);
  const document = engine.open({ kind: "map", replica: 1 });
  const set = needed(document, "set");
  const save = needed(document, "save");
  const load = needed(engine, "load");
  for (let index = 0; index < count; index++) {
    set([`key${index}`], valueAt(index));
  }
  const bytes = save("speed");
  let loaded = document;
  const figure = userMs(() => {
    loaded = load(bytes, "map");
    const map = needed(loaded, "map")();
    check(map["key0"] === valueAt(0), "the first key is there");
  });
  checkKeys(loaded, count);
  return figure;
};

/** Bytes in memory for each key of a map, key and value included. */
export const heap: Work = (engine, { scale }) => {
  const count = Math.round(HEAP_KEY_COUNT * scale);
  const document = engine.open({ kind: "map", replica: 1, onEvent: () => {} });
  const set = needed(document, "set");
  set(["first"], 0);
  const before = memoryBytes();
  for (let index = 0; index < count; index++) {
    set([`key${index}`], valueAt(index));
  }
  const figure = (memoryBytes() - before) / count;
  // Read at last, as reading may keep something.
  const size = Object.keys(needed(document, "map")()).length;
  check(size === count + 1, `there are ${count + 1} keys`);
  return figure;
};

/** What is in use, in the heap and in buffers beside it. */
function memoryBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/**
 * Bytes of a message of one operation, late in the life of a replica that knows
 * others.
 *
 * @param isForeign Whether it replaces what another replica has set.
 */
export function bytesOfMessage(replicaCount: number, isForeign = false): Work {
  return (engine) => {
    let update = new Uint8Array();
    const document = engine.open({
      kind: "map",
      replica: 1,
      onUpdate: (bytes) => update = bytes.slice(),
    });
    const set = needed(document, "set");
    const receive = needed(document, "receive");
    for (let replica = 2; replica <= replicaCount; replica++) {
      const other = engine.open({
        kind: "map",
        replica,
        onUpdate: (bytes) => receive(bytes),
      });
      needed(other, "set")([`key${replica}`], replica);
    }
    for (let index = 0; index < KEY_COUNT; index++) {
      set([`own${index}`], valueAt(index));
    }
    set([isForeign ? `key${replicaCount}` : "own50000"], 123_456);
    return update.length;
  };
}

/** Keys that each side sets while it is cut off from the other. */
const CHANGED_COUNT = 100;

/** A work that measures bytes, or messages, after both sides went on alone. */
export function partition(
  way: "exchange" | "reconcile",
  unit: keyof SyncCost,
): Work {
  return (engine) => {
    const ann = engine.open({ kind: "map", replica: 1 });
    const set = needed(ann, "set");
    for (let index = 0; index < KEY_COUNT; index++) {
      set([`key${index}`], valueAt(index));
    }
    const bob = engine.open({ kind: "map", replica: 2 });
    needed(ann, "exchange")(bob);
    const step = KEY_COUNT / CHANGED_COUNT;
    [ann, bob].forEach((side, which) => {
      const set = needed(side, "set");
      for (let index = which; index < KEY_COUNT; index += step) {
        set([`key${index}`], -1);
      }
    });
    const cost = needed(ann, way)(bob);
    for (const side of [ann, bob]) {
      const map = needed(side, "map")();
      const changed = Object.values(map).filter((value) => value === -1);
      check(changed.length === 2 * CHANGED_COUNT, "both have what changed");
    }
    return cost[unit];
  };
}
