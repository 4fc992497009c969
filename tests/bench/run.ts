/**
 * Runs the benchmarks, all or by name, and prints medians, extremes, and the
 * ratio of the library to what it is compared with.
 *
 * ```sh
 * deno task bench
 * deno task bench traffic ping --repeats 7 --runtimes deno,node20,node24
 * deno task bench crdt --rows "append,one key"
 * deno task bench --json figures.json
 * ```
 *
 * The programs that are compared take turns, so that a machine that slows down
 * slows all of them down. Only the ratios of one run can be compared. What is
 * not installed (nats-server, Erlang) is left out.
 *
 * @module
 */
import process from "node:process";
import { parseArgs } from "@std/cli/parse-args";
import { isInstalled, type SystemName, SYSTEMS } from "./cast.ts";
import { crdtBench } from "./crdt_bench.ts";
import {
  compared,
  formatResult,
  machine,
  reaches,
  type Result,
} from "./measure.ts";
import { mergeResults, readFigures, writeFigures } from "./figures.ts";
import { memoryBench } from "./memory_bench.ts";
import { pingBench } from "./ping_bench.ts";
import { pmdBench } from "./pmd_bench.ts";
import { openRuntime, type Runtime } from "./runtime.ts";
import { startBench } from "./start_bench.ts";
import { trafficBench } from "./traffic_bench.ts";
import { wireBench } from "./wire_bench.ts";

type Benchmark = (
  runtime: Runtime,
  repeats: number,
  rows: readonly string[],
) => AsyncIterable<Result>;

const BENCHMARKS: ReadonlyMap<string, Benchmark> = new Map([
  ["traffic", trafficBench],
  ["ping", pingBench],
  ["memory", memoryBench],
  ["wire", wireBench],
  ["pmd", pmdBench],
  ["start", startBench],
  ["crdt", crdtBench],
]);

const USAGE = `Usage: deno task bench [NAME…] [OPTIONS]

Benchmarks: ${[...BENCHMARKS.keys()].join(", ")}; all without a name.

  --repeats N       how often each program runs (5)
  --runtimes LIST   of deno, node, node20, node24, … (deno,node)
  --rows LIST       those of "crdt" that are wanted (all)
  --json FILE       also write the figures there, in place of earlier ones of
                    the same benchmark and runtime
  --help            print this`;

const options = parseArgs(process.argv.slice(2), {
  boolean: ["help"],
  string: ["json", "repeats", "runtimes", "rows"],
  default: { repeats: "5", runtimes: "deno,node", rows: "" },
  unknown: (word, key) => key === undefined || fail(`${word} is no option`),
});

function fail(reason: string): never {
  console.error(`${reason}\n\n${USAGE}`);
  process.exit(2);
}

async function main(): Promise<void> {
  const names = options._.map(String);
  const repeats = Number(options.repeats);
  const file = options.json === undefined ? undefined : String(options.json);
  if (file === "") fail("--json needs the name of a file");
  const stranger = names.find((name) => !BENCHMARKS.has(name));
  if (stranger !== undefined) fail(`There is no benchmark "${stranger}"`);
  if (!(repeats >= 1)) fail("--repeats is a number from 1");
  console.log(`On ${machine()}`);
  for (const name of Object.keys(SYSTEMS) as SystemName[]) {
    if (!isInstalled(name)) console.log(`Left out: ${SYSTEMS[name].title}`);
  }
  const rows = String(options.rows).split(",").filter((row) => row !== "");
  const date = new Date().toISOString().slice(0, 10);
  const all: Result[] = [];
  for (const runtimeName of String(options.runtimes).split(",")) {
    const runtime = await openRuntime(runtimeName);
    for (const [name, benchmark] of BENCHMARKS) {
      if (names.length > 0 && !names.includes(name)) continue;
      const results: Result[] = [];
      for await (const result of benchmark(runtime, repeats, rows)) {
        results.push(result);
        console.log(formatResult(result));
      }
      all.push(...results);
      if (file === undefined) continue;
      // At once: who breaks off a long run keeps what is done.
      const about = { machine: machine(), date, repeats };
      const figures = mergeResults(readFigures(file), results, about);
      writeFigures(file, figures);
    }
  }
  const bars = all.flatMap((result) =>
    result.series.flatMap((row) =>
      row.bar === undefined ? [] : [reaches(compared(result, row), row.bar)]
    )
  );
  console.log(
    `\n${bars.filter(Boolean).length} of ${bars.length} bars reached`,
  );
}

if (options.help) console.log(USAGE);
else await main();
