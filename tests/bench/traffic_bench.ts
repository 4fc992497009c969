import { Cast, isInstalled, type SystemName, SYSTEMS } from "./cast.ts";
import type { Bar, Result, Series } from "./measure.ts";
import type { Runtime } from "./runtime.ts";

/** Who sends to whom; a peer that is alone, to itself. */
interface Shape {
  readonly peerCount: number;
  readonly sends: (from: number, to: number) => boolean;
}

const ONE_TO_ONE: Shape = { peerCount: 2, sends: (from) => from === 1 };
const FAN_IN: Shape = { peerCount: 5, sends: (_, to) => to === 0 };
const FAN_OUT: Shape = { peerCount: 5, sends: (from) => from === 0 };
const TO_SELF: Shape = { peerCount: 1, sends: () => true };
const ALL_TO_ALL: Shape = { peerCount: 8, sends: () => true };

/** A row of the benchmark: what is sent, and what the library is held to. */
interface Workload {
  readonly title: string;
  readonly shape: Shape;
  readonly size: number;
  /**
   * Messages from each sender to each of its targets: so many that a run takes
   * seconds, since the first tenths of one tell how code gets warm.
   */
  readonly count: number;
  readonly awaits?: boolean;
  /** The systems beside the library's, and what its ratio to them has to be. */
  readonly bars: Partial<Record<SystemName, number | undefined>>;
}

/** What is compared with others, with the ratios that are asked for. */
function workloads(isDeno: boolean): readonly Workload[] {
  return [
    {
      title: "100 B, one to one",
      shape: ONE_TO_ONE,
      size: 100,
      count: 8_000_000,
      bars: {
        frames: isDeno ? 1.2 : 0.9,
        arrays: 0.85,
        nats: 2.5,
        erlang: 3,
        "erlang-tuned": 1.5,
        moleculer: 10,
      },
    },
    {
      title: "1 KiB, one to one",
      shape: ONE_TO_ONE,
      size: 1024,
      count: 2_000_000,
      bars: { frames: 0.95, arrays: 0.95, nats: 1.7, erlang: 0.9 },
    },
    {
      title: "16 KiB, one to one",
      shape: ONE_TO_ONE,
      size: 16_384,
      count: 150_000,
      bars: { frames: 0.95, arrays: 0.95, nats: 1.3 },
    },
    {
      title: "100 B, 4 to 1",
      shape: FAN_IN,
      size: 100,
      count: 1_500_000,
      bars: { frames: 0.9, nats: 2, erlang: 1.5 },
    },
    {
      title: "100 B, 1 to 4",
      shape: FAN_OUT,
      size: 100,
      count: 1_500_000,
      bars: { frames: undefined, nats: undefined, erlang: undefined },
    },
  ];
}

/** Slow systems send fewer messages, so that each takes about as long. */
const COUNT_PARTS: Partial<Record<SystemName, number>> = {
  moleculer: 0.05,
  nats: 0.2,
  erlang: 0.2,
  "erlang-tuned": 0.2,
};

/** What one run reached. */
interface Run {
  /** Messages per second, of all peers together. */
  readonly rate: number;
  /** The receiver's memory, in MiB. */
  readonly rssMib: number;
  /** The least share of a sender divided by the greatest, when one was done. */
  readonly fairness: number;
}

/** Fire and forget between processes on loopback, in several shapes. */
export async function* trafficBench(
  runtime: Runtime,
  repeats: number,
): AsyncGenerator<Result> {
  const isDeno = runtime.name.startsWith("deno");
  for (const workload of workloads(isDeno)) {
    yield* beside(runtime, repeats, workload);
  }
  yield await receiversMemory(runtime, repeats);
  yield await awaited(runtime, repeats);
  yield await toSelf(runtime, repeats);
  yield await allToAll(runtime, repeats);
}

/** The library beside other systems. */
async function* beside(
  runtime: Runtime,
  repeats: number,
  workload: Workload,
): AsyncGenerator<Result> {
  const { title, bars, shape } = workload;
  const names = (["distflow", ...Object.keys(bars)] as SystemName[])
    .filter(isInstalled);
  const runs = await repeat(
    repeats,
    names,
    (name) => run(runtime, name, workload),
  );
  const series = names.map((name): Series => {
    const values = runs.get(name)?.map(({ rate }) => rate) ?? [];
    const limit = bars[name];
    return {
      name: SYSTEMS[name].title,
      values,
      ...(limit === undefined ? {} : { bar: { atLeast: limit } }),
    };
  });
  const common = { benchmark: "traffic", runtime: runtime.name };
  yield { ...common, workload: title, unit: "messages/s", series };
  if (shape === FAN_IN) {
    yield {
      ...common,
      workload: `${title}: the least share by the greatest`,
      unit: "",
      series: [{
        name: SYSTEMS.distflow.title,
        values: runs.get("distflow")?.map(({ fairness }) => fairness) ?? [],
        bar: { atLeast: 0.8 },
      }],
    };
  }
}

const PAIR: Workload = {
  title: "100 B, one to one",
  shape: ONE_TO_ONE,
  size: 100,
  count: 8_000_000,
  bars: {},
};

/**
 * The receivers' memory at the end of a flood, when the young generation of V8
 * has grown in both: it does so in steps, and each of them at another time.
 */
async function receiversMemory(
  runtime: Runtime,
  repeats: number,
): Promise<Result> {
  const flood = { ...PAIR, count: 30_000_000 };
  const runs = await repeat<SystemName, Run>(
    repeats,
    ["distflow", "frames"],
    (name) => run(runtime, name, flood),
  );
  const rss = (name: SystemName, bar?: Bar): Series => ({
    name: SYSTEMS[name].title,
    values: runs.get(name)?.map(({ rssMib }) => rssMib) ?? [],
    ...(bar === undefined ? {} : { bar }),
  });
  return {
    benchmark: "traffic",
    workload: `${PAIR.title}: the receiver's memory`,
    unit: "MiB",
    runtime: runtime.name,
    series: [rss("distflow"), rss("frames", { atMost: 1.15 })],
  };
}

/** A caller that awaits each send beside one that does not. */
async function awaited(runtime: Runtime, repeats: number): Promise<Result> {
  return await variants(runtime, repeats, "each send awaited", [
    ["awaited", { ...PAIR, awaits: true }],
    ["not awaited", PAIR, 0.6],
  ]);
}

/** What a node sends to itself, with a bar in messages a second. */
async function toSelf(runtime: Runtime, repeats: number): Promise<Result> {
  const own = { ...PAIR, shape: TO_SELF };
  const result = await variants(runtime, repeats, "to itself", [
    ["not awaited", own],
    ["awaited", { ...own, awaits: true }],
  ]);
  const [subject, ...others] = result.series;
  if (subject === undefined) return result;
  const series = [{ ...subject, bar: { atLeast: 3_000_000 } }, ...others];
  return { ...result, series };
}

async function allToAll(runtime: Runtime, repeats: number): Promise<Result> {
  return await variants(runtime, repeats, "8 nodes, all to all", [
    ["all to all", { ...PAIR, shape: ALL_TO_ALL, count: 120_000 }],
    ["one to one", PAIR, 0.7],
  ]);
}

/** The library's own figures for workloads that are compared. */
async function variants(
  runtime: Runtime,
  repeats: number,
  title: string,
  rows: readonly [name: string, workload: Workload, atLeast?: number][],
): Promise<Result> {
  const runs = await repeat(
    repeats,
    rows,
    ([, workload]) => run(runtime, "distflow", workload),
  );
  return {
    benchmark: "traffic",
    workload: `100 B, ${title}`,
    unit: "messages/s",
    runtime: runtime.name,
    series: rows.map((row): Series => {
      const [name, , atLeast] = row;
      const values = runs.get(row)?.map(({ rate }) => rate) ?? [];
      return {
        name,
        values,
        ...(atLeast === undefined ? {} : { bar: { atLeast } }),
      };
    }),
  };
}

/** Runs all in turn, again and again, so that a slow hour slows all of them. */
export async function repeat<Key, Value>(
  repeats: number,
  keys: readonly Key[],
  measure: (key: Key) => Promise<Value>,
): Promise<Map<Key, Value[]>> {
  const values = new Map<Key, Value[]>(keys.map((key) => [key, []]));
  for (let round = 0; round < repeats; round++) {
    for (const key of keys) values.get(key)?.push(await measure(key));
  }
  return values;
}

/** One run; fails if a message is missing or out of order. */
async function run(
  runtime: Runtime,
  system: SystemName,
  workload: Workload,
): Promise<Run> {
  const { shape, size, awaits = false } = workload;
  const count = workload.count * (COUNT_PARTS[system] ?? 1);
  const numbers = Array.from({ length: shape.peerCount }, (_, peer) => peer);
  const passes = (from: number, to: number): boolean =>
    (from !== to || shape === TO_SELF) && shape.sends(from, to);
  const specs = numbers.map((self) => ({
    self,
    size,
    count,
    awaits,
    targets: numbers.filter((to) => passes(self, to)),
    senders: numbers.filter((from) => passes(from, self)),
  }));
  await using cast = await Cast.start(runtime, system, "traffic", specs);
  await cast.tell("meet", "met");
  for (const peer of cast.peers) peer.tell("go");
  const reports = await Promise.all(
    specs.filter(({ senders }) => senders.length > 0)
      .map(({ self }) => cast.peer(self).next<Report>("received")),
  );
  const pairCount = specs.reduce((sum, { targets }) => sum + targets.length, 0);
  const startedAt = Math.min(...reports.map((report) => report.startedAt));
  const endedAt = Math.max(...reports.map((report) => report.endedAt));
  const [first] = reports;
  const shares = first?.sharesAtFirstEnd ?? [];
  await cast.end();
  return {
    rate: pairCount * count / (endedAt - startedAt) * 1000,
    rssMib: (first?.rss ?? NaN) / 2 ** 20,
    fairness: Math.min(...shares) / Math.max(...shares),
  };
}

/** What a receiver says at its end. */
interface Report {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly sharesAtFirstEnd: readonly number[];
  readonly rss: number;
}
