import type { Branch } from "../branch.ts";
import type { ByteReader } from "../bytes.ts";
import type { Core } from "../core.ts";
import { isInValue } from "../move_edits.ts";
import { type Moved, MoveRecord } from "../move_log.ts";
import { SETTINGS } from "../operation.ts";
import { REPLICA_COUNT_MAX } from "../replica_table.ts";
import { isKey, KEY_LENGTH_MAX } from "../values.ts";
import type { VersionVector } from "../version_vector.ts";
import { readIntegers, readRuns } from "./integers.ts";
import type { RegisterReader } from "./read_registers.ts";
import { dotNumber, readStamps } from "./stamp_column.ts";
import { readTextTable } from "./text_table.ts";
import { movedIn } from "./write_moves.ts";
import { HAS_BARRIER, HAS_COVER } from "./write_state.ts";

/** What there is where moves are read. */
export interface MovesSource {
  readonly reader: ByteReader;
  readonly core: Core;
  readonly registers: RegisterReader;
  /** What each replica of the writer is here. */
  readonly replicas: readonly number[];
  /** All branches; the slot of each is its number among all places. */
  readonly branches: readonly Branch[];
  /** How many there can be in so many bytes. */
  readonly countMax: number;
  /** Reads a vector. */
  readVector(): VersionVector;
}

/**
 * Reads moves into the log; none of them is in effect then, and what they put
 * into lists are the marks that were read there.
 */
export function readMoves(source: MovesSource): void {
  const { reader, core, registers, replicas } = source;
  const { moves } = core.tree;
  const count = reader.varint(source.countMax);
  if (count === 0) return;
  const names = readRuns(reader, count, REPLICA_COUNT_MAX);
  const counters = readIntegers(reader, count);
  const dots = new Float64Array(count);
  let counter = 0;
  for (let at = 0; at < count; at++) {
    counter += counters[at] as number;
    registers.checkDot(names[at] as number, counter);
    counters[at] = counter;
    dots[at] = dotNumber(names[at] as number, counter);
  }
  const stamps = readStamps(reader, dots);
  const nodes = readRuns(reader, count);
  const parents = readRuns(reader, count);
  const kinds = readRuns(reader, count, 1);
  const keyCount = kinds.reduce((sum, kind) => sum + kind, 0);
  const keys = readTextTable(reader, keyCount, KEY_LENGTH_MAX);
  const places = new Map<number, Branch>();
  for (const branch of source.branches) places.set(branch.slot, branch);
  const placeAt = (slot: number) =>
    checkPlace(source, places.get(slot) ?? reader.fail("a branch"));
  let keyed = 0;
  for (let at = 0; at < count; at++) {
    const dot = {
      replica: replicas[names[at] as number] as number,
      counter: counters[at] as number,
      stamp: stamps[at] as number,
    };
    const number = nodes[at] as number;
    const node = number === 0 ? null : markNode(source, placeAt(number - 1));
    const parent = placeAt(parents[at] as number);
    const key = kinds[at] === 0 ? null : keys[keyed++] as string;
    if (key !== null && !isKey(key)) reader.fail("a key of a map");
    if (isInValue(parent)) reader.fail("a place to move to");
    if (moves.get(dot.replica, dot.counter) !== undefined) {
      reader.fail("moves, each once");
    }
    const index = moves.add(new MoveRecord(dot, node, parent, key));
    if (index !== at) reader.fail("moves in their order");
  }
  const moved = [...movedIn(moves.records)];
  const parts = readRuns(reader, moved.length, HAS_COVER | HAS_BARRIER);
  moved.forEach((node, at) => {
    const has = parts[at] as number;
    const kept = node.moved as Moved;
    if ((has & HAS_COVER) !== 0) kept.cover = source.readVector();
    if ((has & HAS_BARRIER) !== 0) kept.barrier = source.readVector();
  });
}

/** Settings do not move. */
function checkPlace({ reader, core }: MovesSource, place: Branch): Branch {
  let root = place;
  while (root.home !== null) root = root.home;
  if (root === core.tree.roots[SETTINGS]) reader.fail("a place that moves");
  return place;
}

/** A place that is moved keeps more than others. */
function markNode(source: MovesSource, node: Branch): Branch {
  const { home, homeKey, homeId } = node;
  if ((homeKey === null && homeId === null) || isInValue(home)) {
    source.reader.fail("a place that moves");
  }
  if (home !== null && homeKey !== null) home.guests ??= new Map();
  node.moved ??= { cover: null, barrier: null, records: [] };
  return node;
}
