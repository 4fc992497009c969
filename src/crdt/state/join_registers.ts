import type { Core } from "../core.ts";
import { NOTHING, SCALAR } from "../operation.ts";
import type { CounterCell, Sibling } from "../register_parts.ts";
import { TextSequence } from "../sequence/text_sequence.ts";
import {
  type Above,
  isOursGone,
  isTheirsGone,
  type JoinContext,
} from "./join_context.ts";

/** What became of a register. */
export interface Joined {
  /** By how much the count of living ones grows. */
  readonly live: number;
  /** Whether it may show otherwise. */
  readonly isChanged: boolean;
}

/** Joins two registers, with what is beside them. */
export function joinSlots(
  context: JoinContext,
  slot: number,
  theirSlot: number,
  above: Above,
): Joined {
  const { tree } = context.core;
  const theirs = context.other.tree;
  const wasLive = tree.isLive(slot);
  const hasSiblings = tree.siblings.has(slot) ||
    theirs.siblings.has(theirSlot) || tree.columns.isSibling(slot) ||
    theirs.columns.isSibling(theirSlot);
  const joined = hasSiblings
    ? joinSiblings(context, slot, theirSlot, above)
    : null;
  const values = joined?.values ?? null;
  let isChanged =
    joinRegisters(context, slot, theirSlot, above, values ?? []) ||
    (joined?.isChanged ?? false);
  if (values !== null) {
    const { columns } = tree;
    const siblings = values.filter(({ replica, counter }) =>
      replica !== columns.replicas[slot] || counter !== columns.counters[slot]
    );
    const before = tree.siblings.get(slot) ?? [];
    isChanged ||= siblings.length !== before.length ||
      siblings.some((each, index) => each.counter !== before[index]?.counter);
    tree.setSiblings(slot, siblings);
  }
  const ours = tree.counters.get(slot);
  if (ours !== undefined || theirs.counters.has(theirSlot)) {
    const cells = joinCells(context, slot, theirSlot, above);
    isChanged ||= !isSameCells(ours ?? [], cells);
    tree.setCounter(slot, cells);
  }
  return outcome(context.core, slot, wasLive, isChanged);
}

/** Hides what newly is to be hidden in a register that they do not have. */
export function hideSlot(
  { core }: JoinContext,
  slot: number,
  above: Above,
): Joined {
  const { tree } = core;
  const wasLive = tree.isLive(slot);
  const siblings = tree.siblings.get(slot);
  const cells = tree.counters.get(slot);
  const isHeld = wasLive || tree.columns.isRefused(slot);
  if (!isHeld && siblings === undefined && cells === undefined) {
    return { live: 0, isChanged: false };
  }
  let isChanged = clearOurs(core, slot, above, []);
  if (siblings !== undefined) {
    const left = siblings.filter(({ replica, counter }) =>
      !isOursGone(above, replica, counter)
    );
    isChanged ||= left.length < siblings.length;
    tree.setSiblings(slot, left);
  }
  if (cells !== undefined) {
    const left = cells.map((cell) => hideOur(cell, above));
    isChanged ||= !isSameCells(cells, left);
    tree.setCounter(slot, left);
  }
  return outcome(core, slot, wasLive, isChanged);
}

function outcome(
  { tree }: Core,
  slot: number,
  wasLive: boolean,
  isChanged: boolean,
): Joined {
  const isLive = tree.isLive(slot);
  return {
    live: (isLive ? 1 : 0) - (wasLive ? 1 : 0),
    isChanged: isChanged && (wasLive || isLive),
  };
}

function clearOurs(
  core: Core,
  slot: number,
  above: Above,
  kept: readonly Sibling[],
): boolean {
  const { columns } = core.tree;
  const isHeld = columns.shapeOf(slot) !== NOTHING ||
    columns.values[slot] !== undefined;
  if (
    !isHeld || !isOursGone(
      above,
      columns.replicas[slot] as number,
      columns.counters[slot] as number,
    )
  ) return false;
  discardText(core, slot, kept);
  columns.clear(slot);
  return true;
}

/** Lets the text in a register go, if it does not stay beside it. */
function discardText(
  { tree }: Core,
  slot: number,
  kept: readonly Sibling[],
): void {
  const value = tree.columns.values[slot];
  if (!(value instanceof TextSequence)) return;
  if (!kept.some((each) => each.value === value)) tree.discard(value);
}

function joinRegisters(
  context: JoinContext,
  slot: number,
  theirSlot: number,
  above: Above,
  kept: readonly Sibling[],
): boolean {
  const { core } = context;
  const { columns } = core.tree;
  const theirs = context.other.tree.columns;
  const stamp = theirs.stamps[theirSlot] as number;
  if (stamp < 0) return clearOurs(core, slot, above, kept);
  const replica = context.indexOf(theirs.replicas[theirSlot] as number);
  const counter = theirs.counters[theirSlot] as number;
  const value = theirs.values[theirSlot];
  // Only a forged one has another stamp.
  const isSame = (columns.stamps[slot] as number) >= 0 &&
    columns.replicas[slot] === replica && columns.counters[slot] === counter;
  if (!isSame && columns.isNewer(slot, stamp, replica, counter)) {
    const isGone = isTheirsGone(above, replica, counter);
    const own = value instanceof TextSequence && !isGone
      ? copied(context, kept, replica, counter, value)
      : value;
    discardText(core, slot, kept);
    const flags = theirs.keptFlagsOf(theirSlot);
    columns.assign(slot, stamp, replica, counter, flags, own);
    if (isGone) columns.clear(slot);
    return true;
  }
  const isJoined = isSame && columns.shapeOf(slot) === SCALAR &&
    value instanceof TextSequence &&
    joinTexts(context, slot, replica, counter, value);
  return clearOurs(core, slot, above, kept) || isJoined;
}

/** Our copy of a text of theirs, which may have been made beside the register. */
function copied(
  context: JoinContext,
  kept: readonly Sibling[],
  replica: number,
  counter: number,
  text: TextSequence,
): unknown {
  const beside = kept.find((each) =>
    each.replica === replica && each.counter === counter
  );
  return beside?.value ?? context.copyText(text);
}

/** Joins two texts of one string; returns whether ours shows otherwise. */
function joinTexts(
  context: JoinContext,
  slot: number,
  replica: number,
  counter: number,
  theirs: TextSequence,
): boolean {
  const ours = context.core.tree.textAt(slot, { replica, counter });
  if (ours === null) return false;
  let isChanged = false;
  context.joinSequences(
    ours,
    theirs,
    (...span) => {
      if (ours.integrateInsert(...span) !== undefined) isChanged = true;
    },
    (range) => {
      if (ours.integrateRemove(range).length > 0) isChanged = true;
    },
  );
  return isChanged;
}

/**
 * All values that one has and the other has not seen, or that both have; and
 * whether a text among them changed.
 */
function joinSiblings(
  context: JoinContext,
  slot: number,
  theirSlot: number,
  above: Above,
): { values: Sibling[]; isChanged: boolean } {
  const { core, seen } = context;
  let isChanged = false;
  const theirs = valuesOf(
    context.other,
    theirSlot,
    (replica) => context.indexOf(replica),
  );
  // The part of a state leads through places of which it does not tell.
  const isTold = (context.other.tree.columns.stamps[theirSlot] as number) >= 0;
  const kept = valuesOf(core, slot, (replica) => replica).filter((each) =>
    (!isTold || find(theirs, each) !== undefined ||
      !seen.has(each.replica, each.counter)) &&
    !isOursGone(above, each.replica, each.counter)
  ).map((each) => {
    const text = find(theirs, each)?.value;
    if (!(text instanceof TextSequence)) return each;
    const { replica, counter } = each;
    if (joinTexts(context, slot, replica, counter, text)) isChanged = true;
    return { ...each, value: core.tree.textAt(slot, each) ?? each.value };
  });
  const added = theirs.filter((each) =>
    !core.vector.has(each.replica, each.counter) &&
    !isTheirsGone(above, each.replica, each.counter)
  ).map((each) =>
    each.value instanceof TextSequence
      ? { ...each, value: context.copyText(each.value) }
      : each
  );
  return { values: [...kept, ...added], isChanged };
}

function find(
  values: readonly Sibling[],
  { replica, counter }: Sibling,
): Sibling | undefined {
  return values.find((each) =>
    each.replica === replica && each.counter === counter
  );
}

/** The values at a place that stay until someone has seen them. */
function valuesOf(
  { tree }: Core,
  slot: number,
  translate: (replica: number) => number,
): Sibling[] {
  const { columns } = tree;
  const values = (tree.siblings.get(slot) ?? []).map((each) => ({
    ...each,
    replica: translate(each.replica),
  }));
  const shape = columns.shapeOf(slot);
  if (columns.isSibling(slot) && shape !== NOTHING) {
    values.push({
      replica: translate(columns.replicas[slot] as number),
      counter: columns.counters[slot] as number,
      stamp: columns.stamps[slot] as number,
      shape,
      value: columns.values[slot] as Sibling["value"],
    });
  }
  return values;
}

function joinCells(
  context: JoinContext,
  slot: number,
  theirSlot: number,
  above: Above,
): CounterCell[] {
  const cells = new Map<number, CounterCell>();
  for (const cell of context.core.tree.counters.get(slot) ?? []) {
    cells.set(cell.replica, hideOur(cell, above));
  }
  for (const their of context.other.tree.counters.get(theirSlot) ?? []) {
    const replica = context.indexOf(their.replica);
    const own = cells.get(replica);
    if (own !== undefined && own.counter >= their.counter) continue;
    const cell = { ...their, replica };
    const isGone = isTheirsGone(above, replica, cell.counter);
    cells.set(replica, isGone ? dead(cell) : cell);
  }
  return [...cells.values()];
}

function hideOur(cell: CounterCell, above: Above): CounterCell {
  return isOursGone(above, cell.replica, cell.counter) ? dead(cell) : cell;
}

function dead(cell: CounterCell): CounterCell {
  return { ...cell, total: 0, isDead: true };
}

function isSameCells(
  before: readonly CounterCell[],
  after: readonly CounterCell[],
): boolean {
  return before.length === after.length &&
    before.every((cell, at) =>
      cell.counter === after[at]?.counter && cell.isDead === after[at]?.isDead
    );
}
