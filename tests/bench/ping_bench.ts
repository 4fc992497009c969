import { Cast, isInstalled, type SystemName, SYSTEMS } from "./cast.ts";
import type { Bar, Result, Series } from "./measure.ts";
import type { Runtime } from "./runtime.ts";
import { repeat } from "./traffic_bench.ts";

/** Microseconds that a part of the round trips did not exceed. */
interface Took {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

const COUNT = 40_000;

const BARS: Record<keyof Took, Partial<Record<SystemName, Bar>>> = {
  p50: { frames: { atMost: 1.2 }, erlang: { atMost: 1.25 } },
  p99: { frames: { atMost: 1.4 }, nats: { atMost: 0.6 } },
  p999: {},
};

/** Round trips, one after the other: between idle processes, and under flood. */
export async function* pingBench(
  runtime: Runtime,
  repeats: number,
): AsyncGenerator<Result> {
  const names = (["distflow", "frames", "nats", "erlang"] as const)
    .filter(isInstalled);
  const runs = await repeat<SystemName, Took>(
    repeats,
    names,
    (name) => ping(runtime, name),
  );
  for (const part of ["p50", "p99", "p999"] as const) {
    yield {
      benchmark: "ping",
      workload: `100 B there and back, ${part}`,
      unit: "µs",
      runtime: runtime.name,
      series: names.map((name): Series => {
        const bar = BARS[part][name];
        return {
          name: SYSTEMS[name].title,
          values: runs.get(name)?.map((took) => took[part]) ?? [],
          ...(bar === undefined ? {} : { bar }),
        };
      }),
    };
  }
  yield await underFlood(runtime, repeats);
}

async function underFlood(runtime: Runtime, repeats: number): Promise<Result> {
  const idle = "nobody floods";
  const flood = "another peer floods the receiver";
  const runs = await repeat(
    repeats,
    [flood, idle],
    (name) => ping(runtime, "distflow", name === flood),
  );
  const p99 = (name: string): number[] =>
    runs.get(name)?.map((took) => took.p99) ?? [];
  return {
    benchmark: "ping",
    workload: "100 B there and back under flood, p99",
    unit: "µs",
    runtime: runtime.name,
    series: [
      { name: flood, values: p99(flood) },
      { name: idle, values: p99(idle), bar: { atMost: 10 } },
    ],
  };
}

async function ping(
  runtime: Runtime,
  system: SystemName,
  isFlooded = false,
): Promise<Took> {
  const specs = Array.from({ length: isFlooded ? 3 : 2 }, (_, self) => ({
    self,
    size: 100,
    count: isFlooded ? COUNT / 5 : COUNT,
  }));
  await using cast = await Cast.start(runtime, system, "ping", specs);
  if (isFlooded) {
    cast.peer(2).tell("go");
    await cast.peer(2).next("flooding");
  }
  cast.peer(1).tell("go");
  return await cast.peer(1).next<Took>("took");
}
