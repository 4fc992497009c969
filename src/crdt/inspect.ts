import type { JsonValue } from "../base/json.ts";
import { Branch, type Child, type Item } from "./branch.ts";
import type { Core } from "./core.ts";
import { DOCUMENT, SETTINGS } from "./operation.ts";
import type { Moved } from "./move_log.ts";
import { valueOf } from "./reader.ts";
import type { ListSequence } from "./sequence/list_sequence.ts";
import { isUntouched } from "./untouched.ts";
import { canonicalText } from "./values.ts";

/**
 * All that a document keeps, in a form that depends on nothing but the set of
 * operations that were applied: replicas with equal clocks give equal ones.
 */
export function inspectState(core: Core): JsonValue {
  const { roots } = core.tree;
  return {
    document: inspectPlace(core, roots[DOCUMENT]),
    settings: inspectPlace(core, roots[SETTINGS]),
  };
}

function inspectPlace(core: Core, child: Child): JsonValue {
  const { replicas, tree } = core;
  const { columns } = tree;
  const slot = typeof child === "number" ? child : child.slot;
  const dot = (replica: number, counter: number): JsonValue => [
    replicas.nameOf(replica),
    counter,
  ];
  const place: Record<string, JsonValue> = {};
  if ((columns.stamps[slot] as number) >= 0) {
    place.register = {
      dot: dot(
        columns.replicas[slot] as number,
        columns.counters[slot] as number,
      ),
      stamp: columns.stamps[slot] as number,
      flags: columns.flags[slot] as number,
      value: valueOf(columns.values[slot]),
    };
  }
  const siblings = tree.siblings.get(slot)?.map((item) => ({
    dot: dot(item.replica, item.counter),
    stamp: item.stamp,
    value: valueOf(item.value),
    ...item.isRefused === true ? { isRefused: true } : {},
  }));
  if (siblings !== undefined) place.siblings = sort(siblings);
  const cells = tree.counters.get(slot)?.map((cell) => ({
    dot: dot(cell.replica, cell.counter),
    stamp: cell.stamp,
    total: cell.total,
    isDead: cell.isDead,
    ...cell.isRefused === true ? { isRefused: true } : {},
  }));
  if (cells !== undefined) place.cells = sort(cells);
  if (typeof child === "number") return place;
  if (child.claimStamp >= 0) {
    place.claim = {
      dot: dot(child.claimReplica, child.claimCounter),
      stamp: child.claimStamp,
      shape: child.claimShape,
    };
  }
  if (child.cover !== null) place.cover = child.cover.toRecord(replicas);
  if (child.barrier !== null) place.barrier = child.barrier.toRecord(replicas);
  if (child.moved !== null) place.moved = inspectMoves(core, child.moved);
  place.liveCount = [child.liveCount, child.elementLiveCount];
  place.children = [...child.children]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, below]) => [key, inspectPlace(core, below)]);
  if (child.list !== null) place.list = inspectList(core, child.list);
  return place;
}

/** The elements that were not removed; a value alone is one never touched. */
function inspectList(core: Core, list: ListSequence<Item>): JsonValue {
  const items: JsonValue[] = [];
  for (const { replica, counter, content } of [...list.keptRuns()]) {
    for (const [offset, item] of content.entries()) {
      const dot = [core.replicas.nameOf(replica), counter + offset];
      const place = !(item instanceof Branch)
        ? [item as JsonValue]
        : !item.isBornAs(replica, counter + offset)
        ? ["moved", isShownAs(item, replica, counter + offset)]
        : !item.isHidden && isUntouched(core.tree, item)
        ? [valueOf(core.tree.columns.values[item.slot]) as JsonValue]
        : [
          inspectPlace(core, item),
          isShownAs(item, replica, counter + offset),
        ];
      items.push([dot, ...place]);
    }
  }
  return items;
}

function sort(items: readonly JsonValue[]): JsonValue {
  return items
    .map((item) => [canonicalText(item), item] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, item]) => item);
}

/** Whether an item stands for a place that lives there and shows something. */
function isShownAs(item: Branch, replica: number, counter: number): boolean {
  const { id, isHidden } = item;
  return id?.replica === replica && id.counter === counter && !isHidden;
}

/** All moves of a place, and which of them are in effect. */
function inspectMoves({ replicas }: Core, moved: Moved): JsonValue {
  return {
    records: sort(moved.records.map(({ replica, counter, stamp, before }) => [
      replicas.nameOf(replica),
      counter,
      stamp,
      before !== null,
    ])),
    cover: moved.cover?.toRecord(replicas) ?? null,
    barrier: moved.barrier?.toRecord(replicas) ?? null,
  };
}
