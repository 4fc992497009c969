import type { Bar } from "../measure.ts";
import type { EngineName } from "./engine.ts";
import type { WorkName } from "./works.ts";

/** An engine and what it does, and what our median divided by its must be. */
export interface Entrant {
  readonly engine: EngineName;
  /** As results show it; the engine's name by default. */
  readonly title?: string;
  /** The row's by default. */
  readonly work?: WorkName;
  /** Which part of the work it does, if it would take too long. */
  readonly scale?: number;
  readonly bar?: Bar;
  readonly wish?: Bar;
}

/** A workload, and who does it; the first one is ours. */
export interface Row {
  /** What it is asked for with. */
  readonly name: string;
  readonly workload: string;
  readonly unit: string;
  readonly work: WorkName;
  readonly entrants: readonly Entrant[];
  /** What our median divided by that of the fastest other must be. */
  readonly fastest?: { readonly bar: Bar; readonly wish: Bar };
  /** Whether less is better, as of bytes. */
  readonly isCost?: boolean;
  /** Whether Deno's figure is compared with that of Node.js. */
  readonly isTimed: boolean;
}

const RATE = "thousand operations a second of user time";

function atLeast(must: number, want?: number): Pick<Entrant, "bar" | "wish"> {
  return {
    bar: { atLeast: must },
    ...(want === undefined ? {} : { wish: { atLeast: want } }),
  };
}

function atMost(must: number, want?: number): Pick<Entrant, "bar" | "wish"> {
  return {
    bar: { atMost: must },
    ...(want === undefined ? {} : { wish: { atMost: want } }),
  };
}

/** A row of rates, named as its workload is. */
function timed(
  name: WorkName,
  workload: string,
  entrants: readonly Entrant[],
  fastest?: Row["fastest"],
): Row {
  return {
    name,
    workload,
    unit: RATE,
    work: name,
    entrants: [{ engine: "distflow" }, ...entrants],
    isTimed: true,
    ...(fastest === undefined ? {} : { fastest }),
  };
}

const FASTEST = {
  bar: { atLeast: 1.2 },
  wish: { atLeast: 2 },
};

/** WebAssembly that copies at each change would take hours. */
const AUTOMERGE: Entrant = { engine: "Automerge", scale: 0.01 };

/** All that is measured, in the order of the table. */
export const ROWS: readonly Row[] = [
  timed("sets", "100,000 sets, distinct keys, a transaction each", [
    { engine: "Yjs", ...atLeast(3, 5) },
    { engine: "json-joy", ...atLeast(2) },
    { engine: "Loro" },
    AUTOMERGE,
  ]),
  timed("sets without bytes", "100,000 sets that nobody asks the bytes of", [
    { engine: "json-joy", ...atLeast(2) },
  ]),
  timed("sets with a schema", "100,000 sets that a schema checks", [
    {
      engine: "distflow",
      title: "without a schema",
      work: "sets",
      ...atLeast(0.6, 0.8),
    },
  ]),
  timed("one transaction", "100,000 sets in one transaction", [
    { engine: "Yjs", ...atLeast(1.2, 2) },
    { engine: "json-joy" },
    { engine: "Loro" },
    { engine: "Automerge", scale: 0.1 },
  ]),
  timed("one key", "100,000 sets of one key, a transaction each", [
    { engine: "Yjs", ...atLeast(4, 8) },
    { engine: "json-joy", ...atLeast(1.2) },
    { engine: "Loro" },
    AUTOMERGE,
  ]),
  timed("one key without bytes", "100,000 sets of one key, without bytes", [
    { engine: "json-joy", ...atLeast(1.2) },
  ]),
  timed("depth 3", "100,000 sets at depth 3, a transaction each", [
    { engine: "Yjs", ...atLeast(3, 4) },
    { engine: "json-joy", ...atLeast(2) },
    { engine: "Loro" },
    AUTOMERGE,
  ]),
  timed("depth 3 without bytes", "100,000 sets at depth 3, without bytes", [
    { engine: "json-joy", ...atLeast(2) },
  ]),
  timed("in order", "100,000 remote operations in order", [
    { engine: "Yjs", ...atLeast(2.5, 3.5) },
    { engine: "json-joy", ...atLeast(1.1) },
    { engine: "Loro" },
    AUTOMERGE,
  ]),
  timed("shuffled", "100,000 remote operations, shuffled entirely", [
    {
      engine: "distflow",
      title: "in order",
      work: "in order",
      ...atLeast(0.6, 0.8),
    },
    {
      engine: "distflow",
      title: "10,000 of them",
      work: "shuffled, a tenth",
      ...atLeast(0.67),
    },
  ]),
  timed("windows", "100,000 remote operations, shuffled by the hundred", [
    {
      engine: "distflow",
      title: "in order",
      work: "in order",
      ...atLeast(0.6, 0.8),
    },
    { engine: "Yjs", scale: 0.1 },
  ]),
  timed("append", "100,000 items at a list's end, a transaction each", [
    { engine: "Yjs", scale: 0.1 },
    { engine: "json-joy", scale: 0.1 },
    { engine: "Loro" },
    AUTOMERGE,
  ], FASTEST),
  timed("prepend", "20,000 items at a list's start, a transaction each", [
    { engine: "Yjs" },
    { engine: "json-joy", scale: 0.1 },
    { engine: "Loro" },
    { engine: "Automerge", scale: 0.05 },
  ], FASTEST),
  timed(
    "random",
    "100,000 edits anywhere in a list, a fifth removals, a transaction each",
    [
      { engine: "Yjs", scale: 0.3 },
      { engine: "json-joy", scale: 0.1 },
      { engine: "Loro" },
      AUTOMERGE,
    ],
    FASTEST,
  ),
  timed(
    "concurrent",
    "2 x 10,000 concurrent inserts at one place, received one by one",
    [
      { engine: "Yjs", ...atLeast(3, 8) },
      { engine: "json-joy", scale: 0.1 },
      { engine: "Loro", scale: 0.1 },
      { engine: "Automerge", scale: 0.02 },
    ],
  ),
  timed("trace as list", "a paper that was typed, as a list", [
    { engine: "Yjs", ...atLeast(4, 10) },
    { engine: "Loro", ...atLeast(2) },
    { engine: "json-joy", scale: 0.1 },
  ]),
  timed("trace as text", "a paper that was typed, as a text", [
    { engine: "json-joy", ...atLeast(0.8, 1.2) },
    { engine: "Yjs" },
    { engine: "Loro" },
  ]),
  timed(
    "trace as text without bytes",
    "a paper that was typed, as a text, without bytes",
    [
      { engine: "json-joy", ...atLeast(0.8, 1.2) },
      { engine: "diamond-types" },
    ],
  ),
  ...[
    size("bytes of a map", "a saved map of 100,000 keys", 0.6, 0.5),
    size(
      "bytes of an overwritten map",
      "a saved map of 10,000 keys, each set 50 times",
      0.6,
      0.5,
    ),
    size("bytes of a text", "a saved paper that was typed", 1.1, 1),
  ],
  {
    name: "load",
    workload: "loading 100,000 keys and reading all of them",
    unit: "ms of user time",
    work: "load",
    entrants: [
      { engine: "distflow" },
      { engine: "Yjs", ...atMost(0.5, 0.25) },
      { engine: "json-joy" },
      { engine: "Loro" },
      { engine: "Automerge", scale: 0.1 },
    ],
    isCost: true,
    isTimed: true,
  },
  {
    name: "heap",
    workload: "memory for each of 1,000,000 keys, with key and value",
    unit: "bytes",
    work: "heap",
    entrants: [
      { engine: "distflow", ...atMost(130, 105) },
      { engine: "Yjs" },
    ],
    isCost: true,
    isTimed: false,
  },
  {
    name: "message",
    workload: "a message of one operation, of one who knows 1,000 replicas",
    unit: "bytes",
    work: "message, 1,000 replicas",
    entrants: [
      { engine: "distflow", ...atMost(40, 30) },
      { engine: "distflow", title: "knows nobody else", work: "message" },
      {
        engine: "distflow",
        title: "replaces another's value",
        work: "message, replacing",
      },
      { engine: "Yjs", work: "message" },
      { engine: "json-joy", work: "message" },
      { engine: "Loro", work: "message" },
    ],
    isCost: true,
    isTimed: false,
  },
  {
    name: "partition",
    workload: "the exchange after 100 of 100,000 keys changed on each side",
    unit: "bytes",
    work: "partition",
    entrants: [
      { engine: "distflow", ...atMost(6 * 1024, 3 * 1024) },
      { engine: "Yjs" },
    ],
    isCost: true,
    isTimed: false,
  },
  {
    name: "partition without vectors",
    workload: "the same where neither knows what the other has seen",
    unit: "bytes",
    work: "partition without vectors",
    entrants: [{ engine: "distflow", ...atMost(64 * 1024, 32 * 1024) }],
    isCost: true,
    isTimed: false,
  },
  {
    name: "messages without vectors",
    workload: "the same, counted",
    unit: "messages",
    work: "partition without vectors, messages",
    entrants: [{ engine: "distflow", ...atMost(5) }],
    isCost: true,
    isTimed: false,
  },
  {
    name: "growth",
    workload: "a set of a random one of 1,000,000 keys",
    unit: "µs of user time",
    work: "1,000,000 keys",
    entrants: [
      { engine: "distflow" },
      {
        engine: "distflow",
        title: "of 1,000 keys",
        work: "1,000 keys",
        ...atMost(1.5, 1.2),
      },
    ],
    isCost: true,
    isTimed: true,
  },
];

/** A row of saved bytes, compared with the smaller form of Yjs. */
function size(
  work: WorkName,
  workload: string,
  must: number,
  want: number,
): Row {
  const entrants: Entrant[] = [
    { engine: "distflow" },
    { engine: "Yjs", ...atMost(must, want) },
    { engine: "json-joy" },
    { engine: "Loro" },
    ...(work === "bytes of a text"
      ? [{ engine: "diamond-types" as const }]
      : []),
  ];
  return {
    ...{ name: work, workload, work, entrants, unit: "bytes" },
    ...{ isCost: true, isTimed: false },
  };
}
