import { isRecord, type JsonRecord } from "../base/json.ts";
import type { Dot } from "./events.ts";
import { readCounter, readDot, readPath, refuse } from "./json_fields.ts";
import {
  Edit,
  type Kind,
  MOVE,
  REMOVE,
  TEXT_INSERT,
  TEXT_REMOVE,
} from "./operation.ts";
import { COUNTER_MAX } from "./operation_bytes.ts";
import type { ReplicaTable } from "./replica_table.ts";
import type { IdRange, ItemId, Origin } from "./sequence/ids.ts";

/** Keys below an element, or below the root. */
export interface AddressJson {
  /** The element; the root if it is left out. */
  readonly anchor?: Dot;
  /** The keys. */
  readonly path: readonly string[];
}

/** Where an insertion goes; without an item, to the start of what was empty. */
export type OriginJson =
  | readonly [side: "left" | "right", replica: string, counter: number]
  | readonly [];

/** Items of one replica with counters in a row. */
export type RangeJson = readonly [
  replica: string,
  counter: number,
  length: number,
];

/** The JSON form of what only edits have. */
export function editToJson(
  { origin, ranges, text, to }: Edit,
  dot: (replica: number, counter: number) => Dot,
): {
  to?: AddressJson;
  text?: Dot;
  origin?: OriginJson;
  ranges?: RangeJson[];
} {
  return {
    ...to === null ? {} : {
      to: {
        ...to.anchor === null
          ? {}
          : { anchor: dot(to.anchor.replica, to.anchor.counter) },
        path: to.path,
      },
    },
    ...text === null ? {} : { text: dot(text.replica, text.counter) },
    ...origin === null ? {} : {
      origin: origin.replica < 0
        ? []
        : [origin.side, ...dot(origin.replica, origin.counter)],
    },
    ...ranges === null ? {} : {
      ranges: ranges.map(({ replica, counter, length }): RangeJson => [
        ...dot(replica, counter),
        length,
      ]),
    },
  };
}

/** Reads it. */
export function readEdit(
  json: JsonRecord,
  kind: Kind,
  replicas: ReplicaTable,
): Edit {
  if (kind === MOVE) return readMove(json, replicas);
  const isText = kind === TEXT_INSERT || kind === TEXT_REMOVE;
  const text = isText ? readId(json.text, replicas) : null;
  return kind === REMOVE || kind === TEXT_REMOVE
    ? new Edit(null, readRanges(json.ranges, replicas), text)
    : new Edit(readOrigin(json.origin, replicas), null, text);
}

function readMove(json: JsonRecord, replicas: ReplicaTable): Edit {
  const { to, origin } = json;
  if (!isRecord(to)) return refuse("'to' is no object");
  const anchor = to.anchor === undefined ? null : readId(to.anchor, replicas);
  const address = { anchor, path: readPath(to.path) };
  const place = origin === undefined ? null : readOrigin(origin, replicas);
  return new Edit(place, null, null, address);
}

/** Reads a dot. */
export function readId(json: unknown, replicas: ReplicaTable): ItemId {
  const [replica, counter] = readDot(json, replicas);
  return { replica, counter };
}

function readOrigin(json: unknown, replicas: ReplicaTable): Origin {
  if (!Array.isArray(json)) return refuse("its origin is no array");
  if (json.length === 0) return { side: "right", replica: -1, counter: 0 };
  const [side, name, counter] = json as unknown[];
  if (side !== "left" && side !== "right") return refuse("its side is unknown");
  if (json.length !== 3) return refuse("a dot is no pair");
  return { side, ...readId([name, counter], replicas) };
}

function readRanges(json: unknown, replicas: ReplicaTable): IdRange[] {
  if (!Array.isArray(json)) return refuse("'ranges' is no array");
  // `map` would pass over holes.
  return Array.from(json, (range: unknown): IdRange => {
    if (!Array.isArray(range)) return refuse("a range is no array");
    const [name, first, count] = range as unknown[];
    const id = readId([name, first], replicas);
    const length = readCounter(count);
    return id.counter + length - 1 <= COUNTER_MAX
      ? { ...id, length }
      : refuse("a range has too large a counter");
  });
}
